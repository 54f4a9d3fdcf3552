import type { LoaderFunctionArgs } from '@remix-run/node'
import { query } from '#app/api.server.ts'
import { type DataImportKind, kindLabels } from '#server/imports/rules.ts'
import { answerFile, fileResponse } from './file.server.ts'

/** Two rows of each kind, about the organization's own partners, so that they can be tried as they are. */
const samples: Record<DataImportKind, (partners: string[]) => string[][]> = {
  deals: ([first = '']) => [
    [
      'Deal name',
      'Account',
      'Domain',
      'Amount',
      'Currency',
      'Product',
      'Territory',
      'Type',
      'Stage',
      'Close date',
      'Opened',
      'Registered by',
      'External reference',
    ],
    [
      'Alder Foods – Ledger Core',
      'Alder Foods',
      'alder-foods.example',
      '24000.00',
      'USD',
      'Ledger Core',
      'EMEA',
      'New',
      'Won',
      '2026-02-14',
      '2026-01-09',
      first,
      'OPP-1',
    ],
    [
      'Birch Bank – Ledger Care',
      'Birch Bank',
      'birch-bank.example',
      '8500.00',
      'USD',
      'Ledger Care',
      'EMEA',
      'Renewal',
      'Open',
      '',
      '2026-02-02',
      '',
      'OPP-2',
    ],
  ],
  touches: ([first = '', second = first]) => [
    ['Deal', 'Partner email', 'Type', 'Date', 'Role', 'Weight', 'Note', 'External reference'],
    ['OPP-1', first, 'Referral', '2026-01-12', '', '', 'Introduced the CFO', 'ACT-1'],
    ['OPP-1', second, 'Demo', '2026-01-28', '', '', '', 'ACT-2'],
  ],
  partners: () => [
    ['Name', 'Email', 'Reference', 'Type', 'Tier', 'Class', 'Country', 'Currency', 'Default rate'],
    [
      'Cobalt Consulting',
      'hello@cobalt-consulting.example',
      'P-101',
      'Integrator',
      'Silver',
      'Partner',
      'DE',
      'EUR',
      '12.5%',
    ],
    ['Dovetail Referrals', 'team@dovetail.example', 'P-102', 'Referrer', 'Registered', 'Partner', 'US', 'USD', '10%'],
  ],
  commissions: ([first = '', second = first]) => [
    [
      'Partner email',
      'Amount',
      'Currency',
      'Date',
      'Status',
      'Can be paid from',
      'Customer',
      'External reference',
      'Note',
    ],
    [first, '1240.00', 'USD', '2026-01-31', 'unpaid', '2026-03-02', 'Alder Foods', 'COM-1', ''],
    [second, '480.50', 'USD', '2025-12-31', 'paid', '', 'Birch Bank', 'COM-2', ''],
  ],
  payouts: ([first = '', second = first]) => [
    ['Partner email', 'Amount', 'Currency', 'Status', 'Paid on', 'Period', 'Reference', 'Note'],
    [first, '1240.00', 'USD', 'unpaid', '', '2026-02', 'PAY-1', ''],
    [second, '480.50', 'USD', 'paid', '2026-01-05', '', 'PAY-2', ''],
  ],
}

/** A file to start from. */
export function loader(args: LoaderFunctionArgs) {
  return answerFile(async () => {
    const wanted = new URL(args.request.url).searchParams.get('kind') ?? ''
    const kind = Object.hasOwn(kindLabels, wanted) ? (wanted as DataImportKind) : 'deals'
    const partners = await query(args, api => api.partners.options({ limit: 2 }))
    const emails = partners.length > 0 ? partners.map(partner => partner.email) : ['ana@example.com', 'ben@example.com']
    const text = samples[kind](emails)
      .map(cells => `${cells.join(',')}\r\n`)
      .join('')
    return fileResponse(text, `${kind}-sample.csv`, 'text/csv; charset=utf-8')
  })
}
