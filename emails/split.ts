import { longName } from './samples.ts'

/** What every email about the shares of one deal says. */
export interface SplitProps {
  dealName: string
  /** The deal's number, for example 'D-000042'. */
  reference: string
  /** Who takes part and with how much, for example 'Northwind Referrals: 60 %'; names alone in what settles nothing. */
  shares: string[]
  splitUrl: string
}

export const sampleSplit: SplitProps = {
  dealName: 'Contoso rollout',
  reference: 'D-000042',
  shares: ['Fabrikam: 40 %', 'Northwind Referrals: 60 %'],
  splitUrl: 'https://partners.acme.example/portal/splits/spl_01J8ZQ4T7M',
}

/** Those who take part, while shares are not settled. */
export const names = { ordinary: ['Fabrikam', 'Northwind Referrals'], long: [longName, 'Fabrikam'] }

export const longSplit: SplitProps = {
  ...sampleSplit,
  dealName: longName,
  shares: [`${longName}: 33.34 %`, 'Fabrikam: 33.33 %', 'Northwind Referrals: 33.33 %'],
}
