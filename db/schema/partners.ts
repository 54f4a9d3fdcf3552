import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const partnerTypes = ['reseller', 'referrer', 'affiliate', 'integrator'] as const
export type PartnerType = (typeof partnerTypes)[number]

export const partnerTiers = ['registered', 'silver', 'gold', 'platinum'] as const
export type PartnerTier = (typeof partnerTiers)[number]

/** Who a partner is in a co-sale. Set by people, never guessed from a name. */
export const partnerClasses = ['partner', 'hyperscaler', 'vendor'] as const
export type PartnerClass = (typeof partnerClasses)[number]

/** What Stripe last told us about the partner's account; `none` is before an account, `disconnected` after it left us. */
export const transfersStatuses = [
  'none',
  'pending',
  'active',
  'restricted',
  'rejected',
  'unsupported',
  'closed',
  'disconnected',
] as const
export type TransfersStatus = (typeof transfersStatuses)[number]

/** One thing Stripe still wants from the partner; `deadline` in UTC milliseconds. */
export interface Requirement {
  code: string
  text: string
  deadline: number | null
}

export const partners = sqliteTable('partners', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  name: text().notNull(),
  email: text().notNull(),
  reference: text(),
  type: text({ enum: partnerTypes }).notNull().default('referrer'),
  tier: text({ enum: partnerTiers }).notNull().default('registered'),
  class: text({ enum: partnerClasses }).notNull().default('partner'),
  /** Basis points; where no rule matches. */
  defaultRateBp: integer('default_rate_bp'),
  country: text().notNull(),
  /** What it is paid in. */
  currency: text().notNull(),
  /** `one`: everything is converted to `currency`; `each`: paid in whatever it earned. */
  settlement: text({ enum: ['one', 'each'] })
    .notNull()
    .default('one'),
  archivedAt: integer('archived_at'),
  stripeAccountId: text('stripe_account_id'),
  transfersStatus: text('transfers_status', { enum: transfersStatuses }).notNull().default('none'),
  requirements: text({ mode: 'json' }).$type<Requirement[]>().notNull().default([]),
  accountSyncedAt: integer('account_synced_at'),
  /** What money would reach: the account, and its bank's fingerprint where Stripe tells it. */
  destinationKey: text('destination_key'),
  destinationChangedAt: integer('destination_changed_at'),
  holdUntil: integer('hold_until'),
  version: integer().notNull().default(1),
  createdAt: integer('created_at').notNull(),
})
