import type { Permission } from '../auth/rules.ts'
import type { Work } from '../work.ts'

/** Who a message is for. An audience is opened into people when the mail is sent, so nobody who left gets it. */
export type Audience =
  | { userId: string }
  /** The partner's own users, or its contact address while it has none. */
  | { partnerId: string }
  /** Staff who hold a permission, but not the one who caused it. */
  | { staffWith: Permission; except?: string }
  /** An address as it was: of someone who may no longer have it. */
  | { address: string; name: string }

/** The template, and the ids of what it speaks of. Amounts and names are read when it is sent. */
export interface Notice {
  template:
    | 'invitation'
    | 'passwordReset'
    | 'passwordChanged'
    | 'secondFactorChanged'
    | 'approvalRequested'
    | 'payoutApproved'
    | 'payoutRejected'
    | 'payoutOnItsWay'
    | 'payoutArrived'
    | 'payoutPaidOutside'
    | 'payoutFailed'
    | 'payoutFailedFinance'
    | 'payoutReversed'
    | 'payoutReversedFinance'
    | 'payoutCanceled'
    | 'bankPayoutFailed'
    | 'bankPayoutFailedFinance'
    | 'destinationChanged'
    | 'onboardingReminder'
    | 'registrationSubmitted'
    | 'registrationApproved'
    | 'registrationDeclined'
    | 'registrationExpiring'
    | 'registrationExpired'
    | 'splitOpened'
    | 'splitProposed'
    | 'splitAccepted'
    | 'splitConfirmed'
    | 'splitExpired'
    | 'disputeOpened'
    | 'disputeAnswered'
    | 'disputeResolved'
    | 'transfersPaused'
    | 'manyRowsDownloaded'
    | 'invariantsBroken'
  /** What happened, once: with template and recipient it makes the mail unique. */
  eventId: string
  to: Audience
  about: Record<string, string | number | null>
}

/** Queues a mail in the caller's transaction: it goes out if, and only if, what it tells of was committed. */
export function notify(work: Work, notice: Notice): void {
  const audience = Object.values(notice.to).join(':')
  work.enqueue({
    topic: 'email.send',
    key: `${notice.eventId}:${notice.template}:${audience}`,
    payload: { eventId: notice.eventId, template: notice.template, to: notice.to, about: notice.about },
  })
}
