import type Stripe from 'stripe'
import { invalid } from './errors.ts'
import { listPage, listV2Page, PAGE, type PageParameters } from './lists.ts'
import { deleteObject, getObject, insertObject, selectObjects, updateObject } from './objects.ts'
import { type MetadataChange, mergeMetadata } from './parameters.ts'
import { seconds, type World } from './world.ts'

/** What both kinds of endpoint come down to when events are handed out. */
export interface Endpoint {
  id: string
  url: string
  secret: string
  events: string[]
  connect: boolean
  payload: 'snapshot' | 'thin'
  disabled: boolean
}

interface StoredEndpoint {
  id: string
  view: Stripe.WebhookEndpoint
  connect: boolean
  secret: string
}

interface StoredDestination {
  id: string
  view: Stripe.V2.Core.EventDestination
  url: string
  secret: string
}

export function allEndpoints(world: World): Endpoint[] {
  const endpoints = selectObjects<StoredEndpoint>(world, 'webhook_endpoint').map(
    (one): Endpoint => ({
      id: one.id,
      url: one.view.url,
      secret: one.secret,
      events: one.view.enabled_events,
      connect: one.connect,
      payload: 'snapshot',
      disabled: one.view.status === 'disabled',
    }),
  )
  const destinations = selectObjects<StoredDestination>(world, 'event_destination').map(
    (one): Endpoint => ({
      id: one.id,
      url: one.url,
      secret: one.secret,
      events: one.view.enabled_events,
      connect: one.view.events_from?.includes('other_accounts') ?? false,
      payload: one.view.event_payload,
      disabled: one.view.status === 'disabled',
    }),
  )
  return [...endpoints, ...destinations].reverse()
}

export function wants(endpoint: Endpoint, type: string): boolean {
  return !endpoint.disabled && (endpoint.events.includes('*') || endpoint.events.includes(type))
}

export const ENDPOINT_CREATE = {
  enabled_events: 'strings',
  url: 'string',
  api_version: 'string',
  connect: 'boolean',
  description: 'string',
  expand: 'strings',
  metadata: 'metadata',
} as const

interface EndpointParameters {
  enabled_events: string[]
  url: string
  api_version?: string
  connect?: boolean
  description?: string
  metadata?: MetadataChange
}

/** The secret is shown here and never again. `secret` is for endpoints that the simulator registers itself. */
export function createEndpoint(
  world: World,
  params: EndpointParameters,
  secret = world.id('whsec'),
): Stripe.WebhookEndpoint {
  const view: Stripe.WebhookEndpoint = {
    id: world.id('we'),
    object: 'webhook_endpoint',
    api_version: params.api_version ?? null,
    application: null,
    created: seconds(world),
    description: params.description || null,
    enabled_events: params.enabled_events,
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    status: 'enabled',
    url: readUrl(params.url),
  }
  const stored: StoredEndpoint = { id: view.id, view, connect: params.connect ?? false, secret }
  insertObject(world, 'webhook_endpoint', world.platform, stored)
  return { ...view, secret }
}

export function retrieveEndpoint(world: World, id: string): Stripe.WebhookEndpoint {
  return getObject<StoredEndpoint>(world, 'webhook_endpoint', id, world.platform).view
}

export function listEndpoints(world: World, page: PageParameters): Stripe.ApiList<Stripe.WebhookEndpoint> {
  const list = listPage<StoredEndpoint>(world, 'webhook_endpoint', '/v1/webhook_endpoints', page, {
    account: world.platform,
  })
  return { ...list, data: list.data.map(one => one.view) }
}

export const ENDPOINT_LIST = PAGE

export const ENDPOINT_UPDATE = {
  description: 'string',
  disabled: 'boolean',
  enabled_events: 'strings',
  expand: 'strings',
  metadata: 'metadata',
  url: 'string',
} as const

export function updateEndpoint(
  world: World,
  id: string,
  params: {
    description?: string
    disabled?: boolean
    enabled_events?: string[]
    metadata?: MetadataChange
    url?: string
  },
): Stripe.WebhookEndpoint {
  const stored = getObject<StoredEndpoint>(world, 'webhook_endpoint', id, world.platform)
  const { view } = stored
  if (params.description !== undefined) view.description = params.description || null
  if (params.disabled !== undefined) view.status = params.disabled ? 'disabled' : 'enabled'
  if (params.enabled_events) view.enabled_events = params.enabled_events
  if (params.url) view.url = readUrl(params.url)
  view.metadata = mergeMetadata(view.metadata, params.metadata)
  updateObject(world, stored)
  if (view.status === 'disabled') abandon(world, id)
  return view
}

export function deleteEndpoint(world: World, id: string): Stripe.DeletedWebhookEndpoint {
  getObject<StoredEndpoint>(world, 'webhook_endpoint', id, world.platform)
  deleteObject(world, id)
  abandon(world, id)
  return { id, object: 'webhook_endpoint', deleted: true }
}

export const DESTINATION_CREATE = {
  enabled_events: 'strings',
  event_payload: 'string',
  name: 'string',
  type: 'string',
  amazon_eventbridge: 'free',
  azure_event_grid: 'free',
  description: 'string',
  events_from: 'strings',
  include: 'strings',
  metadata: 'metadata',
  snapshot_api_version: 'string',
  webhook_endpoint: { url: 'string' },
} as const

interface DestinationParameters {
  enabled_events: string[]
  event_payload: string
  name: string
  type: string
  description?: string
  events_from?: string[]
  include?: string[]
  metadata?: MetadataChange
  webhook_endpoint?: { url?: string }
}

export function createDestination(world: World, params: DestinationParameters, secret = world.id('whsec')) {
  if (params.type !== 'webhook_endpoint')
    throw invalid('The simulator delivers to webhook endpoints only.', { param: 'type' })
  if (params.event_payload !== 'thin' && params.event_payload !== 'snapshot') {
    throw invalid(`Invalid event_payload: ${params.event_payload}`, { param: 'event_payload' })
  }
  const url = readUrl(params.webhook_endpoint?.url ?? '')
  const created = new Date(world.now()).toISOString()
  const view: Stripe.V2.Core.EventDestination = {
    id: world.id('ed'),
    object: 'v2.core.event_destination',
    created,
    description: params.description ?? '',
    enabled_events: params.enabled_events,
    event_payload: params.event_payload,
    events_from: params.events_from ?? ['self'],
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    name: params.name,
    status: 'enabled',
    type: 'webhook_endpoint',
    updated: created,
  }
  const stored: StoredDestination = { id: view.id, view, url, secret }
  insertObject(world, 'event_destination', world.platform, stored)
  return showDestination(stored, params.include)
}

export function retrieveDestination(world: World, id: string, include?: string[]) {
  return showDestination(getObject<StoredDestination>(world, 'event_destination', id, world.platform), include)
}

export function listDestinations(world: World, query: { limit?: number; page?: string; include?: string[] }) {
  const page = listV2Page<StoredDestination>(world, 'event_destination', '/v2/core/event_destinations', query, {
    account: world.platform,
  })
  return { ...page, data: page.data.map(one => showDestination(one, query.include)) }
}

/** What waits for an endpoint that is gone never arrives. */
function abandon(world: World, endpoint: string): void {
  world.store.run("UPDATE deliveries SET state = 'failed' WHERE endpoint = ? AND state = 'pending'", [endpoint])
}

/**
 * Makes sure that an endpoint with this URL and secret exists, however often it is called. `platform` hears the
 * platform's own events, `connect` those of connected accounts, `events` the thin v2 ones.
 */
export function registerEndpoint(
  world: World,
  one: { kind: 'platform' | 'connect' | 'events'; url: string; secret: string },
): string {
  const thin = one.kind === 'events'
  const same = thin
    ? selectObjects<StoredDestination>(world, 'event_destination').find(other => other.url === one.url)
    : selectObjects<StoredEndpoint>(world, 'webhook_endpoint').find(other => other.view.url === one.url)
  if (same) {
    updateObject(world, { ...same, secret: one.secret })
    return same.id
  }
  if (!thin)
    return createEndpoint(world, { url: one.url, enabled_events: ['*'], connect: one.kind === 'connect' }, one.secret)
      .id
  const destination = createDestination(
    world,
    {
      name: one.kind,
      type: 'webhook_endpoint',
      event_payload: 'thin',
      enabled_events: ['*'],
      webhook_endpoint: { url: one.url },
    },
    one.secret,
  )
  return destination.id
}

function showDestination(stored: StoredDestination, include: string[] = []): Stripe.V2.Core.EventDestination {
  const shown = {
    ...(include.includes('webhook_endpoint.url') ? { url: stored.url } : {}),
    ...(include.includes('webhook_endpoint.signing_secret') ? { signing_secret: stored.secret } : {}),
  }
  return { ...stored.view, ...(Object.keys(shown).length ? { webhook_endpoint: shown } : {}) }
}

function readUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw invalid('Invalid URL: An explicit scheme (such as https) must be provided.', {
      code: 'url_invalid',
      param: 'url',
    })
  }
  return url
}
