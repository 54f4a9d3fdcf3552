import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { DealType } from './deals.ts'
import type { PartnerTier, PartnerType } from './partners.ts'

/** `base` pays for the deal; `spiff` comes on top, for a while. In each, the first match wins. */
export const ruleStreams = ['base', 'spiff'] as const
export type RuleStream = (typeof ruleStreams)[number]

/** What a deal and a partner must be like; an absent list matches all. Sizes are the deal's, in minor units, bounds included. */
export interface RuleConditions {
  partnerTypes?: PartnerType[]
  tiers?: PartnerTier[]
  products?: string[]
  territories?: string[]
  dealTypes?: DealType[]
  sizeFrom?: number
  sizeTo?: number
}

/** Amounts in minor units of the rule's currency, rates in basis points. A flat amount is for the deal, shared by credit. */
export type RulePay =
  | { kind: 'percent'; rateBp: number }
  | { kind: 'flat'; amount: number }
  /** Marginal: each part of the credited amount at its own rate; the last bracket has no end. */
  | { kind: 'brackets'; brackets: { upTo: number | null; rateBp: number }[] }

export const commissionRules = sqliteTable('commission_rules', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  /** Null: every program. */
  programId: text('program_id'),
  name: text().notNull(),
  stream: text({ enum: ruleStreams }).notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

export const ruleVersionStatuses = ['draft', 'published', 'discarded'] as const
export type RuleVersionStatus = (typeof ruleVersionStatuses)[number]

/** A rule's wording. Of one rule, the newest published version that is in force on the deal's closing day governs. */
export const ruleVersions = sqliteTable('rule_versions', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  ruleId: text('rule_id').notNull(),
  number: integer().notNull(),
  status: text({ enum: ruleVersionStatuses }).notNull(),
  /** The lower number wins. */
  priority: integer().notNull(),
  conditions: text({ mode: 'json' }).$type<RuleConditions>().notNull(),
  /** What its amounts are in; a rule without amounts may leave it out and match every currency. */
  currency: text(),
  pay: text({ mode: 'json' }).$type<RulePay>().notNull(),
  /** minor units */
  floor: integer(),
  cap: integer(),
  /** How many months it is earned in, the month of the deal's close being the first. */
  months: integer().notNull().default(1),
  holdingDays: integer('holding_days').notNull(),
  clawbackDays: integer('clawback_days').notNull(),
  /** Calendar days in the program's time zone, both included. */
  effectiveFrom: text('effective_from').notNull(),
  effectiveTo: text('effective_to'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  publishedBy: text('published_by'),
  publishedAt: integer('published_at'),
  version: integer().notNull().default(1),
})

export const commissionKinds = ['earned', 'adjustment', 'reversal', 'dispute', 'carry', 'imported'] as const
export type CommissionKind = (typeof commissionKinds)[number]

/** `accrued` is on hold until its release date and payable from then on, unless disputed. */
export const commissionStatuses = ['accrued', 'in_payout', 'paid'] as const
export type CommissionStatus = (typeof commissionStatuses)[number]

/** A rule that did not decide, and why. */
export interface LosingRule {
  ruleVersionId: string
  name: string
  number: number
  why: string
}

/**
 * Everything a commission's amount was computed from, frozen: the sentence that explains it is built from this and from nothing
 * else. Amounts in minor units of `currency`, rates and credit in basis points, dates in UTC milliseconds.
 */
export interface CommissionSnapshot {
  currency: string
  deal: { id: string; number: number; name: string; amount: number; closedAt: number } | null
  run: { id: string; number: number; basis: 'model' | 'override' | 'split'; model: string } | null
  credit: { bp: number; amount: number; role: string | null; reason: string; touchIds: string[] } | null
  /** Null where no rule matched. */
  rule: {
    versionId: string
    ruleId: string
    name: string
    number: number
    effectiveFrom: string
    pay: RulePay
    floor: number | null
    cap: number | null
    months: number
  } | null
  /** Applied where no rule matched. */
  defaultRateBp: number | null
  losing: LosingRule[]
  /** The steps, in order; each ends in the amount that the next starts from. */
  steps: (
    | { op: 'credit'; bp: number; of: number; result: number }
    | { op: 'rate'; bp: number; of: number; result: number }
    | { op: 'brackets'; parts: { amount: number; bp: number; result: number }[]; result: number }
    | { op: 'flat'; amount: number; bp: number; result: number }
    | { op: 'floor' | 'cap'; at: number; result: number }
    /** What is booked already, for a correction; `result` is the difference. */
    | { op: 'less_booked'; booked: number; result: number }
    /** `of` the gross commission the part that was given back (all of it, once a deal isn't won), less what was taken back `before`. */
    | {
        op: 'refund'
        because: 'refund' | 'lost' | 'reopened' | 'removed' | 'won_again' | 'corrected'
        refundIds: string[]
        of: number
        refunded: number
        dealAmount: number
        before: number
        /** Of decided disputes' amounts the part that was given back since: `amount` × `part` of `whole`, which is added to the share. */
        decided?: { amount: number; part: number; whole: number }[]
        result: number
      }
    | { op: 'fixed'; result: number }
  )[]
  /** Which month of `rule.months` this is, from 1. */
  installment: number
  /**
   * Of a dispute's decision: what of the deal was refunded by then, and whether everything was taken back (`all`); `kept` is what of the
   * calculated amount stood only because earlier decisions had taken so much already. Absent in old rows.
   */
  decided?: { refunded: number; of: number; all: boolean; kept: number }
}

/** One line of what a partner earned or owes back. `amount` in minor units, negative for what is taken back; never changed. */
export const commissions = sqliteTable('commissions', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  number: integer().notNull(),
  partnerId: text('partner_id').notNull(),
  programId: text('program_id').notNull(),
  dealId: text('deal_id'),
  /** The attribution it came from. */
  runId: text('run_id'),
  ruleVersionId: text('rule_version_id'),
  kind: text({ enum: commissionKinds }).notNull(),
  stream: text({ enum: ruleStreams }).notNull(),
  installment: integer().notNull().default(1),
  /** The commission that this one corrects or takes back. */
  originId: text('origin_id'),
  amount: integer().notNull(),
  currency: text().notNull(),
  status: text({ enum: commissionStatuses }).notNull().default('accrued'),
  /** The month whose books it is in, like `2026-02`. */
  period: text().notNull(),
  /** The month it belongs to, where that one was closed already. */
  originPeriod: text('origin_period'),
  releaseAt: integer('release_at').notNull(),
  /** Until when a refund takes it back; null: for ever. */
  clawbackUntil: integer('clawback_until'),
  disputedAt: integer('disputed_at'),
  /** The one live payout it is in, or was paid by. */
  payoutId: text('payout_id'),
  snapshot: text({ mode: 'json' }).$type<CommissionSnapshot>().notNull(),
  /** For the partner to read. */
  note: text(),
  importId: text('import_id'),
  externalRef: text('external_ref'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull().default(1),
})

/** A decision to match the rules again for a partner of a corrected deal; the newest counts, append-only. */
export const ruleRematches = sqliteTable('rule_rematches', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  dealId: text('deal_id').notNull(),
  partnerId: text('partner_id').notNull(),
  stream: text({ enum: ruleStreams }).notNull(),
  /** Counts up by deal, partner and stream. */
  number: integer().notNull(),
  /** Null with a default rate, or where nothing pays. */
  ruleVersionId: text('rule_version_id'),
  defaultRateBp: integer('default_rate_bp'),
  losing: text({ mode: 'json' }).$type<LosingRule[]>().notNull(),
  reason: text().notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** What of a recurring commission is still to come; the snapshot is the first month's. */
export const commissionSchedules = sqliteTable('commission_schedules', {
  /** The first month's commission. */
  commissionId: text('commission_id').primaryKey(),
  orgId: text('org_id').notNull(),
  dealId: text('deal_id').notNull(),
  nextInstallment: integer('next_installment').notNull(),
  nextAt: integer('next_at').notNull(),
  endedAt: integer('ended_at'),
})

export const disputeStatuses = ['open', 'released', 'adjusted', 'withdrawn'] as const
export type DisputeStatus = (typeof disputeStatuses)[number]

export const disputes = sqliteTable('disputes', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  commissionId: text('commission_id').notNull(),
  partnerId: text('partner_id').notNull(),
  status: text({ enum: disputeStatuses }).notNull(),
  openedBy: text('opened_by').notNull(),
  openedAt: integer('opened_at').notNull(),
  resolvedBy: text('resolved_by'),
  resolvedAt: integer('resolved_at'),
  /** The row that an adjustment booked. */
  adjustmentId: text('adjustment_id'),
  version: integer().notNull().default(1),
})

export const disputeMessages = sqliteTable('dispute_messages', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  disputeId: text('dispute_id').notNull(),
  userId: text('user_id').notNull(),
  side: text({ enum: ['partner', 'staff'] }).notNull(),
  body: text().notNull(),
  at: integer().notNull(),
})

/** A closed month takes no more lines. */
export const closedPeriods = sqliteTable(
  'closed_periods',
  {
    orgId: text('org_id').notNull(),
    period: text().notNull(),
    closedBy: text('closed_by').notNull(),
    closedAt: integer('closed_at').notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.period] })],
)

/** What each month's books took, by kind; kept by a trigger. Amounts in minor units. */
export const periodTotals = sqliteTable(
  'period_totals',
  {
    orgId: text('org_id').notNull(),
    period: text().notNull(),
    currency: text().notNull(),
    kind: text({ enum: commissionKinds }).notNull(),
    count: integer().notNull(),
    amount: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.period, table.currency, table.kind] })],
)
