import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const ledgerAccounts = [
  'commission_expense',
  'partner_payable',
  'transfer_clearing',
  'stripe_balance',
  'reversal_suspense',
  'paid_outside',
  'fx_conversion',
] as const
export type LedgerAccount = (typeof ledgerAccounts)[number]

export const ledgerKinds = [
  'accrual',
  'accrual_void',
  'mark_paid',
  'settle',
  'fail',
  'manual_payment',
  'reversal',
  'reversal_owed',
  'reversal_not_owed',
  'reversal_reopened',
  'commission',
  'commission_reversal',
  'imported_payment',
  'imported_payment_void',
  'conversion_out',
  'conversion_in',
  'conversion_out_void',
  'conversion_in_void',
] as const
export type LedgerKind = (typeof ledgerKinds)[number]

/** One row moves `amount` minor units from `credit` to `debit`. */
export const ledgerEntries = sqliteTable('ledger_entries', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  partnerId: text('partner_id').notNull(),
  /** Either this, or the commission. */
  payoutId: text('payout_id'),
  commissionId: text('commission_id'),
  kind: text({ enum: ledgerKinds }).notNull(),
  seq: integer().notNull(),
  debit: text({ enum: ledgerAccounts }).notNull(),
  credit: text({ enum: ledgerAccounts }).notNull(),
  amount: integer().notNull(),
  currency: text().notNull(),
  at: integer().notNull(),
})

export const actorKinds = ['user', 'system', 'stripe', 'command'] as const
export type ActorKind = (typeof actorKinds)[number]

/** Hash-chained per organization: `hash` covers every other column and `prev`. */
export const audit = sqliteTable(
  'audit',
  {
    orgId: text('org_id').notNull(),
    seq: integer().notNull(),
    at: integer().notNull(),
    actorKind: text('actor_kind', { enum: actorKinds }).notNull(),
    actorId: text('actor_id').notNull(),
    actorName: text('actor_name').notNull(),
    action: text().notNull(),
    targetType: text('target_type').notNull(),
    targetId: text('target_id').notNull(),
    before: text(),
    after: text(),
    prev: text().notNull(),
    hash: text().notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.seq] })],
)

export const outboxStatuses = ['queued', 'leased', 'done', 'parked'] as const
export type OutboxStatus = (typeof outboxStatuses)[number]

export const outbox = sqliteTable('outbox', {
  id: text().primaryKey(),
  orgId: text('org_id'),
  topic: text().notNull(),
  key: text().notNull(),
  payload: text({ mode: 'json' }).$type<unknown>().notNull(),
  status: text({ enum: outboxStatuses }).notNull(),
  attempts: integer().notNull().default(0),
  runAt: integer('run_at').notNull(),
  leaseToken: text('lease_token'),
  leaseUntil: integer('lease_until'),
  lastError: text('last_error'),
  createdAt: integer('created_at').notNull(),
  finishedAt: integer('finished_at'),
})

export const idempotency = sqliteTable(
  'idempotency',
  {
    orgId: text('org_id').notNull(),
    actorId: text('actor_id').notNull(),
    procedure: text().notNull(),
    key: text().notNull(),
    bodyHash: text('body_hash').notNull(),
    response: text({ mode: 'json' }).$type<unknown>().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  table => [primaryKey({ columns: [table.orgId, table.actorId, table.procedure, table.key] })],
)

export const stripeEvents = sqliteTable('stripe_events', {
  id: text().primaryKey(),
  endpoint: text({ enum: ['platform', 'connect', 'events', 'catch_up'] }).notNull(),
  type: text().notNull(),
  account: text(),
  objectId: text('object_id'),
  livemode: integer({ mode: 'boolean' }).notNull(),
  body: text().notNull(),
  createdAt: integer('created_at').notNull(),
  receivedAt: integer('received_at').notNull(),
  processedAt: integer('processed_at'),
  outcome: text(),
})

/** Every file of people's or money's data that left. */
export const downloads = sqliteTable('downloads', {
  id: text().primaryKey(),
  orgId: text('org_id').notNull(),
  userId: text('user_id').notNull(),
  what: text().notNull(),
  /** As many as were expected while it runs; then those that left. */
  rows: integer().notNull(),
  startedAt: integer('started_at').notNull(),
  endedAt: integer('ended_at'),
  complete: integer({ mode: 'boolean' }).notNull().default(false),
})

export const emails = sqliteTable('emails', {
  id: text().primaryKey(),
  orgId: text('org_id'),
  eventId: text('event_id').notNull(),
  template: text().notNull(),
  recipient: text().notNull(),
  recipientName: text('recipient_name').notNull().default(''),
  partnerId: text('partner_id'),
  payoutId: text('payout_id'),
  subject: text().notNull(),
  html: text().notNull(),
  text: text().notNull(),
  messageId: text('message_id').notNull(),
  status: text({ enum: ['sending', 'sent', 'failed'] }).notNull(),
  error: text(),
  createdAt: integer('created_at').notNull(),
  sentAt: integer('sent_at'),
})
