import { eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, organizations, outbox, partners, payoutAttempts } from '#db/schema/index.ts'
import { must } from '../lib/must.ts'
import { system, type Work, work } from '../work.ts'
import { failAttempt, markForReview, recordTransfer } from './settle.ts'
import { aQueuedTransfer } from './testing.ts'
import { adoptIfFound } from './transfer.ts'
import { conflict } from './transition.ts'

/** A queued transfer, and what Stripe would make of it. */
async function aSettlement() {
  const queued = await aQueuedTransfer()
  const { deps, org, attempts } = queued
  const attempt = must((await attempts())[0], 'it was marked paid')
  const { amount, currency, destination, metadata } = attempt.request
  const transfer = { id: 'tr_1', amount, currency, destination, metadata, amount_reversed: 0 }
  const as = <T>(fn: (unit: Work) => Promise<T>) => work(deps, { orgId: org.id, actor: system }, fn)
  const record = (change: object) =>
    as(unit => recordTransfer(unit, attempt.id, { ...transfer, ...change } as never, true))
  const whyPaused = async () =>
    (await deps.db.read.select().from(organizations).where(eq(organizations.id, org.id)))[0]?.transfersPausedReason
  return { ...queued, attempt, transfer, as, record, whyPaused }
}

const refusal = { code: 'account_closed', message: 'The account is closed.' }

test.each([{ payout_id: 'pay_other' }, {}])('a transfer with the metadata %j is not this payout’s', async metadata => {
  const { record, payout, whyPaused } = await aSettlement()
  expect(await record({ metadata })).toBe('incident')
  expect((await payout()).status).toBe('processing')
  expect(await whyPaused()).toContain('names another payout')
})

test('metadata that somebody edits at Stripe later unsettles nothing', async () => {
  const { record, payout } = await aSettlement()
  expect(await record({})).toBe('settled')
  expect(await record({ metadata: { payout_id: 'pay_other' } })).toBe('already')
  expect((await payout()).status).toBe('paid')
})

test('a transfer of an attempt that was taken for failed is an incident: the payout may be paid by another one', async () => {
  const { as, attempt, record, payout, whyPaused } = await aSettlement()
  await as(unit => failAttempt(unit, attempt.id, refusal))
  expect(await record({})).toBe('incident')
  expect((await payout()).status).toBe('failed')
  expect(await whyPaused()).toContain('taken for failed')
})

test('a transfer of a payout that is not being sent is an incident', async () => {
  const { deps, id, record, payout, whyPaused } = await aSettlement()
  await deps.db.write(tx =>
    tx.run(
      sql`UPDATE payouts SET status = 'failed', version = version + 1, failure_code = 'x', failure_message = 'x' WHERE id = ${id}`,
    ),
  )
  expect(await record({})).toBe('incident')
  expect((await payout()).transferId).toBeNull()
  expect(await whyPaused()).toContain('is failed, and yet a transfer of it exists')
})

test('what a webhook has settled meanwhile can’t be failed any more, nor twice', async () => {
  const { as, attempt, record, payout, deps } = await aSettlement()
  await record({})
  await as(unit => failAttempt(unit, attempt.id, refusal))
  await as(unit => failAttempt(unit, 'att_nobody', refusal))
  expect((await payout()).status).toBe('paid')
  const told = await deps.db.read.select({ action: audit.action }).from(audit)
  expect(told.filter(({ action }) => action === 'payout.failed')).toEqual([])
})

test('a refusal from before the sending says nothing once another worker has sent', async () => {
  const { as, attempt, deps, payout } = await aSettlement()
  await deps.db.write(tx =>
    tx.update(payoutAttempts).set({ state: 'sending', firstSentAt: 1, lastSentAt: 1, sends: 1 }),
  )
  await as(unit => failAttempt(unit, attempt.id, refusal, { onlyUnsent: true }))
  expect((await payout()).status).toBe('processing')
})

test('a payout is handed to people once, and only then they can release it', async () => {
  const { as, id, admin, deps } = await aSettlement()
  const evidence = 'Nothing of it is to be seen at Stripe.'
  await expect(admin.api.payouts.release({ payoutId: id, evidence })).rejects.toThrow(/still finding out by itself/)
  for (let time = 0; time < 2; time++) await as(unit => markForReview(unit, id, 'Stripe gave no answer.'))
  const told = await deps.db.read.select({ action: audit.action }).from(audit)
  expect(told.filter(({ action }) => action === 'payout.needs_review')).toHaveLength(1)
})

test('a transfer that is found but doesn’t fit the payout leaves the judgement to people', async () => {
  const { sim, deps, org, id, attempt, payout } = await aSettlement()
  await deps.db.write(tx =>
    tx.update(payoutAttempts).set({ state: 'unknown', firstSentAt: 1, lastSentAt: 1, sends: 1 }),
  )
  await sim.stripe.transfers.create({ ...attempt.request, amount: 1 }, { idempotencyKey: 'made by hand' })
  expect(await adoptIfFound(deps, org.id, id)).toBeNull()
  expect(await payout()).toMatchObject({ status: 'processing', needsReview: true })
})

test('a transfer of another installation on the same Stripe account is none of ours', async () => {
  const { sim, attempt, step, payout, transfers } = await aSettlement()
  const { metadata } = attempt.request
  const theirs = { ...attempt.request, metadata: { ...metadata, env: 'staging' } }
  await sim.stripe.transfers.create(theirs, { idempotencyKey: 'theirs' })
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect(transfers()).toHaveLength(2)
})

/** Something happens after the account was looked at, and before the attempt is claimed. */
async function meanwhile(queued: Awaited<ReturnType<typeof aSettlement>>, happens: () => Promise<unknown>) {
  const { stripe } = queued.deps
  const retrieve = stripe.v2.core.accounts.retrieve.bind(stripe.v2.core.accounts)
  stripe.v2.core.accounts.retrieve = (async (...args: Parameters<typeof retrieve>) => {
    const account = await retrieve(...args)
    await happens()
    return account
  }) as typeof retrieve
  return queued.step()
}

test('paused while the account was looked at: nothing is sent', async () => {
  const settlement = await aSettlement()
  const { admin, transfers, payout } = settlement
  const answer = await meanwhile(settlement, () => admin.api.orgs.pauseTransfers({ reason: 'month end' }))
  expect(answer).toMatchObject({ why: 'transfers are paused: month end' })
  expect((await payout()).status).toBe('processing')
  expect(transfers()).toEqual([])
})

test('archived while the account was looked at: nothing is sent, and the payout says why', async () => {
  const settlement = await aSettlement()
  const { deps, partner, payout, transfers } = settlement
  const archive = () =>
    deps.db.write(tx => tx.update(partners).set({ archivedAt: deps.clock.now() }).where(eq(partners.id, partner.id)))
  expect(await meanwhile(settlement, archive)).toBe('done')
  expect(await payout()).toMatchObject({ status: 'failed', failureCode: 'partner_archived' })
  expect(transfers()).toEqual([])
})

test('archived at the last moment: what was seen a moment ago sends nothing, and it is looked at again', async () => {
  const { deps, partner, step, payout, transfers } = await aSettlement()
  const write = deps.db.write
  let writes = 0
  deps.db.write = async fn => {
    // The first keeps what Stripe said of the account; with the second it would be sent.
    if (++writes === 2)
      await write(tx => tx.update(partners).set({ archivedAt: deps.clock.now() }).where(eq(partners.id, partner.id)))
    return write(fn)
  }
  expect(await step()).toMatchObject({ why: expect.stringContaining('looking again') })
  expect((await payout()).status).toBe('processing')
  expect(await step()).toBe('done')
  expect(await payout()).toMatchObject({ status: 'failed', failureCode: 'partner_archived' })
  expect(transfers()).toEqual([])
})

test('settled by a webhook while the account was looked at: nothing more is sent', async () => {
  const settlement = await aSettlement()
  expect(await meanwhile(settlement, () => settlement.record({}))).toBe('done')
  expect((await settlement.payout()).status).toBe('paid')
  expect(settlement.transfers()).toEqual([])
})

test('details that are on hold since the approval are not paid to', async () => {
  const { deps, partner, step, payout, transfers } = await aSettlement()
  await deps.db.write(tx =>
    tx
      .update(partners)
      .set({ holdUntil: deps.clock.now() + 1 })
      .where(eq(partners.id, partner.id)),
  )
  expect(await step()).toBe('done')
  expect(await payout()).toMatchObject({ status: 'failed', failureCode: 'on_hold' })
  expect(transfers()).toEqual([])
  const mails = await deps.db.read.select({ key: outbox.key }).from(outbox)
  expect(mails.some(({ key }) => key.includes('payoutFailed'))).toBe(true)
})

test('a payout that isn’t there has moved on for nobody', async () => {
  const { as } = await aSettlement()
  expect(await as(unit => conflict(unit, 'pay_nobody'))).toMatchObject({ code: 'NOT_FOUND' })
})
