import { Action, Amount, Facts, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longName } from './samples.ts'
import type { EmailFrame, Template } from './template.ts'

export interface ApprovalRequestedProps {
  count: number
  /** One for each currency, with its code: 'USD 18,450.00'. Never a sum across currencies. */
  totals: string[]
  preparedBy: string
  /** When there is only one. */
  partnerName?: string
  period?: string
  /** The list of what waits, behind sign-in: nothing is ever approved by opening a link. */
  reviewUrl: string
}

const payouts = (count: number) => (count === 1 ? '1 payout' : `${count.toLocaleString('en-US')} payouts`)

/** A subject holds three currencies; the message itself lists them all. */
function inShort(totals: string[]): string {
  return totals.length <= 3 ? totals.join(' + ') : `${totals.slice(0, 2).join(' + ')} + ${totals.length - 2} more`
}

function ApprovalRequested(props: ApprovalRequestedProps & { frame: EmailFrame }) {
  return (
    <>
      <Title>{props.count === 1 ? '1 payout is waiting for you' : `${payouts(props.count)} are waiting for you`}</Title>
      <Amount>{props.totals}</Amount>
      <Paragraph>
        {props.preparedBy} prepared {props.count === 1 ? 'it' : 'them'}. Nothing is paid before it is approved.
      </Paragraph>
      <Facts
        rows={[
          ['Partner', props.partnerName],
          ['Period', props.period],
        ]}
      />
      <Action href={props.reviewUrl}>{props.count === 1 ? 'Review the payout' : 'Review the payouts'}</Action>
    </>
  )
}

const ordinary: ApprovalRequestedProps = {
  count: 43,
  totals: ['USD 18,450.00', 'EUR 3,200.00'],
  preparedBy: 'Marco Vitale',
  period: 'Feb 2026',
  reviewUrl: 'https://partners.acme.example/admin/payouts?status=pending_approval',
}

export const approvalRequested: Template<ApprovalRequestedProps> = {
  audience: 'finance',
  subject: props => `Approve ${payouts(props.count)}: ${inShort(props.totals)}`,
  preview: props => `Prepared by ${props.preparedBy}${props.period ? ` for ${props.period}` : ''}. Sign in to review.`,
  reason: (_props, frame) => `you approve payouts at ${frame.orgName}.`,
  component: ApprovalRequested,
  sampleProps: {
    ordinary,
    longNames: {
      ...ordinary,
      count: 10_000,
      totals: ['USD 1,218,450.00', 'EUR 903,200.00', 'BHD 1,234,567.125', 'JPY 98,765,432', 'GBP 12.34'],
      preparedBy: longName,
      partnerName: longName,
    },
  },
}
