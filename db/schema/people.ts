import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Tenants. Every row below belongs to one, and carries its id. */
export const organizations = sqliteTable('organizations', {
  id: text().primaryKey(),
  name: text().notNull(),
  timeZone: text('time_zone').notNull().default('UTC'),
  creatorMayApprove: integer('creator_may_approve', { mode: 'boolean' }).notNull().default(false),
  approvalsRequired: integer('approvals_required').notNull().default(1),
  destinationHoldHours: integer('destination_hold_hours').notNull().default(72),
  transfersPausedAt: integer('transfers_paused_at'),
  transfersPausedBy: text('transfers_paused_by'),
  transfersPausedReason: text('transfers_paused_reason'),
  /** After a restore, until Stripe was compared with it: the backup's time (UTC milliseconds). */
  unreconciledSince: integer('unreconciled_since'),
  nextPayoutNumber: integer('next_payout_number').notNull().default(1),
  twoFactorRequired: integer('two_factor_required', { mode: 'boolean' }).notNull().default(true),
  version: integer().notNull().default(1),
  createdAt: integer('created_at').notNull(),
  /** How many rows of data one person may download within 24 hours. */
  exportRowsPerDay: integer('export_rows_per_day').notNull().default(100_000),
})

/** The smallest amount worth sending, in minor units, by currency. */
export const payoutMinimums = sqliteTable(
  'payout_minimums',
  {
    orgId: text('org_id').notNull(),
    currency: text().notNull(),
    amount: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.currency] })],
)

export const limitedActs = ['approve', 'pay'] as const
export type LimitedAct = (typeof limitedActs)[number]

/** The most that one person may approve, or send, within 24 hours; minor units, by currency. */
export const dailyLimits = sqliteTable(
  'daily_limits',
  {
    orgId: text('org_id').notNull(),
    act: text({ enum: limitedActs }).notNull(),
    currency: text().notNull(),
    /** Null for one that was taken away. */
    amount: integer(),
    /** Whoever raised it is bound by this for a day. */
    raisedFrom: integer('raised_from'),
    raisedBy: text('raised_by'),
    raisedAt: integer('raised_at'),
  },
  table => [primaryKey({ columns: [table.orgId, table.act, table.currency] })],
)

export const users = sqliteTable('users', {
  id: text().primaryKey(),
  email: text().notNull(),
  name: text().notNull(),
  passwordHash: text('password_hash'),
  createdAt: integer('created_at').notNull(),
})

export const roles = ['owner', 'admin', 'manager', 'viewer', 'partner'] as const
export type Role = (typeof roles)[number]

export const memberships = sqliteTable('memberships', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  userId: text('user_id').notNull(),
  role: text({ enum: roles }).notNull(),
  partnerId: text('partner_id'),
  disabledAt: integer('disabled_at'),
  version: integer().notNull().default(1),
  createdAt: integer('created_at').notNull(),
})

/** How somebody proves that it is them; all but the password are second factors. */
export const waysToProve = ['password', 'totp', 'passkey', 'recovery'] as const
export type WayToProve = (typeof waysToProve)[number]

export const sessions = sqliteTable('sessions', {
  id: text().primaryKey(),
  userId: text('user_id').notNull(),
  membershipId: text('membership_id'),
  createdAt: integer('created_at').notNull(),
  lastSeenAt: integer('last_seen_at').notNull(),
  idleExpiresAt: integer('idle_expires_at').notNull(),
  absoluteExpiresAt: integer('absolute_expires_at').notNull(),
  address: text().notNull().default(''),
  device: text().notNull().default(''),
  provenAt: integer('proven_at'),
  provenBy: text('proven_by', { enum: waysToProve }),
})

export const totpFactors = sqliteTable('totp_factors', {
  userId: text('user_id').primaryKey(),
  secret: text().notNull(),
  lastStep: integer('last_step').notNull(),
  createdAt: integer('created_at').notNull(),
  lastUsedAt: integer('last_used_at'),
})

export const passkeys = sqliteTable('passkeys', {
  id: text().primaryKey(),
  userId: text('user_id').notNull(),
  name: text().notNull(),
  publicKey: text('public_key').notNull(),
  counter: integer().notNull(),
  transports: text({ mode: 'json' }).$type<string[]>().notNull(),
  createdAt: integer('created_at').notNull(),
  lastUsedAt: integer('last_used_at'),
})

export const recoveryCodes = sqliteTable('recovery_codes', {
  id: text().primaryKey(),
  userId: text('user_id').notNull(),
  createdAt: integer('created_at').notNull(),
  usedAt: integer('used_at'),
})

export const signIns = sqliteTable('sign_ins', {
  id: text().primaryKey(),
  userId: text('user_id').notNull(),
  membershipId: text('membership_id').notNull(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
})

export const passkeyChallenges = sqliteTable('passkey_challenges', {
  id: text().primaryKey(),
  purpose: text({ enum: ['add', 'confirm', 'sign_in'] }).notNull(),
  userId: text('user_id'),
  expiresAt: integer('expires_at').notNull(),
})

export const tokens = sqliteTable('tokens', {
  id: text().primaryKey(),
  kind: text({ enum: ['invitation', 'password_reset'] }).notNull(),
  email: text().notNull(),
  userId: text('user_id'),
  orgId: text('org_id'),
  role: text({ enum: roles }),
  partnerId: text('partner_id'),
  createdBy: text('created_by'),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  usedAt: integer('used_at'),
  revokedAt: integer('revoked_at'),
})

export const throttles = sqliteTable('throttles', {
  key: text().primaryKey(),
  failures: integer().notNull(),
  windowStartedAt: integer('window_started_at').notNull(),
  blockedUntil: integer('blocked_until'),
})
