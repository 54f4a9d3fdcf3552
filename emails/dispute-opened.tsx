import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { type DisputeProps, disputeFacts, longDispute, sampleDispute } from './dispute.ts'
import { Title } from './layout.tsx'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface DisputeOpenedProps extends DisputeProps {
  /** In the partner's words. */
  reason: string
  /** Whether the commission waits until it is decided; false where it was paid already. */
  holds: boolean
}

function DisputeOpened(props: DisputeOpenedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{props.partnerName} disputes a commission</Title>
      <Notice>“{props.reason}”</Notice>
      <Paragraph>
        {props.holds
          ? 'This one line is held until somebody decides; everything else is paid as usual.'
          : 'It was paid, or is being sent, so nothing is held.'}
      </Paragraph>
      <Facts rows={disputeFacts(props)} />
      <Action href={props.disputeUrl}>Answer the dispute</Action>
    </>
  )
}

const admin = { disputeUrl: 'https://partners.acme.example/admin/commissions/com_01J8ZQ4T7M' }

export const disputeOpened: Template<DisputeOpenedProps> = {
  audience: 'finance',
  subject: props => `${clip(props.partnerName, 28)} disputes ${props.reference}`,
  preview: props => `“${props.reason}”`,
  reason: (_props, frame) => `you answer disputes at ${frame.orgName}.`,
  component: DisputeOpened,
  sampleProps: {
    ordinary: { ...sampleDispute, ...admin, reason: 'We agreed on 20 % for this deal.', holds: true },
    longNames: { ...longDispute, ...admin, reason: 'We brought them. '.repeat(40).trim(), holds: false },
  },
}
