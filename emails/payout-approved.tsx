import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayout, samplePayout } from './samples.ts'
import { type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

export interface PayoutApprovedProps extends PayoutProps {
  approvedOn: string
  /** What the partner must do before it can be paid, as a sentence. Leave out when nothing is missing. */
  missing?: string
}

function PayoutApproved(props: PayoutApprovedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your payout is approved</Title>
      <Amount>{props.amount}</Amount>
      {props.missing ? (
        <Notice tone="warning">
          <strong>Before it can be paid:</strong> {props.missing}
        </Notice>
      ) : (
        <Paragraph>Next, {props.frame.orgName} sends it. You get another email when it is on its way.</Paragraph>
      )}
      <Facts rows={[['Approved', props.approvedOn], ...payoutFacts(props)]} />
      <Action href={props.payoutUrl}>See what it is made of</Action>
    </>
  )
}

export const payoutApproved: Template<PayoutApprovedProps> = {
  audience: 'partner',
  subject: props => (props.period ? `${props.amount} approved for ${props.period}` : `${props.amount} approved`),
  preview: (props, frame) => props.missing ?? `Next, ${frame.orgName} sends it. We’ll tell you when it is on its way.`,
  reason: partnerReason,
  component: PayoutApproved,
  sampleProps: {
    ordinary: { ...samplePayout, approvedOn: '7 March 2026' },
    longNames: {
      ...longPayout,
      approvedOn: '7 March 2026',
      missing: 'Add your bank details and confirm your identity with Stripe.',
    },
  },
}
