import type { TimelineItem } from '#app/components/timeline.tsx'
import type { Blocker } from '#server/payouts/blockers.ts'
import type { TimelineStep } from '#server/payouts/timeline.ts'
import { actionLabel as wordsOf } from '../audit/words.ts'

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

/** The audit log's words for an action, on a page that says already which payout it is about. */
export function actionLabel(action: string): string {
  return wordsOf(action).replace(' a payout', '')
}
