import { Action, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longName } from './samples.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface InvitationProps {
  /** 'partner' opens the portal; 'staff' opens the admin. */
  as: 'partner' | 'staff'
  inviterName: string
  /** In words, for example 'an administrator'. Only staff are told. */
  role: string
  /** The partner company that the person is invited to act for. */
  partnerName?: string
  acceptUrl: string
  /** For example '1 March 2026, 14:00 UTC'. */
  expiresOn: string
}

function Invitation(props: InvitationProps & { frame: EmailFrame }) {
  const { frame } = props
  const partner = props.as === 'partner'
  return (
    <>
      <Title>{partner ? `Welcome to ${frame.orgName}’s partner portal` : `Join ${frame.orgName} on Remit`}</Title>
      {partner ? (
        <Paragraph>
          {props.inviterName} invited you. In the portal you see what you have earned, what is approved and what is on
          its way, and you set up where you are paid.
        </Paragraph>
      ) : (
        <Paragraph>
          {props.inviterName} invited you as {props.role}. Remit is where {frame.orgName} prepares, approves and pays
          its partners.
        </Paragraph>
      )}
      <Facts
        rows={[
          ['Partner', partner ? props.partnerName : undefined],
          ['Invited by', props.inviterName],
          ['Link works until', props.expiresOn],
        ]}
      />
      <Action href={props.acceptUrl}>Accept the invitation</Action>
    </>
  )
}

const ordinary: InvitationProps = {
  as: 'partner',
  inviterName: 'Dana Whitfield',
  role: 'a partner',
  partnerName: 'Northwind Referrals',
  acceptUrl: 'https://partners.acme.example/invitations/kq3v9x2m7c5t8w4r',
  expiresOn: '8 March 2026, 14:00 UTC',
}

export const invitation: Template<InvitationProps> = {
  audience: 'user',
  subject: (props, frame) =>
    props.as === 'partner'
      ? `${clip(frame.orgName)} invited you to its partner portal`
      : `${clip(frame.orgName)} invited you to Remit`,
  preview: props => `${props.inviterName} invited you. The link works once, until ${props.expiresOn}.`,
  reason: props =>
    `${props.inviterName} entered this address. If you don’t expect it, ignore this email and nothing happens.`,
  component: Invitation,
  sampleProps: {
    ordinary,
    longNames: {
      ...ordinary,
      as: 'staff',
      role: 'an administrator',
      inviterName: longName,
      partnerName: undefined,
    },
  },
}
