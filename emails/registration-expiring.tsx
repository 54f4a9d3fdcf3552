import { Action, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longRegistration, type RegistrationProps, registrationFacts, sampleRegistration } from './registration.ts'
import { clip, type EmailFrame, partnerReason, type Template } from './template.ts'

export interface RegistrationExpiringProps extends RegistrationProps {
  protectedUntil: string
}

function RegistrationExpiring(props: RegistrationExpiringProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>The protection of your deal ends soon</Title>
      <Paragraph>
        Your deal with {props.company} is protected until {props.protectedUntil}. After that others may register the
        same company. If you are about to close it, tell {props.frame.orgName}.
      </Paragraph>
      <Facts rows={registrationFacts(props)} />
      <Action href={props.registrationUrl}>See the registration</Action>
    </>
  )
}

export const registrationExpiring: Template<RegistrationExpiringProps> = {
  audience: 'partner',
  subject: props => `Protection of ${clip(props.company, 22)} ends ${props.protectedUntil}`,
  preview: () => 'After that, others may register the same company.',
  reason: partnerReason,
  component: RegistrationExpiring,
  sampleProps: {
    ordinary: { ...sampleRegistration, protectedUntil: '31 May 2026' },
    longNames: { ...longRegistration, protectedUntil: '31 May 2026' },
  },
}
