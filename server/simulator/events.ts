import type Stripe from 'stripe'
import { listPage, listV2Page, PAGE, type PageParameters } from './lists.ts'
import { getObject, insertObject } from './objects.ts'
import type { Range } from './parameters.ts'
import { enqueueSnapshot, enqueueThin } from './webhooks.ts'
import { API_VERSION, DAY, seconds, type World } from './world.ts'

/** Events can be fetched for so long. */
const RETENTION = 30 * DAY

/** A v1 event as it is stored; how many webhooks are pending is counted when it is shown. */
export interface SnapshotEvent {
  id: string
  object: 'event'
  account?: string
  api_version: string
  created: number
  data: { object: object; previous_attributes?: object }
  livemode: false
  pending_webhooks: number
  request: { id: string | null; idempotency_key: string | null }
  type: string
}

export interface ThinEvent {
  id: string
  object: 'v2.core.event'
  created: string
  livemode: false
  type: string
  reason?: { type: 'request'; request: { id: string; idempotency_key: string } }
  related_object: { id: string; type: string; url: string }
  /** Only fetched events carry it; notifications are thin. */
  data?: object
}

/** Records that `object` changed and queues webhooks. `account` is the connected account it happened on, if any. */
export function emit(
  world: World,
  type: Stripe.Event.Type,
  object: object,
  more: { account?: string; previous?: object } = {},
): void {
  const event: SnapshotEvent = {
    id: world.id('evt'),
    object: 'event',
    ...(more.account ? { account: more.account } : {}),
    api_version: API_VERSION,
    created: seconds(world),
    data: { object, ...(more.previous ? { previous_attributes: more.previous } : {}) },
    livemode: false,
    pending_webhooks: 0,
    request: { id: world.cause?.requestId ?? null, idempotency_key: world.cause?.key ?? null },
    type,
  }
  insertObject(world, 'event', more.account ?? world.platform, event, [type])
  enqueueSnapshot(world, event)
}

/** Records a v2 event about one object; the notification that goes out holds no data. */
export function emitThin(
  world: World,
  type: Stripe.V2.Core.Event['type'],
  related: ThinEvent['related_object'],
  data?: object,
): ThinEvent {
  const key = world.cause?.key
  const event: ThinEvent = {
    id: world.id('evt'),
    object: 'v2.core.event',
    created: new Date(world.now()).toISOString(),
    livemode: false,
    type,
    ...(world.cause && key
      ? { reason: { type: 'request', request: { id: world.cause.requestId, idempotency_key: key } } }
      : {}),
    related_object: related,
    ...(data ? { data } : {}),
  }
  insertObject(world, 'v2_event', world.platform, event, [type, related.id])
  enqueueThin(world, event)
  return event
}

function showEvent(world: World, event: SnapshotEvent): SnapshotEvent {
  const pending = world.store.get<{ n: number }>(
    "SELECT count(DISTINCT endpoint) AS n FROM deliveries WHERE event = ? AND state = 'pending'",
    [event.id],
  )
  return { ...event, pending_webhooks: pending?.n ?? 0 }
}

export function retrieveEvent(world: World, account: string, id: string): SnapshotEvent {
  return showEvent(world, getObject<SnapshotEvent>(world, 'event', id, account))
}

export const EVENT_LIST = {
  ...PAGE,
  created: 'range',
  delivery_success: 'boolean',
  type: 'string',
  types: 'strings',
} as const

export function listEvents(
  world: World,
  account: string,
  query: PageParameters & { created?: Range; delivery_success?: boolean; type?: string; types?: string[] },
) {
  const types = query.types ?? (query.type ? [query.type] : undefined)
  const conditions = ['created > ?']
  const values: (string | number)[] = [world.now() - RETENTION]
  if (types) {
    // `transfer.*` stands for every event of that resource.
    conditions.push(`(${types.map(() => 'facet_1 GLOB ?').join(' OR ') || '0'})`)
    values.push(...types)
  }
  if (query.delivery_success !== undefined) {
    const unsuccessful = "EXISTS (SELECT 1 FROM deliveries WHERE event = objects.id AND state <> 'delivered')"
    conditions.push(query.delivery_success ? `NOT ${unsuccessful}` : unsuccessful)
  }
  return listPage<SnapshotEvent>(
    world,
    'event',
    '/v1/events',
    query,
    { account, created: query.created, where: [conditions.join(' AND '), values] },
    event => showEvent(world, event),
  )
}

export function retrieveThinEvent(world: World, id: string): ThinEvent {
  return getObject<ThinEvent>(world, 'v2_event', id, world.platform)
}

export const THIN_EVENT_LIST = {
  limit: 'integer',
  page: 'string',
  created: 'free',
  object_id: 'string',
  types: 'strings',
} as const

export function listThinEvents(
  world: World,
  query: { limit?: number; page?: string; object_id?: string; types?: string[] },
) {
  const conditions = ['created > ?']
  const values: (string | number)[] = [world.now() - RETENTION]
  const parts: string[] = []
  if (query.object_id) parts.push(`object_id=${encodeURIComponent(query.object_id)}`)
  if (query.types) {
    conditions.push(`facet_1 IN (${query.types.map(() => '?').join(', ')})`)
    values.push(...query.types)
    parts.push(...query.types.map((type, index) => `types[${index}]=${encodeURIComponent(type)}`))
  }
  return listV2Page<ThinEvent>(
    world,
    'v2_event',
    `/v2/core/events${parts.length ? `?${parts.join('&')}` : ''}`,
    query,
    {
      account: world.platform,
      facet_2: query.object_id,
      where: [conditions.join(' AND '), values],
    },
  )
}
