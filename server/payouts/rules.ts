import { z } from 'zod'
import type { ManualMethod, PayoutStatus, Role } from '#db/schema/index.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { machine } from '../lib/machine.ts'
import { isCurrency, maxAmount } from '../lib/money.ts'
import { maxPageSize } from '../lib/page.ts'
import { periodSchema } from '../lib/period.ts'
import { line, paragraph } from '../lib/text.ts'

export type { ManualMethod, PayoutStatus }

/**
 * What may happen to a payout: action, from, to, who. The database's trigger holds the same edges; tests walk both.
 * `failed → pending_approval` exists so that a payout whose destination changed after a refusal can be looked at again.
 */
export const payoutMachine = machine<PayoutStatus, Role>()({
  approve: {
    from: ['pending_approval'],
    to: ['approved', 'pending_approval'],
    by: ['owner', 'admin'],
    label: 'Approve',
    tone: 'primary',
  },
  reject: { from: ['pending_approval'], to: ['rejected'], by: ['owner', 'admin'], label: 'Reject', tone: 'danger' },
  markPaid: {
    from: ['approved', 'failed'],
    to: ['processing'],
    by: ['owner', 'admin'],
    label: 'Mark paid',
    tone: 'primary',
  },
  markPaidManually: {
    from: ['approved', 'failed'],
    to: ['paid'],
    by: ['owner', 'admin'],
    label: 'Record a payment made elsewhere',
  },
  release: {
    from: ['processing'],
    to: ['failed', 'processing'],
    by: ['owner', 'admin'],
    label: 'Release it',
    tone: 'danger',
  },
  update: {
    from: ['pending_approval', 'approved', 'failed'],
    to: ['pending_approval'],
    by: ['owner', 'admin', 'manager'],
    label: 'Edit',
  },
  unapprove: {
    from: ['approved', 'failed'],
    to: ['pending_approval'],
    by: ['owner', 'admin'],
    label: 'Send back for approval',
  },
  cancel: {
    from: ['pending_approval', 'approved', 'failed'],
    to: ['canceled'],
    by: ['owner', 'admin'],
    label: 'Cancel',
    tone: 'danger',
  },
  settle: { from: ['processing'], to: ['paid'], by: ['system'], label: 'Paid' },
  fail: { from: ['processing'], to: ['failed'], by: ['system'], label: 'Failed' },
  reverse: { from: ['paid'], to: ['reversed', 'paid'], by: ['system'], label: 'Reversed' },
})

export type PayoutAction = keyof typeof payoutMachine.table

/** The word on the badge, and what it honestly means to the partner. Never more than is known. */
export const statusLabels: Record<PayoutStatus, { label: string; says: string }> = {
  pending_approval: { label: 'Pending approval', says: 'Waiting for someone to approve it' },
  approved: { label: 'Approved', says: 'Approved, and waiting to be sent' },
  processing: { label: 'Processing', says: 'On its way to your Stripe balance' },
  paid: { label: 'Paid', says: 'In your Stripe balance' },
  failed: { label: 'Failed', says: 'It could not be sent; nothing was lost, and we are on it' },
  rejected: { label: 'Rejected', says: 'Not approved; the reason is on the payout' },
  canceled: { label: 'Canceled', says: 'Canceled before it was sent' },
  reversed: { label: 'Reversed', says: 'Sent, and then taken back' },
}

/** What a payout's state honestly means to its partner: nothing more than is known. */
export function saysOf(payout: {
  status: PayoutStatus
  paidVia: 'stripe' | 'manual' | null
  bankStatus: 'in_transit' | 'arrived' | 'failed' | null
}): string {
  if (payout.status !== 'paid') return statusLabels[payout.status].says
  if (payout.paidVia === 'manual') return 'Paid outside Stripe'
  switch (payout.bankStatus) {
    case 'arrived':
      return 'Arrived in your bank'
    case 'in_transit':
      return 'On its way from your Stripe balance to your bank'
    case 'failed':
      return 'Your bank returned it; it is in your Stripe balance'
    default:
      return statusLabels.paid.says
  }
}

export const manualMethodLabels: Record<ManualMethod, string> = {
  bank_transfer: 'Bank transfer',
  check: 'Check',
  paypal: 'PayPal',
  wise: 'Wise',
  other: 'Other',
}

/** `42` → `PO-000042`, the number that people quote. */
export function payoutNumber(number: number): string {
  return `PO-${String(number).padStart(6, '0')}`
}

const statuses = Object.keys(statusLabels) as [PayoutStatus, ...PayoutStatus[]]
const currency = z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.')
const amount = z
  .number({ error: 'Enter an amount.' })
  .int('Amounts are whole numbers of minor units (cents).')
  .min(1, 'The amount must be more than zero.')
  .max(maxAmount, 'That is more than one payout can be. Split it.')
const calendarDate = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'Write the date like 2026-02-28.')
  .refine(text => {
    const date = new Date(`${text}T00:00:00Z`)
    return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  }, 'That day does not exist.')

const change = { payoutId: id, version, idempotencyKey }

/** `amount` is in minor units: 5000 is fifty dollars. `currency` is the partner's where left out. */
export const createInput = z
  .object({
    partnerId: id,
    amount,
    currency: currency.optional(),
    period: periodSchema.optional(),
    reference: line(64, 'The reference').optional(),
    notes: paragraph(2000, 'The note').optional(),
    idempotencyKey,
  })
  .strict()

export const updateInput = z
  .object({
    ...change,
    amount: amount.optional(),
    period: periodSchema.nullable().optional(),
    reference: line(64, 'The reference').nullable().optional(),
    notes: paragraph(2000, 'The note').nullable().optional(),
  })
  .strict()

/** `digest` is what the page showed: a stale page can't approve what changed behind it. */
export const approveInput = z.object({ ...change, digest: z.string().length(64).optional() }).strict()
export const simpleChangeInput = z.object(change).strict()

/** The reason is read by the partner. `notes` is the older name of the same field. */
export const rejectInput = z
  .object({
    ...change,
    reason: paragraph(2000, 'The reason').optional(),
    notes: paragraph(2000, 'The reason').optional(),
  })
  .strict()
  .transform(({ notes, reason, ...rest }) => ({ ...rest, reason: reason || notes || '' }))
  .refine(input => input.reason.length > 0, { path: ['reason'], message: 'Say why: the partner will read it.' })

export const cancelInput = z.object({ ...change, reason: paragraph(2000, 'The reason').optional() }).strict()

export const manualPayment = z
  .object({
    method: z.enum(Object.keys(manualMethodLabels) as [ManualMethod, ...ManualMethod[]], {
      error: 'Choose how it was paid.',
    }),
    reference: line(120, 'The reference'),
    paidOn: calendarDate,
  })
  .strict()
export const markPaidInput = z.object({ ...change, manual: manualPayment.optional() }).strict()

export const releaseInput = z
  .object({
    ...change,
    evidence: paragraph(2000, 'What you checked').min(10, 'Say what you checked at Stripe, and what you found.'),
  })
  .strict()

/** A reversal's money is nobody's until someone says whether the partner is owed it again. */
export const decideReversalInput = z
  .object({ ...change, decision: z.enum(['owed', 'not_owed']), note: paragraph(2000, 'The note').optional() })
  .strict()

export const bulkLimit = 10_000
export const bulkInput = z
  .object({
    payoutIds: z
      .array(id)
      .min(1, 'Choose at least one payout.')
      .max(bulkLimit, `At most ${bulkLimit.toLocaleString('en')} at a time.`),
    /** The versions that were looked at, by id: what has changed since is skipped. */
    versions: z.record(id, z.number().int().positive()).optional(),
    idempotencyKey,
  })
  .strict()

export const sorts = ['newest', 'oldest', 'amount_desc', 'amount_asc', 'paid_desc', 'paid_asc'] as const
export type PayoutSort = (typeof sorts)[number]

const csvOf = <T extends string>(values: readonly [T, ...T[]]) =>
  z.preprocess(
    value => (typeof value === 'string' ? value.split(',').filter(Boolean) : value),
    z.array(z.enum(values)).max(values.length).optional(),
  )

const filterShape = {
  status: csvOf(statuses),
  partnerId: id.optional(),
  period: periodSchema.optional(),
  currency: currency.optional(),
  amountFrom: z.coerce.number().int().min(0).max(maxAmount).optional(),
  amountTo: z.coerce.number().int().min(0).max(maxAmount).optional(),
  createdFrom: calendarDate.optional(),
  createdTo: calendarDate.optional(),
  paidFrom: calendarDate.optional(),
  paidTo: calendarDate.optional(),
  via: z.enum(['stripe', 'manual']).optional(),
  importId: id.optional(),
  runId: id.optional(),
  q: z.string().trim().max(100, 'Search for at most 100 characters.').optional(),
  sort: z.enum(sorts).default('newest'),
}

type Ranges = {
  amountFrom?: number
  amountTo?: number
  createdFrom?: string
  createdTo?: string
  paidFrom?: string
  paidTo?: string
}

/** A range that ends before it begins finds nothing, and its reader would not know why. */
function checkRanges(filter: Ranges, context: z.RefinementCtx): void {
  const upsideDown = <T extends number | string>(
    from: T | undefined,
    to: T | undefined,
    path: string,
    message: string,
  ) => {
    if (from !== undefined && to !== undefined && from > to) context.addIssue({ code: 'custom', path: [path], message })
  }
  upsideDown(filter.amountFrom, filter.amountTo, 'amountTo', 'The amount range is upside down.')
  upsideDown(filter.createdFrom, filter.createdTo, 'createdTo', 'The dates are upside down.')
  upsideDown(filter.paidFrom, filter.paidTo, 'paidTo', 'The dates are upside down.')
}

/** One schema for the URL, the loader, the procedure and the export: what is exported is what is shown. Amounts in minor units. */
export const filterSchema = z.object(filterShape).strict().superRefine(checkRanges)

export type PayoutFilter = z.infer<typeof filterSchema>

export const listInput = z
  .object({
    ...filterShape,
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()
  .superRefine(checkRanges)
