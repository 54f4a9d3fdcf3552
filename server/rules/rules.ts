import { z } from 'zod'
import type { DealType, PartnerTier, PartnerType, RuleStream, RuleVersionStatus } from '#db/schema/index.ts'
import { dayWords } from '../lib/days.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { formatMoney, isCurrency } from '../lib/money.ts'
import { percentWords } from '../lib/percent.ts'
import { line } from '../lib/text.ts'

export type { DealType, PartnerTier, PartnerType, RuleStream, RuleVersionStatus }

export const streamLabels: Record<RuleStream, { label: string; says: string }> = {
  base: { label: 'Base', says: 'Pays for the deal. The first rule that matches wins.' },
  spiff: { label: 'Spiff', says: 'Comes on top, for a while. The first spiff that matches wins.' },
}

export const partnerTypeLabels: Record<PartnerType, string> = {
  reseller: 'Resellers',
  referrer: 'Referrers',
  affiliate: 'Affiliates',
  integrator: 'Integrators',
}
export const tierLabels: Record<PartnerTier, string> = {
  registered: 'Registered',
  silver: 'Silver',
  gold: 'Gold',
  platinum: 'Platinum',
}
export const dealTypeWords: Record<DealType, string> = { new: 'new', expansion: 'expansion', renewal: 'renewal' }

const keysOf = <T extends string>(labels: Record<T, unknown>) => Object.keys(labels) as [T, ...T[]]
const partnerTypes = keysOf(partnerTypeLabels)
const tiers = keysOf(tierLabels)
const dealTypes = keysOf(dealTypeWords)

export const calendarDay = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'Write the date like 2026-02-28.')
  .refine(text => {
    const date = new Date(`${text}T00:00:00Z`)
    return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  }, 'That day does not exist.')

const money = z
  .number({ error: 'Enter an amount.' })
  .int('Amounts are whole numbers of minor units (cents).')
  .min(0, 'The amount can’t be negative.')
  .max(999_999_999_999, 'That is more than a deal can be here.')

/** Basis points: 1,500 is 15 %. */
const rateBp = z
  .number({ error: 'Enter a rate.' })
  .int('Rates are whole basis points: at most two decimals of a percent.')
  .min(0, 'The rate can’t be negative.')
  .max(10_000, 'The rate can be at most 100 %.')

const days = (most: number) =>
  z
    .number({ error: 'Enter a number of days.' })
    .int('Whole days only.')
    .min(0, 'Zero or more days.')
    .max(most, `At most ${most} days.`)

const words = (what: string) =>
  z.array(line(120, what)).min(1, `Choose at least one, or leave it out for all.`).max(100, 'At most 100.')

/** An absent list matches all; so does an absent bound. Sizes are the deal's, bounds included, in minor units of the rule's currency. */
export const conditionsSchema = z
  .object({
    partnerTypes: z.array(z.enum(partnerTypes)).min(1).max(partnerTypes.length).optional(),
    tiers: z.array(z.enum(tiers)).min(1).max(tiers.length).optional(),
    products: words('The product').optional(),
    territories: words('The territory').optional(),
    dealTypes: z.array(z.enum(dealTypes)).min(1).max(dealTypes.length).optional(),
    sizeFrom: money.optional(),
    sizeTo: money.optional(),
  })
  .strict()
  .refine(({ sizeFrom, sizeTo }) => sizeFrom === undefined || sizeTo === undefined || sizeFrom <= sizeTo, {
    path: ['sizeTo'],
    message: 'The sizes are upside down.',
  })

export const paySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('percent'), rateBp }).strict(),
  z.object({ kind: z.literal('flat'), amount: money.min(1, 'The amount must be more than zero.') }).strict(),
  z
    .object({
      kind: z.literal('brackets'),
      brackets: z
        .array(z.object({ upTo: money.min(1, 'A bracket must end above zero.').nullable(), rateBp }).strict())
        .min(1, 'Enter at least one bracket.')
        .max(20, 'At most 20 brackets.')
        .refine(list => list.every(({ upTo }, index) => (upTo === null) === (index === list.length - 1)), {
          message: 'The last bracket, and only that, has no end.',
        })
        .refine(
          list =>
            list.every(({ upTo }, index) => {
              const before = list[index - 1]?.upTo ?? 0
              return upTo === null || upTo > before
            }),
          { message: 'Each bracket must end above the one before it.' },
        ),
    })
    .strict(),
])

const wordingShape = {
  priority: z
    .number({ error: 'Enter a priority.' })
    .int('Whole numbers only.')
    .min(1, 'The first priority is 1.')
    .max(10_000, 'At most 10,000.'),
  conditions: conditionsSchema,
  currency: z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.').nullable(),
  pay: paySchema,
  floor: money.nullable(),
  cap: money.min(1, 'The cap must be more than zero.').nullable(),
  months: z
    .number({ error: 'Enter a number of months.' })
    .int()
    .min(1, 'At least one month.')
    .max(60, 'At most 60 months.'),
  holdingDays: days(365),
  clawbackDays: days(1_825),
  effectiveFrom: calendarDay,
  effectiveTo: calendarDay.nullable(),
}

/** What a version of a rule says. Amounts in minor units of `currency`, rates in basis points. */
export const wordingSchema = z.object(wordingShape).strict().superRefine(checkWording)
export type Wording = z.infer<typeof wordingSchema>

function checkWording(wording: Wording, context: z.RefinementCtx): void {
  const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
  const { conditions, currency, pay, floor, cap, effectiveFrom, effectiveTo } = wording
  const hasAmounts =
    pay.kind !== 'percent' ||
    floor !== null ||
    cap !== null ||
    conditions.sizeFrom !== undefined ||
    conditions.sizeTo !== undefined
  if (hasAmounts && currency === null)
    issue('currency', 'Choose the currency of the amounts: they apply to deals in that currency only.')
  if (floor !== null && cap !== null && cap < floor) issue('cap', 'The cap is below the floor.')
  if (effectiveTo !== null && effectiveTo < effectiveFrom) issue('effectiveTo', 'The dates are upside down.')
}

const ruleShape = {
  name: line(120, 'The name'),
  stream: z.enum(keysOf(streamLabels), { error: 'Choose base or spiff.' }),
  programId: id.nullable(),
}

export const createRuleInput = z.object({ ...ruleShape, wording: wordingSchema, idempotencyKey }).strict()

/** Name, stream and program can change only until a version was published: they stand in what was explained since. */
export const updateDraftInput = z
  .object({
    ruleVersionId: id,
    name: ruleShape.name.optional(),
    stream: ruleShape.stream.optional(),
    programId: ruleShape.programId.optional(),
    wording: wordingSchema,
    version,
    idempotencyKey,
  })
  .strict()

export const versionInput = z.object({ ruleVersionId: id, version, idempotencyKey }).strict()
export const newVersionInput = z.object({ ruleId: id, idempotencyKey }).strict()
export const ruleInput = z.object({ ruleId: id }).strict()
export const previewInput = z.object({ ruleVersionId: id }).strict()
export const unmatchedInput = z
  .object({ cursor: z.string().max(400).optional(), limit: z.coerce.number().int().min(1).max(100).default(50) })
  .strict()
  .prefault({})

/** What a new rule starts from. */
export function blankWording(today: string): Wording {
  return {
    priority: 100,
    conditions: {},
    currency: null,
    pay: { kind: 'percent', rateBp: 1_000 },
    floor: null,
    cap: null,
    months: 1,
    holdingDays: 30,
    clawbackDays: 90,
    effectiveFrom: today,
    effectiveTo: null,
  }
}

/** A rule as somebody would say it: `Gold resellers in EMEA on new deals from $10,000.00: 15 %, at most $1,000.00 a deal.` */
export function readRule(wording: Wording, about: { stream: RuleStream; programName: string | null }): string {
  return `${whoWords(wording)}${dealWords(wording, about.programName)}: ${payWords(wording)}${about.stream === 'spiff' ? ', on top of the base' : ''}. ${timeWords(wording)}`
}

function whoWords({ conditions: { tiers, partnerTypes } }: Wording): string {
  const types = partnerTypes ? list(partnerTypes.map(type => partnerTypeLabels[type])) : 'Partners'
  if (!tiers) return partnerTypes ? types : 'All partners'
  return `${list(tiers.map(tier => tierLabels[tier]))} ${types.toLowerCase()}`
}

function dealWords({ conditions, currency }: Wording, programName: string | null): string {
  const { territories, products, dealTypes, sizeFrom, sizeTo } = conditions
  const money = (amount: number) => formatMoney(amount, currency ?? 'USD')
  const words: string[] = []
  if (territories) words.push(`in ${list(territories)}`)
  const kinds = dealTypes ? `${list(dealTypes.map(type => dealTypeWords[type]))} deals` : 'deals'
  const specific = dealTypes || products || sizeFrom !== undefined || sizeTo !== undefined || currency !== null
  if (specific) words.push(`on ${currency === null ? '' : `${currency} `}${kinds}`)
  if (products) words.push(`of ${list(products)}`)
  if (sizeFrom !== undefined && sizeTo !== undefined) words.push(`from ${money(sizeFrom)} to ${money(sizeTo)}`)
  else if (sizeFrom !== undefined) words.push(`from ${money(sizeFrom)}`)
  else if (sizeTo !== undefined) words.push(`up to ${money(sizeTo)}`)
  if (programName !== null) words.push(`in the program “${programName}”`)
  return words.length > 0 ? ` ${words.join(' ')}` : ''
}

function payWords({ pay, floor, cap, currency, months }: Wording): string {
  const money = (amount: number) => formatMoney(amount, currency ?? 'USD')
  const base =
    pay.kind === 'percent'
      ? `${percentWords(pay.rateBp)} of the credited amount`
      : pay.kind === 'flat'
        ? `${money(pay.amount)} a deal, shared by credit`
        : pay.brackets
            .map(({ upTo, rateBp }, index) =>
              upTo === null
                ? pay.brackets.length === 1
                  ? percentWords(rateBp)
                  : `${percentWords(rateBp)} of the rest`
                : `${percentWords(rateBp)} of ${index === 0 ? 'the credited amount up to' : 'what is up to'} ${money(upTo)}`,
            )
            .join(', ')
  const bounds = [
    ...(floor === null ? [] : [`at least ${money(floor)}`]),
    ...(cap === null ? [] : [`at most ${money(cap)}`]),
  ]
  const each = months > 1 ? `, again each month for ${months} months` : ''
  return [base, ...bounds].join(', ') + each
}

function timeWords({ effectiveFrom, effectiveTo, holdingDays, clawbackDays }: Wording): string {
  const when =
    effectiveTo === null
      ? `For deals closed from ${dayWords(effectiveFrom)}`
      : `For deals closed from ${dayWords(effectiveFrom)} to ${dayWords(effectiveTo)}`
  const held = holdingDays === 0 ? 'payable at once' : `held for ${dayCount(holdingDays)}`
  const back = clawbackDays === 0 ? 'refunds take nothing back' : `refunds count for ${dayCount(clawbackDays)}`
  return `${when}; ${held}, ${back}.`
}

function dayCount(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}

function list(words: string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

export interface Difference {
  field: string
  before: string
  after: string
}

/** What changed between two versions, field by field, as people read it; what stayed the same is left out. */
export function differencesOf(before: Wording | null, after: Wording): Difference[] {
  const old = before ? fields(before) : null
  return Object.entries(fields(after))
    .map(([field, value]) => ({ field, before: old?.[field] ?? '–', after: value }))
    .filter(one => one.before !== one.after)
}

function fields(wording: Wording): Record<string, string> {
  const { conditions, currency, pay } = wording
  const money = (amount: number | null | undefined) =>
    amount === null || amount === undefined ? '–' : formatMoney(amount, currency ?? 'USD')
  return {
    Priority: String(wording.priority),
    'Partner types': conditions.partnerTypes?.map(type => partnerTypeLabels[type]).join(', ') ?? 'All',
    Tiers: conditions.tiers?.map(tier => tierLabels[tier]).join(', ') ?? 'All',
    Products: conditions.products?.join(', ') ?? 'All',
    Territories: conditions.territories?.join(', ') ?? 'All',
    'Deal types': conditions.dealTypes?.map(type => dealTypeWords[type]).join(', ') ?? 'All',
    'Deals from': money(conditions.sizeFrom),
    'Deals up to': money(conditions.sizeTo),
    Currency: currency ?? 'Every',
    Pays:
      pay.kind === 'percent'
        ? percentWords(pay.rateBp)
        : pay.kind === 'flat'
          ? `${money(pay.amount)} a deal`
          : pay.brackets
              .map(
                ({ upTo, rateBp }) => `${upTo === null ? 'the rest' : `up to ${money(upTo)}`}: ${percentWords(rateBp)}`,
              )
              .join('; '),
    Floor: money(wording.floor),
    Cap: money(wording.cap),
    Months: String(wording.months),
    'Holding period': dayCount(wording.holdingDays),
    'Refunds count for': dayCount(wording.clawbackDays),
    'In force from': dayWords(wording.effectiveFrom),
    'In force to': wording.effectiveTo === null ? 'No end' : dayWords(wording.effectiveTo),
  }
}
