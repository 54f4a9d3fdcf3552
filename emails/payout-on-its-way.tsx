import { Action, Amount, Facts, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayout, samplePayout } from './samples.ts'
import { clip, type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

export interface PayoutOnItsWayProps extends PayoutProps {
  sentOn: string
  /** The bank's expected day, only when Stripe has given one. */
  expectedOn?: string
  /** Stripe's transfer id. */
  transferId?: string
}

function PayoutOnItsWay(props: PayoutOnItsWayProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your payout is on the way</Title>
      <Amount>{props.amount}</Amount>
      <Paragraph>
        {props.frame.orgName} paid you: the money is in your Stripe balance, and Stripe pays it out to your bank.{' '}
        {props.expectedOn
          ? `It should be there by ${props.expectedOn}.`
          : 'When it arrives depends on the schedule of your Stripe account.'}{' '}
        You get another email when it is there.
      </Paragraph>
      <Facts
        rows={[
          ['Sent', props.sentOn],
          ['Expected in your bank', props.expectedOn],
          ...payoutFacts(props),
          ['Transfer', props.transferId],
        ]}
      />
      <Action href={props.payoutUrl}>Follow the payout</Action>
    </>
  )
}

export const payoutOnItsWay: Template<PayoutOnItsWayProps> = {
  audience: 'partner',
  subject: (props, frame) => `Your ${props.amount} payout from ${clip(frame.orgName)} is on the way`,
  preview: props =>
    props.expectedOn
      ? `Expected in your bank by ${props.expectedOn}.`
      : 'It is in your Stripe balance. Your bank is next.',
  reason: partnerReason,
  component: PayoutOnItsWay,
  sampleProps: {
    ordinary: {
      ...samplePayout,
      sentOn: '10 March 2026',
      expectedOn: '12 March 2026',
      transferId: 'tr_1QxYzA2eZvKYlo2C',
    },
    longNames: { ...longPayout, sentOn: '10 March 2026' },
  },
}
