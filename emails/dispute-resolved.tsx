import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { type DisputeProps, disputeFacts, longDispute, sampleDispute } from './dispute.ts'
import { Title } from './layout.tsx'
import type { EmailFrame, Template } from './template.ts'

export interface DisputeResolvedProps extends DisputeProps {
  /** What is added, or taken away with a minus; left out where the amount stays. */
  adjustment?: string
  /** In the company's words. */
  reason: string
}

function DisputeResolved(props: DisputeResolvedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{props.adjustment ? 'Your commission was adjusted' : 'Your commission stays as it was'}</Title>
      <Notice>“{props.reason}”</Notice>
      <Paragraph>
        {props.adjustment
          ? `The difference of ${props.adjustment} is a line of its own. Both are free for the next payout.`
          : 'It is free for the next payout. If you have something new to say, you can dispute it again.'}
      </Paragraph>
      <Facts rows={[...disputeFacts(props), ['Difference', props.adjustment]]} />
      <Action href={props.disputeUrl}>See the commission</Action>
    </>
  )
}

export const disputeResolved: Template<DisputeResolvedProps> = {
  audience: 'partner',
  subject: props =>
    props.adjustment
      ? `Adjusted by ${props.adjustment}: ${props.reference}`
      : `Decided: ${props.reference} stays as it was`,
  preview: props => `“${props.reason}”`,
  reason: (props, frame) => `${props.partnerName} disputed a commission of ${frame.orgName}’s.`,
  component: DisputeResolved,
  sampleProps: {
    ordinary: { ...sampleDispute, adjustment: '$50.00', reason: 'You are right: the demo counts as well.' },
    longNames: { ...longDispute, reason: 'It is as agreed. '.repeat(40).trim() },
  },
}
