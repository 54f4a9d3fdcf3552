import { Action, Amount, Facts, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayout, samplePayout } from './samples.ts'
import { clip, type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

export interface PayoutPaidOutsideProps extends PayoutProps {
  /** In words, for example 'Bank transfer'. */
  method: string
  /** The payment's reference, as finance recorded it. */
  paymentReference: string
  paidOn: string
}

function PayoutPaidOutside(props: PayoutPaidOutsideProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{props.frame.orgName} paid you</Title>
      <Amount>{props.amount}</Amount>
      <Paragraph>
        This payment was made outside Stripe and recorded by {props.frame.orgName}, so we can’t follow it to your bank.
        Look for the reference below.
      </Paragraph>
      <Facts
        rows={[
          ['Method', props.method],
          ['Payment reference', props.paymentReference],
          ['Paid on', props.paidOn],
          ...payoutFacts(props),
        ]}
      />
      <Action href={props.payoutUrl}>Get the statement</Action>
    </>
  )
}

export const payoutPaidOutside: Template<PayoutPaidOutsideProps> = {
  audience: 'partner',
  subject: (props, frame) => `${clip(frame.orgName)} paid you ${props.amount}`,
  preview: props => `${props.method}, reference ${props.paymentReference}, ${props.paidOn}. Paid outside Stripe.`,
  reason: partnerReason,
  component: PayoutPaidOutside,
  sampleProps: {
    ordinary: { ...samplePayout, method: 'Bank transfer', paymentReference: 'WIRE-88213', paidOn: '10 March 2026' },
    longNames: {
      ...longPayout,
      method: 'International bank transfer through a correspondent bank',
      paymentReference: 'A-REFERENCE-WITHOUT-A-SINGLE-SPACE-'.repeat(4),
      paidOn: '10 March 2026',
    },
  },
}
