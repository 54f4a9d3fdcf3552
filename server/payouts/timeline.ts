import type { Blocker } from './blockers.ts'
import type { Payout } from './facts.ts'
import { manualMethodLabels, statusLabels } from './rules.ts'
import type { Attempt } from './settle.ts'

/** One step of a payout's way: past ones with their time, the current one, and those still to come. */
export interface TimelineStep {
  key: string
  label: string
  state: 'done' | 'current' | 'coming' | 'failed'
  /** UTC milliseconds, where it has happened or is expected */
  at: number | null
  expected?: boolean
  detail?: string
  /** Ids to quote to Stripe or the bank. */
  ids?: { label: string; value: string }[]
}

/** The way of one payout. For partners without our internal ids. */
export function timelineOf(
  payout: Payout,
  attempts: Attempt[],
  standing: Blocker[],
  forPartner: boolean,
): TimelineStep[] {
  const created: TimelineStep = { key: 'created', label: 'Created', state: 'done', at: payout.createdAt }
  if (payout.status === 'rejected')
    return [
      created,
      {
        key: 'rejected',
        label: 'Rejected',
        state: 'failed',
        at: payout.closedAt,
        detail: payout.rejectReason ?? undefined,
      },
    ]
  if (payout.status === 'canceled')
    return [
      created,
      ...approvalSteps(payout, standing),
      { key: 'canceled', label: 'Canceled', state: 'failed', at: payout.closedAt },
    ]
  if (payout.paidVia === 'manual') return [created, ...approvalSteps(payout, standing), manualStep(payout)]
  return [
    created,
    ...approvalSteps(payout, standing),
    ...transferSteps(payout, attempts, standing, forPartner),
    ...bankSteps(payout, forPartner),
  ]
}

function approvalSteps(payout: Payout, standing: Blocker[]): TimelineStep[] {
  if (payout.approvedAt !== null) return [{ key: 'approved', label: 'Approved', state: 'done', at: payout.approvedAt }]
  if (payout.status === 'canceled') return []
  const second = standing.find(blocker => blocker.code === 'second_approval')
  return [
    {
      key: 'approved',
      label: second ? 'Second approval' : 'Approval',
      state: 'current',
      at: null,
      detail: second?.message,
    },
  ]
}

function manualStep(payout: Payout): TimelineStep {
  const method = payout.manualMethod ? manualMethodLabels[payout.manualMethod] : 'Other'
  return {
    key: 'paid_outside',
    label: 'Paid outside Stripe',
    state: 'done',
    at: payout.paidAt,
    detail: `${method} on ${payout.manualPaidOn}, reference ${payout.manualReference}`,
  }
}

function transferSteps(payout: Payout, attempts: Attempt[], standing: Blocker[], forPartner: boolean): TimelineStep[] {
  const [last] = attempts
  const label = 'Sent to the Stripe balance'
  if (payout.paidAt !== null) {
    const ids = [
      ...(payout.transferId ? [{ label: 'Transfer', value: payout.transferId }] : []),
      ...(payout.destinationPayment && !forPartner
        ? [{ label: 'Payment on the partner’s account', value: payout.destinationPayment }]
        : []),
    ]
    const steps: TimelineStep[] = [
      {
        key: 'sent',
        label,
        state: 'done',
        at: payout.paidAt,
        detail: payout.confirmedAt ? 'Confirmed by Stripe’s webhook' : undefined,
        ids,
      },
    ]
    if (payout.amountReversed > 0)
      steps.push({
        key: 'reversed',
        label: payout.status === 'reversed' ? 'Taken back' : 'Partly taken back',
        state: 'failed',
        at: payout.updatedAt,
      })
    return steps
  }
  if (payout.status === 'processing')
    return [
      {
        key: 'sent',
        label: 'Sending',
        state: 'current',
        at: last?.createdAt ?? null,
        detail: payout.needsReview
          ? 'Stripe has not answered; people are looking into it'
          : last && last.sends > 1
            ? 'Stripe has not answered yet; asking again with the same key'
            : undefined,
      },
    ]
  if (payout.status === 'failed')
    return [
      {
        key: 'sent',
        label: 'Transfer refused',
        state: 'failed',
        at: last?.settledAt ?? null,
        detail: forPartner ? statusLabels.failed.says : (payout.failureMessage ?? undefined),
      },
    ]
  const blocking = payout.status === 'approved' ? standing[0] : undefined
  return [
    {
      key: 'sent',
      label,
      state: payout.status === 'approved' ? 'current' : 'coming',
      at: blocking?.until ?? null,
      expected: blocking?.until !== undefined,
      detail: blocking?.message,
    },
  ]
}

function bankSteps(payout: Payout, forPartner: boolean): TimelineStep[] {
  if (payout.status === 'reversed') return []
  const ids = payout.bankPayoutId && !forPartner ? [{ label: 'Bank payout', value: payout.bankPayoutId }] : undefined
  const label = 'Arrives in the bank'
  switch (payout.bankStatus) {
    case 'arrived':
      return [{ key: 'bank', label: 'Arrived in the bank', state: 'done', at: payout.bankArrivalAt, ids }]
    case 'failed':
      return [
        {
          key: 'bank',
          label: 'Returned by the bank',
          state: 'failed',
          at: null,
          detail: payout.bankFailureMessage ?? undefined,
          ids,
        },
      ]
    case 'in_transit':
      return [{ key: 'bank', label, state: 'current', at: payout.bankArrivalAt, expected: true, ids }]
    default:
      return [
        {
          key: 'bank',
          label,
          state: payout.status === 'paid' ? 'current' : 'coming',
          at: null,
          detail: payout.status === 'paid' ? 'Stripe pays it out on the account’s schedule' : undefined,
        },
      ]
  }
}
