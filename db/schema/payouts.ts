import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { limitedActs } from './people.ts'
import type { Conversion } from './runs.ts'

export const payoutStatuses = [
  'pending_approval',
  'approved',
  'processing',
  'paid',
  'failed',
  'rejected',
  'canceled',
  'reversed',
] as const
export type PayoutStatus = (typeof payoutStatuses)[number]

export const manualMethods = ['bank_transfer', 'check', 'paypal', 'wise', 'other'] as const
export type ManualMethod = (typeof manualMethods)[number]

/** Amounts are integer minor units of `currency`; times are UTC milliseconds. */
export const payouts = sqliteTable('payouts', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  partnerId: text('partner_id').notNull(),
  number: integer().notNull(),
  status: text({ enum: payoutStatuses }).notNull(),
  amount: integer().notNull(),
  currency: text().notNull(),
  period: text(),
  reference: text(),
  notes: text(),
  source: text({ enum: ['form', 'api', 'import', 'run', 'demo'] }).notNull(),
  importId: text('import_id'),
  createdBy: text('created_by').notNull(),
  /** The payout whose taken-back money this one pays again. */
  repays: text(),
  /** The payout run that made it of commissions, whose accruals are booked already. */
  runId: text('run_id'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull().default(1),
  approvedAt: integer('approved_at'),
  approvedDigest: text('approved_digest'),
  destination: text(),
  rejectReason: text('reject_reason'),
  closedAt: integer('closed_at'),
  paidVia: text('paid_via', { enum: ['stripe', 'manual'] }),
  paidAt: integer('paid_at'),
  transferId: text('transfer_id'),
  simulated: integer({ mode: 'boolean' }).notNull().default(false),
  manualMethod: text('manual_method', { enum: manualMethods }),
  manualReference: text('manual_reference'),
  manualPaidOn: text('manual_paid_on'),
  amountReversed: integer('amount_reversed').notNull().default(0),
  failureCode: text('failure_code'),
  failureMessage: text('failure_message'),
  needsReview: integer('needs_review', { mode: 'boolean' }).notNull().default(false),
  confirmedAt: integer('confirmed_at'),
  /** Stripe's `py_…` on the partner's account: what a bank payout there lists. */
  destinationPayment: text('destination_payment'),
  bankStatus: text('bank_status', { enum: ['in_transit', 'arrived', 'failed'] }),
  bankPayoutId: text('bank_payout_id'),
  bankArrivalAt: integer('bank_arrival_at'),
  bankFailureMessage: text('bank_failure_message'),
})

export const payoutLines = sqliteTable('payout_lines', {
  id: text().primaryKey(),
  payoutId: text('payout_id').notNull(),
  position: integer().notNull(),
  description: text().notNull(),
  amount: integer().notNull(),
  currency: text().notNull(),
  /** Set on a run's payout: what it pays, or takes back. */
  commissionId: text('commission_id'),
  conversion: text({ mode: 'json' }).$type<Conversion>(),
  /** When it left the payout: rejected, canceled, or disputed. */
  releasedAt: integer('released_at'),
})

/** Everyone who ever changed a payout. */
export const payoutEditors = sqliteTable(
  'payout_editors',
  {
    payoutId: text('payout_id').notNull(),
    userId: text('user_id').notNull(),
    editedAt: integer('edited_at').notNull(),
  },
  table => [primaryKey({ columns: [table.payoutId, table.userId] })],
)

export const payoutApprovals = sqliteTable('payout_approvals', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  payoutId: text('payout_id').notNull(),
  userId: text('user_id').notNull(),
  digest: text().notNull(),
  approvedAt: integer('approved_at').notNull(),
  voidedAt: integer('voided_at'),
})

/** Who answered for how much: the amount as it was then. Append-only. */
export const authorizations = sqliteTable('authorizations', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  userId: text('user_id').notNull(),
  act: text({ enum: limitedActs }).notNull(),
  payoutId: text('payout_id').notNull(),
  amount: integer().notNull(),
  currency: text().notNull(),
  at: integer().notNull(),
})

export const attemptStates = ['queued', 'sending', 'unknown', 'succeeded', 'failed'] as const
export type AttemptState = (typeof attemptStates)[number]

/** One intent to move money. `request` is the exact body that Stripe gets, frozen; the key belongs to it for ever. */
export const payoutAttempts = sqliteTable('payout_attempts', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  payoutId: text('payout_id').notNull(),
  number: integer().notNull(),
  idempotencyKey: text('idempotency_key').notNull(),
  amount: integer().notNull(),
  currency: text().notNull(),
  destination: text().notNull(),
  request: text({ mode: 'json' }).$type<TransferRequest>().notNull(),
  state: text({ enum: attemptStates }).notNull(),
  requestedBy: text('requested_by'),
  createdAt: integer('created_at').notNull(),
  firstSentAt: integer('first_sent_at'),
  lastSentAt: integer('last_sent_at'),
  sends: integer().notNull().default(0),
  wasUnknown: integer('was_unknown', { mode: 'boolean' }).notNull().default(false),
  transferId: text('transfer_id'),
  stripeRequestId: text('stripe_request_id'),
  failureCode: text('failure_code'),
  failureMessage: text('failure_message'),
  lastError: text('last_error'),
  settledAt: integer('settled_at'),
})

/** The body of `POST /v1/transfers`: amount in minor units, currency in Stripe's lower case. */
export interface TransferRequest {
  amount: number
  currency: string
  destination: string
  transfer_group: string
  description: string
  metadata: { payout_id: string; attempt_id: string; env: string }
}

export const payoutReleases = sqliteTable('payout_releases', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  payoutId: text('payout_id').notNull(),
  attemptId: text('attempt_id').notNull(),
  userId: text('user_id').notNull(),
  evidence: text().notNull(),
  createdAt: integer('created_at').notNull(),
})

/** Kept by triggers; `partnerId` '' is the whole organization. */
export const payoutTotals = sqliteTable(
  'payout_totals',
  {
    orgId: text('org_id').notNull(),
    partnerId: text('partner_id').notNull(),
    currency: text().notNull(),
    status: text({ enum: payoutStatuses }).notNull(),
    count: integer().notNull(),
    amount: integer().notNull(),
    reversed: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.partnerId, table.currency, table.status] })],
)

/**
 * Paid money by the month of the payment, and reversed money by the month of the reversal, so that a month that is over never
 * changes; kept by triggers; `partnerId` '' is the whole organization.
 */
export const payoutMonths = sqliteTable(
  'payout_months',
  {
    orgId: text('org_id').notNull(),
    partnerId: text('partner_id').notNull(),
    currency: text().notNull(),
    /** `2026-02`, in UTC */
    month: text().notNull(),
    count: integer().notNull(),
    amount: integer().notNull(),
    reversed: integer().notNull().default(0),
  },
  table => [primaryKey({ columns: [table.orgId, table.partnerId, table.currency, table.month] })],
)

/** What was reversed of a paid payout, each time; kept by triggers, append-only. Amounts in minor units. */
export const payoutReversals = sqliteTable(
  'payout_reversals',
  {
    payoutId: text('payout_id').notNull(),
    /** What of the payout was reversed in all, this one included. */
    total: integer().notNull(),
    orgId: text('org_id').notNull(),
    partnerId: text('partner_id').notNull(),
    amount: integer().notNull(),
    currency: text().notNull(),
    /** `2026-02`, in UTC: the month whose figures it is in. */
    month: text().notNull(),
    /** The month of the payment. */
    originMonth: text('origin_month').notNull(),
    at: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.payoutId, table.total] })],
)

/**
 * One row of a spreadsheet, valid or not; `amount` in minor units. Where a cell has an error, its text is kept as it was typed.
 * `line` counts as the spreadsheet does: the header is line 1.
 */
export interface ImportRow {
  line: number
  partnerId: string | null
  partner: string
  amount: number | null
  amountText: string
  currency: string
  period: string | null
  reference: string | null
  notes: string | null
  errors: string[]
  /** What it repeats, in words: it is left out unless someone insists. */
  duplicate: string | null
  /** What an approver would ask about. */
  warnings: string[]
}

export const payoutImports = sqliteTable('payout_imports', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  status: text({ enum: ['draft', 'committed'] }).notNull(),
  fileName: text('file_name').notNull(),
  sha256: text().notNull(),
  rows: text({ mode: 'json' }).$type<ImportRow[]>().notNull(),
  rowCount: integer('row_count').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  committedAt: integer('committed_at'),
  version: integer().notNull().default(1),
})
