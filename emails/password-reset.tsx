import { Action, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import type { Template } from './template.ts'

export interface PasswordResetProps {
  resetUrl: string
  /** For example '10 minutes'. */
  expiresIn: string
  accountEmail: string
}

function PasswordReset(props: PasswordResetProps) {
  return (
    <>
      <Title>Reset your password</Title>
      <Paragraph>
        Choose a new password within {props.expiresIn}. The link works once, and every open session is signed out.
      </Paragraph>
      <Facts rows={[['Account', props.accountEmail]]} />
      <Action href={props.resetUrl}>Choose a new password</Action>
    </>
  )
}

const ordinary: PasswordResetProps = {
  resetUrl: 'https://partners.acme.example/reset/8w4rkq3v9x2m7c5t',
  expiresIn: '10 minutes',
  accountEmail: 'ana@northwind.example',
}

export const passwordReset: Template<PasswordResetProps> = {
  audience: 'user',
  subject: () => 'Reset your password',
  preview: props => `The link works once, for ${props.expiresIn}. Not you? Ignore this email.`,
  reason: () => 'someone asked to reset this account’s password. If it wasn’t you, ignore this email: nothing changes.',
  component: PasswordReset,
  sampleProps: {
    ordinary,
    longNames: { ...ordinary, accountEmail: `${'very.long.mailbox.'.repeat(3)}name@${'subdomain.'.repeat(12)}example` },
  },
}
