import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { outbox } from '#db/schema/index.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { claim, finish, type Job, nextDue, park, parkUnknown, postpone, release, retryLater } from './outbox.ts'
import { type Topic, topics } from './topics.ts'

const all = Object.keys(topics) as Topic[]
const second = 1_000

async function withJobs(jobs: Job[] = [{ topic: 'partner.sync', key: 'a', payload: { partnerId: 'par_1' } }]) {
  const deps = await testDeps()
  const org = await anOrg(deps)
  await add(deps, org.id, jobs)
  return { deps, org }
}

function add(deps: TestDeps, orgId: string, jobs: Job[]) {
  return work(deps, { orgId, actor: system }, async unit => {
    for (const job of jobs) unit.enqueue(job)
  })
}

function jobsOf(deps: TestDeps) {
  return deps.db.read.select().from(outbox).orderBy(outbox.createdAt, outbox.id)
}

async function only(deps: TestDeps) {
  const rows = await jobsOf(deps)
  if (rows.length !== 1 || !rows[0]) throw new Error(`expected one job, found ${rows.length}`)
  return rows[0]
}

async function claimOne(deps: TestDeps) {
  const [held] = await claim(deps, 1, all)
  if (!held) throw new Error('nothing to claim')
  return held
}

test('a job exists exactly when what caused it does, and once for its key', async () => {
  const { deps, org } = await withJobs()
  await expect(
    work(deps, { orgId: org.id, actor: system }, async unit => {
      unit.enqueue({ topic: 'partner.sync', key: 'b', payload: { partnerId: 'par_2' } })
      throw new Error('rolled back')
    }),
  ).rejects.toThrow('rolled back')
  await add(deps, org.id, [{ topic: 'partner.sync', key: 'a', payload: { partnerId: 'par_other' } }])
  expect((await only(deps)).payload).toEqual({ partnerId: 'par_1' })
})

test('one claims it, nobody else does, and only the holder finishes it', async () => {
  const { deps } = await withJobs()
  const held = await claimOne(deps)
  expect(await claim(deps, 5, all)).toEqual([])
  expect(await finish(deps, { ...held, leaseToken: 'guessed' })).toBe(false)
  expect(await finish(deps, held)).toBe(true)
  expect(await only(deps)).toMatchObject({ status: 'done', attempts: 0, lastError: null, leaseToken: null })
  expect(await finish(deps, held)).toBe(false)
})

test('a holder that dies loses the job when its lease ends, and can do nothing to it from then on', async () => {
  const { deps } = await withJobs()
  const dead = await claimOne(deps)
  deps.clock.advance(topics['partner.sync'].leaseMs - 1)
  expect(await claim(deps, 1, all)).toEqual([])
  deps.clock.advance(1)
  const heir = await claimOne(deps)
  expect(heir).toMatchObject({ id: dead.id, attempts: 1 })
  expect(heir.leaseToken).not.toBe(dead.leaseToken)
  expect(await finish(deps, dead)).toBe(false)
  expect(await postpone(deps, dead, 5, 'late')).toBe(false)
  expect(await park(deps, dead, 'late')).toBe(false)
  expect(await retryLater(deps, dead, 'late')).toBe('lost')
  expect(await release(deps, dead)).toBe(false)
  expect(await finish(deps, heir)).toBe(true)
})

test('each failure waits longer, half of it by chance, up to the longest; then the job is parked', async () => {
  const { deps } = await withJobs()
  const { attempts, firstDelayMs, maxDelayMs } = topics['partner.sync']
  for (let tried = 0; tried < attempts - 1; tried++) {
    const held = await claimOne(deps)
    expect(await retryLater(deps, held, `failure ${tried}`)).toBe('queued')
    const { runAt, attempts: counted, lastError } = await only(deps)
    const full = Math.min(maxDelayMs, firstDelayMs * 2 ** tried)
    const delay = runAt - deps.clock.now()
    expect(delay).toBeGreaterThanOrEqual(full / 2)
    expect(delay).toBeLessThanOrEqual(full)
    expect({ counted, lastError }).toEqual({ counted: tried + 1, lastError: `failure ${tried}` })
    deps.clock.advance(delay - 1)
    expect(await claim(deps, 1, all)).toEqual([])
    deps.clock.advance(1)
  }
  expect(await retryLater(deps, await claimOne(deps), 'the last')).toBe('parked')
  expect(await only(deps)).toMatchObject({ status: 'parked', attempts, lastError: 'the last' })
  deps.clock.advance(365 * 24 * 3600 * second)
  expect(await claim(deps, 1, all)).toEqual([])
})

test('a transfer is never given up, however often it fails', async () => {
  const { deps } = await withJobs([{ topic: 'payout.transfer', key: 'att_1', payload: { attemptId: 'att_1' } }])
  for (let tried = 0; tried < 60; tried++) {
    expect(await retryLater(deps, await claimOne(deps), 'no answer')).toBe('queued')
    deps.clock.set((await only(deps)).runAt)
  }
  expect((await only(deps)).attempts).toBe(60)
})

test('what asks to be run later, and what is given back, has not failed', async () => {
  const { deps } = await withJobs()
  expect(await postpone(deps, await claimOne(deps), 60 * second, 'paused')).toBe(true)
  expect(await only(deps)).toMatchObject({
    status: 'queued',
    attempts: 0,
    lastError: 'paused',
    runAt: deps.clock.now() + 60 * second,
  })
  deps.clock.advance(60 * second)
  expect(await release(deps, await claimOne(deps))).toBe(true)
  expect(await only(deps)).toMatchObject({ status: 'queued', attempts: 0 })
  expect(await claimOne(deps)).toMatchObject({ attempts: 0 })
})

test('money first: a transfer is taken before mails that wait longer', async () => {
  const mail = (key: string): Job => ({
    topic: 'email.send',
    key,
    payload: { eventId: key, template: 'payoutApproved', to: { partnerId: 'par_1' }, about: {} },
  })
  const { deps, org } = await withJobs([mail('a'), mail('b'), mail('c')])
  deps.clock.advance(second)
  await add(deps, org.id, [{ topic: 'payout.transfer', key: 'att_1', payload: { attemptId: 'att_1' } }])
  const claims = await claim(deps, 2, ['payout.transfer', 'email.send'])
  expect(claims.map(({ topic }) => topic)).toEqual(['payout.transfer', 'email.send'])
  expect(await claim(deps, 2, ['payout.transfer'])).toEqual([])
})

test('it says when the next job is due', async () => {
  const { deps, org } = await withJobs()
  const now = deps.clock.now()
  await add(deps, org.id, [
    { topic: 'payout.transfer', key: 'x', payload: { attemptId: 'x' }, runAt: now + 5 * second },
  ])
  expect(await nextDue(deps, all)).toBe(now)
  await claim(deps, 1, all)
  expect(await nextDue(deps, all)).toBe(now + 5 * second)
  expect(await nextDue(deps, ['partner.sync'])).toBe(now + topics['partner.sync'].leaseMs)
  expect(await nextDue(deps, ['stripe.event'])).toBeNull()
})

test('finding the next job reads an index, however long the line', async () => {
  const { deps } = await withJobs()
  const plan = await deps.db.read.all<{ detail: string }>(
    sql`EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE status = 'queued' AND topic = 'email.send' AND run_at <= 5 ORDER BY run_at, id LIMIT 4`,
  )
  expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('outbox_due (topic=? AND run_at<?)')])
})

test('a kind of work that this version does not know is parked, not run and not lost', async () => {
  const { deps, org } = await withJobs()
  await deps.db.write(tx =>
    tx.insert(outbox).values({
      id: 'job_x',
      orgId: org.id,
      topic: 'tax.file',
      key: 'x',
      payload: {},
      status: 'queued',
      runAt: 1,
      createdAt: 1,
    }),
  )
  expect(await parkUnknown(deps)).toBe(1)
  expect(await parkUnknown(deps)).toBe(0)
  const [unknown, known] = await jobsOf(deps)
  expect(unknown).toMatchObject({
    topic: 'tax.file',
    status: 'parked',
    lastError: expect.stringContaining('does not know'),
  })
  expect(known).toMatchObject({ topic: 'partner.sync', status: 'queued' })
})
