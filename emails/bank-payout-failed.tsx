import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayout, samplePayout } from './samples.ts'
import { type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

export interface BankPayoutFailedProps extends PayoutProps {
  /** Why the bank returned it, as a plain sentence. */
  explanation: string
  whatToDo: string
  bankLastFour?: string
  /** Where the bank details are changed, behind sign-in. */
  actionUrl: string
}

function BankPayoutFailed(props: BankPayoutFailedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your bank returned the money</Title>
      <Amount>{props.amount}</Amount>
      <Paragraph>
        {props.explanation} {props.frame.orgName} has paid you; the money waits in your Stripe balance.
      </Paragraph>
      <Notice tone="warning">
        <strong>What to do:</strong> {props.whatToDo}
      </Notice>
      <Facts
        rows={[
          ['Bank account', props.bankLastFour ? `ending in ${props.bankLastFour}` : undefined],
          ...payoutFacts(props),
        ]}
      />
      <Action href={props.actionUrl}>Update bank details</Action>
    </>
  )
}

export const bankPayoutFailed: Template<BankPayoutFailedProps> = {
  audience: 'partner',
  subject: props => `Action needed: your bank returned ${props.amount}`,
  preview: props => `The money is safe in your Stripe balance. ${props.whatToDo}`,
  reason: partnerReason,
  component: BankPayoutFailed,
  sampleProps: {
    ordinary: {
      ...samplePayout,
      explanation: 'Your bank says that the account is closed.',
      whatToDo: 'Add another bank account. Stripe then pays it out again.',
      bankLastFour: '4242',
      actionUrl: 'https://partners.acme.example/portal/setup',
    },
    longNames: {
      ...longPayout,
      explanation: 'Your bank returned it without a reason.',
      whatToDo: 'Check the account’s number and holder with your bank, then add it again.',
      actionUrl: 'https://partners.acme.example/portal/setup',
    },
  },
}
