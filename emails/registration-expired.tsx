import { Action, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longRegistration, type RegistrationProps, registrationFacts, sampleRegistration } from './registration.ts'
import { clip, type EmailFrame, partnerReason, type Template } from './template.ts'

function RegistrationExpired(props: RegistrationProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>The protection of your deal has ended</Title>
      <Paragraph>
        The deal with {props.company} stays open, and what you did for it still counts. Others may register the same
        company now.
      </Paragraph>
      <Facts rows={registrationFacts(props)} />
      <Action href={props.registrationUrl}>See the registration</Action>
    </>
  )
}

export const registrationExpired: Template<RegistrationProps> = {
  audience: 'partner',
  subject: props => `The protection of ${clip(props.company, 30)} has ended`,
  preview: () => 'The deal stays open, and what you did for it still counts.',
  reason: partnerReason,
  component: RegistrationExpired,
  sampleProps: { ordinary: sampleRegistration, longNames: longRegistration },
}
