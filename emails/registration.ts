import type { Fact } from './blocks.tsx'
import { longName } from './samples.ts'

/** What every email about one deal registration says. */
export interface RegistrationProps {
  partnerName: string
  company: string
  /** The registration's own number, for example 'R-000042'. */
  reference: string
  /** What the partner expects the deal to be worth, with its currency. */
  expectedAmount?: string
  /** The registration's page, behind sign-in. */
  registrationUrl: string
}

export const sampleRegistration: RegistrationProps = {
  partnerName: 'Northwind Referrals',
  company: 'Contoso',
  reference: 'R-000042',
  expectedAmount: '$12,000.00',
  registrationUrl: 'https://partners.acme.example/portal/registrations/reg_01J8ZQ4T7M',
}

export const longRegistration: RegistrationProps = {
  ...sampleRegistration,
  partnerName: longName,
  company: longName,
  expectedAmount: 'BHD 999,999,999.999',
}

/** The rows that each of them ends with. */
export function registrationFacts({ company, partnerName, expectedAmount, reference }: RegistrationProps): Fact[] {
  return [
    ['Company', company],
    ['Partner', partnerName],
    ['Expected', expectedAmount],
    ['Registration', reference],
  ]
}
