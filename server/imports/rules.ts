import { z } from 'zod'
import type { DataImportKind, DataImportStatus } from '#db/schema/index.ts'
import { idempotencyKey, version } from '../lib/inputs.ts'
import { isCurrency } from '../lib/money.ts'
import { maxPageSize } from '../lib/page.ts'

export type { DataImportKind, DataImportStatus }

/** What each kind of file makes. */
export const kindLabels: Record<DataImportKind, { label: string; one: string; says: string }> = {
  deals: {
    label: 'Deals',
    one: 'deal',
    says: 'Open, won and lost deals. Won ones are attributed at once; touches that come later count too.',
  },
  touches: {
    label: 'Touches',
    one: 'touch',
    says: 'What partners did for deals that are there already. Won deals are attributed anew.',
  },
  partners: { label: 'Partners', one: 'partner', says: 'New partners. Those that are there already stay as they are.' },
  commissions: {
    label: 'Commissions',
    one: 'commission',
    says: 'What another tool computed: unpaid ones are paid from here, paid ones are history.',
  },
  payouts: {
    label: 'Payouts',
    one: 'payout',
    says: 'Unpaid ones wait for approval here. Paid ones make nothing: they are compared with the paid commissions.',
  },
}

export const statusLabels: Record<DataImportStatus, { label: string; says: string }> = {
  reading: { label: 'Reading', says: 'The file is arriving' },
  mapping: { label: 'Columns', says: 'Waits for somebody to say which column is what' },
  checking: { label: 'Checking', says: 'Every row is read; nothing is made yet' },
  ready: { label: 'Ready', says: 'Checked; nothing is made until somebody says so' },
  committing: { label: 'Importing', says: 'Rows become records, in steps; it may be left alone' },
  committed: { label: 'Imported', says: 'Done' },
  undoing: { label: 'Undoing', says: 'What it made is taken back, in steps' },
  undone: { label: 'Undone', says: 'What it made was taken back' },
}

/** While the worker is at it. */
export const busyStatuses: readonly DataImportStatus[] = ['reading', 'checking', 'committing', 'undoing']

export interface Field {
  key: string
  label: string
  /** What is read from it, for the mapping page. */
  says?: string
  /** Without it no row can be read. */
  required?: boolean
  /** Headers that mean it; compared without case, spaces and punctuation. */
  names: readonly string[]
}

const partner: Field = {
  key: 'partner',
  label: 'Partner',
  says: 'Email address, reference or name',
  required: true,
  names:
    'partneremail email emailaddress affiliateemail promoteremail payeeemail partner partnerreference partnerref partnerid partnerkey partnername affiliate promoter payee vendor vendorid'.split(
      ' ',
    ),
}
const currency: Field = {
  key: 'currency',
  label: 'Currency',
  says: 'Like USD; the one chosen below where it is left out',
  names: ['currency', 'currencycode', 'ccy', 'dealcurrency'],
}
const note: Field = {
  key: 'note',
  label: 'Note',
  names: ['note', 'notes', 'memo', 'comment', 'comments', 'description'],
}
const externalRef: Field = {
  key: 'externalRef',
  label: 'External reference',
  says: 'The other system’s id: with it, no row is ever imported twice',
  names: ['externalref', 'externalreference', 'externalid', 'id', 'reference', 'ref'],
}

/** The fields of each kind, in the order in which people think of them. */
export const fields: Record<DataImportKind, readonly Field[]> = {
  deals: [
    {
      key: 'name',
      label: 'Deal name',
      required: true,
      names: ['dealname', 'name', 'opportunityname', 'opportunity', 'deal', 'title'],
    },
    {
      key: 'accountName',
      label: 'Account',
      says: 'The customer; the deal’s name where it is left out',
      names: ['account', 'accountname', 'company', 'companyname', 'customer', 'customername', 'client'],
    },
    {
      key: 'accountDomain',
      label: 'Domain',
      names: ['domain', 'accountdomain', 'companydomain', 'website', 'companywebsite'],
    },
    { key: 'contactEmail', label: 'Contact email', names: ['contactemail', 'contact', 'customeremail', 'email'] },
    {
      key: 'amount',
      label: 'Amount',
      required: true,
      names: ['amount', 'dealamount', 'value', 'dealvalue', 'total', 'revenue', 'acv', 'arr', 'tcv'],
    },
    currency,
    { key: 'product', label: 'Product', names: ['product', 'productname', 'productline', 'plan'] },
    { key: 'territory', label: 'Territory', names: ['territory', 'region', 'salesregion'] },
    {
      key: 'type',
      label: 'Type',
      says: 'New, expansion or renewal; new where it is left out',
      names: ['type', 'dealtype', 'opportunitytype'],
    },
    {
      key: 'stage',
      label: 'Stage',
      says: 'Open, won or lost; open where it is left out',
      names: ['stage', 'dealstage', 'status', 'dealstatus', 'stagename'],
    },
    {
      key: 'closedAt',
      label: 'Close date',
      says: 'Needed for won and lost deals',
      names: ['closedate', 'closed', 'closedat', 'closedon', 'wondate', 'dateclosed'],
    },
    {
      key: 'openedAt',
      label: 'Opened',
      names: ['opened', 'openedat', 'created', 'createdat', 'createdate', 'createddate', 'opendate'],
    },
    {
      key: 'qualifiedAt',
      label: 'Qualified',
      names: ['qualified', 'qualifiedat', 'qualifieddate', 'qualificationdate'],
    },
    {
      key: 'program',
      label: 'Program',
      says: 'By name; the one chosen below where it is left out',
      names: ['program', 'programme', 'programname'],
    },
    {
      key: 'registeredBy',
      label: 'Registering partner',
      says: 'Email address, reference or name',
      names: [
        'registeredby',
        'registeringpartner',
        'registeringpartneremail',
        'dealregistration',
        'partneremail',
        'partner',
      ],
    },
    {
      ...externalRef,
      names: [
        'externalref',
        'externalreference',
        'externalid',
        'dealid',
        'opportunityid',
        'id',
        'crmid',
        'recordid',
        'reference',
      ],
    },
    note,
  ],
  touches: [
    {
      key: 'deal',
      label: 'Deal',
      says: 'Its external reference, or its number like D-000042',
      required: true,
      names: [
        'dealref',
        'dealreference',
        'dealexternalref',
        'deal',
        'dealid',
        'dealnumber',
        'opportunityid',
        'opportunity',
      ],
    },
    partner,
    {
      key: 'type',
      label: 'Type',
      says: 'Like referral, demo, proposal',
      required: true,
      names: ['type', 'touchtype', 'touch', 'touchpointtype', 'activity', 'activitytype'],
    },
    {
      key: 'at',
      label: 'Date',
      required: true,
      names: ['date', 'at', 'touchdate', 'occurredat', 'time', 'timestamp', 'activitydate', 'createdat'],
    },
    {
      key: 'role',
      label: 'Role',
      says: 'Instead of the type’s own: sourcer, influencer, implementer, closer',
      names: ['role', 'touchrole', 'partnerrole'],
    },
    {
      key: 'weight',
      label: 'Weight',
      says: 'A whole number, for programs that weigh types',
      names: ['weight', 'touchweight'],
    },
    note,
    {
      ...externalRef,
      names: ['externalref', 'externalreference', 'externalid', 'touchid', 'activityid', 'id', 'touchref'],
    },
  ],
  partners: [
    {
      key: 'name',
      label: 'Name',
      says: 'Or company, or first and last name',
      names: ['name', 'partnername', 'fullname', 'partner', 'affiliatename', 'promotername'],
    },
    {
      key: 'company',
      label: 'Company',
      says: 'Used as the name where it is filled',
      names: ['company', 'companyname', 'organization', 'organisation'],
    },
    { key: 'firstName', label: 'First name', names: ['firstname', 'partnerfirst', 'givenname', 'partnerfirstname'] },
    {
      key: 'lastName',
      label: 'Last name',
      names: ['lastname', 'partnerlast', 'surname', 'familyname', 'partnerlastname'],
    },
    {
      key: 'email',
      label: 'Email',
      required: true,
      names: ['email', 'emailaddress', 'partneremail', 'contactemail', 'affiliateemail', 'promoteremail'],
    },
    {
      key: 'reference',
      label: 'Reference',
      says: 'Your own number for the partner',
      names: [
        'reference',
        'ref',
        'partnerreference',
        'partnerid',
        'partnerkey',
        'vendorid',
        'vendornumber',
        'externalid',
        'id',
        'refid',
        'token',
      ],
    },
    {
      key: 'type',
      label: 'Type',
      says: 'Reseller, referrer, affiliate or integrator',
      names: ['type', 'partnertype', 'kind'],
    },
    {
      key: 'tier',
      label: 'Tier',
      says: 'Registered, silver, gold or platinum',
      names: ['tier', 'partnertier', 'level'],
    },
    {
      key: 'class',
      label: 'Class',
      says: 'For co-selling: partner, hyperscaler or vendor',
      names: ['class', 'partnerclass', 'cosellclass'],
    },
    {
      key: 'country',
      label: 'Country',
      says: 'Code or name; the one chosen below where it is left out',
      names: ['country', 'countrycode', 'partnercountry'],
    },
    { ...currency, says: 'The country’s where it is left out' },
    {
      key: 'defaultRate',
      label: 'Default rate',
      says: 'In percent: 15 or 15%',
      names: ['defaultrate', 'commissionrate', 'rate', 'commission', 'commissionpercent', 'ratepercent'],
    },
  ],
  commissions: [
    partner,
    {
      key: 'amount',
      label: 'Amount',
      says: 'What is taken back is negative',
      required: true,
      names: ['amount', 'commission', 'commissionamount', 'reward', 'rewardamount', 'earnings', 'payout'],
    },
    currency,
    {
      key: 'date',
      label: 'Date',
      says: 'When it was earned',
      required: true,
      names: [
        'date',
        'earned',
        'earnedat',
        'created',
        'createdat',
        'createdon',
        'commissiondate',
        'rewarddate',
        'conversiondate',
      ],
    },
    {
      key: 'status',
      label: 'Status',
      says: 'Paid or unpaid; the one chosen below where it is left out',
      names: ['status', 'state', 'commissionstatus', 'rewardstatus', 'paid', 'paymentstatus'],
    },
    {
      key: 'releaseAt',
      label: 'Can be paid from',
      says: 'For unpaid ones',
      names: ['dueat', 'duedate', 'due', 'releaseat', 'releasedate', 'payableat', 'availableat'],
    },
    {
      key: 'deal',
      label: 'Deal or customer',
      says: 'Stands in the explanation',
      names: [
        'deal',
        'dealname',
        'customer',
        'customername',
        'customeremail',
        'lead',
        'leademail',
        'referral',
        'referralemail',
        'account',
        'sale',
      ],
    },
    {
      key: 'program',
      label: 'Program',
      says: 'By name; the one chosen below where it is left out',
      names: ['program', 'programme', 'programname'],
    },
    {
      ...externalRef,
      names: [
        'externalref',
        'externalreference',
        'externalid',
        'commissionid',
        'rewardid',
        'rewardkey',
        'id',
        'key',
        'reference',
      ],
    },
    note,
  ],
  payouts: [
    partner,
    {
      key: 'amount',
      label: 'Amount',
      required: true,
      names: ['amount', 'payoutamount', 'total', 'commission', 'amountpaid'],
    },
    currency,
    {
      key: 'status',
      label: 'Status',
      says: 'Paid or unpaid; the one chosen below where it is left out',
      names: ['status', 'state', 'payoutstatus', 'paid'],
    },
    {
      key: 'date',
      label: 'Paid on',
      says: 'For paid ones',
      names: ['paidat', 'paidon', 'paiddate', 'date', 'paymentdate', 'createdat', 'created'],
    },
    { key: 'period', label: 'Period', says: 'The month, like 2026-02', names: ['period', 'month'] },
    {
      key: 'externalRef',
      label: 'Reference',
      says: 'The same partner and reference is never imported twice',
      names: [
        'reference',
        'ref',
        'payoutreference',
        'payoutid',
        'invoice',
        'invoicenumber',
        'externalref',
        'externalid',
        'id',
      ],
    },
    note,
  ],
}

/** `Partner_first` → `partnerfirst`: how headers are compared. */
export function plain(header: string): string {
  return header.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

/** What still has to be mapped before the rows can be read, in words; empty when they can. */
export function missingFields(kind: DataImportKind, mapping: Record<string, string>): string[] {
  const missing = fields[kind].filter(field => field.required && !mapping[field.key]).map(field => field.label)
  if (kind === 'partners' && !mapping.name && !mapping.company && !mapping.firstName && !mapping.lastName)
    missing.unshift('Name')
  return missing
}

/** How the cells are to be read. Absent: as the file's rows say themselves, and where they don't, as an error that asks. */
export const importOptions = z
  .object({
    /** For dates like 03/04/2026; '' asks. */
    dateOrder: z.enum(['', 'dmy', 'mdy'], { error: 'Choose an order of day and month.' }).default(''),
    /** The mark before cents. */
    decimal: z.enum(['.', ','], { error: 'Choose a decimal mark.' }).default('.'),
    /** `minor`: amounts are in cents, as APIs write them. */
    unit: z.enum(['major', 'minor'], { error: 'Choose how amounts are written.' }).default('major'),
    currency: z
      .string()
      .trim()
      .toUpperCase()
      .refine(code => code === '' || isCurrency(code), 'That is not a currency we know.')
      .default(''),
    country: z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^([A-Z]{2})?$/, 'Choose a country.')
      .default(''),
    programId: z.string().max(64).default(''),
    /** Of rows that don't say. */
    status: z.enum(['', 'paid', 'unpaid'], { error: 'Choose paid or unpaid.' }).default(''),
    /** Days after its date from which an unpaid commission can be paid, where no column says. */
    releaseDays: z
      .string()
      .trim()
      .regex(/^\d{1,3}$/, 'Days are a whole number, at most 999.')
      .default('0'),
  })
  .strict()
export type ImportOptions = z.infer<typeof importOptions>

const importId = z.string().min(4, 'An id is missing.').max(64)
const kind = z.enum(Object.keys(kindLabels) as [DataImportKind, ...DataImportKind[]], {
  error: 'Choose what the file holds.',
})

/** Where bytes come from: only the process itself can hand them in, JSON has no such thing. */
const byteStream = z.custom<AsyncIterable<Uint8Array>>(
  value => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
  'Upload a file.',
)

export const uploadInput = z
  .object({
    kind,
    fileName: z.string().trim().min(1).max(200),
    preset: z.string().max(40).optional(),
    bytes: byteStream,
    idempotencyKey,
  })
  .strict()

export const saveMappingInput = z
  .object({
    importId,
    version,
    /** Our field → the header it is read from. */
    mapping: z.record(z.string().max(40), z.string().max(200)),
    options: importOptions.prefault({}),
    idempotencyKey,
  })
  .strict()

export const importChange = z.object({ importId, version, idempotencyKey }).strict()
export const commitInput = z
  .object({
    importId,
    version,
    /** Rows with errors are left out; without this they are in the way. */
    skipErrors: z.boolean().default(false),
    idempotencyKey,
  })
  .strict()

export const importInput = z.object({ importId }).strict()
const cursor = z.string().max(400).optional()
const limit = z.coerce.number().int().min(1).max(maxPageSize).default(50)
export const listImportsInput = z.object({ cursor, limit }).strict()
export const rowFilters = ['all', 'problems'] as const
export const importRowsInput = z.object({ importId, only: z.enum(rowFilters).default('all'), cursor, limit }).strict()
