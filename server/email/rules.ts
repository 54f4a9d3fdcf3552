import { z } from 'zod'
import { maxPageSize } from '../lib/page.ts'

/** What a message is about, as the list of emails calls it. */
export const templateLabels = {
  invitation: 'Invitation',
  passwordReset: 'Password reset',
  passwordChanged: 'Password changed',
  secondFactorChanged: 'Second factor changed',
  approvalRequested: 'Approval requested',
  payoutApproved: 'Payout approved',
  payoutRejected: 'Payout rejected',
  payoutOnItsWay: 'Payout on its way',
  payoutArrived: 'Payout arrived',
  payoutPaidOutside: 'Payout paid outside Stripe',
  payoutFailed: 'Payout failed (partner)',
  payoutFailedFinance: 'Payout failed (finance)',
  payoutReversed: 'Payout reversed (partner)',
  payoutReversedFinance: 'Payout reversed (finance)',
  payoutCanceled: 'Payout canceled',
  bankPayoutFailed: 'Bank payout failed (partner)',
  bankPayoutFailedFinance: 'Bank payout failed (finance)',
  destinationChanged: 'Payout details changed',
  onboardingReminder: 'Set-up reminder',
  registrationSubmitted: 'Deal registered',
  registrationApproved: 'Registration approved',
  registrationDeclined: 'Registration declined',
  registrationExpiring: 'Protection ends soon',
  registrationExpired: 'Protection ended',
  splitOpened: 'Shares to agree on',
  splitProposed: 'Shares proposed',
  splitAccepted: 'Shares agreed on',
  splitConfirmed: 'Shares confirmed',
  splitExpired: 'Shares not settled',
  disputeOpened: 'Commission disputed',
  disputeAnswered: 'Dispute answered',
  disputeResolved: 'Dispute decided',
  transfersPaused: 'Transfers paused',
  manyRowsDownloaded: 'Many rows downloaded',
  invariantsBroken: 'Books that can’t be right',
} as const

export type EmailTemplate = keyof typeof templateLabels

export const emailStatusLabels = {
  sending: { label: 'Sending', says: 'Handed over, or waiting for another try' },
  sent: { label: 'Sent', says: 'The mail server has taken it' },
  failed: { label: 'Failed', says: 'The mail server refused it for good' },
} as const

export type EmailStatus = keyof typeof emailStatusLabels

const id = z.string().min(4).max(64)
const names = Object.keys(templateLabels) as [EmailTemplate, ...EmailTemplate[]]
const statuses = Object.keys(emailStatusLabels) as [EmailStatus, ...EmailStatus[]]

/** `q` is looked for in recipient and subject. */
export const emailFilter = z
  .object({
    template: z.enum(names).optional(),
    status: z.enum(statuses).optional(),
    q: z.string().trim().max(100, 'Search for at most 100 characters.').optional(),
    partnerId: id.optional(),
    payoutId: id.optional(),
  })
  .strict()

export const listEmailsInput = emailFilter
  .extend({
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()

export const getEmailInput = z.object({ emailId: id }).strict()
