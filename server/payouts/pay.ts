import { sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { TransferRequest } from '#db/schema/index.ts'
import { notify } from '../email/notify.ts'
import { post } from '../ledger/ledger.ts'
import { DomainError } from '../lib/errors.ts'
import { toStripeAmount } from '../lib/money.ts'
import { must } from '../lib/must.ts'
import { formatPeriod, periodOf } from '../lib/period.ts'
import type { Work } from '../work.ts'
import { blockerSentence, blockers, manualBlockers } from './blockers.ts'
import { type Loaded, loadPayouts, type OrgPolicy, readPolicy } from './facts.ts'
import { readAllowance, recordAuthorizations } from './limits.ts'
import { type manualPayment, type markPaidInput, payoutMachine, payoutNumber, statusLabels } from './rules.ts'
import { allowanceScope, type Changed, changedOf, changedSince, loadOne, type Skipped } from './service.ts'
import { expectStatus, transition, transitionOne } from './transition.ts'

/**
 * Marks one payout paid: through Stripe, which queues the transfer and shows `processing` until it is known, or as a payment
 * made elsewhere. CONFLICT if it moved on; BLOCKED with the first reason, and what clears it.
 */
export async function markPaid(work: Work, input: z.infer<typeof markPaidInput>): Promise<Changed> {
  const loaded = await loadOne(work, input.payoutId)
  await expectStatus(work, loaded.payout, input.manual ? 'markPaidManually' : 'markPaid', input.version)
  if (input.manual) {
    await recordManualPayment(work, loaded, input.manual, loaded.policy)
  } else {
    const { skipped } = await bulkMarkPaid(work, [loaded.payout.id])
    if (skipped[0]) throw new DomainError('BLOCKED', skipped[0].reason)
  }
  return changedOf(work, loaded.payout.id)
}

async function recordManualPayment(
  work: Work,
  loaded: Loaded,
  manual: z.infer<typeof manualPayment>,
  policy: OrgPolicy,
): Promise<void> {
  const { payout, facts } = loaded
  const allowance = await readAllowance(work.tx, allowanceScope(work, policy), 'pay')
  const blocker = blockerSentence(manualBlockers(facts)[0] ?? allowance.refuses(payout))
  if (blocker) throw new DomainError('BLOCKED', blocker)
  const today = new Date(work.at + 24 * 60 * 60_000).toISOString().slice(0, 10)
  if (manual.paidOn > today)
    throw new DomainError('INVALID', 'That day has not come yet. Record a payment after it was made.', {
      fields: { 'manual.paidOn': 'That day has not come yet.' },
    })
  await transitionOne(work, 'markPaidManually', payout, 'paid', {
    paidVia: 'manual',
    paidAt: work.at,
    closedAt: work.at,
    manualMethod: manual.method,
    manualReference: manual.reference,
    manualPaidOn: manual.paidOn,
    failureCode: null,
    failureMessage: null,
  })
  await recordAuthorizations(work, 'pay', [payout])
  await post(work, [
    {
      kind: 'manual_payment',
      payoutId: payout.id,
      partnerId: payout.partnerId,
      amount: payout.amount,
      currency: payout.currency,
      seq: payout.version + 1,
    },
  ])
  work.audit({
    action: 'payouts.markPaid',
    target: { type: 'payout', id: payout.id },
    before: { status: payout.status },
    after: { status: 'paid', via: 'manual', ...manual },
  })
  notify(work, {
    template: 'payoutPaidOutside',
    eventId: payout.id,
    to: { partnerId: payout.partnerId },
    about: { payoutId: payout.id },
  })
  work.changed('payouts', payout.partnerId)
}

/**
 * Queues transfers for many payouts in one transaction and skips what is blocked, with reasons. Each gets an attempt: its
 * number, its own idempotency key, and the exact parameters, frozen here and never computed again.
 */
export async function bulkMarkPaid(
  work: Work,
  payoutIds: string[],
  seen: Record<string, number> = {},
): Promise<{ queued: number; skipped: Skipped[] }> {
  const ids = [...new Set(payoutIds)]
  const policy = await readPolicy(work.tx, work.orgId)
  const loaded = await loadPayouts(work.tx, { orgId: work.orgId, now: work.at, policy }, ids)
  const allowance = await readAllowance(work.tx, allowanceScope(work, policy), 'pay')
  const skipped: Skipped[] = []
  const ready: { one: Loaded; destination: string }[] = []
  for (const id of ids) {
    const one = loaded.get(id)
    const reason =
      one && changedSince(one.payout, seen)
        ? 'It changed while you were looking at it.'
        : (refusal(one) ?? blockerSentence(one && allowance.refuses(one.payout)))
    if (!one || reason) {
      skipped.push({ id, reason: must(reason, 'a payout that is not there is refused') })
    } else {
      ready.push({ one, destination: must(one.payout.destination, 'what nothing blocks has a destination') })
      allowance.count(one.payout)
    }
  }
  const numbers = await nextAttemptNumbers(
    work,
    ready.map(({ one }) => one.payout.id),
  )
  const attempts = ready.map(({ one: { payout }, destination }) => {
    const id = work.id('att')
    const number = numbers.get(payout.id) ?? 1
    const request: TransferRequest = {
      amount: toStripeAmount(payout.amount, payout.currency),
      currency: payout.currency.toLowerCase(),
      destination,
      transfer_group: `payout_${payout.id}`,
      description: `${payoutNumber(payout.number)}, ${formatPeriod(payout.period ?? periodOf(payout.createdAt, policy.timeZone))}`,
      metadata: { payout_id: payout.id, attempt_id: id, env: environmentOf(work.deps.config.PUBLIC_URL) },
    }
    return { id, payout, number, key: `payout:${payout.id}:a${number}`, request, destination }
  })
  // One live attempt a payout: the partial unique index refuses a second, whoever tries.
  const moved = await transition(
    work,
    'markPaid',
    ready.map(({ one: { payout } }) => ({
      id: payout.id,
      version: payout.version,
      to: 'processing',
      set: { failureCode: null, failureMessage: null },
    })),
  )
  const rows = attempts.filter(attempt => moved.has(attempt.payout.id))
  await recordAuthorizations(
    work,
    'pay',
    rows.map(({ payout }) => payout),
  )
  await work.tx.run(sql`
    INSERT INTO payout_attempts (id, org_id, payout_id, number, idempotency_key, amount, currency, destination, request, state, requested_by, created_at)
    SELECT value ->> 'id', ${work.orgId}, value ->> 'payoutId', value ->> 'number', value ->> 'key', value ->> 'amount', value ->> 'currency',
           value ->> 'destination', value ->> 'request', 'queued', ${work.actor.id}, ${work.at}
    FROM json_each(${JSON.stringify(
      rows.map(({ id, payout, number, key, request, destination }) => ({
        id,
        payoutId: payout.id,
        number,
        key,
        amount: payout.amount,
        currency: payout.currency,
        destination,
        request: JSON.stringify(request),
      })),
    )})`)
  await post(
    work,
    rows.map(({ payout }) => ({
      kind: 'mark_paid',
      payoutId: payout.id,
      partnerId: payout.partnerId,
      amount: payout.amount,
      currency: payout.currency,
      seq: payout.version + 1,
    })),
  )
  for (const { id, payout, number, destination } of rows) {
    work.audit({
      action: 'payouts.markPaid',
      target: { type: 'payout', id: payout.id },
      before: { status: payout.status },
      after: {
        status: 'processing',
        via: 'stripe',
        attempt: number,
        amount: payout.amount,
        currency: payout.currency,
        destination,
      },
    })
    work.enqueue({ topic: 'payout.transfer', key: id, payload: { attemptId: id } })
  }
  if (rows.length > 0) work.changed('payouts', rows.length === 1 ? rows[0]?.payout.partnerId : null)
  return { queued: rows.length, skipped }
}

function refusal(one: Loaded | undefined): string | null {
  if (!one) return 'We couldn’t find it.'
  if (!payoutMachine.allows('markPaid', one.payout.status) && one.payout.status !== 'pending_approval')
    return `It is ${statusLabels[one.payout.status].label.toLowerCase()}; only approved payouts can be paid.`
  return blockerSentence(blockers(one.facts)[0])
}

async function nextAttemptNumbers(work: Work, payoutIds: string[]): Promise<Map<string, number>> {
  const rows = await work.tx.all<{ id: string; next: number }>(sql`
    SELECT payout_id AS id, max(number) + 1 AS next FROM payout_attempts
    WHERE payout_id IN (SELECT value FROM json_each(${JSON.stringify(payoutIds)})) GROUP BY payout_id`)
  return new Map(rows.map(row => [row.id, row.next]))
}

/** Which installation a transfer belongs to: two may share one Stripe account, and must leave each other's transfers alone. */
export function environmentOf(publicUrl: string): string {
  return new URL(publicUrl).host
}
