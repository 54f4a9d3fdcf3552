import { z } from 'zod'
import type { PartnerClass, PartnerTier, PartnerType, TransfersStatus } from '#db/schema/index.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { isCurrency, maxAmount } from '../lib/money.ts'
import { maxPageSize } from '../lib/page.ts'
import { emailAddress, line } from '../lib/text.ts'

export type { PartnerType, TransfersStatus }

export const partnerTypeLabels: Record<PartnerType, string> = {
  reseller: 'Reseller',
  referrer: 'Referrer',
  affiliate: 'Affiliate',
  integrator: 'Integrator',
}

/** Where a partner stands with Stripe: the word on the badge, and what it means to staff. */
export const transfersLabels: Record<TransfersStatus, { label: string; says: string }> = {
  none: { label: 'Not set up', says: 'Has not set up payouts with Stripe' },
  pending: { label: 'Setting up', says: 'Has started the set-up; Stripe needs more, or is checking' },
  active: { label: 'Payable', says: 'Can be paid' },
  restricted: { label: 'Restricted', says: 'Stripe has restricted the account until it gets what is missing' },
  rejected: { label: 'Rejected by Stripe', says: 'Stripe does not allow payouts to this account' },
  unsupported: { label: 'Not supported', says: 'Stripe does not pay out to this kind of account or country' },
  closed: { label: 'Closed', says: 'The Stripe account is closed' },
  disconnected: { label: 'Disconnected', says: 'The partner disconnected from Stripe' },
}

export const partnerFilters = ['payable', 'needs_setup', 'restricted', 'archived'] as const
export type PartnerFilter = (typeof partnerFilters)[number]

export const partnerFilterLabels: Record<PartnerFilter, string> = {
  payable: 'Payable',
  needs_setup: 'Needs set-up',
  restricted: 'Restricted',
  archived: 'Archived',
}

/** The statuses behind each filter; `archived` is about the partner itself. */
export const statusesOf: Record<Exclude<PartnerFilter, 'archived'>, readonly TransfersStatus[]> = {
  payable: ['active'],
  needs_setup: ['none', 'pending', 'disconnected'],
  restricted: ['restricted', 'rejected', 'unsupported', 'closed'],
}

export function filterOf(partner: { archivedAt: number | null; transfersStatus: TransfersStatus }): PartnerFilter {
  if (partner.archivedAt !== null) return 'archived'
  if (statusesOf.payable.includes(partner.transfersStatus)) return 'payable'
  return statusesOf.needs_setup.includes(partner.transfersStatus) ? 'needs_setup' : 'restricted'
}

const regionNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
/** Codes that Intl names, and that are no country. */
const noCountries = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ', 'AC', 'CP', 'CQ', 'DG', 'EA', 'IC', 'TA'])

/** Every country by its ISO 3166-1 code, from Intl; former ones, which it maps to their successors, are left out. */
export const countries: readonly { code: string; name: string }[] = everyCode()
  .flatMap(code => {
    const name = regionNames.of(code)
    const current =
      new Intl.Locale(`und-${code}`).region === code && Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`
    return name && current && !noCountries.has(code) ? [{ code, name }] : []
  })
  .sort((a, b) => a.name.localeCompare(b.name, 'en'))

function everyCode(): string[] {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  return letters.flatMap(first => letters.map(second => first + second))
}

const countryCodes = new Set(countries.map(country => country.code))

export function countryName(code: string): string {
  return regionNames.of(code) ?? code
}

/** Which currency people in a country are paid in, where it is one that Stripe pays out there. */
const currencyByCountry: Record<string, string> = Object.fromEntries(
  Object.entries({
    EUR: 'AD AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA XK',
    USD: 'US PR GU VI AS MP EC SV PA',
    GBP: 'GB GG IM JE',
    CHF: 'CH LI',
    AUD: 'AU KI NR TV',
    NZD: 'NZ CK NU TK',
    DKK: 'DK FO GL',
    NOK: 'NO SJ',
    CAD: 'CA',
    SEK: 'SE',
    PLN: 'PL',
    CZK: 'CZ',
    HUF: 'HU',
    RON: 'RO',
    ISK: 'IS',
    JPY: 'JP',
    SGD: 'SG',
    HKD: 'HK',
    INR: 'IN',
    BRL: 'BR',
    MXN: 'MX',
    THB: 'TH',
    MYR: 'MY',
    IDR: 'ID',
    PHP: 'PH',
    KRW: 'KR',
    TWD: 'TW',
    VND: 'VN',
    AED: 'AE',
    SAR: 'SA',
    ILS: 'IL',
    TRY: 'TR',
    ZAR: 'ZA',
    NGN: 'NG',
    KES: 'KE',
    GHS: 'GH',
    EGP: 'EG',
    MAD: 'MA',
    ARS: 'AR',
    CLP: 'CL',
    COP: 'CO',
    PEN: 'PE',
    UYU: 'UY',
    CRC: 'CR',
    DOP: 'DO',
    KWD: 'KW',
    BHD: 'BH',
    JOD: 'JO',
    OMR: 'OM',
    QAR: 'QA',
    TND: 'TN',
  }).flatMap(([currency, codes]) => codes.split(' ').map(code => [code, currency])),
)

/** The currency a form proposes for a country; US dollars where we know none. */
export function currencyOf(country: string): string {
  return currencyByCountry[country] ?? 'USD'
}

const currencyNames = new Intl.DisplayNames('en', { type: 'currency' })

/** The currencies a form offers. Others that Intl knows are accepted too. */
export const currencies: readonly { code: string; name: string }[] = [...new Set(Object.values(currencyByCountry))]
  .sort()
  .map(code => ({ code, name: currencyNames.of(code) ?? code }))

const type = z.enum(Object.keys(partnerTypeLabels) as [PartnerType, ...PartnerType[]], {
  error: 'Choose a kind of partner.',
})
const country = z
  .string()
  .trim()
  .toUpperCase()
  .refine(code => countryCodes.has(code), 'Choose a country.')
const currency = z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.')

export const settlementLabels = {
  one: { label: 'One currency', says: 'Everything is converted to its own currency' },
  each: { label: 'Each currency', says: 'Paid in whatever it earned' },
} as const
export type Settlement = keyof typeof settlementLabels

const tiers = ['registered', 'silver', 'gold', 'platinum'] as const satisfies readonly PartnerTier[]
const classes = ['partner', 'hyperscaler', 'vendor'] as const satisfies readonly PartnerClass[]

/**
 * What a partner earns and how it is paid. `defaultRateBp` (basis points) applies where no rule matches; `minimum` is the smallest payout,
 * in minor units of the partner's currency. Null is none.
 */
const terms = {
  tier: z.enum(tiers, { error: 'Choose a tier.' }).optional(),
  class: z.enum(classes, { error: 'Choose a class.' }).optional(),
  settlement: z
    .enum(Object.keys(settlementLabels) as [Settlement, ...Settlement[]], { error: 'Choose how it is paid.' })
    .optional(),
  defaultRateBp: z
    .number({ error: 'Write the rate in percent, like 12.5.' })
    .int('A rate has at most two decimals.')
    .min(0, 'A rate is between 0 and 100 %.')
    .max(10_000, 'A rate is between 0 and 100 %.')
    .nullable()
    .optional(),
  minimum: z
    .number({ error: 'Enter an amount.' })
    .int('Amounts are whole numbers of minor units (cents).')
    .min(1, 'The smallest payout must be more than zero; leave it empty for none.')
    .max(maxAmount, 'That is more than one payout can be.')
    .nullable()
    .optional(),
}

/** `currency` is the country's where left out. */
export const createPartnerInput = z
  .object({
    name: line(120, 'The name'),
    email: emailAddress,
    country,
    currency: currency.optional(),
    type: type.optional(),
    reference: line(64, 'The reference').optional(),
    ...terms,
    idempotencyKey,
  })
  .strict()

/** What is left out stays as it is. */
export const updatePartnerInput = z
  .object({
    partnerId: id,
    version,
    idempotencyKey,
    name: line(120, 'The name').optional(),
    email: emailAddress.optional(),
    country: country.optional(),
    currency: currency.optional(),
    type: type.optional(),
    reference: line(64, 'The reference').nullable().optional(),
    ...terms,
  })
  .strict()

export const partnerInput = z.object({ partnerId: id }).strict()
export const partnerChangeInput = z.object({ partnerId: id, version, idempotencyKey }).strict()
export const invitePartnerInput = z
  .object({ partnerId: id, email: emailAddress.optional(), name: line(120, 'The name').optional(), idempotencyKey })
  .strict()

export const partnerFilterSchema = z
  .object({
    q: z.string().trim().max(100, 'Search for at most 100 characters.').optional(),
    status: z.enum(partnerFilters).optional(),
  })
  .strict()

export const listPartnersInput = z.intersection(
  partnerFilterSchema,
  z
    .object({
      cursor: z.string().max(600).optional(),
      limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
    })
    .strict(),
)

export const partnerOptionsInput = z
  .object({ q: z.string().trim().max(100).optional(), limit: z.number().int().min(1).max(50).default(20) })
  .strict()
  .default({ limit: 20 })
