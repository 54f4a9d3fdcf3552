import { and, eq, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import type { z } from 'zod'
import { audit, organizations, payoutAttempts, payoutReleases, payouts } from '#db/schema/index.ts'
import { notify } from '../email/notify.ts'
import { post } from '../ledger/ledger.ts'
import { DomainError } from '../lib/errors.ts'
import { fromStripeAmount } from '../lib/money.ts'
import { must } from '../lib/must.ts'
import { idIn } from '../stripe/references.ts'
import type { Work } from '../work.ts'
import type { Payout } from './facts.ts'
import { releaseDisputed } from './release-line.ts'
import { type decideReversalInput, payoutNumber, type releaseInput } from './rules.ts'
import { type Changed, changedOf, insertPayouts, loadOne } from './service.ts'
import { conflict, expectStatus, transitionOne } from './transition.ts'

export type Attempt = typeof payoutAttempts.$inferSelect

export type SettleResult = 'settled' | 'already' | 'incident'

/**
 * What Stripe says of a transfer becomes ours: the answer to our call, a webhook and the sweeper all end here, in any order and
 * any number of times, with the same result. The transfer must match the frozen attempt in amount, currency and destination;
 * one that doesn't, or a second one for the same payout, is an incident: sending stops and people look.
 * @param confirmed whether a webhook brought it, which is a further fact on the timeline
 */
export async function recordTransfer(
  work: Work,
  attemptId: string,
  transfer: Stripe.Transfer,
  confirmed: boolean,
): Promise<SettleResult> {
  const [row] = await work.tx
    .select({ attempt: payoutAttempts, payout: payouts })
    .from(payoutAttempts)
    .innerJoin(payouts, eq(payouts.id, payoutAttempts.payoutId))
    .where(and(eq(payoutAttempts.id, attemptId), eq(payoutAttempts.orgId, work.orgId)))
  const { attempt, payout } = must(row, `no attempt ${attemptId}`)
  const problem = mismatch(attempt, transfer) ?? rival(attempt, payout, transfer)
  if (problem) {
    await incident(work, payout, transfer.id, problem)
    return 'incident'
  }
  const fresh = payout.status === 'processing'
  if (fresh) await settle(work, attempt, payout, transfer)
  if (confirmed) await confirm(work, payout.id)
  await recordReversal(work, payout.id, fromStripeAmount(transfer.amount_reversed, payout.currency))
  return fresh ? 'settled' : 'already'
}

function mismatch(attempt: Attempt, transfer: Stripe.Transfer): string | null {
  const destination = idIn(transfer.destination)
  const { request } = attempt
  if (transfer.amount !== request.amount || transfer.currency !== request.currency)
    return `Stripe's transfer is ${transfer.amount} ${transfer.currency}, ours was ${request.amount} ${request.currency}`
  if (destination !== request.destination)
    return `Stripe's transfer went to ${destination}, ours was for ${request.destination}`
  // Someone may edit a transfer's metadata at Stripe later; what it was settled by stays what it was settled by.
  if (attempt.transferId !== transfer.id && transfer.metadata?.payout_id !== attempt.payoutId)
    return "Stripe's transfer names another payout"
  return null
}

function rival(attempt: Attempt, payout: Payout, transfer: Stripe.Transfer): string | null {
  if (payout.transferId !== null && payout.transferId !== transfer.id)
    return `the payout was already paid by ${payout.transferId}`
  if (attempt.state === 'failed') return 'the attempt was taken for failed, and yet a transfer of it exists'
  if (payout.status !== 'processing' && payout.transferId !== transfer.id)
    return `the payout is ${payout.status}, and yet a transfer of it exists`
  return null
}

async function settle(work: Work, attempt: Attempt, payout: Payout, transfer: Stripe.Transfer): Promise<void> {
  await transitionOne(work, 'settle', payout, 'paid', {
    paidVia: 'stripe',
    paidAt: work.at,
    closedAt: work.at,
    transferId: transfer.id,
    destinationPayment: idIn(transfer.destination_payment),
    simulated: work.deps.config.PAYMENTS === 'simulator',
    needsReview: false,
  })
  await work.tx
    .update(payoutAttempts)
    .set({ state: 'succeeded', transferId: transfer.id, settledAt: work.at, lastError: null })
    .where(eq(payoutAttempts.id, attempt.id))
  await post(work, [entry('settle', payout, payout.amount)])
  work.audit({
    action: 'payout.settled',
    target: { type: 'payout', id: payout.id },
    before: { status: 'processing' },
    after: { status: 'paid', transfer: transfer.id, attempt: attempt.number },
  })
  notify(work, {
    template: 'payoutOnItsWay',
    eventId: payout.id,
    to: { partnerId: payout.partnerId },
    about: { payoutId: payout.id },
  })
  work.changed('payouts', payout.partnerId)
}

async function confirm(work: Work, payoutId: string): Promise<void> {
  await work.tx
    .update(payouts)
    .set({ confirmedAt: work.at, version: sql`${payouts.version} + 1`, updatedAt: work.at })
    .where(and(eq(payouts.id, payoutId), sql`${payouts.confirmedAt} IS NULL`))
  work.changed('payouts')
}

/**
 * Records how much of a paid payout was taken back, in all. The total comes from the transfer itself, never from adding up events:
 * these come twice and out of order.
 * @param total minor units of the payout's currency
 */
async function recordReversal(work: Work, payoutId: string, total: number): Promise<void> {
  const [payout] = await work.tx
    .select()
    .from(payouts)
    .where(and(eq(payouts.id, payoutId), eq(payouts.orgId, work.orgId)))
  if (!payout || total <= payout.amountReversed) return
  const delta = total - payout.amountReversed
  const full = total >= payout.amount
  await transitionOne(work, 'reverse', payout, full ? 'reversed' : 'paid', { amountReversed: total })
  await post(work, [entry('reversal', payout, delta)])
  work.audit({
    action: 'payout.reversed',
    target: { type: 'payout', id: payout.id },
    before: { status: payout.status, reversed: payout.amountReversed },
    after: { status: full ? 'reversed' : 'paid', reversed: total },
  })
  const about = { payoutId: payout.id, amount: delta, total }
  notify(work, {
    template: 'payoutReversed',
    eventId: `${payout.id}:${total}`,
    to: { partnerId: payout.partnerId },
    about,
  })
  notify(work, {
    template: 'payoutReversedFinance',
    eventId: `${payout.id}:${total}`,
    to: { staffWith: 'payouts.pay' },
    about,
  })
  work.changed('payouts', payout.partnerId)
}

/** A definite refusal: no money moved, and the payout says why. Never called for an answer that didn't come. */
export async function failAttempt(
  work: Work,
  attemptId: string,
  failure: { code: string; message: string; requestId?: string | null },
  { onlyUnsent = false } = {},
): Promise<void> {
  const [row] = await work.tx
    .select({ attempt: payoutAttempts, payout: payouts })
    .from(payoutAttempts)
    .innerJoin(payouts, eq(payouts.id, payoutAttempts.payoutId))
    .where(and(eq(payoutAttempts.id, attemptId), eq(payoutAttempts.orgId, work.orgId)))
  // A webhook may have settled it meanwhile: then there is nothing to fail.
  if (row?.payout.status !== 'processing' || row.attempt.state === 'succeeded' || row.attempt.state === 'failed') return
  const { attempt, payout } = row
  // A refusal judged before anything was sent says nothing once another worker has sent.
  if (onlyUnsent && attempt.firstSentAt !== null) return
  await work.tx
    .update(payoutAttempts)
    .set({
      state: 'failed',
      failureCode: failure.code,
      failureMessage: failure.message,
      stripeRequestId: failure.requestId ?? null,
      settledAt: work.at,
    })
    .where(eq(payoutAttempts.id, attempt.id))
  await transitionOne(work, 'fail', payout, 'failed', {
    failureCode: failure.code,
    failureMessage: failure.message,
    needsReview: false,
  })
  await post(work, [entry('fail', payout, payout.amount)])
  work.audit({
    action: 'payout.failed',
    target: { type: 'payout', id: payout.id },
    before: { status: 'processing' },
    after: { status: 'failed', code: failure.code, message: failure.message, attempt: attempt.number },
  })
  // After the refusal is on record: what is disputed leaves a payout that failed, and sends it back for approval.
  await releaseDisputed(work, payout.id)
  const eventId = `${payout.id}:a${attempt.number}`
  notify(work, {
    template: 'payoutFailed',
    eventId,
    to: { partnerId: payout.partnerId },
    about: { payoutId: payout.id },
  })
  notify(work, {
    template: 'payoutFailedFinance',
    eventId,
    to: { staffWith: 'payouts.pay' },
    about: { payoutId: payout.id },
  })
  work.changed('payouts', payout.partnerId)
}

/** Hands a payout whose outcome stays unknown to people. It stays `processing`: unknown is not failed. */
export async function markForReview(work: Work, payoutId: string, why: string): Promise<void> {
  const rows = await work.tx
    .update(payouts)
    .set({ needsReview: true, version: sql`${payouts.version} + 1`, updatedAt: work.at })
    .where(
      and(
        eq(payouts.id, payoutId),
        eq(payouts.orgId, work.orgId),
        eq(payouts.status, 'processing'),
        eq(payouts.needsReview, false),
      ),
    )
    .returning({ partnerId: payouts.partnerId })
  if (!rows[0]) return
  work.audit({ action: 'payout.needs_review', target: { type: 'payout', id: payoutId }, after: { why } })
  work.changed('payouts', rows[0].partnerId)
}

/**
 * One person's word that the money did not move, with what they checked. The second person's releases the payout to `failed`,
 * from where a new attempt with a new key may be made. The caller has just asked Stripe once more and found nothing.
 */
export async function releasePayout(work: Work, input: z.infer<typeof releaseInput>): Promise<Changed> {
  const { payout } = await loadOne(work, input.payoutId)
  await expectStatus(work, payout, 'release', input.version)
  if (!payout.needsReview)
    throw new DomainError('BLOCKED', 'Remit is still finding out by itself. Only what needs review can be released.')
  const [found] = await work.tx
    .select()
    .from(payoutAttempts)
    .where(and(eq(payoutAttempts.payoutId, payout.id), sql`${payoutAttempts.state} <> 'failed'`))
  const attempt = must(found, `payout ${payout.id} is processing without an attempt`)
  const earlier = await work.tx
    .select({ userId: payoutReleases.userId })
    .from(payoutReleases)
    .where(eq(payoutReleases.attemptId, attempt.id))
  if (earlier.some(release => release.userId === work.actor.id))
    throw new DomainError('BLOCKED', 'You have released it already. A second person has to look at Stripe too.')
  await work.tx.insert(payoutReleases).values({
    id: work.id('rel'),
    orgId: work.orgId,
    payoutId: payout.id,
    attemptId: attempt.id,
    userId: work.actor.id,
    evidence: input.evidence,
    createdAt: work.at,
  })
  work.audit({
    action: 'payouts.release',
    target: { type: 'payout', id: payout.id },
    after: { evidence: input.evidence, people: earlier.length + 1 },
  })
  work.changed('payouts', payout.partnerId)
  if (earlier.length >= 1)
    await failAttempt(work, attempt.id, {
      code: 'released',
      message: 'Stripe never confirmed this transfer, and two people found that no money moved.',
    })
  return changedOf(work, payout.id)
}

/** Says whose the money of a reversal is: owed to the partner again, or not. */
export async function decideReversal(work: Work, input: z.infer<typeof decideReversalInput>): Promise<Changed> {
  const { payout } = await loadOne(work, input.payoutId)
  if (input.version !== undefined && input.version !== payout.version) throw await conflict(work, payout.id)
  const open = await undecided(work, payout.id)
  if (open <= 0) throw new DomainError('CONFLICT', `Nothing of ${payoutNumber(payout.number)} waits for a decision.`)
  const kind = input.decision === 'owed' ? 'reversal_owed' : 'reversal_not_owed'
  await work.tx
    .update(payouts)
    .set({ version: sql`${payouts.version} + 1`, updatedAt: work.at })
    .where(and(eq(payouts.id, payout.id), eq(payouts.orgId, work.orgId)))
  await post(work, [entry(kind, payout, open)])
  // What is owed again waits as a payout of its own: the ledger has it, so its approval books nothing twice.
  if (input.decision === 'owed')
    await insertPayouts(work, 'form', [
      {
        partnerId: payout.partnerId,
        amount: open,
        currency: payout.currency,
        period: payout.period,
        notes: `Pays again what was taken back of ${payoutNumber(payout.number)}`,
        repays: payout.id,
      },
    ])
  work.audit({
    action: 'payouts.decideReversal',
    target: { type: 'payout', id: payout.id },
    after: { decision: input.decision, amount: open, note: input.note ?? null },
  })
  work.changed('payouts', payout.partnerId)
  return changedOf(work, payout.id)
}

/** Minor units of a payout's reversals that nobody has decided about. */
export async function undecided(work: Pick<Work, 'tx'>, payoutId: string): Promise<number> {
  const [row] = await work.tx.all<{ open: number }>(sql`
    SELECT coalesce(sum(CASE kind WHEN 'reversal' THEN amount WHEN 'reversal_owed' THEN -amount WHEN 'reversal_not_owed' THEN -amount WHEN 'reversal_reopened' THEN amount ELSE 0 END), 0) AS open
    FROM ledger_entries WHERE payout_id = ${payoutId}`)
  return must(row, 'a sum always has a row').open
}

/**
 * What must never be: sending stops for the organization until a person has looked and resumes it, and a payout in doubt is handed to
 * people. Once for each payout and transfer: Stripe tells it again and again.
 */
async function incident(work: Work, payout: Payout, transferId: string, problem: string): Promise<void> {
  const [known] = await work.tx
    .select({ seq: audit.seq })
    .from(audit)
    .where(
      and(
        eq(audit.orgId, work.orgId),
        eq(audit.targetType, 'payout'),
        eq(audit.targetId, payout.id),
        eq(audit.action, 'payout.incident'),
        sql`${audit.after} ->> '$.transfer' = ${transferId}`,
      ),
    )
    .limit(1)
  if (known) return
  const reason = `${payoutNumber(payout.number)} and Stripe's ${transferId} don't agree: ${problem}.`
  work.deps.log.error({ payoutId: payout.id, transferId, problem }, 'a transfer does not match its payout')
  await work.tx
    .update(organizations)
    .set({
      transfersPausedAt: work.at,
      transfersPausedBy: work.actor.id,
      transfersPausedReason: reason.slice(0, 500),
    })
    .where(and(eq(organizations.id, work.orgId), sql`${organizations.transfersPausedAt} IS NULL`))
  work.audit({
    action: 'payout.incident',
    target: { type: 'payout', id: payout.id },
    after: { transfer: transferId, problem },
  })
  notify(work, {
    template: 'transfersPaused',
    eventId: `${payout.id}:incident:${transferId}`,
    to: { staffWith: 'transfers.pause' },
    about: { payoutId: payout.id, transferId, reason: reason.slice(0, 500), pausedAt: work.at },
  })
  if (payout.status === 'processing') await markForReview(work, payout.id, problem)
  work.changed('settings')
  work.changed('payouts')
}

function entry(
  kind: 'settle' | 'fail' | 'reversal' | 'reversal_owed' | 'reversal_not_owed',
  payout: Payout,
  amount: number,
) {
  return {
    kind,
    payoutId: payout.id,
    partnerId: payout.partnerId,
    amount,
    currency: payout.currency,
    seq: payout.version + 1,
  } as const
}
