import { Action, Facts, Notice, Paragraph } from './blocks.tsx'
import { Title } from './layout.tsx'
import { longName, longPayoutForFinance, samplePayoutForFinance } from './samples.ts'
import { clip, type EmailFrame, type Template } from './template.ts'

export interface TransfersPausedProps {
  /** Why, as the person wrote it or as Remit found it. */
  reason: string
  /** Who pressed the stop button; nobody where Remit stopped by itself. */
  pausedBy?: string
  pausedOn: string
  /** False when somebody has resumed them since. */
  stillPaused: boolean
  /** What Stripe holds against what was approved, where that is why. */
  incident?: { partnerName: string; amount: string; reference: string; transferId: string }
  /** The payout in question or the settings, behind sign-in. */
  reviewUrl: string
}

function title({ incident, pausedBy, stillPaused }: TransfersPausedProps): string {
  if (incident) return `${stillPaused ? 'Transfers paused: ' : ''}${incident.amount} payout doesn’t match Stripe`
  return `${pausedBy ?? 'Remit'} paused all transfers`
}

function TransfersPaused(props: TransfersPausedProps & { frame: EmailFrame }) {
  const { incident, stillPaused } = props
  return (
    <>
      <Title>{title(props)}</Title>
      <Paragraph>{props.reason}</Paragraph>
      <Notice tone="warning">
        {incident ? (
          <>
            <strong>What to do:</strong> open the transfer at Stripe and compare it with the payout.{' '}
            {stillPaused
              ? 'Nothing is sent until an owner or an admin resumes transfers in the settings.'
              : 'Transfers were resumed meanwhile.'}
          </>
        ) : (
          'Nothing is sent until an owner or an admin resumes transfers in the settings. Approved payouts wait; none is lost.'
        )}
      </Notice>
      <Facts
        rows={[
          ['Paused', props.pausedOn],
          ['By', props.pausedBy],
          ['Payout', incident?.reference],
          ['Partner', incident?.partnerName],
          ['Amount', incident?.amount],
          ['Stripe’s transfer', incident?.transferId],
        ]}
      />
      <Action href={props.reviewUrl}>{incident ? 'Open the payout' : 'Open the settings'}</Action>
    </>
  )
}

const reviewUrl = 'https://partners.acme.example/admin/settings#transfers'

export const transfersPaused: Template<TransfersPausedProps> = {
  audience: 'finance',
  subject: props => title({ ...props, pausedBy: props.pausedBy && clip(props.pausedBy, 30) }),
  preview: props => (props.pausedBy ? `Since ${props.pausedOn}: ${props.reason}` : props.reason),
  reason: (_props, frame) => `you may pause and resume transfers at ${frame.orgName}. This alert can’t be turned off.`,
  component: TransfersPaused,
  sampleProps: {
    ordinary: {
      reason: `${samplePayoutForFinance.reference} and Stripe’s tr_1Pq8 don’t agree: Stripe’s transfer is 240000 usd, ours was 124000 usd.`,
      pausedOn: '10 March 2026, 09:14 UTC',
      stillPaused: true,
      incident: {
        partnerName: samplePayoutForFinance.partnerName,
        amount: samplePayoutForFinance.amount,
        reference: samplePayoutForFinance.reference ?? '',
        transferId: 'tr_1Pq8',
      },
      reviewUrl: samplePayoutForFinance.payoutUrl,
    },
    longNames: {
      reason: `The bank asked us to wait, says ${longName}`,
      pausedBy: longPayoutForFinance.partnerName,
      pausedOn: '10 March 2026, 09:14 UTC',
      stillPaused: true,
      reviewUrl,
    },
  },
}
