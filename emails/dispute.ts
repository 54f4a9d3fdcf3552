import type { Fact } from './blocks.tsx'
import { longName } from './samples.ts'

/** What every email about a dispute says. */
export interface DisputeProps {
  partnerName: string
  /** The disputed commission's number, for example 'C-000042'. */
  reference: string
  /** With its currency. */
  amount: string
  /** The sentence that explains the amount. */
  explanation: string
  /** The commission's page, behind sign-in. */
  disputeUrl: string
}

export function disputeFacts(props: DisputeProps): Fact[] {
  return [
    ['Commission', props.reference],
    ['Partner', props.partnerName],
    ['Amount', props.amount],
    ['How it came about', props.explanation],
  ]
}

const disputeUrl = 'https://partners.acme.example/portal/commissions/com_01J8ZQ4T7M'

export const sampleDispute: DisputeProps = {
  partnerName: 'Northwind Referrals',
  reference: 'C-000042',
  amount: '$1,000.00',
  explanation:
    '$12,000.00 × 60 % credit (sourced) = $7,200.00 × 15 % (Gold, rule v4 from 1 Jan 2026) = $1,080.00 → capped at $1,000.00',
  disputeUrl,
}

export const longDispute: DisputeProps = {
  ...sampleDispute,
  partnerName: longName,
  amount: 'BHD 1,234,567,890.125',
}
