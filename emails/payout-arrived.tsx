import { Action, Amount, Facts, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayout, samplePayout } from './samples.ts'
import { type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

/** Only for a bank leg that Stripe reported as paid; before that the money is on its way. */
export interface PayoutArrivedProps extends PayoutProps {
  arrivedOn: string
  bankLastFour?: string
  /** The whole deposit, where Stripe paid several things out in one. */
  deposit?: string
  /** What the bank can search for. */
  traceId?: string
}

function PayoutArrived(props: PayoutArrivedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your money has arrived</Title>
      <Amount>{props.amount}</Amount>
      <Paragraph>
        Stripe reports your payout from {props.frame.orgName} as paid to your bank.{' '}
        {props.deposit ? `On your bank statement it is part of a deposit of ${props.deposit}. ` : ''}
        {props.traceId ? 'If you can’t see it yet, give your bank the trace id below.' : ''}
      </Paragraph>
      <Facts
        rows={[
          ['Arrived', props.arrivedOn],
          ['Bank account', props.bankLastFour ? `ending in ${props.bankLastFour}` : undefined],
          ['Deposit', props.deposit],
          ['Trace id', props.traceId],
          ...payoutFacts(props),
        ]}
      />
      <Action href={props.payoutUrl}>Get the statement</Action>
    </>
  )
}

export const payoutArrived: Template<PayoutArrivedProps> = {
  audience: 'partner',
  subject: props => `${props.amount} has arrived`,
  preview: (props, frame) =>
    `From ${frame.orgName}${props.period ? ` for ${props.period}` : ''}, on ${props.arrivedOn}.`,
  reason: partnerReason,
  component: PayoutArrived,
  sampleProps: {
    ordinary: { ...samplePayout, arrivedOn: '12 March 2026', bankLastFour: '4242', traceId: '021000021234567' },
    longNames: { ...longPayout, arrivedOn: '12 March 2026', deposit: 'BHD 2,234,567,890.125' },
  },
}
