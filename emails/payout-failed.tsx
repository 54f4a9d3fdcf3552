import { Action, Amount, Facts, Notice, Paragraph, payoutFacts } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longPayout, samplePayout } from './samples.ts'
import { type EmailFrame, type PayoutProps, partnerReason, type Template } from './template.ts'

export interface PayoutFailedProps extends PayoutProps {
  /** What went wrong, as a plain sentence. */
  explanation: string
  /** What the partner can do, as a sentence; left out when only the payer can mend it. */
  whatToDo?: string
  /** Where it is done, behind sign-in; the payout's page when left out. */
  actionUrl?: string
}

function PayoutFailed(props: PayoutFailedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your payout failed</Title>
      <Amount>{props.amount}</Amount>
      <Paragraph>{props.explanation} The money is still owed to you.</Paragraph>
      {props.whatToDo ? (
        <Notice tone="warning">
          <strong>What to do:</strong> {props.whatToDo}
        </Notice>
      ) : (
        <Notice>You don’t need to do anything. {props.frame.orgName} has been told.</Notice>
      )}
      <Facts rows={payoutFacts(props)} />
      <Action href={props.actionUrl ?? props.payoutUrl}>{props.whatToDo ? 'Fix it now' : 'See the payout'}</Action>
    </>
  )
}

export const payoutFailed: Template<PayoutFailedProps> = {
  audience: 'partner',
  subject: props => `${props.whatToDo ? 'Action needed: your' : 'Your'} ${props.amount} payout failed`,
  preview: (props, frame) => props.whatToDo ?? `The money is still owed to you. ${frame.orgName} has been told.`,
  reason: partnerReason,
  component: PayoutFailed,
  sampleProps: {
    ordinary: {
      ...samplePayout,
      explanation: 'Stripe has restricted your account because a document is missing.',
      whatToDo: 'Upload your identity document in Stripe. Then the payout can be sent again.',
      actionUrl: 'https://partners.acme.example/portal/setup',
    },
    longNames: { ...longPayout, explanation: 'The payer’s balance was too low.' },
  },
}
