import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longRegistration, type RegistrationProps, registrationFacts, sampleRegistration } from './registration.ts'
import { clip, type EmailFrame, partnerReason, type Template } from './template.ts'

export interface RegistrationDeclinedProps extends RegistrationProps {
  /** In the reviewer's words, written for the partner to read. */
  reason: string
}

function RegistrationDeclined(props: RegistrationDeclinedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your registration was not approved</Title>
      <Notice>
        <strong>Reason:</strong> {props.reason}
      </Notice>
      <Paragraph>
        If you think this is wrong, talk to {props.frame.orgName}, or register it again and say why.
      </Paragraph>
      <Facts rows={registrationFacts(props)} />
      <Action href={props.registrationUrl}>See the registration</Action>
    </>
  )
}

export const registrationDeclined: Template<RegistrationDeclinedProps> = {
  audience: 'partner',
  subject: props => `Not approved: your registration of ${clip(props.company, 24)}`,
  preview: props => `Reason: ${props.reason}`,
  reason: partnerReason,
  component: RegistrationDeclined,
  sampleProps: {
    ordinary: { ...sampleRegistration, reason: 'We have been talking to this team ourselves since January.' },
    longNames: { ...longRegistration, reason: 'Registered before. '.repeat(12).trim() },
  },
}
