import type { TimelineItem } from '#app/components/timeline.tsx'
import type { Blocker } from '#server/payouts/blockers.ts'
import type { TimelineStep } from '#server/payouts/timeline.ts'

/** Where the admin clears each kind of blocker. What only the partner can do starts at the partner's page: remind them. */
export function blockerPlaces(partnerId: string): Record<string, string> {
  const partner = `/admin/partners/${partnerId}`
  return { setup: partner, partner, settings: '/admin/settings', payout: '#next' }
}

/** An approval alone is the next step, which the page says above; it is no obstacle. */
export function onlyApproval(blockers: readonly Blocker[]): boolean {
  return blockers.every(({ code }) => code === 'not_approved' || code === 'second_approval')
}

export function toItems(steps: readonly TimelineStep[]): TimelineItem[] {
  return steps.map(({ key, label, state, at, detail, ids }) => ({
    key,
    title: label,
    at,
    state: state === 'coming' ? 'future' : state,
    detail,
    ids,
  }))
}

/** What `says` tells the partner, told to staff: 'In the partner’s Stripe balance'. */
export function forStaff(says: string): string {
  return says.replace(/\byour\b/g, 'the partner’s').replace(/\bYour\b/g, 'The partner’s')
}

const actionWords: Record<string, string> = {
  'payouts.create': 'Created',
  'payouts.update': 'Edited',
  'payouts.approve': 'Approved',
  'payouts.reject': 'Rejected',
  'payouts.unapprove': 'Sent back for approval',
  'payouts.markPaid': 'Marked paid',
  'payouts.cancel': 'Canceled',
  'payouts.release': 'Looked at Stripe, and released',
  'payouts.decideReversal': 'Decided about the money taken back',
  'payout.settled': 'Paid',
  'payout.failed': 'Refused',
  'payout.reversed': 'Taken back',
  'payout.needs_review': 'Needs review',
  'payout.incident': 'Incident: Stripe and Remit disagree',
}

/** `payouts.markPaid` → `Marked paid`; an action without words of its own is spelled out. */
export function actionLabel(action: string): string {
  const known = actionWords[action]
  if (known) return known
  const bare = action
    .replace(/^[^.]*\./, '')
    .replace(/([a-z])([A-Z])|_/g, '$1 $2')
    .toLowerCase()
  return bare.charAt(0).toUpperCase() + bare.slice(1)
}
