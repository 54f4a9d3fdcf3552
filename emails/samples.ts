import type { PayoutProps } from './template.ts'

/** Long, unbroken, accented and hostile at once: what real directories hold, plus what an attacker would type. */
export const longName =
  'Wissenschaftliche Verlags- und Vertriebspartnergesellschaft Müller, Łukasiewicz & Söhne <script>alert(1)</script> mbH & Co. KGaA Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz'

export const samplePayout: PayoutProps = {
  partnerName: 'Northwind Referrals',
  amount: '$1,240.00',
  period: 'Feb 2026',
  reference: 'PO-202602-0042',
  payoutUrl: 'https://partners.acme.example/portal/payouts/po_01J8ZQ4T7M',
}

export const longPayout: PayoutProps = {
  ...samplePayout,
  partnerName: longName,
  amount: 'BHD 1,234,567,890.125',
  reference: 'PO-202602-0042-AND-A-REFERENCE-FROM-A-SPREADSHEET-THAT-NEVER-ENDS',
}

export const samplePayoutForFinance: PayoutProps = {
  ...samplePayout,
  payoutUrl: 'https://partners.acme.example/admin/payouts/po_01J8ZQ4T7M',
}

export const longPayoutForFinance: PayoutProps = {
  ...longPayout,
  payoutUrl: 'https://partners.acme.example/admin/payouts/po_01J8ZQ4T7M',
}
