import type { Requirement, TransfersStatus } from '#db/schema/index.ts'
import { formatMoney } from '../lib/money.ts'
import { formatDateTime } from '../lib/period.ts'
import type { PayoutStatus } from './rules.ts'

/** Why a payout can't be sent now, and what would clear it. The same list in the admin, the portal and the API. */
export interface Blocker {
  code:
    | 'not_approved'
    | 'second_approval'
    | 'no_account'
    | 'account_pending'
    | 'account_restricted'
    | 'account_closed'
    | 'destination_changed'
    | 'on_hold'
    | 'below_minimum'
    | 'partner_archived'
    | 'transfers_paused'
    | 'needs_review'
    | 'daily_limit'
  message: string
  clears: {
    who: 'partner' | 'approver' | 'admin' | 'time'
    label: string
    to: 'setup' | 'partner' | 'payout' | 'settings' | null
  }
  /** When time alone clears it: UTC milliseconds. */
  until?: number
}

/** A blocker in words: why not, and what clears it. */
export function blockerSentence(blocker: Blocker | null | undefined): string | null {
  return blocker ? `${blocker.message} ${blocker.clears.label}.` : null
}

/** All that a payout's blockers depend on. Amounts in minor units, times in UTC milliseconds. */
export interface PayFacts {
  status: PayoutStatus
  amount: number
  currency: string
  approvedDigest: string | null
  /** What the digest would be now. */
  currentDigest: string
  needsReview: boolean
  approvals: number
  partner: {
    name: string
    archived: boolean
    transfersStatus: TransfersStatus
    requirements: Requirement[]
    holdUntil: number | null
  }
  org: { approvalsRequired: number; minimum: number | null; pausedReason: string | null; timeZone: string }
  now: number
}

/** Everything that stands between this payout and its money, most fundamental first. Empty for what is over. */
export function blockers(facts: PayFacts): Blocker[] {
  if (facts.status === 'processing') return facts.needsReview ? [needsReview] : []
  if (!['pending_approval', 'approved', 'failed'].includes(facts.status)) return []
  return [...approvalBlockers(facts), ...accountBlockers(facts), ...policyBlockers(facts)]
}

/** A payment made elsewhere needs the approval and a present partner; Stripe's conditions don't concern it. */
export function manualBlockers(facts: PayFacts): Blocker[] {
  if (!['pending_approval', 'approved', 'failed'].includes(facts.status)) return []
  return [...approvalBlockers(facts), ...policyBlockers(facts).filter(b => b.code === 'partner_archived')]
}

const needsReview: Blocker = {
  code: 'needs_review',
  message: 'Stripe has not answered whether this money moved. Nothing is sent again until two people have looked.',
  clears: { who: 'admin', label: 'Compare with Stripe and release it', to: 'payout' },
}

function approvalBlockers({ status, approvals, org, approvedDigest, currentDigest }: PayFacts): Blocker[] {
  if (status === 'pending_approval') {
    if (approvals > 0 && approvals < org.approvalsRequired)
      return [
        {
          code: 'second_approval',
          message: `Approved by one person; a second one has to approve it too.`,
          clears: { who: 'approver', label: 'Ask another approver', to: 'payout' },
        },
      ]
    return [
      {
        code: 'not_approved',
        message: 'Nobody has approved it yet.',
        clears: { who: 'approver', label: 'Approve or reject it', to: 'payout' },
      },
    ]
  }
  if (approvedDigest !== null && approvedDigest !== currentDigest)
    return [
      {
        code: 'destination_changed',
        message: 'Where the money goes changed after the approval.',
        clears: { who: 'admin', label: 'Send it back for approval, and approve it again', to: 'payout' },
      },
    ]
  return []
}

function accountBlockers({ partner }: PayFacts): Blocker[] {
  const missing = partner.requirements.map(requirement => requirement.text).join('; ')
  switch (partner.transfersStatus) {
    case 'active':
      return []
    case 'none':
    case 'disconnected':
      return [
        {
          code: 'no_account',
          message:
            partner.transfersStatus === 'none'
              ? `${partner.name} has not set up payouts with Stripe.`
              : `${partner.name} disconnected from Stripe.`,
          clears: { who: 'partner', label: 'Set up payouts', to: 'setup' },
        },
      ]
    case 'pending':
      return [
        {
          code: 'account_pending',
          message: missing
            ? `Stripe still needs from ${partner.name}: ${missing}.`
            : `Stripe is checking ${partner.name}'s details. It usually takes minutes, sometimes two days.`,
          clears: missing
            ? { who: 'partner', label: 'Give Stripe what is missing', to: 'setup' }
            : { who: 'time', label: 'Wait for Stripe', to: null },
        },
      ]
    case 'restricted':
      return [
        {
          code: 'account_restricted',
          message: `Stripe has restricted ${partner.name}'s account${missing ? `; it needs: ${missing}` : ''}.`,
          clears: { who: 'partner', label: 'Give Stripe what is missing', to: 'setup' },
        },
      ]
    default:
      return [
        {
          code: 'account_closed',
          message:
            partner.transfersStatus === 'closed'
              ? `${partner.name}'s Stripe account is closed.`
              : `Stripe does not allow payouts to ${partner.name}'s account.`,
          clears: { who: 'admin', label: 'Pay another way, and record it', to: 'payout' },
        },
      ]
  }
}

function policyBlockers({ partner, org, amount, currency, now }: PayFacts): Blocker[] {
  const found: Blocker[] = []
  if (partner.archived)
    found.push({
      code: 'partner_archived',
      message: `${partner.name} is archived.`,
      clears: { who: 'admin', label: 'Restore the partner', to: 'partner' },
    })
  if (partner.holdUntil !== null && partner.holdUntil > now)
    found.push({
      code: 'on_hold',
      message: `Payout details changed lately: on hold until ${formatDateTime(partner.holdUntil, org.timeZone)}.`,
      clears: { who: 'time', label: 'Wait until the hold ends', to: null },
      until: partner.holdUntil,
    })
  if (org.minimum !== null && amount < org.minimum)
    found.push({
      code: 'below_minimum',
      message: `Below the minimum of ${formatMoney(org.minimum, currency, { code: true })}.`,
      clears: {
        who: 'admin',
        label: 'Change the minimum, or cancel and pay it together with the next one',
        to: 'settings',
      },
    })
  if (org.pausedReason !== null)
    found.push({
      code: 'transfers_paused',
      message: `All transfers are paused: ${org.pausedReason}`,
      clears: { who: 'admin', label: 'Resume transfers', to: 'settings' },
    })
  return found
}
