import { createHmac } from 'node:crypto'
import { allEndpoints, wants } from './endpoints.ts'
import type { SnapshotEvent, ThinEvent } from './events.ts'
import { findObject } from './objects.ts'
import { anySwitch, type SwitchKind, spendSwitch } from './switches.ts'
import { DAY, HOUR, MINUTE, SECOND, type World } from './world.ts'

/** Waits before the second, third, … attempt; the last one repeats until the event is three days old. */
const BACKOFF = [10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 12 * HOUR]
const GIVE_UP_AFTER = 3 * DAY
/** Older than the tolerance that the stripe package allows. */
const STALE = 10 * MINUTE

/** One attempt to bring one event to one endpoint, signed now. */
export interface Delivery {
  id: number
  url: string
  headers: Record<string, string>
  body: string
  event: string
  type: string
  endpoint: string
  /** 0 for the first attempt. */
  attempt: number
  /** UTC milliseconds. */
  due: number
}

interface DeliveryRow {
  id: number
  event: string
  type: string
  endpoint: string
  queued: number
  due: number
  attempt: number
  spoil: 'corrupt_signature' | 'wrong_secret' | 'stale' | null
}

export function enqueueSnapshot(world: World, event: SnapshotEvent): void {
  for (const endpoint of allEndpoints(world)) {
    if (
      endpoint.payload === 'snapshot' &&
      endpoint.connect === (event.account !== undefined) &&
      wants(endpoint, event.type)
    ) {
      enqueue(world, event.id, event.type, endpoint.id)
    }
  }
}

export function enqueueThin(world: World, event: ThinEvent): void {
  for (const endpoint of allEndpoints(world)) {
    if (endpoint.payload === 'thin' && wants(endpoint, event.type)) enqueue(world, event.id, event.type, endpoint.id)
  }
}

/** Queues one event for one endpoint, whatever its filter says. */
export function enqueue(world: World, event: string, type: string, endpoint: string): void {
  const now = world.now()
  const spend = anySwitch(world) ? (kind: SwitchKind) => spendSwitch(world, kind, type) : () => undefined
  const dropped = spend('drop')
  const delay = spend('delay')
  const reorder = spend('reorder')
  const spoil = (['corrupt_signature', 'wrong_secret', 'stale'] as const).find(spend)
  const copies = spend('duplicate') ? 2 : 1
  const latest = world.store.get<{ n: number | null }>('SELECT max(id) AS n FROM deliveries')?.n ?? 0
  for (let copy = 1; copy <= copies; copy++) {
    // Reordering holds what falls into one window and lets it go last-in first-out.
    const due = reorder ? (Math.floor(now / reorder.ms) + 1) * reorder.ms : now + (delay?.ms ?? 0)
    world.store.run(
      'INSERT INTO deliveries (event, type, endpoint, position, queued, due, spoil, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      [
        event,
        type,
        endpoint,
        reorder ? -(latest + copy) : latest + copy,
        now,
        due,
        spoil ?? null,
        dropped ? 'dropped' : 'pending',
      ],
    )
  }
}

/** The first hundred that are due now, in the order in which they should leave, each freshly signed. */
export function pendingDeliveries(world: World): Delivery[] {
  const rows = world.store.all<DeliveryRow>(
    "SELECT * FROM deliveries WHERE state = 'pending' AND due <= ? ORDER BY due, position LIMIT 100",
    [world.now()],
  )
  const endpoints = new Map(allEndpoints(world).map(endpoint => [endpoint.id, endpoint]))
  return rows.flatMap(row => {
    const endpoint = endpoints.get(row.endpoint)
    const body = payload(world, row.event)
    if (!endpoint || endpoint.disabled || body === undefined) return []
    // Only the first attempt is spoiled: Stripe's own retry carries a good signature.
    const spoil = row.attempt === 0 ? row.spoil : null
    return {
      id: row.id,
      url: endpoint.url,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks; simulated)',
        'stripe-signature': sign(world, body, endpoint.secret, spoil),
      },
      body,
      event: row.event,
      type: row.type,
      endpoint: row.endpoint,
      attempt: row.attempt,
      due: row.due,
    }
  })
}

/** When the next delivery is due (UTC milliseconds), or null when none waits. */
export function nextDeliveryDue(world: World): number | null {
  return (
    world.store.get<{ due: number | null }>("SELECT min(due) AS due FROM deliveries WHERE state = 'pending'")?.due ??
    null
  )
}

/** Records how an attempt ended: an HTTP status, or null when no answer came. Anything but 2xx is tried again. */
export function settleDelivery(world: World, id: number, status: number | null): void {
  const row = world.store.get<DeliveryRow>("SELECT * FROM deliveries WHERE id = ? AND state = 'pending'", [id])
  if (!row) return
  const attempt = row.attempt + 1
  const due = world.now() + BACKOFF[Math.min(row.attempt, BACKOFF.length - 1)]!
  const delivered = status !== null && status >= 200 && status < 300
  const state = delivered ? 'delivered' : due - row.queued > GIVE_UP_AFTER ? 'failed' : 'pending'
  world.store.run('UPDATE deliveries SET state = ?, attempt = ?, due = ?, last_status = ? WHERE id = ?', [
    state,
    attempt,
    due,
    status,
    id,
  ])
}

function payload(world: World, id: string): string | undefined {
  const snapshot = findObject<SnapshotEvent>(world, 'event', id)
  if (snapshot) {
    const pending = world.store.get<{ n: number }>(
      "SELECT count(DISTINCT endpoint) AS n FROM deliveries WHERE event = ? AND state = 'pending'",
      [id],
    )
    return JSON.stringify({ ...snapshot, pending_webhooks: pending?.n ?? 0 }, null, 2)
  }
  const thin = findObject<ThinEvent>(world, 'v2_event', id)
  return thin && JSON.stringify({ ...thin, data: undefined })
}

function sign(world: World, body: string, secret: string, spoil: DeliveryRow['spoil']): string {
  const t = Math.floor((world.now() - (spoil === 'stale' ? STALE : 0)) / SECOND)
  const signature = createHmac('sha256', spoil === 'wrong_secret' ? 'whsec_of_someone_else' : secret)
    .update(`${t}.${body}`)
    .digest('hex')
  const last = signature.endsWith('0') ? '1' : '0'
  return `t=${t},v1=${spoil === 'corrupt_signature' ? signature.slice(0, -1) + last : signature}`
}
