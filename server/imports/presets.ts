import type { DataImportKind } from '#db/schema/index.ts'
import { plain } from './rules.ts'

/** What a status word of the other tool means here. `void`: nothing is owed, so the row makes nothing. */
export type StatusMeaning = 'paid' | 'unpaid' | 'void'

/** The export file of another tool, as far as we know it. */
export interface Preset {
  id: string
  tool: string
  kind: DataImportKind
  /** Our field → the headers it may have there, the likeliest first. */
  columns: Record<string, readonly string[]>
  /** Whether these headers are published by the tool. If not, they follow its API's names, and people should look twice. */
  verified: boolean
  /** Where the headers, or the names and words they follow, are written down. */
  source: string
  /** What is known and what is guessed, in a sentence for the page. */
  says: string
  statuses?: Record<string, StatusMeaning>
  options?: Record<string, string>
}

const rewardfulStates: Record<string, StatusMeaning> = {
  pending: 'unpaid',
  due: 'unpaid',
  processing: 'unpaid',
  paid: 'paid',
  voided: 'void',
}
const partnerStackStatuses: Record<string, StatusMeaning> = {
  new: 'unpaid',
  pending: 'unpaid',
  approved: 'unpaid',
  hold: 'unpaid',
  paid: 'paid',
  declined: 'void',
}
const firstPromoterStatuses: Record<string, StatusMeaning> = {
  pending: 'unpaid',
  approved: 'unpaid',
  unpaid: 'unpaid',
  paid: 'paid',
  denied: 'void',
}
const toltStatuses: Record<string, StatusMeaning> = {
  pending: 'unpaid',
  approved: 'unpaid',
  paid: 'paid',
  rejected: 'void',
  refunded: 'void',
}

const unpublished =
  'The tool publishes no list of its export’s columns; these names follow its API. Check the proposal and the first rows.'

export const presets: readonly Preset[] = [
  {
    id: 'rewardful-partners',
    tool: 'Rewardful',
    kind: 'partners',
    columns: {
      firstName: ['First Name', 'first_name'],
      lastName: ['Last Name', 'last_name'],
      email: ['Email', 'email'],
      reference: ['Token', 'token'],
    },
    // The columns of Rewardful's own affiliate files, in its help on importing; its export is not described.
    verified: false,
    source: 'https://help.rewardful.com/en/articles/1988486-how-do-i-import-data-into-rewardful',
    says: 'The names are those of Rewardful’s own import files; its export isn’t described anywhere public. Check the proposal.',
  },
  {
    id: 'rewardful-commissions',
    tool: 'Rewardful',
    kind: 'commissions',
    columns: {
      partner: ['Affiliate Email', 'affiliate_email'],
      amount: ['Amount', 'Commission', 'amount'],
      currency: ['Currency', 'currency'],
      date: ['Created At', 'created_at'],
      status: ['State', 'state'],
      releaseAt: ['Due At', 'due_at'],
      deal: ['Customer Email', 'Customer', 'customer_email'],
      externalRef: ['ID', 'id'],
    },
    verified: false,
    source: 'https://developers.rewardful.com/rest-api/commissions/object',
    says: `${unpublished} The states pending, due, paid and voided are Rewardful’s own; its API writes cents.`,
    statuses: rewardfulStates,
  },
  {
    id: 'rewardful-payouts',
    tool: 'Rewardful',
    kind: 'payouts',
    columns: {
      partner: ['Affiliate Email', 'affiliate_email'],
      amount: ['Amount', 'amount'],
      currency: ['Currency', 'currency'],
      status: ['State', 'state'],
      date: ['Paid At', 'paid_at'],
      externalRef: ['ID', 'id'],
    },
    verified: false,
    source: 'https://developers.rewardful.com/rest-api/payouts/the-payout-object',
    says: `${unpublished} Its API writes cents.`,
    statuses: rewardfulStates,
  },
  {
    id: 'partnerstack-partners',
    tool: 'PartnerStack',
    kind: 'partners',
    columns: {
      firstName: ['Partner_first', 'First name'],
      lastName: ['Partner_last', 'Last name'],
      email: ['Partner_email', 'Email'],
      reference: ['partner_key', 'Partner key'],
      company: ['Company', 'Team name'],
      country: ['Country'],
    },
    verified: false,
    source:
      'https://support.partnerstack.com/hc/en-us/articles/360009012554-Importing-Historical-Data-into-PartnerStack',
    says: 'Partner_first, Partner_last, Partner_email and partner_key are published, for PartnerStack’s import files; the export’s other columns are not. Check the proposal.',
  },
  {
    id: 'partnerstack-commissions',
    tool: 'PartnerStack',
    kind: 'commissions',
    columns: {
      partner: ['Partner_email', 'Partner email', 'partner_key', 'Partner key'],
      amount: ['Reward amount', 'reward_amount', 'Amount'],
      currency: ['Currency', 'currency'],
      date: ['Created', 'created_at'],
      status: ['Status', 'Reward status'],
      deal: ['Customer name', 'Customer email', 'customer_key'],
      note: ['Description', 'Source'],
      externalRef: ['Reward key', 'reward_key', 'key'],
    },
    verified: false,
    // Customer name, reward amount, status, source and created are named there as the reward table's columns, not as CSV headers.
    source: 'https://support.partnerstack.com/hc/en-us/articles/360058412814-Learning-more-about-your-partners-',
    says: 'Customer name, reward amount, status and created are the columns that PartnerStack names for rewards; the file’s exact headers are not published. Rewards that are new or on hold come in as unpaid.',
    statuses: partnerStackStatuses,
    options: { releaseDays: '30' },
  },
  {
    id: 'partnerstack-payouts',
    tool: 'PartnerStack',
    kind: 'payouts',
    columns: {
      partner: ['Partner_email', 'Partner email', 'partner_key', 'Partner key'],
      amount: ['Amount', 'Total'],
      currency: ['Currency', 'currency'],
      status: ['Status'],
      date: ['Paid at', 'paid_at', 'Date'],
      externalRef: ['Invoice', 'Invoice number', 'key'],
    },
    verified: false,
    source: 'https://support.partnerstack.com/hc/en-us/articles/360009840773-Reviewing-partner-rewards',
    says: unpublished,
    statuses: partnerStackStatuses,
  },
  {
    id: 'firstpromoter-partners',
    tool: 'FirstPromoter',
    kind: 'partners',
    columns: {
      name: ['Name', 'Full name'],
      firstName: ['First Name', 'first_name'],
      lastName: ['Last Name', 'last_name'],
      email: ['Email', 'email'],
      reference: ['cust_id', 'Customer ID', 'ref_id', 'Ref ID', 'id', 'ID'],
      company: ['Company', 'company_name'],
      country: ['Country', 'country'],
    },
    verified: false,
    source: 'https://docs.firstpromoter.com/api-reference-v1/introduction',
    says: unpublished,
  },
  {
    id: 'firstpromoter-commissions',
    tool: 'FirstPromoter',
    kind: 'commissions',
    columns: {
      partner: ['Promoter Email', 'promoter_email'],
      amount: ['Amount', 'Commission', 'amount'],
      currency: ['Currency', 'currency'],
      date: ['Created At', 'created_at', 'Date'],
      status: ['Paid', 'is_paid', 'Status', 'status'],
      deal: ['Referral Email', 'Lead Email', 'referral_email', 'lead_email'],
      externalRef: ['ID', 'id', 'Event ID', 'event_id'],
    },
    verified: false,
    source: 'https://docs.firstpromoter.com/api-reference-v2/api-admin/commissions/get-all-commissions.md',
    says: `${unpublished} Pending, approved and denied are FirstPromoter’s own words; whether it was paid is another column there.`,
    statuses: { ...firstPromoterStatuses, true: 'paid', yes: 'paid', false: 'unpaid', no: 'unpaid' },
    options: { releaseDays: '30' },
  },
  {
    id: 'firstpromoter-payouts',
    tool: 'FirstPromoter',
    kind: 'payouts',
    columns: {
      partner: ['Promoter Email', 'promoter_email', 'Email'],
      amount: ['Amount', 'amount'],
      currency: ['Currency', 'currency'],
      status: ['Status', 'status'],
      date: ['Paid At', 'paid_at'],
      externalRef: ['ID', 'id'],
    },
    verified: false,
    source: 'https://docs.firstpromoter.com/api-reference-v2/api-admin/payouts/get-payout-stats.md',
    says: `${unpublished} Pending, processing, completed and failed are FirstPromoter’s own words.`,
    statuses: { pending: 'unpaid', processing: 'unpaid', failed: 'unpaid', completed: 'paid', paid: 'paid' },
  },
  {
    id: 'tolt-partners',
    tool: 'Tolt',
    kind: 'partners',
    columns: {
      firstName: ['First name', 'first_name'],
      lastName: ['Last name', 'last_name'],
      email: ['Email', 'email'],
      company: ['Company', 'company_name'],
      country: ['Country', 'country_code', 'country'],
      reference: ['ID', 'id'],
    },
    verified: false,
    source: 'https://docs.tolt.com',
    says: unpublished,
  },
  {
    id: 'tolt-commissions',
    tool: 'Tolt',
    kind: 'commissions',
    columns: {
      partner: ['Partner email', 'partner_email', 'Partner'],
      amount: ['Commission', 'Amount', 'amount'],
      currency: ['Currency', 'currency'],
      date: ['Created at', 'created_at', 'Date'],
      status: ['Status', 'status'],
      deal: ['Customer', 'Customer email', 'customer_email'],
      externalRef: ['ID', 'id'],
    },
    verified: false,
    source: 'https://docs.tolt.com/concepts/commission-lifecycle.md',
    says: `${unpublished} Pending, approved, paid, rejected and refunded are Tolt’s own words; its API writes cents.`,
    statuses: toltStatuses,
    options: { releaseDays: '30' },
  },
  {
    id: 'tolt-payouts',
    tool: 'Tolt',
    kind: 'payouts',
    columns: {
      partner: ['Partner email', 'partner_email', 'Partner', 'Email'],
      amount: ['Amount', 'amount'],
      currency: ['Currency', 'currency'],
      status: ['Status', 'status'],
      date: ['Paid at', 'paid_at', 'Date'],
      period: ['Period', 'period'],
      externalRef: ['ID', 'id'],
    },
    verified: false,
    source: 'https://docs.tolt.com/dashboard/payouts.md',
    says: unpublished,
    statuses: { pending: 'unpaid', processing: 'unpaid', paid: 'paid', failed: 'unpaid' },
  },
]

export function presetOf(id: string | null | undefined): Preset | null {
  return presets.find(preset => preset.id === id) ?? null
}

/** Where the preset's fields stand in these headers: our field → the header as the file writes it. */
export function presetMapping(preset: Preset, headers: readonly string[]): Record<string, string> {
  const byPlain = new Map(headers.map(header => [plain(header), header]))
  const mapping: Record<string, string> = {}
  for (const [field, names] of Object.entries(preset.columns)) {
    const found = names.map(name => byPlain.get(plain(name))).find(header => header !== undefined)
    if (found !== undefined && !Object.values(mapping).includes(found)) mapping[field] = found
  }
  return mapping
}
