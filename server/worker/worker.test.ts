import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { outbox } from '#db/schema/index.ts'
import { claim, PermanentJobError } from '../outbox/outbox.ts'
import { aDatabase } from '../test/db.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { createWorker, type Handlers, type Worker } from './worker.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const idle: Handlers = {
  'payout.transfer': async () => 'done',
  'stripe.event': async () => 'done',
  'partner.sync': async () => 'done',
  'import.run': async () => 'done',
  'email.send': async () => 'done',
}

function startWorker(
  deps: TestDeps,
  handlers: Partial<Handlers>,
  options: Parameters<typeof createWorker>[2] = {},
): Worker {
  const worker = createWorker(deps, { ...idle, ...handlers }, { pollMs: 20, ...options })
  worker.start()
  cleanups.push(() => worker.stop(0))
  return worker
}

async function withOrg() {
  const deps = await testDeps()
  return { deps, org: await anOrg(deps) }
}

function add(deps: TestDeps, orgId: string, topic: 'payout.transfer' | 'partner.sync' | 'email.send', keys: string[]) {
  return work(deps, { orgId, actor: system }, async unit => {
    for (const key of keys) {
      if (topic === 'payout.transfer') unit.enqueue({ topic, key, payload: { attemptId: key } })
      else if (topic === 'partner.sync') unit.enqueue({ topic, key, payload: { partnerId: key } })
      else
        unit.enqueue({
          topic,
          key,
          payload: { eventId: key, template: 'payoutApproved', to: { partnerId: 'p' }, about: {} },
        })
    }
    unit.changed('jobs')
  })
}

const statuses = async (deps: TestDeps) =>
  (await deps.db.read.select({ key: outbox.key, status: outbox.status }).from(outbox).orderBy(outbox.key)).map(
    ({ key, status }) => `${key} ${status}`,
  )

/** A handler that notes what it was given, and is done. */
const noting =
  (ran: string[]): Handlers['partner.sync'] =>
  async (_deps, { partnerId }) => {
    ran.push(partnerId)
    return 'done'
  }

/** A promise that the test resolves, and whether somebody waits for it. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open, opened }
}

test('it runs what a commit queued, without waiting for the clock', async () => {
  const { deps, org } = await withOrg()
  const ran: string[] = []
  startWorker(deps, { 'partner.sync': noting(ran) }, { pollMs: 60_000 })
  await add(deps, org.id, 'partner.sync', ['par_a', 'par_b'])
  await vi.waitFor(async () => expect(await statuses(deps)).toEqual(['par_a done', 'par_b done']))
  expect(ran.sort()).toEqual(['par_a', 'par_b'])
})

test('it finds by itself what nobody announced', async () => {
  const { deps, org } = await withOrg()
  startWorker(deps, {})
  await work(deps, { orgId: org.id, actor: system }, async unit =>
    unit.enqueue({ topic: 'partner.sync', key: 'par_a', payload: { partnerId: 'par_a' } }),
  )
  await vi.waitFor(async () => expect(await statuses(deps)).toEqual(['par_a done']))
})

test('it runs as many at once as it may, and mails take at most half of the places', async () => {
  const { deps, org } = await withOrg()
  const hold = gate()
  const running = { mail: 0, money: 0 }
  async function held(what: 'mail' | 'money') {
    running[what]++
    await hold.opened
    return 'done' as const
  }
  startWorker(deps, {
    'email.send': () => held('mail'),
    'payout.transfer': () => held('money'),
  })
  await add(deps, org.id, 'email.send', ['m1', 'm2', 'm3', 'm4', 'm5'])
  await vi.waitFor(() => expect(running.mail).toBe(2))
  await add(deps, org.id, 'payout.transfer', ['t1', 't2', 't3'])
  await vi.waitFor(() => expect(running.money).toBe(2))
  const leased = (await statuses(deps)).filter(status => status.endsWith('leased'))
  expect(leased.map(([first]) => first)).toEqual(['m', 'm', 't', 't'])
  hold.open()
  await vi.waitFor(async () => expect((await statuses(deps)).filter(status => !status.endsWith('done'))).toEqual([]))
})

test('a failure waits and is tried again; one that can’t be helped is parked at once, and so is a malformed payload', async () => {
  const { deps, org } = await withOrg()
  let calls = 0
  const worker = createWorker(deps, {
    ...idle,
    'partner.sync': async (_deps, { partnerId }) => {
      if (partnerId === 'par_never') throw new PermanentJobError('no such partner')
      if (++calls < 3) throw new Error('Stripe is down')
      return 'done'
    },
  })
  await add(deps, org.id, 'partner.sync', ['par_later', 'par_never'])
  await deps.db.write(tx =>
    tx.insert(outbox).values({
      id: 'job_bad',
      topic: 'payout.transfer',
      key: 'bad',
      payload: { no: 1 },
      status: 'queued',
      runAt: 1,
      createdAt: 1,
    }),
  )
  await worker.runUntilIdle()
  expect(await statuses(deps)).toEqual(['bad parked', 'par_later queued', 'par_never parked'])
  deps.clock.advance(60_000)
  await worker.runUntilIdle()
  deps.clock.advance(60_000)
  await worker.runUntilIdle()
  expect(await statuses(deps)).toEqual(['bad parked', 'par_later done', 'par_never parked'])
  const [never] = await deps.db.read.select().from(outbox).where(eq(outbox.key, 'par_never'))
  expect(never?.lastError).toBe('no such partner')
  expect(deps.log.lines.filter(line => line.message.startsWith('a job was parked'))).toHaveLength(2)
})

test('what asks to wait is run at its time and counts no failure', async () => {
  const { deps, org } = await withOrg()
  let calls = 0
  const worker = createWorker(deps, {
    ...idle,
    'payout.transfer': async () => (++calls === 1 ? { postponeMs: 60_000, why: 'transfers are paused' } : 'done'),
  })
  await add(deps, org.id, 'payout.transfer', ['att'])
  expect(await worker.runUntilIdle()).toBe(1)
  expect(await worker.runUntilIdle()).toBe(0)
  deps.clock.advance(60_000)
  expect(await worker.runUntilIdle()).toBe(1)
  const [job] = await deps.db.read.select().from(outbox)
  expect(job).toMatchObject({ status: 'done', attempts: 0 })
})

test('a job whose process dies each time is parked in the end, and a transfer is not', async () => {
  const { deps, org } = await withOrg()
  await add(deps, org.id, 'partner.sync', ['deadly'])
  await add(deps, org.id, 'payout.transfer', ['money'])
  for (let i = 0; i < 10; i++) {
    await claim(deps, 5, ['partner.sync', 'payout.transfer'])
    deps.clock.advance(10 * 60_000)
  }
  const ran: string[] = []
  const worker = createWorker(deps, {
    ...idle,
    'partner.sync': noting(ran),
    'payout.transfer': (deps, { attemptId }, job) => noting(ran)(deps, { partnerId: attemptId }, job),
  })
  await worker.runUntilIdle()
  expect(ran).toEqual(['money'])
  expect(await statuses(deps)).toEqual(['deadly parked', 'money done'])
})

test('stopping waits for what runs, and gives back what does not end in time', async () => {
  const { deps, org } = await withOrg()
  const quick = gate()
  const slow = gate()
  const started: string[] = []
  const worker = startWorker(deps, {
    'partner.sync': async (_deps, { partnerId }) => {
      started.push(partnerId)
      await (partnerId === 'quick' ? quick : slow).opened
      return 'done'
    },
  })
  await add(deps, org.id, 'partner.sync', ['quick', 'slow'])
  await vi.waitFor(() => expect(started.sort()).toEqual(['quick', 'slow']))
  const stopping = worker.stop(200)
  await add(deps, org.id, 'partner.sync', ['too-late'])
  quick.open()
  await stopping
  expect(await statuses(deps)).toEqual(['quick done', 'slow queued', 'too-late queued'])
  // It ends after all: by then the job is not its own any more.
  slow.open()
  await vi.waitFor(() => expect(deps.log.lines.some(line => line.message.includes('outlived its lease'))).toBe(true))
  expect(await statuses(deps)).toEqual(['quick done', 'slow queued', 'too-late queued'])
  const successor = createWorker(deps, idle)
  await successor.runUntilIdle()
  expect(await statuses(deps)).toEqual(['quick done', 'slow done', 'too-late done'])
})

test('draining takes nothing more and ends when what runs has ended', async () => {
  const { deps, org } = await withOrg()
  const hold = gate()
  const worker = startWorker(deps, { 'partner.sync': () => hold.opened.then(() => 'done') })
  await add(deps, org.id, 'partner.sync', ['a'])
  await vi.waitFor(async () => expect(await statuses(deps)).toEqual(['a leased']))
  let drained = false
  const draining = worker.drain().then(() => {
    drained = true
  })
  await add(deps, org.id, 'partner.sync', ['b'])
  expect(drained).toBe(false)
  hold.open()
  await draining
  expect(await statuses(deps)).toEqual(['a done', 'b queued'])
})

test('a database in trouble is not knocked at again and again, and work goes on when it is well', async () => {
  const { deps, org } = await withOrg()
  await add(deps, org.id, 'partner.sync', ['a'])
  const { write } = deps.db
  let refused = 0
  deps.db.write = () => {
    refused++
    return Promise.reject(new Error('SQLITE_BUSY'))
  }
  const worker = startWorker(deps, {}, { pollMs: 1 })
  const began = performance.now()
  await vi.waitFor(() => {
    worker.poke()
    if (performance.now() - began < 600) throw new Error('not yet')
  }, 2_000)
  expect(refused).toBeGreaterThan(0)
  expect(refused).toBeLessThan(4)
  deps.db.write = write
  await vi.waitFor(async () => expect(await statuses(deps)).toEqual(['a done']), 3_000)
})

test('an idle worker never takes the write lock and hardly reads', async () => {
  const { deps } = await withOrg()
  const { write } = deps.db
  let writes = 0
  deps.db.write = fn => {
    writes++
    return write(fn)
  }
  let reads = 0
  const { get } = deps.db.read
  deps.db.read.get = ((query: never) => {
    reads++
    return get.call(deps.db.read, query)
  }) as typeof get
  startWorker(deps, {}, { pollMs: 50 })
  const began = performance.now()
  await vi.waitFor(() => expect(performance.now() - began).toBeGreaterThan(400), 2_000)
  expect(writes).toBe(0)
  expect(reads).toBeGreaterThan(2)
  expect(reads).toBeLessThan(15)
})

test('periodic tasks never overlap themselves, survive their errors, and end with the worker', async () => {
  const { deps } = await withOrg()
  let runs = 0
  let at = 0
  let most = 0
  const task = {
    name: 'sweep',
    everyMs: 1,
    run: async () => {
      runs++
      most = Math.max(most, ++at)
      await new Promise(resolve => setTimeout(resolve, 5))
      at--
      if (runs === 2) throw new Error('Stripe is down')
    },
  }
  const worker = startWorker(deps, {}, { tasks: [task] })
  await vi.waitFor(() => expect(runs).toBeGreaterThan(4))
  await worker.stop(1_000)
  const ended = runs
  expect({ most, at }).toEqual({ most: 1, at: 0 })
  expect(deps.log.lines.filter(line => line.message === 'a periodic task failed')).toHaveLength(1)
  await new Promise(resolve => setImmediate(resolve))
  expect(runs).toBe(ended)
})

test('two workers on one file share the work: every job once, none lost, though a holder dies on the way', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remit-worker-'))
  const db = await aDatabase(`file:${join(folder, 'remit.db')}`)
  cleanups.push(async () => {
    await db.close()
    await rm(folder, { recursive: true })
  })
  const first = await testDeps({ db, seed: 'first' })
  const second = await testDeps({ db, seed: 'second' })
  const org = await anOrg(first)
  const keys = Array.from({ length: 60 }, (_, i) => `par_${String(i).padStart(3, '0')}`)
  await add(first, org.id, 'partner.sync', keys)
  // Somebody took seven and was killed.
  await claim(first, 7, ['partner.sync'])
  first.clock.advance(10 * 60_000)
  second.clock.advance(10 * 60_000)
  const ran: string[] = []
  const sync = noting(ran)
  startWorker(first, { 'partner.sync': sync })
  startWorker(second, { 'partner.sync': sync })
  await vi.waitFor(
    async () => expect((await statuses(first)).filter(status => status.endsWith('done'))).toHaveLength(60),
    5_000,
  )
  expect(ran.sort()).toEqual(keys)
})
