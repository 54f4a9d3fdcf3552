import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayout, samplePayout } from './samples.ts'
import { type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

export interface PayoutCanceledProps extends PayoutProps {
  /** Written for the partner to read. */
  reason?: string
}

function PayoutCanceled(props: PayoutCanceledProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your payout was canceled</Title>
      <Amount>{props.amount}</Amount>
      {props.reason ? (
        <Notice>
          <strong>Reason:</strong> {props.reason}
        </Notice>
      ) : null}
      <Paragraph>It was canceled before it was paid. If you don’t know why, talk to {props.frame.orgName}.</Paragraph>
      <Facts rows={payoutFacts(props)} />
      <Action href={props.payoutUrl}>See the payout</Action>
    </>
  )
}

export const payoutCanceled: Template<PayoutCanceledProps> = {
  audience: 'partner',
  subject: props => `Your ${props.amount} payout was canceled`,
  preview: (props, frame) =>
    props.reason ? `Reason: ${props.reason}` : `Canceled by ${frame.orgName} before it was paid.`,
  reason: partnerReason,
  component: PayoutCanceled,
  sampleProps: {
    ordinary: { ...samplePayout, reason: 'It is replaced by one payout for February and March.' },
    longNames: longPayout,
  },
}
