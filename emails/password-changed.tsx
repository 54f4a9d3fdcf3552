import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import type { EmailFrame, Template } from './template.ts'

export interface PasswordChangedProps {
  accountEmail: string
  changedOn: string
  /** By a link that was mailed; otherwise by somebody who was signed in and knew the old one. */
  byLink: boolean
  /** The page that mails a link for a new password. */
  resetUrl: string
}

function PasswordChanged({ frame, ...props }: PasswordChangedProps & { frame: EmailFrame }) {
  const contact = frame.supportEmail ? `write to ${frame.supportEmail}` : `tell ${frame.orgName}`
  return (
    <>
      <Title>Your password was changed</Title>
      <Paragraph>
        {props.byLink
          ? 'Somebody with a link from your mailbox chose a new password, and every session was signed out.'
          : 'Somebody who was signed in, and knew the old password, chose a new one.'}{' '}
        If that was you, there is nothing to do.
      </Paragraph>
      <Notice tone="warning">
        <strong>Not you?</strong> Choose a new password right away, which signs everybody else out, and {contact}.
      </Notice>
      <Facts
        rows={[
          ['Account', props.accountEmail],
          ['Changed', props.changedOn],
        ]}
      />
      <Action href={props.resetUrl}>Choose a new password</Action>
    </>
  )
}

const ordinary: PasswordChangedProps = {
  accountEmail: 'ana@northwind.example',
  changedOn: '4 March 2026, 16:20 UTC',
  byLink: false,
  resetUrl: 'https://partners.acme.example/forgot',
}

export const passwordChanged: Template<PasswordChangedProps> = {
  audience: 'user',
  subject: () => 'Your password was changed',
  preview: props => `On ${props.changedOn}. Not you? Choose a new one right away.`,
  reason: () => 'this address signs in to Remit. This alert can’t be turned off.',
  component: PasswordChanged,
  sampleProps: {
    ordinary,
    longNames: {
      ...ordinary,
      byLink: true,
      accountEmail: `${'very.long.mailbox.'.repeat(3)}name@${'subdomain.'.repeat(12)}example`,
    },
  },
}
