import { z } from 'zod'
import type { DealStage, DealType, Role, TouchRole, TouchType } from '#db/schema/index.ts'
import { roleLabels, touchLabels, touchWeight } from '../attribution/rules.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { machine } from '../lib/machine.ts'
import { isCurrency } from '../lib/money.ts'
import { maxPageSize } from '../lib/page.ts'
import { emailAddress, line, paragraph } from '../lib/text.ts'

export type { DealStage, DealType, TouchRole, TouchType }

/** The most a deal may be, in minor units. */
export const maxDealAmount = 999_999_999_999

/** What may happen to a deal: action, from, to, who. Money follows its stage: won books commissions, anything else takes them back. */
export const dealMachine = machine<DealStage, Role>()({
  win: { from: ['open'], to: ['won'], by: ['owner', 'admin', 'manager'], label: 'Mark won', tone: 'primary' },
  refund: { from: ['won'], to: ['won'], by: ['owner', 'admin', 'manager'], label: 'Record a refund' },
  override: { from: ['won'], to: ['won'], by: ['owner', 'admin'], label: 'Set shares by hand' },
  recalculate: { from: ['won'], to: ['won'], by: ['owner', 'admin', 'manager'], label: 'Recalculate' },
  lose: { from: ['open', 'won'], to: ['lost'], by: ['owner', 'admin', 'manager'], label: 'Mark lost', tone: 'danger' },
  reopen: { from: ['won', 'lost'], to: ['open'], by: ['owner', 'admin', 'manager'], label: 'Reopen' },
})
export type DealAction = keyof typeof dealMachine.table

export const stageLabels: Record<DealStage, { label: string; says: string }> = {
  open: { label: 'Open', says: 'Not decided yet; nobody earns from it' },
  won: { label: 'Won', says: 'Closed, and its credit is attributed' },
  lost: { label: 'Lost', says: 'Closed without a sale; whatever was earned from it is taken back' },
}

export const dealTypeLabels: Record<DealType, string> = {
  new: 'New business',
  expansion: 'Expansion',
  renewal: 'Renewal',
}

/** `42` → `D-000042`, the number that people quote. */
export function dealNumber(number: number): string {
  return `D-${String(number).padStart(6, '0')}`
}

export const dealSources = ['form', 'api', 'import', 'registration', 'demo'] as const
export type DealSource = (typeof dealSources)[number]

const change = { dealId: id, version, idempotencyKey }

export const dealCurrency = z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.')
export const dealAmount = z
  .number({ error: 'Enter an amount.' })
  .int('Amounts are whole numbers of minor units (cents).')
  .min(0, 'The amount can’t be negative.')
  .max(maxDealAmount, 'That is more than a deal can be here.')

export const calendarDay = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'Write the date like 2026-02-28.')
  .refine(text => {
    const date = new Date(`${text}T00:00:00Z`)
    return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  }, 'That day does not exist.')
  .refine(text => text >= '2000-01-01' && text <= '2100-12-31', 'That day is too far away.')

/** UTC milliseconds, from 2000 to 2100. */
const instant = z
  .number({ error: 'Enter a date.' })
  .int('Times are whole milliseconds.')
  .min(Date.UTC(2000, 0, 1), 'That is too long ago.')
  .max(Date.UTC(2100, 11, 31), 'That is too far away.')

/** A company's domain: what people paste, without scheme, `www.` and path. */
export const accountDomain = z
  .string()
  .trim()
  .toLowerCase()
  .transform(text =>
    text
      .replace(/^[a-z]+:\/\//, '')
      .replace(/^www\./, '')
      .replace(/[/?#].*$/, ''),
  )
  .pipe(
    z
      .string()
      .max(253, 'That domain is too long.')
      .regex(
        /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,}$/u,
        'Write the domain like example.com.',
      ),
  )

const dealTypes = Object.keys(dealTypeLabels) as [DealType, ...DealType[]]
const dealType = z.enum(dealTypes, { error: 'Choose a type of deal.' })
const touchType = z.enum(Object.keys(touchLabels) as [TouchType, ...TouchType[]], { error: 'Choose what it was.' })
const touchRole = z.enum(Object.keys(roleLabels) as [TouchRole, ...TouchRole[]], { error: 'Choose a role.' })

/** `amount` in minor units of `currency`. Shared by the form, the API and imports. */
export const dealFields = {
  name: line(200, 'The name'),
  accountName: line(200, 'The account'),
  accountDomain: accountDomain.nullable().optional(),
  contactEmail: emailAddress.nullable().optional(),
  amount: dealAmount,
  currency: dealCurrency,
  product: line(120, 'The product').nullable().optional(),
  territory: line(120, 'The territory').nullable().optional(),
  type: dealType.optional(),
  openedAt: instant.optional(),
  qualifiedAt: instant.nullable().optional(),
  /** The partner that registered it. */
  registeredBy: id.nullable().optional(),
  externalRef: line(120, 'The external reference').nullable().optional(),
  notes: paragraph(2000, 'The note').nullable().optional(),
}

/** What commission rules ask of a deal. */
export const ruleFields = ['amount', 'product', 'territory', 'type', 'programId', 'closedAt'] as const

/** Without a program, the only one that isn't archived. */
export const createDealInput = z.object({ programId: id.optional(), ...dealFields, idempotencyKey }).strict()

/**
 * What is left out stays as it is. `closedOn` is a calendar day in the program's time zone, for won deals only. `rules`: what a won
 * deal's commissions go by once something that rules ask for is corrected: those they were booked by (keep, the default), or those in
 * force at the close, matched again for the corrected deal, with a reason that partners read.
 */
export const updateDealInput = z
  .object({
    ...change,
    programId: id.optional(),
    ...dealFields,
    name: dealFields.name.optional(),
    accountName: dealFields.accountName.optional(),
    amount: dealAmount.optional(),
    currency: dealCurrency.optional(),
    closedOn: calendarDay.optional(),
    rules: z.enum(['keep', 'match'], { error: 'Choose whether the rules stay.' }).optional(),
    rulesReason: paragraph(1_500, 'The reason').optional(),
  })
  .strict()

/** Either the moment (UTC milliseconds), or a calendar day in the program's time zone; now where both are left out. */
const closing = { closedAt: instant.optional(), closedOn: calendarDay.optional() }
export const winDealInput = z.object({ ...change, ...closing }).strict()
export const loseDealInput = z
  .object({ ...change, ...closing, reason: paragraph(2000, 'The reason').optional() })
  .strict()
export const reopenDealInput = z
  .object({ ...change, reason: paragraph(2000, 'The reason').min(1, 'Say why it is open again.') })
  .strict()

/** `amount` in minor units of the deal's currency: this refund's part, not what was refunded in all. */
export const refundDealInput = z
  .object({
    ...change,
    amount: z
      .number({ error: 'Enter an amount.' })
      .int('Amounts are whole numbers of minor units (cents).')
      .min(1, 'The amount must be more than zero.')
      .max(maxDealAmount, 'That is more than a deal can be here.'),
    reason: paragraph(2000, 'The reason').min(1, 'Say why: partners whose commission it takes back will ask.'),
    at: instant.optional(),
    refundedOn: calendarDay.optional(),
    externalRef: line(120, 'The external reference').optional(),
  })
  .strict()

/** `at` in UTC milliseconds; `weight` replaces the type's own in models that weigh types. */
export const touchFields = {
  partnerId: id,
  type: touchType,
  role: touchRole.nullable().optional(),
  at: instant,
  weight: touchWeight.nullable().optional(),
  note: paragraph(2000, 'The note').nullable().optional(),
  externalRef: line(120, 'The external reference').nullable().optional(),
}
export const addTouchInput = z.object({ dealId: id, ...touchFields, idempotencyKey }).strict()
export const updateTouchInput = z
  .object({
    touchId: id,
    version,
    idempotencyKey,
    type: touchType.optional(),
    role: touchRole.nullable().optional(),
    at: instant.optional(),
    weight: touchWeight.nullable().optional(),
    note: touchFields.note,
  })
  .strict()
export const removeTouchInput = z.object({ touchId: id, version, idempotencyKey }).strict()

export const dealInput = z.object({ dealId: id }).strict()
export const dealChangeInput = z.object(change).strict()

export const dealSorts = ['newest', 'oldest', 'amount_desc', 'amount_asc', 'closed_desc', 'closed_asc'] as const
export type DealSort = (typeof dealSorts)[number]

const listShape = {
  stage: z.enum(['open', 'won', 'lost']).optional(),
  /** Won, and nobody is credited. */
  unattributed: z.preprocess(value => (value === 'yes' ? true : value), z.boolean()).optional(),
  programId: id.optional(),
  /** Credited now, or with a touch. */
  partnerId: id.optional(),
  product: z.string().trim().min(1).max(120).optional(),
  territory: z.string().trim().min(1).max(120).optional(),
  currency: dealCurrency.optional(),
  importId: id.optional(),
  amountFrom: z.coerce.number().int().min(0).max(maxDealAmount).optional(),
  amountTo: z.coerce.number().int().min(0).max(maxDealAmount).optional(),
  createdFrom: calendarDay.optional(),
  createdTo: calendarDay.optional(),
  closedFrom: calendarDay.optional(),
  closedTo: calendarDay.optional(),
  q: z.string().trim().max(100, 'Search for at most 100 characters.').optional(),
  sort: z.enum(dealSorts).default('newest'),
}

/** A range that ends before it begins finds nothing, and its reader would not know why. */
function checkRanges(filter: Record<string, unknown>, context: z.RefinementCtx): void {
  const ranges: [string, string, string][] = [
    ['amountFrom', 'amountTo', 'The amount range is upside down.'],
    ['createdFrom', 'createdTo', 'The dates are upside down.'],
    ['closedFrom', 'closedTo', 'The dates are upside down.'],
  ]
  for (const [from, to, message] of ranges) {
    const [low, high] = [filter[from], filter[to]]
    const upsideDown =
      (typeof low === 'number' && typeof high === 'number' && low > high) ||
      (typeof low === 'string' && typeof high === 'string' && low > high)
    if (upsideDown) context.addIssue({ code: 'custom', path: [to], message })
  }
}

/** One schema for the URL, the loader and the procedure. Amounts in minor units. */
export const dealFilter = z.object(listShape).strict().superRefine(checkRanges)
export type DealFilter = z.infer<typeof dealFilter>

export const listDealsInput = z
  .object({
    ...listShape,
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()
  .superRefine(checkRanges)
