import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayout, samplePayout } from './samples.ts'
import { type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

export interface PayoutReversedProps extends PayoutProps {
  /** What was taken back, for example '$300.00'; the same as `amount` when all of it was. */
  reversedAmount: string
  /** True when nothing of the payout is left. */
  full: boolean
  /** What is left of it, when something is. */
  remainingAmount?: string
  reversedOn: string
  /** Written for the partner to read. */
  reason?: string
}

function PayoutReversed(props: PayoutReversedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{props.full ? 'Your payout was taken back' : 'Part of your payout was taken back'}</Title>
      <Amount>{props.reversedAmount}</Amount>
      {props.reason ? (
        <Notice>
          <strong>Reason:</strong> {props.reason}
        </Notice>
      ) : null}
      <Paragraph>
        The transfer from {props.frame.orgName} was {props.full ? '' : 'partly '}reversed, and the amount left your
        Stripe balance. If you don’t know why, talk to {props.frame.orgName}.
      </Paragraph>
      <Facts
        rows={[
          ['Taken back', props.reversedAmount],
          ['Of a payout of', props.amount],
          ['You keep', props.full ? undefined : props.remainingAmount],
          ['Date', props.reversedOn],
          ...payoutFacts(props),
        ]}
      />
      <Action href={props.payoutUrl}>See the payout</Action>
    </>
  )
}

export const payoutReversed: Template<PayoutReversedProps> = {
  audience: 'partner',
  subject: props =>
    props.full ? `Your ${props.amount} payout was taken back` : `${props.reversedAmount} of your payout was taken back`,
  preview: (props, frame) =>
    props.reason ? `Reason: ${props.reason}` : `Reversed by ${frame.orgName} on ${props.reversedOn}.`,
  reason: partnerReason,
  component: PayoutReversed,
  sampleProps: {
    ordinary: {
      ...samplePayout,
      reversedAmount: '$300.00',
      full: false,
      remainingAmount: '$940.00',
      reversedOn: '20 March 2026',
      reason: 'The Contoso invoice was refunded.',
    },
    longNames: { ...longPayout, reversedAmount: longPayout.amount, full: true, reversedOn: '20 March 2026' },
  },
}
