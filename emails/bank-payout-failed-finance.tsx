import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayoutForFinance, samplePayoutForFinance } from './samples.ts'
import { clip, financeReason, type PayoutProps, type Template } from './template.ts'

export interface BankPayoutFailedFinanceProps extends PayoutProps {
  /** Why the bank returned it, as a plain sentence. */
  explanation: string
  /** Stripe's failure code. */
  code?: string
  whatToDo: string
  failedOn?: string
}

function BankPayoutFailedFinance(props: BankPayoutFailedFinanceProps) {
  return (
    <>
      <Title>The bank of {props.partnerName} returned the money</Title>
      <Amount>{props.amount}</Amount>
      <Paragraph>
        {props.explanation} Your transfer stands: the money is in the partner’s Stripe balance. Don’t pay it again.
      </Paragraph>
      <Notice tone="warning">
        <strong>What to do:</strong> {props.whatToDo}
      </Notice>
      <Facts rows={[['Returned', props.failedOn], ['Code', props.code], ...payoutFacts(props)]} />
      <Action href={props.payoutUrl}>Open the payout</Action>
    </>
  )
}

export const bankPayoutFailedFinance: Template<BankPayoutFailedFinanceProps> = {
  audience: 'finance',
  subject: props => `Bank payout to ${clip(props.partnerName)} failed: ${props.amount}`,
  preview: props => `${props.explanation} Your transfer stands; don’t pay it again.`,
  reason: financeReason,
  component: BankPayoutFailedFinance,
  sampleProps: {
    ordinary: {
      ...samplePayoutForFinance,
      explanation: 'The partner’s bank says that the account is closed.',
      code: 'account_closed',
      whatToDo: 'Nothing, unless the partner asks: we have told them to add another bank account.',
      failedOn: '13 March 2026, 06:02 UTC',
    },
    longNames: {
      ...longPayoutForFinance,
      explanation: 'The bank returned it without a reason.',
      whatToDo: 'Ask the partner to check its bank details.',
    },
  },
}
