import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import type { EmailFrame, Template } from './template.ts'

export interface SecondFactorChangedProps {
  accountEmail: string
  changedOn: string
  what:
    | 'totpAdded'
    | 'totpReplaced'
    | 'totpRemoved'
    | 'passkeyAdded'
    | 'passkeyRemoved'
    | 'codesMade'
    | 'codeUsed'
    | 'reset'
  /** The passkey's name. */
  name?: string
  /** Who reset it. */
  by?: string
  /** The page that lists the person's second factors and sessions. */
  accountUrl: string
}

type Words = { title: string; sentence: (props: SecondFactorChangedProps) => string }

const words: Record<SecondFactorChangedProps['what'], Words> = {
  totpAdded: {
    title: 'An authenticator app was added',
    sentence: () => 'From now on, signing in takes a code of the app after the password.',
  },
  totpReplaced: {
    title: 'Your authenticator app was replaced',
    sentence: () => 'Codes of the app you had before no longer work.',
  },
  totpRemoved: {
    title: 'Your authenticator app was removed',
    sentence: () => 'Its codes no longer work.',
  },
  passkeyAdded: {
    title: 'A passkey was added',
    sentence: ({ name }) => `The passkey “${name ?? ''}” now signs in to your account.`,
  },
  passkeyRemoved: {
    title: 'A passkey was removed',
    sentence: ({ name }) => `The passkey “${name ?? ''}” no longer signs in to your account.`,
  },
  codesMade: {
    title: 'New recovery codes were made',
    sentence: () => 'The codes you had before no longer work.',
  },
  codeUsed: {
    title: 'A recovery code was used',
    sentence: () => 'Somebody confirmed that they are you with one of your recovery codes. It can’t be used again.',
  },
  reset: {
    title: 'Your second factors were removed',
    sentence: ({ by }) =>
      `${by ?? 'Somebody'} removed your app, passkeys and recovery codes, and signed you out everywhere. Your password stays; set up a second factor anew when you sign in.`,
  },
}

function SecondFactorChanged({ frame, ...props }: SecondFactorChangedProps & { frame: EmailFrame }) {
  const contact = frame.supportEmail ? `write to ${frame.supportEmail}` : `tell ${frame.orgName}`
  const { title, sentence } = words[props.what]
  return (
    <>
      <Title>{title}</Title>
      <Paragraph>{sentence(props)} If that was you, or was agreed with you, there is nothing to do.</Paragraph>
      <Notice tone="warning">
        <strong>Not you?</strong> Choose a new password right away, which signs everybody else out, look at your second
        factors, and {contact}.
      </Notice>
      <Facts
        rows={[
          ['Account', props.accountEmail],
          ['Changed', props.changedOn],
        ]}
      />
      <Action href={props.accountUrl}>Look at your account</Action>
    </>
  )
}

const ordinary: SecondFactorChangedProps = {
  accountEmail: 'ana@northwind.example',
  changedOn: '4 March 2026, 16:20 UTC',
  what: 'totpAdded',
  accountUrl: 'https://partners.acme.example/portal/account',
}

export const secondFactorChanged: Template<SecondFactorChangedProps> = {
  audience: 'user',
  subject: props => words[props.what].title,
  preview: props => `On ${props.changedOn}. Not you? Choose a new password right away.`,
  reason: () => 'this address signs in to Remit. This alert can’t be turned off.',
  component: SecondFactorChanged,
  sampleProps: {
    ordinary,
    longNames: {
      ...ordinary,
      what: 'passkeyRemoved',
      name: 'The blue security key that lies in the safe behind my desk',
      accountEmail: `${'very.long.mailbox.'.repeat(3)}name@${'subdomain.'.repeat(12)}example`,
    },
  },
}
