import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayoutForFinance, samplePayoutForFinance } from './samples.ts'
import { clip, financeReason, type PayoutProps, type Template } from './template.ts'

export interface PayoutReversedFinanceProps extends PayoutProps {
  /** What came back to your balance; the same as `amount` when all of it did. */
  reversedAmount: string
  /** True when nothing of the payout is left. */
  full: boolean
  remainingAmount?: string
  reversedOn: string
  /** Stripe's transfer id. */
  transferId?: string
}

function PayoutReversedFinance(props: PayoutReversedFinanceProps) {
  return (
    <>
      <Title>
        Payout to {props.partnerName} {props.full ? 'reversed' : 'partly reversed'}
      </Title>
      <Amount>{props.reversedAmount}</Amount>
      <Paragraph>Stripe reports that this amount went back from the partner to your balance.</Paragraph>
      <Notice tone="warning">
        <strong>What to do:</strong> decide on the payout’s page whether the amount is still owed to the partner or not.
        Until then it stays in suspense.
      </Notice>
      <Facts
        rows={[
          ['Reversed', props.reversedAmount],
          ['Of a payout of', props.amount],
          ['Still paid', props.full ? undefined : props.remainingAmount],
          ['Date', props.reversedOn],
          ...payoutFacts(props),
          ['Transfer', props.transferId],
        ]}
      />
      <Action href={props.payoutUrl}>Open the payout</Action>
    </>
  )
}

export const payoutReversedFinance: Template<PayoutReversedFinanceProps> = {
  audience: 'finance',
  subject: props =>
    `Payout to ${clip(props.partnerName)} ${props.full ? '' : 'partly '}reversed: ${props.reversedAmount}`,
  preview: props => `On ${props.reversedOn}. Decide whether it is still owed to the partner.`,
  reason: financeReason,
  component: PayoutReversedFinance,
  sampleProps: {
    ordinary: {
      ...samplePayoutForFinance,
      reversedAmount: '$300.00',
      full: false,
      remainingAmount: '$940.00',
      reversedOn: '20 March 2026',
      transferId: 'tr_1QxYzA2eZvKYlo2C',
    },
    longNames: {
      ...longPayoutForFinance,
      reversedAmount: longPayoutForFinance.amount,
      full: true,
      reversedOn: '20 March 2026',
    },
  },
}
