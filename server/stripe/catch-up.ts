import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import type { Stripe } from 'stripe'
import { audit, partners, stripeEvents } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { system, work } from '../work.ts'
import { handledTypes } from './events.ts'
import { isGone } from './gone.ts'
import { isLive, ofSnapshot, ofThin, type StoredEvent, storeEvents, type ThinEvent } from './webhook.ts'

const hour = 60 * 60_000
const day = 24 * hour
/** Stripe keeps events for so long. */
const retentionMs = 30 * day
/** An event may come to the list later than a younger one (milliseconds). */
const overlapMs = hour
/** How often the watermark is written down; between two, a little more is read again. */
const watermarkMs = 6 * hour
/** Lists are read so far in one run. */
const bound = 100_000
const accountBound = 500
/** An account that nobody has asked about for so long is asked about. */
const staleMs = day

export interface CaughtUp {
  /** UTC milliseconds */
  since: number
  seen: number
  /** Events that no webhook had brought. */
  stored: number
  /** Accounts whose state will be read again. */
  syncs: number
  /** False where a list was not read to its end: the next run starts where this one did. */
  complete: boolean
}

/**
 * Fetches the events that webhooks did not bring, after days of downtime or a wrong clock, and stores them like webhooks. At start
 * and hourly. One list that Stripe does not answer leaves the others alone.
 */
export async function catchUp(deps: Deps): Promise<CaughtUp> {
  const asked = deps.clock.now()
  const watermark = await lastWatermark(deps)
  const since = Math.max(asked - retentionMs, watermark - overlapMs)
  const result: CaughtUp = { since, seen: 0, stored: 0, syncs: 0, complete: true }
  const lists: [string, AsyncIterable<StoredEvent>][] = [
    ['platform', snapshotEvents(deps.stripe, since, handledTypes.platform)],
    ['thin', thinEvents(deps.stripe, since)],
  ]
  for (const one of await accountsInTransit(deps))
    lists.push([one.account, snapshotEvents(deps.stripe, one.since, handledTypes.connected, one.account)])
  for (const [name, events] of lists) await take(deps, name, events, result)
  result.syncs = await resyncStale(deps)
  if (result.complete && asked - watermark >= watermarkMs) await setWatermark(deps, asked, result)
  if (result.stored > 0) deps.log.warn(result, 'events had been missed')
  return result
}

async function take(deps: Deps, name: string, events: AsyncIterable<StoredEvent>, result: CaughtUp): Promise<void> {
  try {
    const unknown: StoredEvent[] = []
    const page: StoredEvent[] = []
    let seen = 0
    for await (const event of events) {
      if (event.livemode === isLive(deps.config)) page.push(event)
      if (page.length >= 100) unknown.push(...(await unknownOf(deps, page.splice(0))))
      if (++seen < bound) continue
      result.complete = false
      deps.log.error({ list: name, bound }, 'more events than one run reads: compare with `npm run reconcile`')
      break
    }
    unknown.push(...(await unknownOf(deps, page)))
    result.seen += seen
    // Newest first on the wire; stored and worked on in the order in which it happened.
    const ordered = unknown.reverse()
    for (let start = 0; start < ordered.length; start += 200)
      result.stored += await storeEvents(deps, 'catch_up', ordered.slice(start, start + 200))
  } catch (error) {
    result.complete = false
    deps.log.warn({ err: error, list: name }, 'events could not be caught up on')
  }
}

/** Most are known: they are left out before anybody's writes have to wait. */
async function unknownOf(deps: Deps, events: StoredEvent[]): Promise<StoredEvent[]> {
  if (events.length === 0) return []
  const rows = await deps.db.read
    .select({ id: stripeEvents.id })
    .from(stripeEvents)
    .where(
      inArray(
        stripeEvents.id,
        events.map(event => event.id),
      ),
    )
  const known = new Set(rows.map(row => row.id))
  return events.filter(event => !known.has(event.id))
}

const watermarkAction = 'stripe.caught_up'

/**
 * Until when all was read (UTC milliseconds); 0 before the first time. Not the last event that came: after a downtime a fresh one
 * may come before the first look back.
 */
async function lastWatermark(deps: Deps): Promise<number> {
  const [last] = await deps.db.read
    .select({ after: audit.after })
    .from(audit)
    .where(
      and(
        eq(audit.orgId, 'system'),
        eq(audit.targetType, 'stripe'),
        eq(audit.targetId, 'events'),
        eq(audit.action, watermarkAction),
      ),
    )
    .orderBy(desc(audit.seq))
    .limit(1)
  return (JSON.parse(last?.after ?? '{}') as { until?: number }).until ?? 0
}

async function setWatermark(deps: Deps, asked: number, { since, seen, stored }: CaughtUp): Promise<void> {
  await work(deps, { orgId: 'system', actor: system }, async unit => {
    unit.audit({
      action: watermarkAction,
      target: { type: 'stripe', id: 'events' },
      after: { until: asked, since, seen, stored },
    })
  })
}

async function* snapshotEvents(
  stripe: Stripe,
  since: number,
  types: string[],
  account?: string,
): AsyncGenerator<StoredEvent> {
  const options = account ? { stripeContext: account } : {}
  const created = { gte: Math.floor(since / 1000) }
  try {
    for await (const event of stripe.events.list({ created, types, limit: 100 }, options))
      yield ofSnapshot(event, undefined, account ?? null)
  } catch (error) {
    // An account that left us has nothing more to tell.
    if (!account || !isGone(error)) throw error
  }
}

/** Newest first, so what is too old ends it. The package types the v2 time filter as a number and the API wants text: none is sent. */
async function* thinEvents(stripe: Stripe, since: number): AsyncGenerator<StoredEvent> {
  for await (const event of stripe.v2.core.events.list({ types: handledTypes.thin, limit: 100 })) {
    const stored = ofThin(event as ThinEvent)
    if (stored.createdAt < since) return
    yield stored
  }
}

/**
 * Accounts that still carry money of ours to a bank, as far as we know; only their own lists tell of their bank payouts. Each from
 * when that money was sent: what is settled only now may have reached the bank days ago.
 */
async function accountsInTransit(deps: Deps): Promise<{ account: string; since: number }[]> {
  const oldest = deps.clock.now() - retentionMs
  const rows = await deps.db.read.all<{ account: string; since: number }>(sql`
    SELECT p.destination AS account, min(coalesce(a.first_sent_at, a.created_at)) AS since
    FROM organizations o CROSS JOIN payouts p ON p.org_id = o.id AND p.paid_at > ${oldest} CROSS JOIN payout_attempts a ON a.transfer_id = p.transfer_id
    WHERE p.paid_via = 'stripe' AND p.status = 'paid' AND p.destination IS NOT NULL AND (p.bank_status IS NULL OR p.bank_status = 'in_transit')
    GROUP BY p.destination ORDER BY since LIMIT ${accountBound}`)
  return rows.map(({ account, since }) => ({ account, since: Math.max(oldest, since - overlapMs) }))
}

/** A lost account event leaves no trace in a list of ours: accounts are read again once a day. */
async function resyncStale(deps: Deps): Promise<number> {
  const now = deps.clock.now()
  const rows = await deps.db.read
    .select({ id: partners.id, orgId: partners.orgId })
    .from(partners)
    .where(
      and(
        sql`${partners.stripeAccountId} IS NOT NULL AND ${partners.archivedAt} IS NULL`,
        sql`coalesce(${partners.accountSyncedAt}, 0) < ${now - staleMs}`,
        sql`${partners.transfersStatus} NOT IN ('closed', 'disconnected')`,
      ),
    )
    .limit(accountBound)
  const today = new Date(now).toISOString().slice(0, 10)
  for (const { id, orgId } of rows)
    await work(deps, { orgId, actor: system }, async unit => {
      unit.enqueue({ topic: 'partner.sync', key: `${id}:${today}`, payload: { partnerId: id } })
    })
  return rows.length
}
