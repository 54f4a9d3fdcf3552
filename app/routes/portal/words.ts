import type { Blocker as Shown } from '#app/components/blockers.tsx'
import type { Setup } from '#server/partners/setup.ts'
import type { Blocker } from '#server/payouts/blockers.ts'
import type { TimelineStep } from '#server/payouts/timeline.ts'
import type { PayoutRow } from '#server/payouts/view.ts'

// What the portal says to a partner. Loaders only: the words go to the browser, the tables behind them don't.

const setupPage = '/portal/setup'
const forOthers = { label: 'Nothing for you to do.' }

/** The blockers of a payout, said to the one who would be paid: what it is for them, and whether they can clear it. */
export function blockersFor(blockers: readonly Blocker[], orgName: string, setup: Pick<Setup, 'missing'>): Shown[] {
  const missing = setup.missing.map(({ text }) => text).join('; ')
  return blockers.map(blocker => ({ code: blocker.code, ...wordsFor(blocker, orgName, missing) }))
}

function wordsFor({ code, message }: Blocker, orgName: string, missing: string): Omit<Shown, 'code'> {
  switch (code) {
    case 'not_approved':
      return { message: `${orgName} has not approved it yet.`, clears: forOthers }
    case 'second_approval':
      return { message: `One person at ${orgName} has approved it; a second one has to.`, clears: forOthers }
    case 'no_account':
      return {
        message: 'You have not set up payouts with Stripe, so it can’t be sent.',
        clears: { label: 'Set up payouts', href: setupPage },
      }
    case 'account_pending':
      return missing
        ? {
            message: `Stripe still needs something from you: ${missing}.`,
            clears: { label: 'Continue the set-up', href: setupPage },
          }
        : {
            message: 'Stripe is checking your details. It usually takes minutes, sometimes two days.',
            clears: forOthers,
          }
    case 'account_restricted':
      return {
        message: missing
          ? `Stripe has stopped payouts to you until it gets this: ${missing}.`
          : 'Stripe has stopped payouts to you.',
        clears: { label: 'Continue the set-up', href: setupPage },
      }
    case 'account_closed':
      return {
        message: 'Stripe does not pay out to your account.',
        clears: { label: `Ask ${orgName} to pay you another way.` },
      }
    case 'destination_changed':
      return {
        message: `Your payout details changed after it was approved, so ${orgName} has to approve it again.`,
        clears: forOthers,
      }
    case 'partner_archived':
      return {
        message: `Your account with ${orgName} is closed.`,
        clears: { label: `Ask ${orgName} to open it again.` },
      }
    case 'transfers_paused':
      return { message: `${orgName} has paused all payouts for the moment. Nothing is lost.`, clears: forOthers }
    case 'needs_review':
      return {
        message: `Stripe has not confirmed it. ${orgName} is checking with them, and sends nothing twice.`,
        clears: forOthers,
      }
    // Only staff have daily limits, and only they are told.
    case 'daily_limit':
    case 'on_hold':
    case 'below_minimum':
      return { message, clears: { label: code === 'on_hold' ? 'Then it has to be approved again.' : forOthers.label } }
  }
}

/** A row as the portal's lists show it: no blockers of others, no offers, and the status in words. */
export function toRow(row: PayoutRow) {
  const { id, number, status, amount, currency, amountReversed, period, createdAt, paidAt, says } = row
  return { id, number, status, amount, currency, amountReversed, period, createdAt, paidAt, says }
}

export type PortalRow = ReturnType<typeof toRow>

/** The timeline without the payer's affairs: why a transfer was refused can be the state of somebody else's balance. */
export function timelineFor(steps: readonly TimelineStep[], blockers: readonly Shown[]): TimelineStep[] {
  return steps.map(step => {
    if (step.key === 'bank') return { ...step, label: step.label.replace('the bank', 'your bank') }
    if (step.key !== 'sent') return step
    if (step.state === 'done') return { ...step, label: 'Sent to your Stripe balance' }
    if (step.label === 'Sent to the Stripe balance')
      return { ...blocked(step, blockers), label: 'Sending to your Stripe balance' }
    if (step.state === 'failed') return { ...step, label: 'Could not be sent' }
    return step
  })
}

/** While something stands in the way, the step's detail is a blocker in the words for staff. */
function blocked(step: TimelineStep, [first]: readonly Shown[]): TimelineStep {
  return step.detail && first ? { ...step, detail: first.message } : step
}
