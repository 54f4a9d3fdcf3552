import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One unit of `base` is `rateE8` / 10^8 units of `quote`, on a day and from a source. */
export const fxRates = sqliteTable('fx_rates', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  base: text().notNull(),
  quote: text().notNull(),
  /** `2026-02-27` */
  day: text().notNull(),
  rateE8: integer('rate_e8').notNull(),
  source: text({ enum: ['ecb', 'manual'] }).notNull(),
  note: text(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** The smallest payout of a program or to a partner, beside the organization's `payout_minimums`. */
export const runMinimums = sqliteTable(
  'run_minimums',
  {
    orgId: text('org_id').notNull(),
    scope: text({ enum: ['program', 'partner'] }).notNull(),
    scopeId: text('scope_id').notNull(),
    currency: text().notNull(),
    amount: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.scope, table.scopeId, table.currency] })],
)

/** How a line came into the payout's currency: amounts in minor units, the rate as it multiplies out, its days and sources. */
export interface Conversion {
  from: { amount: number; currency: string }
  to: { amount: number; currency: string }
  /** decimal text: units of `to` for one unit of `from` */
  rate: string
  day: string
  source: string
  rateIds: string[]
}

/** A line of a planned payout: a commission, in minor units of the payout's currency. */
export interface PlanLine {
  commissionId: string
  amount: number
  description: string
  conversion: Conversion | null
}

export interface PlanFlag {
  code: 'first_payout' | 'big_change' | 'destination_changed' | 'never_paid' | 'top_amount'
  says: string
}

export interface PlanBlocker {
  code: string
  message: string
  clears: string
}

export const runStatuses = ['draft', 'executed', 'discarded'] as const
export type RunStatus = (typeof runStatuses)[number]

/** A period's payouts, planned and then made exactly as planned. `programIds` null: all. */
export const payoutRuns = sqliteTable('payout_runs', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  number: integer().notNull(),
  status: text({ enum: runStatuses }).notNull(),
  period: text().notNull(),
  /** Released by then, UTC milliseconds. */
  cutoffAt: integer('cutoff_at').notNull(),
  programIds: text('program_ids', { mode: 'json' }).$type<string[] | null>(),
  /** SHA-256 over every row and line: what is executed is what was shown. */
  digest: text().notNull(),
  plannedAt: integer('planned_at').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  executedBy: text('executed_by'),
  executedAt: integer('executed_at'),
  version: integer().notNull().default(1),
})

export const planOutcomes = ['pay', 'rolls_over', 'blocked'] as const
export type PlanOutcome = (typeof planOutcomes)[number]

/** A partner's part of a run, in one currency; amounts in minor units. */
export const payoutRunRows = sqliteTable('payout_run_rows', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  runId: text('run_id').notNull(),
  partnerId: text('partner_id').notNull(),
  currency: text().notNull(),
  amount: integer().notNull(),
  lastAmount: integer('last_amount'),
  outcome: text({ enum: planOutcomes }).notNull(),
  /** Why it rolls over or is blocked. */
  reason: text(),
  included: integer({ mode: 'boolean' }).notNull(),
  lines: text({ mode: 'json' }).$type<PlanLine[]>().notNull(),
  flags: text({ mode: 'json' }).$type<PlanFlag[]>().notNull(),
  blockers: text({ mode: 'json' }).$type<PlanBlocker[]>().notNull(),
  /** Over the lines and what decides about them. */
  digest: text().notNull(),
  payoutId: text('payout_id'),
})
