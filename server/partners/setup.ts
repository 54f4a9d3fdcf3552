import type { Requirement, TransfersStatus } from '#db/schema/index.ts'
import { formatDateTime } from '../lib/period.ts'

/** How far a partner's own set-up is, in words to that partner. Times in UTC milliseconds. */
export interface Setup {
  payable: boolean
  status: TransfersStatus
  says: string
  /** What Stripe still wants; `text` completes 'Stripe needs …'. */
  missing: { text: string; deadline: number | null }[]
  /** Until when payouts wait after a change of payout details; null when they don't. */
  holdUntil: number | null
  /** What the button says; null where no set-up helps. */
  action: 'Set up payouts' | 'Continue the set-up' | 'Change payout details' | null
  syncedAt: number | null
}

interface Known {
  transfersStatus: TransfersStatus
  requirements: Requirement[]
  holdUntil: number | null
  accountSyncedAt: number | null
  archivedAt: number | null
}

export function setupOf(partner: Known, now: number, timeZone: string): Setup {
  const holdUntil = partner.holdUntil !== null && partner.holdUntil > now ? partner.holdUntil : null
  const missing = partner.requirements.map(({ text, deadline }) => ({ text, deadline }))
  const payable = partner.transfersStatus === 'active' && partner.archivedAt === null
  return {
    payable,
    status: partner.transfersStatus,
    says:
      payable && holdUntil !== null
        ? `Your payout details changed, so payouts wait until ${formatDateTime(holdUntil, timeZone)}. After that they have to be approved again.`
        : says(partner.transfersStatus, missing.length > 0),
    missing,
    holdUntil,
    action: partner.archivedAt === null ? actionOf(partner.transfersStatus) : null,
    syncedAt: partner.accountSyncedAt,
  }
}

function says(status: TransfersStatus, lacks: boolean): string {
  switch (status) {
    case 'none':
      return 'Set up payouts with Stripe, so that you can be paid. It takes a few minutes.'
    case 'pending':
      return lacks
        ? 'Almost there: Stripe still needs something from you.'
        : 'Stripe is checking your details. It usually takes minutes, sometimes two days; you need do nothing.'
    case 'active':
      return lacks
        ? 'You can be paid. Stripe will want something more from you soon.'
        : 'You are set up, and can be paid.'
    case 'restricted':
      return lacks
        ? 'Stripe has stopped payouts until you give it what is missing.'
        : 'Stripe has stopped payouts to you. Open the set-up to see why.'
    case 'disconnected':
      return 'Your Stripe account is no longer connected. Set up payouts again to be paid.'
    case 'closed':
      return 'Your Stripe account is closed. Set up payouts again to be paid.'
    case 'rejected':
      return 'Stripe does not allow payouts to you. Ask the people who pay you for another way.'
    case 'unsupported':
      return 'Stripe does not pay out to your country or kind of account. Ask the people who pay you for another way.'
  }
}

function actionOf(status: TransfersStatus): Setup['action'] {
  switch (status) {
    case 'none':
    case 'disconnected':
    case 'closed':
      return 'Set up payouts'
    case 'pending':
    case 'restricted':
      return 'Continue the set-up'
    case 'active':
      return 'Change payout details'
    default:
      return null
  }
}
