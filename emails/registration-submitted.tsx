import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longRegistration, type RegistrationProps, registrationFacts, sampleRegistration } from './registration.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface RegistrationSubmittedProps extends RegistrationProps {
  /** Who has the company already, where somebody does. */
  conflicts: string[]
  /** Why this one is different, in the partner's words. */
  notes?: string
}

function RegistrationSubmitted(props: RegistrationSubmittedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{props.partnerName} registered a deal</Title>
      {props.conflicts.length > 0 ? (
        <Notice tone="warning">
          <strong>Taken already:</strong> {props.conflicts.join('; ')}
        </Notice>
      ) : null}
      {props.notes ? <Paragraph>“{props.notes}”</Paragraph> : null}
      <Facts rows={registrationFacts(props)} />
      <Action href={props.registrationUrl}>Review the registration</Action>
    </>
  )
}

const registrationUrl = 'https://partners.acme.example/admin/registrations/reg_01J8ZQ4T7M'

export const registrationSubmitted: Template<RegistrationSubmittedProps> = {
  audience: 'finance',
  subject: props => `${clip(props.partnerName, 24)} registered ${clip(props.company, 22)}`,
  preview: props =>
    props.conflicts.length > 0
      ? `Somebody has this company already: ${props.conflicts.join('; ')}`
      : 'It waits for your answer. Approving it pays nobody.',
  reason: (_props, frame) => `you answer deal registrations at ${frame.orgName}.`,
  component: RegistrationSubmitted,
  sampleProps: {
    ordinary: {
      ...sampleRegistration,
      registrationUrl,
      conflicts: ['R-000017 by Fabrikam, protected until 4 Jun 2026'],
      notes: 'A different division: they only talk to us.',
    },
    longNames: { ...longRegistration, registrationUrl, conflicts: [] },
  },
}
