import { Action, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longRegistration, type RegistrationProps, registrationFacts, sampleRegistration } from './registration.ts'
import { clip, type EmailFrame, partnerReason, type Template } from './template.ts'

export interface RegistrationApprovedProps extends RegistrationProps {
  protectedUntil: string
}

function RegistrationApproved(props: RegistrationApprovedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>Your registration was approved</Title>
      <Paragraph>
        The deal with {props.company} is yours to work on. It is protected until {props.protectedUntil}. What you earn
        is settled once the deal is won.
      </Paragraph>
      <Facts rows={registrationFacts(props)} />
      <Action href={props.registrationUrl}>See the registration</Action>
    </>
  )
}

export const registrationApproved: Template<RegistrationApprovedProps> = {
  audience: 'partner',
  subject: props => `Approved: your registration of ${clip(props.company, 28)}`,
  preview: props => `The deal is protected until ${props.protectedUntil}.`,
  reason: partnerReason,
  component: RegistrationApproved,
  sampleProps: {
    ordinary: { ...sampleRegistration, protectedUntil: '31 May 2026' },
    longNames: { ...longRegistration, protectedUntil: '31 May 2026' },
  },
}
