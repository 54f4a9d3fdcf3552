import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayoutForFinance, samplePayoutForFinance } from './samples.ts'
import { clip, financeReason, type PayoutProps, type Template } from './template.ts'

export interface PayoutFailedFinanceProps extends PayoutProps {
  /** What went wrong, as a plain sentence. */
  explanation: string
  /** Stripe's error or decline code. */
  code?: string
  whatToDo: string
  failedOn?: string
}

function PayoutFailedFinance(props: PayoutFailedFinanceProps) {
  return (
    <>
      <Title>Payout to {props.partnerName} failed</Title>
      <Amount>{props.amount}</Amount>
      <Paragraph>{props.explanation} No money moved.</Paragraph>
      <Notice tone="warning">
        <strong>What to do:</strong> {props.whatToDo}
      </Notice>
      <Facts rows={[['Failed', props.failedOn], ['Code', props.code], ...payoutFacts(props)]} />
      <Action href={props.payoutUrl}>Open the payout</Action>
    </>
  )
}

export const payoutFailedFinance: Template<PayoutFailedFinanceProps> = {
  audience: 'finance',
  subject: props => `Payout to ${clip(props.partnerName)} failed: ${props.amount}`,
  preview: props => `${props.explanation} ${props.whatToDo}`,
  reason: financeReason,
  component: PayoutFailedFinance,
  sampleProps: {
    ordinary: {
      ...samplePayoutForFinance,
      explanation: 'Your available Stripe balance in USD is lower than the payout.',
      code: 'balance_insufficient',
      whatToDo: 'Top up the balance, then press Mark paid again.',
      failedOn: '10 March 2026, 09:14 UTC',
    },
    longNames: {
      ...longPayoutForFinance,
      explanation: 'Stripe refused the transfer.',
      code: 'insufficient_capabilities_for_transfer',
      whatToDo: 'Ask the partner to finish its Stripe set-up, then press Mark paid again.',
    },
  },
}
