import type { Stripe } from 'stripe'
import { stripeEvents } from '#db/schema/index.ts'
import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import { stripeActor, work } from '../work.ts'

/** Which of our three URLs was called; each has its own secret. */
export type Endpoint = 'platform' | 'connect' | 'events'

export interface WebhookAnswer {
  status: number
  body: string
}

/** How far a signature's time may be from ours, in both directions (seconds); the package checks only old ones. */
const toleranceSeconds = 300

const secrets = {
  platform: 'STRIPE_WEBHOOK_SECRET_PLATFORM',
  connect: 'STRIPE_WEBHOOK_SECRET_CONNECT',
  events: 'STRIPE_WEBHOOK_SECRET_EVENTS',
} as const

/** What we keep of an event: where it belongs, and the bytes as they came. Times in UTC milliseconds. */
export interface StoredEvent {
  id: string
  type: string
  account: string | null
  objectId: string | null
  livemode: boolean
  body: string
  createdAt: number
}

/**
 * Takes a webhook: verifies it, stores it once with the job that works on it, and answers. 400 for what Stripe did not sign with
 * this endpoint's secret, or not now: nothing of it is kept but a line in the log.
 */
export async function receiveWebhook(
  deps: Deps,
  endpoint: Endpoint,
  rawBody: Buffer,
  signature: string | undefined,
): Promise<WebhookAnswer> {
  const event = verify(deps, endpoint, rawBody, signature)
  if (typeof event === 'string') {
    deps.log.warn({ endpoint, why: event, bytes: rawBody.length }, 'a webhook was refused')
    return { status: 400, body: 'refused' }
  }
  // Production endpoints for connected accounts hear test events too.
  if (event.livemode !== isLive(deps.config)) {
    deps.log.info({ endpoint, eventId: event.id, type: event.type }, 'a webhook of the other mode was ignored')
    return { status: 200, body: 'ignored' }
  }
  const stored = await storeEvents(deps, endpoint, [event])
  return { status: 200, body: stored > 0 ? 'stored' : 'known' }
}

/** The event, or why it is refused. */
function verify(deps: Deps, endpoint: Endpoint, rawBody: Buffer, signature: string | undefined): StoredEvent | string {
  // Exactly one time: of several, the package signs with the last, and an old event could be dressed up with a new first one.
  const times = [...(signature ?? '').matchAll(/(?:^|,)t=([^,]*)/g)].map(match => match[1] ?? '')
  if (!signature || times.length !== 1 || !/^\d{1,12}$/.test(times[0]!)) return 'no signature, or not one time'
  const time = Number(times[0])
  const { signature: verifier } = deps.stripe.webhooks
  if (!verifier) throw new Error('the stripe package came without its verifier')
  let event: StoredEvent
  try {
    // The signature first and the clock after it, so that a clock which is wrong is told from a forgery.
    verifier.verifyHeader(rawBody, signature, deps.config[secrets[endpoint]], toleranceSeconds, undefined, time * 1000)
    event = readEvent(endpoint, rawBody)
  } catch (error) {
    return error instanceof Error ? error.message.split('\n', 1)[0]! : 'unreadable'
  }
  const off = time - Math.floor(deps.clock.now() / 1000)
  if (Math.abs(off) <= toleranceSeconds) return event
  deps.log.error(
    { endpoint, eventId: event.id, secondsOff: off },
    "a webhook's time is not ours: a replay, or this machine's clock is wrong",
  )
  return 'outside the time tolerance'
}

function readEvent(endpoint: Endpoint, rawBody: Buffer): StoredEvent {
  const body = rawBody.toString('utf8')
  const parsed = JSON.parse(body) as { object?: unknown }
  const wanted = endpoint === 'events' ? 'v2.core.event' : 'event'
  if (parsed.object !== wanted) throw new Error(`this endpoint takes ${wanted}, not ${String(parsed.object)}`)
  return endpoint === 'events' ? ofThin(parsed as ThinEvent, body) : ofSnapshot(parsed as Stripe.Event, body)
}

export interface ThinEvent {
  id: string
  type: string
  created: string
  livemode: boolean
  context?: string | null
  related_object?: { id: string } | null
}

/** A v1 event. `account` is the connected account that it happened on, where a list told it and the event does not. */
export function ofSnapshot(
  event: Stripe.Event,
  body = JSON.stringify(event),
  account: string | null = null,
): StoredEvent {
  const object = event.data.object as { id?: string }
  return {
    id: event.id,
    type: event.type,
    account: event.account ?? account,
    objectId: object.id ?? null,
    livemode: event.livemode,
    body,
    createdAt: event.created * 1000,
  }
}

/** A v2 event: what it speaks of, and nothing more. */
export function ofThin(event: ThinEvent, body = JSON.stringify(event)): StoredEvent {
  return {
    id: event.id,
    type: event.type,
    account: event.context ? String(event.context) : null,
    objectId: event.related_object?.id ?? null,
    livemode: event.livemode,
    body,
    createdAt: Date.parse(event.created),
  }
}

/**
 * Stores events that are not known yet, each with its job in the same transaction.
 * @returns how many were new
 */
export async function storeEvents(deps: Deps, endpoint: Endpoint | 'catch_up', events: StoredEvent[]): Promise<number> {
  return work(deps, { orgId: 'system', actor: stripeActor }, async unit => {
    let stored = 0
    for (const event of events) {
      const rows = await unit.tx
        .insert(stripeEvents)
        .values({ ...event, endpoint, receivedAt: unit.at })
        .onConflictDoNothing()
        .returning({ id: stripeEvents.id })
      if (rows.length === 0) continue
      stored++
      unit.enqueue({ topic: 'stripe.event', key: event.id, payload: { eventId: event.id } })
    }
    return stored
  })
}

/** Whether the configured key moves real money. */
export function isLive(config: Pick<Config, 'STRIPE_SECRET_KEY'>): boolean {
  return /^[sr]k_live_/.test(config.STRIPE_SECRET_KEY)
}
