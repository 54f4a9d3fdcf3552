import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longName } from './samples.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface DestinationChangedProps {
  /** Both the previous and the current address are told, and finance, so that a thief can't change it unseen. */
  recipient: 'previous' | 'current' | 'finance'
  /** Where the money goes, or where the mails about it go; the former when left out. */
  what?: 'destination' | 'contact'
  partnerName: string
  changedOn: string
  /** Until when payouts are held, if they are. */
  holdUntil?: string
  bankLastFour?: string
  previousBankLastFour?: string
  /** For a contact. */
  email?: string
  previousEmail?: string
  /** The payout details (partner) or the partner's page (finance), behind sign-in. */
  reviewUrl: string
}

function title({ recipient, partnerName, what }: DestinationChangedProps): string {
  const changed = what === 'contact' ? 'contact address' : 'payout details'
  if (recipient === 'finance') return `${partnerName} changed ${changed}`
  return `Your ${changed} ${what === 'contact' ? 'was' : 'were'} changed`
}

function happened({ recipient, what }: DestinationChangedProps, frame: EmailFrame): string {
  if (what === 'contact')
    return recipient === 'finance'
      ? 'Mails about its payouts go to another address from now on. Where the money goes has not changed.'
      : `${frame.orgName} writes to another address about your payouts from now on. Where the money goes has not changed.`
  return recipient === 'finance'
    ? 'The account that payouts go to is not the one it was. Approvals given for the old one have to be given again.'
    : `The account that ${frame.orgName} pays you to was changed.`
}

function DestinationChanged(props: DestinationChangedProps & { frame: EmailFrame }) {
  const { frame, recipient } = props
  const ending = (digits: string | undefined) => (digits ? `Account ending in ${digits}` : undefined)
  const contact = frame.supportEmail ? `write to ${frame.supportEmail}` : `tell ${frame.orgName}`
  return (
    <>
      <Title>{title(props)}</Title>
      <Paragraph>
        {happened(props, frame)}
        {props.holdUntil ? ` To be safe, payouts are held until ${props.holdUntil}.` : ''}
      </Paragraph>
      <Notice tone="warning">
        {recipient === 'finance' ? (
          <>
            <strong>Not expected?</strong> Call the partner on a number you already have; don’t rely on an email.
            {props.what === 'contact' ? '' : ' Then release or keep the hold.'}
          </>
        ) : (
          <>
            <strong>Not you?</strong> Change your password and {contact} right away
            {props.holdUntil ? ', before the hold ends' : ''}.
          </>
        )}
      </Notice>
      <Facts
        rows={[
          ['Changed', props.changedOn],
          ['Partner', props.partnerName],
          ['Before', props.previousEmail ?? ending(props.previousBankLastFour)],
          ['Now', props.email ?? ending(props.bankLastFour)],
          ['Payouts held until', props.holdUntil],
        ]}
      />
      <Action href={props.reviewUrl}>
        {recipient === 'finance' ? 'Open the partner' : 'Check your payout details'}
      </Action>
    </>
  )
}

const ordinary: DestinationChangedProps = {
  recipient: 'current',
  partnerName: 'Northwind Referrals',
  changedOn: '4 March 2026, 16:20 UTC',
  holdUntil: '7 March 2026, 16:20 UTC',
  bankLastFour: '6789',
  previousBankLastFour: '4242',
  reviewUrl: 'https://partners.acme.example/portal/setup',
}

export const destinationChanged: Template<DestinationChangedProps> = {
  audience: 'partner',
  subject: props => title({ ...props, partnerName: clip(props.partnerName) }),
  preview: props =>
    props.holdUntil
      ? `Changed ${props.changedOn}. Payouts are held until ${props.holdUntil}.`
      : `Changed ${props.changedOn}. Tell us if this is not right.`,
  reason: (props, frame) => {
    if (props.recipient === 'finance') return `you look after payouts at ${frame.orgName}.`
    const address = props.recipient === 'previous' ? 'was on file before the change' : 'is on file'
    return `this address ${address} for ${props.partnerName}, which ${frame.orgName} pays. This alert can’t be turned off.`
  },
  component: DestinationChanged,
  sampleProps: {
    ordinary,
    longNames: {
      recipient: 'finance',
      partnerName: longName,
      changedOn: '4 March 2026, 16:20 UTC',
      reviewUrl: 'https://partners.acme.example/admin/partners/par_01J8ZQ4T7M',
    },
  },
}
