import { Action, Amount, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longName } from './samples.ts'
import { type EmailFrame, partnerReason, type Template } from './template.ts'

export interface OnboardingReminderProps {
  partnerName: string
  /** What waits for the partner, when something does. */
  amount?: string
  /** The exact item that is missing, as a sentence. */
  missing?: string
  setupUrl: string
}

function OnboardingReminder(props: OnboardingReminderProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{props.amount ? 'This is waiting for you' : 'Finish setting up payouts'}</Title>
      {props.amount ? <Amount>{props.amount}</Amount> : null}
      <Paragraph>
        {props.frame.orgName} pays through Stripe, which has to know you and your bank account first. It takes a few
        minutes; have an identity document and your bank details at hand.
      </Paragraph>
      {props.missing ? (
        <Notice>
          <strong>Still missing:</strong> {props.missing}
        </Notice>
      ) : null}
      <Facts rows={[['Partner', props.partnerName]]} />
      <Action href={props.setupUrl}>{props.amount ? 'Add bank details' : 'Finish the set-up'}</Action>
    </>
  )
}

const ordinary: OnboardingReminderProps = {
  partnerName: 'Northwind Referrals',
  amount: '$1,240.00',
  missing: 'a bank account in your name.',
  setupUrl: 'https://partners.acme.example/portal/setup',
}

export const onboardingReminder: Template<OnboardingReminderProps> = {
  audience: 'partner',
  subject: props => (props.amount ? `Add bank details to receive ${props.amount}` : 'Finish setting up payouts'),
  preview: (props, frame) =>
    props.missing
      ? `Still missing: ${props.missing}`
      : `${frame.orgName} can pay you once Stripe knows your bank account.`,
  reason: partnerReason,
  component: OnboardingReminder,
  sampleProps: {
    ordinary,
    longNames: { partnerName: longName, setupUrl: ordinary.setupUrl },
  },
}
