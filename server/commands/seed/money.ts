import { inArray, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { payoutAttempts } from '#db/schema/index.ts'
import { refusalSentence } from '#server/payouts/refusals.ts'
import { failAttempt, markForReview, recordTransfer } from '#server/payouts/settle.ts'
import { followBankPayout } from '#server/stripe/bank-leg.ts'
import { stripeActor, system } from '#server/work.ts'
import { act, day, finishTransferJob, minute, type Stage } from './stage.ts'

/** How a queued transfer of the past ended. */
export interface Sending {
  payoutId: string
  /** Minor units that were taken back later, and when (UTC milliseconds). */
  reversed?: { amount: number; at: number }
  /** False while the money is in the Stripe balance. */
  toBank: boolean
}

const second = 1000

/**
 * Sends what the history has queued: each transfer is put into the simulator as made back then, and settles its payout through
 * the code that Stripe's answer takes. Two days later its money is in the bank.
 */
export async function sendAll(stage: Stage, orgId: string, sendings: Sending[]): Promise<void> {
  if (sendings.length === 0) return
  const { deps, clock } = stage
  const began = clock.now()
  const attempts = await openAttempts(
    stage,
    sendings.map(one => one.payoutId),
  )
  const parcels = sendings.map((sending, index) => {
    const attempt = attempts.get(sending.payoutId)
    if (!attempt) throw new Error(`no open attempt of ${sending.payoutId}`)
    // Whole seconds apart, as Stripe writes them, so that each can be told from the next.
    return { sending, attempt, created: Math.ceil(began / second) * second + index * 2 * second }
  })
  const { ids } = await stage.simulator<{ ids: string[] }>('POST', '/_sim/transfers', {
    transfers: parcels.map(({ sending, attempt, created }) => ({
      ...attempt.request,
      created,
      in_bank: sending.toBank,
      reversed: sending.reversed?.amount ?? 0,
    })),
  })
  const transfers = await listSince(stage, began)
  for (const [index, { sending, attempt, created }] of parcels.entries()) {
    const transfer = transfers.get(ids[index] ?? '')
    if (!transfer) throw new Error(`the simulator lost the transfer of ${sending.payoutId}`)
    clock.set(created)
    await finishTransferJob(deps, attempt.id)
    clock.set(created + 700)
    const asItWas = { ...transfer, amount_reversed: 0, reversed: false }
    await act(stage, orgId, system, unit => recordTransfer(unit, attempt.id, asItWas, true))
    planReversal(stage, orgId, attempt.id, transfer, sending)
    const carried = sending.toBank && sending.reversed?.amount !== attempt.amount
    if (carried) stage.plan(created + 2 * day, () => arrive(stage, attempt.destination, created + 2 * day))
  }
}

function planReversal(
  stage: Stage,
  orgId: string,
  attemptId: string,
  transfer: Stripe.Transfer,
  { reversed }: Sending,
): void {
  if (!reversed) return
  stage.plan(reversed.at, async () => {
    await act(stage, orgId, stripeActor, unit => recordTransfer(unit, attemptId, transfer, true))
  })
}

async function openAttempts(stage: Stage, payoutIds: string[]) {
  const rows = await stage.deps.db.read
    .select()
    .from(payoutAttempts)
    .where(
      sql`${payoutAttempts.payoutId} IN (SELECT value FROM json_each(${JSON.stringify(payoutIds)})) AND ${inArray(payoutAttempts.state, ['queued'])}`,
    )
  return new Map(rows.map(row => [row.payoutId, row]))
}

async function listSince(stage: Stage, since: number): Promise<Map<string, Stripe.Transfer>> {
  const found = new Map<string, Stripe.Transfer>()
  const created = { gte: Math.floor(since / second), lte: Math.floor(since / second) + 3600 }
  for await (const transfer of stage.deps.stripe.transfers.list({ created, limit: 100 }))
    found.set(transfer.id, transfer)
  return found
}

/** Follows the bank payouts of an account that the simulator has from this second. */
async function arrive(stage: Stage, accountId: string, at: number): Promise<void> {
  const created = { gte: Math.floor(at / second), lte: Math.floor(at / second) }
  const list = await stage.deps.stripe.payouts.list({ created, limit: 10 }, { stripeContext: accountId })
  for (const payout of list.data) await followBankPayout(stage.deps, accountId, payout.id)
}

/** A definite refusal of a queued transfer, in Stripe's words and ours. */
export async function refuse(stage: Stage, orgId: string, payoutId: string, code: string): Promise<void> {
  const attempt = (await openAttempts(stage, [payoutId])).get(payoutId)
  if (!attempt) throw new Error(`no open attempt of ${payoutId}`)
  await finishTransferJob(stage.deps, attempt.id)
  const requestId = `req_${stage.chance.between(10 ** 9, 10 ** 10)}`
  await act(stage, orgId, system, unit =>
    failAttempt(unit, attempt.id, { code, message: refusalSentence(code, 'The transfer was refused.'), requestId }),
  )
}

/** A transfer whose answer never came: asked again with the same key for a day, and then left to people. */
export async function loseAnswer(stage: Stage, orgId: string, payoutId: string): Promise<void> {
  const attempt = (await openAttempts(stage, [payoutId])).get(payoutId)
  if (!attempt) throw new Error(`no open attempt of ${payoutId}`)
  const { deps, clock } = stage
  const began = clock.now()
  await finishTransferJob(deps, attempt.id)
  await deps.db.write(tx =>
    tx
      .update(payoutAttempts)
      .set({
        state: 'unknown',
        wasUnknown: true,
        sends: 14,
        lastSentAt: began + 23 * 60 * minute - minute,
        lastError: 'An error occurred with our connection to Stripe. Request was retried 0 times.',
      })
      .where(sql`${payoutAttempts.id} = ${attempt.id}`),
  )
  stage.plan(began + day + 20 * minute, () =>
    act(stage, orgId, system, unit =>
      markForReview(unit, payoutId, 'Stripe gave no answer while the key was alive, and lists no such transfer.'),
    ),
  )
}

/** What lies in partners' Stripe balances leaves for their banks now, as the simulator goes on by itself. */
export async function startBankPayouts(stage: Stage, accountIds: string[], until: 'created' | 'paid'): Promise<void> {
  for (const accountId of accountIds) {
    await stage.simulator('POST', '/_sim/payouts/run', { account: accountId, until })
    const list = await stage.deps.stripe.payouts.list({ limit: 1 }, { stripeContext: accountId })
    for (const payout of list.data) await followBankPayout(stage.deps, accountId, payout.id)
  }
}
