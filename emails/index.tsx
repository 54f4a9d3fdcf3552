import { render, toPlainText } from '@react-email/render'
import { approvalRequested } from './approval-requested.tsx'
import { bankPayoutFailed } from './bank-payout-failed.tsx'
import { bankPayoutFailedFinance } from './bank-payout-failed-finance.tsx'
import { destinationChanged } from './destination-changed.tsx'
import { disputeAnswered } from './dispute-answered.tsx'
import { disputeOpened } from './dispute-opened.tsx'
import { disputeResolved } from './dispute-resolved.tsx'
import { invariantsBroken } from './invariants-broken.tsx'
import { invitation } from './invitation.tsx'
import { Layout } from './layout.tsx'
import { manyRowsDownloaded } from './many-rows-downloaded.tsx'
import { onboardingReminder } from './onboarding-reminder.tsx'
import { passwordChanged } from './password-changed.tsx'
import { passwordReset } from './password-reset.tsx'
import { payoutApproved } from './payout-approved.tsx'
import { payoutArrived } from './payout-arrived.tsx'
import { payoutCanceled } from './payout-canceled.tsx'
import { payoutFailed } from './payout-failed.tsx'
import { payoutFailedFinance } from './payout-failed-finance.tsx'
import { payoutOnItsWay } from './payout-on-its-way.tsx'
import { payoutPaidOutside } from './payout-paid-outside.tsx'
import { payoutRejected } from './payout-rejected.tsx'
import { payoutReversed } from './payout-reversed.tsx'
import { payoutReversedFinance } from './payout-reversed-finance.tsx'
import { plainText } from './plain-text.ts'
import { registrationApproved } from './registration-approved.tsx'
import { registrationDeclined } from './registration-declined.tsx'
import { registrationExpired } from './registration-expired.tsx'
import { registrationExpiring } from './registration-expiring.tsx'
import { registrationSubmitted } from './registration-submitted.tsx'
import { secondFactorChanged } from './second-factor-changed.tsx'
import { splitAccepted } from './split-accepted.tsx'
import { splitConfirmed } from './split-confirmed.tsx'
import { splitExpired } from './split-expired.tsx'
import { splitOpened } from './split-opened.tsx'
import { splitProposed } from './split-proposed.tsx'
import type { EmailFrame, Template } from './template.ts'
import { transfersPaused } from './transfers-paused.tsx'

const all = {
  invitation,
  passwordReset,
  passwordChanged,
  secondFactorChanged,
  approvalRequested,
  payoutApproved,
  payoutRejected,
  payoutOnItsWay,
  payoutArrived,
  payoutPaidOutside,
  payoutFailed,
  payoutFailedFinance,
  payoutReversed,
  payoutReversedFinance,
  payoutCanceled,
  bankPayoutFailed,
  bankPayoutFailedFinance,
  destinationChanged,
  onboardingReminder,
  disputeOpened,
  disputeAnswered,
  disputeResolved,
  registrationSubmitted,
  registrationApproved,
  registrationDeclined,
  registrationExpiring,
  registrationExpired,
  splitOpened,
  splitProposed,
  splitAccepted,
  splitConfirmed,
  splitExpired,
  transfersPaused,
  manyRowsDownloaded,
  invariantsBroken,
}

export type TemplateName = keyof typeof all

export type EmailProps = {
  [Name in TemplateName]: (typeof all)[Name] extends Template<infer Props extends object> ? Props : never
}

/** A template's name with exactly its own props. */
export type EmailMessage<Name extends TemplateName = TemplateName> = {
  [N in Name]: { template: N; props: EmailProps[N] }
}[Name]

/** The one list of emails. */
export const templates: { [Name in TemplateName]: Template<EmailProps[Name]> } = all

/**
 * Renders one message for one recipient.
 * @throws TypeError when a link is not absolute http(s)
 */
export async function renderEmail<Name extends TemplateName>(
  message: EmailMessage<Name>,
  frame: EmailFrame,
): Promise<{ subject: string; html: string; text: string }> {
  const template: Template<EmailProps[Name]> = templates[message.template]
  const props: EmailProps[Name] = message.props
  const subject = oneLine(`${frame.simulated ? '[SIMULATED] ' : ''}${template.subject(props, frame)}`)
  const Message = template.component
  const html = await render(
    <Layout
      frame={frame}
      subject={subject}
      preview={oneLine(template.preview(props, frame))}
      reason={template.reason(props, frame)}
    >
      <Message {...props} frame={frame} />
    </Layout>,
  )
  return { subject, html, text: `${toPlainText(html, plainText)}\n` }
}

/** A subject is a header: line breaks would end it, and direction overrides in a name would rewrite what stands beside it. */
function oneLine(text: string): string {
  return text
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
}
