import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longName, longPayout, samplePayout } from './samples.ts'
import { type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

export interface PayoutRejectedProps extends PayoutProps {
  /** In the approver's words, written for the partner to read. */
  reason: string
}

function PayoutRejected(props: PayoutRejectedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your payout was not approved</Title>
      <Amount>{props.amount}</Amount>
      <Notice>
        <strong>Reason:</strong> {props.reason}
      </Notice>
      <Paragraph>Nothing was paid. If you think this is wrong, talk to {props.frame.orgName}.</Paragraph>
      <Facts rows={payoutFacts(props)} />
      <Action href={props.payoutUrl}>See the payout</Action>
    </>
  )
}

export const payoutRejected: Template<PayoutRejectedProps> = {
  audience: 'partner',
  subject: props => `Your ${props.amount} payout was not approved`,
  preview: props => `Reason: ${props.reason}`,
  reason: partnerReason,
  component: PayoutRejected,
  sampleProps: {
    ordinary: {
      ...samplePayout,
      reason: 'The Contoso deal was refunded on 3 March, so its commission no longer stands.',
    },
    longNames: { ...longPayout, reason: `Counted twice, see the payout of ${longName}. `.repeat(4).trim() },
  },
}
