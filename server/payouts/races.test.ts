import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { ledgerEntries, outbox, payoutAttempts } from '#db/schema/index.ts'
import { syncPartner } from '../partners/sync.ts'
import { activeAccount, startForTest } from '../simulator/testing.ts'
import { asRole } from '../test/callers.ts'
import { start, testClock, testDeps } from '../test/deps.ts'
import { anOrg, aPartner, readPayout } from '../test/factories.ts'
import { stripeActor, work } from '../work.ts'
import { recordTransfer } from './settle.ts'
import { runTransfer } from './transfer.ts'

/** A payout that one of two people approved, and a Stripe to pay it from. */
async function anApprovedPayout() {
  const clock = testClock(start)
  const sim = await startForTest({ now: clock.now })
  const deps = { ...(await testDeps({ stripe: sim.stripe })), clock }
  const org = await anOrg(deps)
  const [ana, ben, manager] = [
    await asRole(deps, 'owner', { org }),
    await asRole(deps, 'admin', { org }),
    await asRole(deps, 'manager', { org }),
  ]
  const partner = await aPartner(deps, { orgId: org.id, stripeAccountId: activeAccount(sim), destinationKey: null })
  await syncPartner(deps, partner.id)
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5_000 })
  await ana.api.payouts.approve({ payoutId: id })
  const attempts = () => deps.db.read.select().from(payoutAttempts).where(eq(payoutAttempts.payoutId, id))
  const entries = async () =>
    (
      await deps.db.read.select().from(ledgerEntries).where(eq(ledgerEntries.payoutId, id)).orderBy(ledgerEntries.seq)
    ).map(entry => entry.kind)
  const transfers = () => sim.control<{ id: string }[]>('GET', '/_sim/transfers')
  return {
    sim,
    deps,
    org,
    ana,
    ben,
    manager,
    id,
    attempts,
    entries,
    transfers,
    payout: () => readPayout(deps, { id, orgId: org.id }),
  }
}

function refusals(results: PromiseSettledResult<unknown>[]): string[] {
  return results.flatMap(result => (result.status === 'rejected' ? [String(result.reason.message)] : []))
}

test('two people press Mark paid: one attempt, one job, and the other hears who was faster', async () => {
  const { deps, ana, ben, id, attempts, entries } = await anApprovedPayout()
  const results = await Promise.allSettled([
    ana.api.payouts.markPaid({ payoutId: id }),
    ben.api.payouts.markPaid({ payoutId: id }),
  ])
  expect(refusals(results)).toEqual([expect.stringMatching(/marked it paid.*processing now, and nothing was changed/)])
  expect(await attempts()).toHaveLength(1)
  expect(await entries()).toEqual(['accrual', 'mark_paid'])
  expect(await deps.db.read.select().from(outbox).where(eq(outbox.topic, 'payout.transfer'))).toHaveLength(1)
})

test('a single and a bulk Mark paid overlap: one attempt', async () => {
  const { ana, ben, id, attempts } = await anApprovedPayout()
  const [, bulk] = await Promise.all([
    ana.api.payouts.markPaid({ payoutId: id }),
    ben.api.payouts.bulkMarkPaid({ payoutIds: [id] }),
  ])
  expect(bulk).toMatchObject({ queued: 0, skipped: [{ id, reason: expect.stringMatching(/processing/) }] })
  expect(await attempts()).toHaveLength(1)
})

test('paying and canceling at once: whoever was first wins, the books agree', async () => {
  for (const order of ['pay first', 'cancel first']) {
    const { ana, ben, id, attempts, entries, payout } = await anApprovedPayout()
    const pay = () => ana.api.payouts.markPaid({ payoutId: id })
    const cancel = () => ben.api.payouts.cancel({ payoutId: id })
    const results = await Promise.allSettled(order === 'pay first' ? [pay(), cancel()] : [cancel(), pay()])
    expect(refusals(results)).toHaveLength(1)
    const status = (await payout()).status
    expect(status).toBe(order === 'pay first' ? 'processing' : 'canceled')
    expect(await attempts()).toHaveLength(status === 'processing' ? 1 : 0)
    expect(await entries()).toEqual(['accrual', status === 'processing' ? 'mark_paid' : 'accrual_void'])
  }
})

test('paying by Stripe and recording a payment made elsewhere at once: only one counts', async () => {
  const { ana, ben, id, attempts, payout } = await anApprovedPayout()
  const manual = { method: 'wise' as const, reference: 'W-1', paidOn: '2026-03-01' }
  const results = await Promise.allSettled([
    ana.api.payouts.markPaid({ payoutId: id, manual }),
    ben.api.payouts.markPaid({ payoutId: id }),
  ])
  expect(refusals(results)).toHaveLength(1)
  expect((await payout()).status).toBe('paid')
  expect(await attempts()).toHaveLength(0)
})

test('editing and paying at once: what is sent is what was approved, or nothing is', async () => {
  const { ana, manager, id, attempts, payout } = await anApprovedPayout()
  const results = await Promise.allSettled([
    manager.api.payouts.update({ payoutId: id, amount: 9_000 }),
    ana.api.payouts.markPaid({ payoutId: id }),
  ])
  expect(refusals(results)).toHaveLength(1)
  const now = await payout()
  if (now.status === 'processing') expect((await attempts())[0]?.amount).toBe(5_000)
  else expect(now).toMatchObject({ status: 'pending_approval', amount: 9_000 })
})

test('the answer to our call and the webhook arrive together, in either order, again and again: paid once', async () => {
  for (const webhookFirst of [true, false]) {
    const { sim, deps, org, ana, id, attempts, entries, transfers, payout } = await anApprovedPayout()
    await ana.api.payouts.markPaid({ payoutId: id })
    const [attempt] = await attempts()
    if (!attempt) throw new Error('no attempt')
    const transfer = await sim.stripe.transfers.create(attempt.request, { idempotencyKey: attempt.idempotencyKey })
    const webhook = () =>
      work(deps, { orgId: org.id, actor: stripeActor }, unit => recordTransfer(unit, attempt.id, transfer, true))
    const ours = () => runTransfer(deps, attempt.id)
    await Promise.all(webhookFirst ? [webhook(), ours(), webhook()] : [ours(), webhook(), ours(), webhook()])
    expect(await payout()).toMatchObject({ status: 'paid', transferId: transfer.id, confirmedAt: deps.clock.now() })
    expect(await entries()).toEqual(['accrual', 'mark_paid', 'settle'])
    expect(transfers()).toHaveLength(1)
    const mails = (
      await deps.db.read.select({ payload: outbox.payload }).from(outbox).where(eq(outbox.topic, 'email.send'))
    ).filter(mail => (mail.payload as { template: string }).template === 'payoutOnItsWay')
    expect(mails).toHaveLength(1)
  }
})

test('two workers hold the same attempt after a lost lease: the same key, one transfer', async () => {
  const { deps, ana, id, attempts, transfers, payout } = await anApprovedPayout()
  await ana.api.payouts.markPaid({ payoutId: id })
  const [attempt] = await attempts()
  if (!attempt) throw new Error('no attempt')
  const results = await Promise.allSettled([runTransfer(deps, attempt.id), runTransfer(deps, attempt.id)])
  for (const result of results)
    if (result.status === 'fulfilled' && result.value !== 'done') await runTransfer(deps, attempt.id)
  expect((await payout()).status).toBe('paid')
  expect(transfers()).toHaveLength(1)
})
