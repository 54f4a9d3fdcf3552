import { z } from 'zod'
import type { CommissionKind, CommissionStatus } from '#db/schema/index.ts'
import { id } from '../lib/inputs.ts'
import { isCurrency } from '../lib/money.ts'
import { maxPageSize } from '../lib/page.ts'
import { periodSchema } from '../lib/period.ts'

export type { CommissionKind, CommissionStatus }

/** Where a commission stands: its status, and for one that waits also the clock and the dispute. */
export const commissionStates = ['on_hold', 'payable', 'disputed', 'in_payout', 'paid'] as const
export type CommissionState = (typeof commissionStates)[number]

/** `releaseAt` and `now` in UTC milliseconds. */
export function stateOf(
  row: { status: CommissionStatus; disputedAt: number | null; releaseAt: number },
  now: number,
): CommissionState {
  if (row.status !== 'accrued') return row.status
  if (row.disputedAt !== null) return 'disputed'
  return row.releaseAt > now ? 'on_hold' : 'payable'
}

/** The word on the badge, and what it means to the partner. */
export const stateLabels: Record<CommissionState, { label: string; says: string }> = {
  on_hold: { label: 'On hold', says: 'Earned, and held until its release date' },
  payable: { label: 'Payable', says: 'Goes into the next payout run' },
  disputed: { label: 'Disputed', says: 'Held until the dispute is decided' },
  in_payout: { label: 'In a payout', says: 'Part of a payout that is being approved or sent' },
  paid: { label: 'Paid', says: 'Paid out' },
}

export const kindLabels: Record<CommissionKind, { label: string; says: string }> = {
  earned: { label: 'Commission', says: 'Earned from a deal' },
  adjustment: { label: 'Correction', says: 'The difference after a deal’s credit changed' },
  reversal: {
    label: 'Reversal',
    says: 'Taken back, or given back, because of a refund or a deal that is not won any more',
  },
  dispute: { label: 'Dispute', says: 'What a decided dispute added or took away' },
  carry: { label: 'Carried', says: 'A debt that moved to a later payout' },
  imported: { label: 'Imported', says: 'Came from another tool, as it was' },
}

/** `42` → `C-000042`, the number that people quote. */
export function commissionNumber(number: number): string {
  return `C-${String(number).padStart(6, '0')}`
}

const kinds = Object.keys(kindLabels) as [CommissionKind, ...CommissionKind[]]

const csvOf = <T extends string>(values: readonly [T, ...T[]]) =>
  z.preprocess(
    value => (typeof value === 'string' ? value.split(',').filter(Boolean) : value),
    z.array(z.enum(values)).max(values.length).optional(),
  )

const filterShape = {
  state: csvOf(commissionStates),
  kind: csvOf(kinds),
  partnerId: id.optional(),
  dealId: id.optional(),
  programId: id.optional(),
  payoutId: id.optional(),
  period: periodSchema.optional(),
  currency: z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.').optional(),
  /** A number like `C-000042` or `D-000007`, or part of a partner's or a deal's name. */
  q: z.string().trim().max(100, 'Search for at most 100 characters.').optional(),
}

/** One schema for the URL, the loader, the procedure and the export: what is exported is what is shown. */
export const commissionFilter = z.object(filterShape).strict()
export type CommissionFilter = z.infer<typeof commissionFilter>

export const listCommissionsInput = z
  .object({
    ...filterShape,
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()

export const commissionInput = z.object({ commissionId: id }).strict()

/** A partner leaves its own id out. Without one, staff get a page of partners. */
export const pendingInput = z
  .object({
    partnerId: id.optional(),
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()
  .prefault({})
