import { Action, Facts, Notice } from './blocks.tsx'
import { type DisputeProps, disputeFacts, longDispute, sampleDispute } from './dispute.ts'
import { Title } from './layout.tsx'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface DisputeAnsweredProps extends DisputeProps {
  /** True where the partner reads it, false where the company does. */
  forPartner: boolean
  answer: string
}

function from(props: DisputeAnsweredProps, frame: EmailFrame): string {
  return props.forPartner ? frame.orgName : props.partnerName
}

function DisputeAnswered(props: DisputeAnsweredProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{from(props, props.frame)} answered</Title>
      <Notice>“{props.answer}”</Notice>
      <Facts rows={disputeFacts(props)} />
      <Action href={props.disputeUrl}>See the dispute</Action>
    </>
  )
}

export const disputeAnswered: Template<DisputeAnsweredProps> = {
  audience: 'partner',
  subject: (props, frame) => `${clip(from(props, frame), 24)} answered on ${props.reference}`,
  preview: props => `“${props.answer}”`,
  reason: (props, frame) =>
    props.forPartner
      ? `${props.partnerName} disputes a commission of ${frame.orgName}’s.`
      : `you answer disputes at ${frame.orgName}.`,
  component: DisputeAnswered,
  sampleProps: {
    ordinary: { ...sampleDispute, forPartner: true, answer: 'The 20 % are for renewals; this one is new business.' },
    longNames: { ...longDispute, forPartner: false, answer: 'Please look again. '.repeat(40).trim() },
  },
}
