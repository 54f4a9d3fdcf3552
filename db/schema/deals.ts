import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const touchTypes = [
  'referral',
  'introduction',
  'demo',
  'content_share',
  'proposal',
  'negotiation',
  'deal_registration',
  'co_sell',
  'technical_enablement',
  'crm_sync',
] as const
export type TouchType = (typeof touchTypes)[number]

export const touchRoles = ['sourcer', 'influencer', 'implementer', 'closer'] as const
export type TouchRole = (typeof touchRoles)[number]

export const dealStages = ['open', 'won', 'lost'] as const
export type DealStage = (typeof dealStages)[number]

export const dealTypes = ['new', 'expansion', 'renewal'] as const
export type DealType = (typeof dealTypes)[number]

/** The next of the numbers that people quote, by kind. */
export const counters = sqliteTable(
  'counters',
  {
    orgId: text('org_id').notNull(),
    name: text({ enum: ['deals', 'registrations', 'commissions', 'runs'] }).notNull(),
    next: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.name] })],
)

export const attributionModels = [
  'equal_split',
  'equal_touches',
  'first_touch',
  'last_touch',
  'time_decay',
  'role_based',
  'position_based',
  'custom',
  'first_touch_sourcer',
  'role_weighted',
  'implementation_credit',
  'cosell_split',
] as const
export type AttributionModel = (typeof attributionModels)[number]

/** A deal belongs to one program; the program chooses the model. `parameters` are the model's, as its zod schema wrote them. */
export const programs = sqliteTable('programs', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  name: text().notNull(),
  model: text({ enum: attributionModels }).notNull(),
  parameters: text({ mode: 'json' }).$type<unknown>().notNull(),
  /** Its months are calendar months here. */
  timeZone: text('time_zone').notNull(),
  /** How long an approved registration keeps rivals away. */
  protectionDays: integer('protection_days').notNull().default(90),
  /** The most of one payout that debts may take, in basis points; 10,000 takes them whole. */
  debtCapBp: integer('debt_cap_bp').notNull().default(10_000),
  archivedAt: integer('archived_at'),
  version: integer().notNull().default(1),
  createdAt: integer('created_at').notNull(),
})

/** `amount` and `refunded` in minor units; times in UTC milliseconds. */
export const deals = sqliteTable('deals', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  number: integer().notNull(),
  programId: text('program_id').notNull(),
  name: text().notNull(),
  accountName: text('account_name').notNull(),
  accountDomain: text('account_domain'),
  contactEmail: text('contact_email'),
  amount: integer().notNull(),
  currency: text().notNull(),
  product: text(),
  territory: text(),
  type: text({ enum: dealTypes }).notNull().default('new'),
  stage: text({ enum: dealStages }).notNull().default('open'),
  openedAt: integer('opened_at').notNull(),
  /** When sales took it as real: an earlier cut-off, where the program says so. */
  qualifiedAt: integer('qualified_at'),
  closedAt: integer('closed_at'),
  registeredBy: text('registered_by'),
  externalRef: text('external_ref'),
  notes: text(),
  source: text({ enum: ['form', 'api', 'import', 'registration', 'demo'] }).notNull(),
  importId: text('import_id'),
  /** Everything given back to the customer so far. */
  refunded: integer().notNull().default(0),
  /** The attribution that counts now. */
  currentRunId: text('current_run_id'),
  /** Whether that one credits anybody. */
  credited: integer({ mode: 'boolean' }).notNull().default(false),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  /** Taken back with the import that made it. */
  removedAt: integer('removed_at'),
  version: integer().notNull().default(1),
})

/** Kept by triggers: counts and sums of deals by stage and currency. `amount` in minor units; `uncredited` counts won ones that credit nobody. */
export const dealTotals = sqliteTable(
  'deal_totals',
  {
    orgId: text('org_id').notNull(),
    stage: text({ enum: dealStages }).notNull(),
    currency: text().notNull(),
    count: integer().notNull(),
    amount: integer().notNull(),
    uncredited: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.stage, table.currency] })],
)

export const touches = sqliteTable('touches', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  dealId: text('deal_id').notNull(),
  partnerId: text('partner_id').notNull(),
  type: text({ enum: touchTypes }).notNull(),
  /** Instead of the type's own role. */
  role: text({ enum: touchRoles }),
  at: integer().notNull(),
  /** Instead of the type's own weight, in role_based. */
  weight: integer(),
  note: text(),
  source: text({ enum: ['form', 'api', 'import', 'registration', 'demo'] }).notNull(),
  importId: text('import_id'),
  externalRef: text('external_ref'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  /** Touches are removed, never deleted: an attribution may have counted them. */
  removedAt: integer('removed_at'),
  version: integer().notNull().default(1),
})

/** What a customer got back, in minor units of the deal's currency. */
export const refunds = sqliteTable('refunds', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  dealId: text('deal_id').notNull(),
  amount: integer().notNull(),
  at: integer().notNull(),
  reason: text().notNull(),
  externalRef: text('external_ref'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

export const registrationStatuses = ['draft', 'submitted', 'approved', 'declined', 'withdrawn', 'expired'] as const
export type RegistrationStatus = (typeof registrationStatuses)[number]

/** A partner's claim on a deal to come. `expectedAmount` in minor units. */
export const registrations = sqliteTable('registrations', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  number: integer().notNull(),
  partnerId: text('partner_id').notNull(),
  programId: text('program_id').notNull(),
  status: text({ enum: registrationStatuses }).notNull(),
  accountName: text('account_name').notNull(),
  accountDomain: text('account_domain'),
  contactEmail: text('contact_email'),
  expectedAmount: integer('expected_amount'),
  currency: text().notNull(),
  notes: text(),
  submittedAt: integer('submitted_at'),
  decidedBy: text('decided_by'),
  decidedAt: integer('decided_at'),
  declineReason: text('decline_reason'),
  protectedUntil: integer('protected_until'),
  remindedAt: integer('reminded_at'),
  dealId: text('deal_id'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull().default(1),
})

export const splitStatuses = ['open', 'accepted', 'confirmed', 'expired', 'withdrawn'] as const
export type SplitStatus = (typeof splitStatuses)[number]

/** Shares in basis points that sum to 10,000. */
export interface Share {
  partnerId: string
  bp: number
}

/** Partners on a deal agree on shares. `shares` is the proposal that stands; a new one makes every answer void. */
export const dealSplits = sqliteTable('deal_splits', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  dealId: text('deal_id').notNull(),
  status: text({ enum: splitStatuses }).notNull(),
  /** Null until somebody proposes. */
  shares: text({ mode: 'json' }).$type<Share[]>(),
  round: integer().notNull().default(0),
  proposedBy: text('proposed_by'),
  proposedByPartner: text('proposed_by_partner'),
  note: text(),
  /** Then the model decides. */
  deadline: integer().notNull(),
  confirmedBy: text('confirmed_by'),
  confirmedAt: integer('confirmed_at'),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer().notNull().default(1),
})

/** One answer a partner and round; `invited` until it answers. */
export const splitAnswers = sqliteTable(
  'split_answers',
  {
    splitId: text('split_id').notNull(),
    orgId: text('org_id').notNull(),
    partnerId: text('partner_id').notNull(),
    round: integer().notNull(),
    answer: text({ enum: ['invited', 'accepted', 'declined'] }).notNull(),
    userId: text('user_id'),
    answeredAt: integer('answered_at'),
  },
  table => [primaryKey({ columns: [table.splitId, table.partnerId, table.round] })],
)
