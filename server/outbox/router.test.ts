import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, outbox, stripeEvents } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { contextFor } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aMember, anOrg, aPartner, aPayout } from '../test/factories.ts'
import { createCallerFactory } from '../trpc.ts'
import { jobsRouter } from './router.ts'

const as = (deps: TestDeps, viewer: Viewer) => createCallerFactory(jobsRouter)(contextFor(deps, viewer))

type Row = Partial<typeof outbox.$inferInsert> & { orgId: string | null }

function aJob(deps: TestDeps, values: Row) {
  const row = {
    id: deps.ids.id('job'),
    topic: 'partner.sync',
    key: deps.ids.id('key'),
    payload: { partnerId: 'par_none' },
    status: 'parked' as const,
    attempts: 8,
    lastError: 'Stripe is down',
    runAt: deps.clock.now(),
    createdAt: deps.clock.now(),
    ...values,
  }
  return deps.db.write(tx => tx.insert(outbox).values(row)).then(() => row.id)
}

async function company() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const owner = await aMember(deps, { role: 'owner', org })
  return { deps, org, owner, api: as(deps, owner.viewer) }
}

test('each job says in words what it does, for whom, what went wrong, and when it runs next', async () => {
  const { deps, org, api } = await company()
  const partner = await aPartner(deps, { orgId: org.id, name: 'Northwind' })
  const payout = await aPayout(deps, { partner, status: 'processing' })
  const [attempt] = await deps.db.read.query.payoutAttempts.findMany()
  deps.clock.advance(1)
  await aJob(deps, { orgId: org.id, topic: 'payout.transfer', payload: { attemptId: attempt?.id } })
  deps.clock.advance(1)
  await aJob(deps, { orgId: org.id, payload: { partnerId: partner.id } })
  deps.clock.advance(1)
  const mail = {
    eventId: 'e',
    template: 'payoutOnItsWay',
    to: { partnerId: partner.id },
    about: { payoutId: payout.id },
  }
  await aJob(deps, { orgId: org.id, topic: 'email.send', payload: mail })
  const { rows, counts, parkedTopics } = await api.list({})
  expect(rows.map(({ label, about }) => ({ label, about }))).toEqual([
    {
      label: 'Send an email',
      about: { label: 'Payout on its way: PO-000001 to Northwind', link: { to: 'payout', id: payout.id } },
    },
    {
      label: 'Read a partner’s Stripe account',
      about: { label: 'Northwind', link: { to: 'partner', id: partner.id } },
    },
    { label: 'Send a transfer', about: { label: 'PO-000001 to Northwind', link: { to: 'payout', id: payout.id } } },
  ])
  expect(rows[0]).toMatchObject({ attempts: 8, lastError: 'Stripe is down', nextRunAt: null })
  expect(counts).toEqual({ parked: 3, queued: 0, leased: 0, done: 0 })
  expect(parkedTopics.map(({ topic }) => topic).sort()).toEqual(['email.send', 'partner.sync', 'payout.transfer'])
})

test('one status at a time, in pages, with the count of each', async () => {
  const { deps, org, api } = await company()
  for (let i = 0; i < 5; i++) await aJob(deps, { orgId: org.id, status: 'queued', runAt: deps.clock.now() + 60_000 })
  await aJob(deps, { orgId: org.id, status: 'leased', leaseToken: 't', leaseUntil: deps.clock.now() + 5_000 })
  await aJob(deps, { orgId: org.id, status: 'done', finishedAt: 1 })
  const first = await api.list({ status: 'queued', limit: 3 })
  const second = await api.list({ status: 'queued', limit: 3, cursor: first.next ?? '' })
  expect(new Set([...first.rows, ...second.rows].map(row => row.id)).size).toBe(5)
  expect(second.next).toBeNull()
  expect(first.rows[0]?.nextRunAt).toBe(deps.clock.now() + 60_000)
  expect((await api.list({ status: 'leased' })).rows[0]?.nextRunAt).toBe(deps.clock.now() + 5_000)
  expect(first.counts).toEqual({ parked: 0, queued: 5, leased: 1, done: 1 })
})

test('a parked job is put back in line with all its tries, once, and it is recorded who did it', async () => {
  const { deps, org, owner, api } = await company()
  const jobId = await aJob(deps, { orgId: org.id })
  const told: string[] = []
  deps.changes.subscribe(change => told.push(change.what))
  deps.clock.advance(5_000)
  await api.retry({ jobId, idempotencyKey: 'the same key' })
  await api.retry({ jobId, idempotencyKey: 'the same key' })
  const [job] = await deps.db.read.select().from(outbox).where(eq(outbox.id, jobId))
  expect(job).toMatchObject({ status: 'queued', attempts: 0, runAt: deps.clock.now(), finishedAt: null })
  expect(told).toEqual(['jobs'])
  await expect(api.retry({ jobId })).rejects.toMatchObject({ code: 'CONFLICT' })
  const entries = await deps.db.read.select().from(audit).where(eq(audit.action, 'jobs.retry'))
  expect(entries).toMatchObject([{ orgId: org.id, actorId: owner.user.id, targetId: jobId }])
})

test('all parked jobs of one kind are put back, and no others', async () => {
  const { deps, org, api } = await company()
  const other = await anOrg(deps)
  const parked = [await aJob(deps, { orgId: org.id }), await aJob(deps, { orgId: org.id })]
  await aJob(deps, { orgId: org.id, topic: 'payout.transfer', payload: { attemptId: 'x' } })
  await aJob(deps, { orgId: other.id })
  await aJob(deps, { orgId: org.id, status: 'done' })
  expect(await api.retryAll({ topic: 'partner.sync' })).toEqual({ retried: 2 })
  const queued = await deps.db.read.select({ id: outbox.id }).from(outbox).where(eq(outbox.status, 'queued'))
  expect(queued.map(({ id }) => id).sort()).toEqual(parked.sort())
  expect(await api.retryAll({ topic: 'partner.sync' })).toEqual({ retried: 0 })
  expect(await deps.db.read.select().from(audit).where(eq(audit.action, 'jobs.retryAll'))).toHaveLength(1)
})

test('who may not retry changes nothing, and nobody sees or retries another organization’s', async () => {
  const { deps, org } = await company()
  const jobId = await aJob(deps, { orgId: org.id })
  for (const role of ['manager', 'viewer', 'partner'] as const) {
    const api = as(deps, (await aMember(deps, { role, org })).viewer)
    await expect(api.retry({ jobId })).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(api.retryAll({ topic: 'partner.sync' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  }
  const partner = as(deps, (await aMember(deps, { role: 'partner', org })).viewer)
  await expect(partner.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const stranger = as(deps, (await aMember(deps, { role: 'owner' })).viewer)
  expect(await stranger.list({})).toMatchObject({ rows: [], counts: { parked: 0 } })
  await expect(stranger.retry({ jobId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await stranger.retryAll({ topic: 'partner.sync' })).toEqual({ retried: 0 })
  const [job] = await deps.db.read.select().from(outbox)
  expect(job?.status).toBe('parked')
})

test('what belongs to no organization is the owners’, unless it is about another organization', async () => {
  const { deps, org, api } = await company()
  const admin = as(deps, (await aMember(deps, { role: 'admin', org })).viewer)
  const other = await anOrg(deps)
  const foreign = await aPartner(deps, { orgId: other.id })
  const paid = await aPayout(deps, { partner: foreign, status: 'paid' })
  const anEvent = (id: string, values: Partial<typeof stripeEvents.$inferInsert>) =>
    deps.db.write(tx =>
      tx.insert(stripeEvents).values({
        id,
        endpoint: 'connect',
        type: 'payout.paid',
        livemode: false,
        body: '{}',
        createdAt: 1,
        receivedAt: 1,
        ...values,
      }),
    )
  await anEvent('evt_nobody', { type: 'balance.available' })
  await anEvent('evt_foreign_account', { account: foreign.stripeAccountId })
  await anEvent('evt_foreign_transfer', { type: 'transfer.reversed', objectId: paid.transferId })
  const mail = (orgId: string) => ({
    eventId: 'e',
    template: 'passwordReset',
    to: { userId: 'u' },
    about: { userId: 'u', orgId },
  })
  for (const eventId of ['evt_nobody', 'evt_foreign_account', 'evt_foreign_transfer'])
    await aJob(deps, { orgId: 'system', topic: 'stripe.event', payload: { eventId } })
  await aJob(deps, { orgId: 'system', topic: 'email.send', payload: mail(other.id) })
  const own = await aJob(deps, { orgId: 'system', topic: 'email.send', payload: mail(org.id) })
  const labels = (await api.list({})).rows.map(row => row.about?.label)
  expect(labels.sort()).toEqual(['Password reset', 'balance.available'])
  expect((await admin.list({})).rows).toEqual([])
  expect(await api.retryAll({ topic: 'email.send' })).toEqual({ retried: 1 })
  await expect(admin.retry({ jobId: own })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
