import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { attributionModels, type TouchRole, type TouchType } from './deals.ts'
import type { PartnerClass, PartnerTier, PartnerType } from './partners.ts'

/** A touch as a run saw it; `at` in UTC milliseconds. */
export interface SeenTouch {
  id: string
  partnerId: string
  type: TouchType
  role: TouchRole | null
  at: number
  weight: number | null
}

/** A partner as a run saw it: what rules and weights may depend on. */
export interface SeenPartner {
  id: string
  name: string
  type: PartnerType
  tier: PartnerTier
  class: PartnerClass
  /** basis points; null where the partner has no default rate */
  defaultRateBp: number | null
}

/**
 * One version of who gets credit for a deal: never changed, with everything it was computed from. `amount` in minor units.
 * `basis` is what decided: the program's model, shares an admin set, or shares the partners agreed on.
 */
export const attributionRuns = sqliteTable('attribution_runs', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  dealId: text('deal_id').notNull(),
  number: integer().notNull(),
  basis: text({ enum: ['model', 'override', 'split'] }).notNull(),
  model: text({ enum: attributionModels }).notNull(),
  parameters: text({ mode: 'json' }).$type<unknown>().notNull(),
  amount: integer().notNull(),
  currency: text().notNull(),
  closedAt: integer('closed_at').notNull(),
  cutoffAt: integer('cutoff_at').notNull(),
  touches: text({ mode: 'json' }).$type<SeenTouch[]>().notNull(),
  partners: text({ mode: 'json' }).$type<SeenPartner[]>().notNull(),
  /** Why this version exists: won, corrected, asked for, overridden, agreed. */
  cause: text().notNull(),
  /** What an override's author wrote; null otherwise. */
  reason: text(),
  splitId: text('split_id'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** A partner's part of a run: `bp` of 10,000 and `amount` of the deal, both exact by largest remainder. */
export const attributionCredits = sqliteTable('attribution_credits', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  runId: text('run_id').notNull(),
  dealId: text('deal_id').notNull(),
  partnerId: text('partner_id').notNull(),
  position: integer().notNull(),
  bp: integer().notNull(),
  amount: integer().notNull(),
  currency: text().notNull(),
  role: text().$type<TouchRole>(),
  reason: text().notNull(),
  touchIds: text('touch_ids', { mode: 'json' }).$type<string[]>().notNull(),
})
