import { and, eq, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { organizations, payoutAttempts, payouts, type TransferRequest } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { post } from '../ledger/ledger.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { fromStripeAmount } from '../lib/money.ts'
import type { Payout } from '../payouts/facts.ts'
import { recordTransfer } from '../payouts/settle.ts'
import { transitionOne } from '../payouts/transition.ts'
import { type Comparison, type Difference, defaultSpanMs, reconcile } from '../stripe/reconcile.ts'
import { type Actor, type Work, work } from '../work.ts'

const day = 24 * 60 * 60_000

export interface Finished {
  /** Payouts that Stripe had paid since the backup, and that are paid here again. */
  adopted: number
  /** How both sides stand after that; its differences are for people. */
  comparison: Comparison
}

/** Since when transfers may be missing here (UTC milliseconds); null where no restore waits for its comparison. */
export async function unreconciledSince(deps: Pick<Deps, 'db'>, orgId: string): Promise<number | null> {
  const [org] = await deps.db.read
    .select({ since: organizations.unreconciledSince })
    .from(organizations)
    .where(eq(organizations.id, orgId))
  if (!org) throw notFound('organization')
  return org.since
}

/** The organizations that wait for it. */
export async function unreconciledOrgs(deps: Pick<Deps, 'db'>): Promise<string[]> {
  const rows = await deps.db.read
    .select({ id: organizations.id })
    .from(organizations)
    .where(sql`${organizations.unreconciledSince} IS NOT NULL`)
    .orderBy(organizations.id)
  return rows.map(({ id }) => id)
}

/**
 * After a restore: compares with Stripe, and takes over each transfer whose payout is here, unpaid, and still the one that was sent: same
 * amount, currency and destination. All else is reported. Sends nothing, and leaves sending paused: a person resumes it, and may from now
 * on. May be called again where it broke off.
 * @throws DomainError CONFLICT where no restore waits for it; Stripe's errors: half a comparison clears nothing
 */
export async function finishRestore(deps: Deps, orgId: string, actor: Actor): Promise<Finished> {
  const backupAt = await unreconciledSince(deps, orgId)
  if (backupAt === null)
    throw new DomainError('CONFLICT', 'No restore waits for a comparison. Somebody may have done it already.')
  // What was under way at the backup may have been made just before it. Nothing is too young: nobody else is settling.
  const options = { orgId, since: Math.min(backupAt - day, deps.clock.now() - defaultSpanMs), settlingMs: 0 }
  let adopted = 0
  for (const { transferId, payoutId } of adoptable((await reconcile(deps, options)).differences)) {
    const transfer = await deps.stripe.transfers.retrieve(transferId)
    if (await work(deps, { orgId, actor }, unit => adopt(unit, payoutId, transfer))) adopted++
  }
  const comparison = await reconcile(deps, options)
  await work(deps, { orgId, actor }, async unit => {
    await unit.tx.update(organizations).set({ unreconciledSince: null }).where(eq(organizations.id, orgId))
    unit.audit({
      action: 'orgs.reconciledAfterRestore',
      target: { type: 'organization', id: orgId },
      before: { backup: new Date(backupAt).toISOString() },
      after: { adopted, differences: comparison.differences.length },
    })
    unit.changed('settings')
  })
  return { adopted, comparison }
}

/** Transfers about which nothing is odd but that their payout does not know of them. */
function adoptable(differences: Difference[]): { transferId: string; payoutId: string }[] {
  return [...groupBy(differences, ({ transferId }) => transferId)].flatMap(([transferId, found]) => {
    const [only, other] = found
    const missed = only?.kind === 'not_settled' || only?.kind === 'not_paid_here'
    return transferId && missed && !other && only.payoutId ? [{ transferId, payoutId: only.payoutId }] : []
  })
}

/** Settles a payout by a transfer that was made after the backup. False where a person must decide. */
async function adopt(work: Work, payoutId: string, transfer: Stripe.Transfer): Promise<boolean> {
  const [payout] = await work.tx
    .select()
    .from(payouts)
    .where(and(eq(payouts.id, payoutId), eq(payouts.orgId, work.orgId)))
  if (!payout) return false
  const attemptId =
    payout.status === 'processing' ? await openAttempt(work, payoutId) : await repeatAttempt(work, payout, transfer)
  return attemptId !== null && (await recordTransfer(work, attemptId, transfer, false)) === 'settled'
}

async function openAttempt(work: Work, payoutId: string): Promise<string | null> {
  const [attempt] = await work.tx
    .select({ id: payoutAttempts.id })
    .from(payoutAttempts)
    .where(and(eq(payoutAttempts.payoutId, payoutId), sql`${payoutAttempts.state} IN ('queued', 'sending', 'unknown')`))
  return attempt?.id ?? null
}

/**
 * Somebody had marked it paid after the backup. That is done again, with what Stripe kept of it, and nothing is queued: the money has
 * moved. Only for a payout that is approved as it was sent.
 */
async function repeatAttempt(work: Work, payout: Payout, transfer: Stripe.Transfer): Promise<string | null> {
  const { id: payoutId, amount, currency, destination } = payout
  const id = transfer.metadata.attempt_id
  if (!['approved', 'failed'].includes(payout.status) || !id || !destination) return null
  const known = await work.tx.select().from(payoutAttempts).where(eq(payoutAttempts.id, id))
  if (known.length > 0) return null
  const [last] = await work.tx.all<{ number: number }>(
    sql`SELECT coalesce(max(number), 0) AS number FROM payout_attempts WHERE payout_id = ${payoutId}`,
  )
  const number = (last?.number ?? 0) + 1
  const request: TransferRequest = {
    amount: transfer.amount,
    currency: transfer.currency,
    destination: typeof transfer.destination === 'string' ? transfer.destination : destination,
    transfer_group: `payout_${payoutId}`,
    description: transfer.description ?? '',
    metadata: { payout_id: payoutId, attempt_id: id, env: transfer.metadata.env ?? '' },
  }
  await transitionOne(work, 'markPaid', payout, 'processing', { failureCode: null, failureMessage: null })
  await work.tx.insert(payoutAttempts).values({
    id,
    orgId: work.orgId,
    payoutId,
    number,
    idempotencyKey: `payout:${payoutId}:a${number}`,
    amount: fromStripeAmount(transfer.amount, currency),
    currency,
    destination,
    request,
    state: 'unknown',
    wasUnknown: true,
    firstSentAt: transfer.created * 1000,
    lastSentAt: transfer.created * 1000,
    sends: 1,
    requestedBy: work.actor.id,
    createdAt: work.at,
  })
  await post(work, [
    { kind: 'mark_paid', payoutId, partnerId: payout.partnerId, amount, currency, seq: payout.version + 1 },
  ])
  work.audit({
    action: 'payouts.markPaid',
    target: { type: 'payout', id: payoutId },
    before: { status: payout.status },
    after: {
      status: 'processing',
      via: 'stripe',
      attempt: number,
      amount,
      currency,
      destination,
      restored: transfer.id,
    },
  })
  return id
}
