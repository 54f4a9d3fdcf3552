import { control } from './control.ts'
import { type Endpoint, registerEndpoint } from './endpoints.ts'
import { fund, settleTopup } from './funding.ts'
import { forgetExpired } from './idempotency.ts'
import { servePage } from './onboarding.ts'
import { advancePayout, runAutomaticPayout } from './payouts.ts'
import type { Reply, Request } from './reply.ts'
import { nextPlanned, type Scheduled, takeDue } from './schedule.ts'
import { serveApi } from './serve.ts'
import { openStore } from './store.ts'
import { type Delivery, nextDeliveryDue, pendingDeliveries, settleDelivery } from './webhooks.ts'
import { createWorld, readMeta, type World, writeMeta } from './world.ts'

export type { Reply, Request } from './reply.ts'
export type { Delivery } from './webhooks.ts'

export interface SimulatorOptions {
  /** The state file, or `:memory:`. */
  path: string
  /** UTC milliseconds. The simulated clock is this one plus an offset that `/_sim/clock` moves. */
  now: () => number
  /** Text for ids and secrets, never the same twice; random when left out. Give a counter for repeatable histories. */
  random?: () => string
  /** Where hosted pages live, without a trailing slash. */
  baseUrl?: string
  /** The platform's own account id, in a new state file. */
  platform?: string
  /** Accepted secret keys; any test key when left out. */
  keys?: readonly string[]
  /** Minor units that the platform starts with, by lower-case currency, in a new state file. */
  balance?: Record<string, number>
}

/** A local Stripe without a transport: every call runs to its end, in one transaction of its own state file. */
export interface Simulator {
  handle(request: Request): Reply
  /** Simulated time, UTC milliseconds. */
  now(): number
  /** What the clock has brought due by now: payouts and top-ups move on, old keys are forgotten. `handle` does it too. */
  tick(): void
  /** Webhooks that should leave now, freshly signed. Nothing changes until each is settled. */
  pendingDeliveries(): Delivery[]
  /** How an attempt ended: an HTTP status, or null when no answer came. */
  settleDelivery(id: number, status: number | null): void
  /** When something happens next by itself (UTC milliseconds, simulated), or null. */
  nextDue(): number | null
  /** Registers one of our own endpoints with a known secret; the same URL again only changes the secret. */
  register(endpoint: { kind: 'platform' | 'connect' | 'events'; url: string; secret: string }): Endpoint['id']
  /** Remembers the state; the function that is returned brings it back, again and again. The clock is not part of it. */
  mark(): () => void
  close(): void
}

/** Plenty for a demo: a million of each. */
const STARTING_BALANCE = { usd: 100_000_000, eur: 100_000_000, gbp: 100_000_000 }

export function createSimulator(options: SimulatorOptions): Simulator {
  const store = openStore(options.path)
  const world = store.transaction(() => {
    const opened = createWorld({ ...options, store })
    if (!readMeta(store, 'funded')) {
      for (const [currency, amount] of Object.entries(options.balance ?? STARTING_BALANCE)) {
        if (amount > 0) fund(opened, { amount, currency, description: 'Starting balance' }, true)
      }
      writeMeta(store, 'funded', '1')
    }
    return opened
  })

  return {
    handle: request =>
      store.transaction(() => {
        tick(world)
        const [path = ''] = request.path.split('?')
        if (path === '/_sim' || path.startsWith('/_sim/')) {
          const reply = control(world, request, path)
          tick(world)
          return reply
        }
        return servePage(world, request.method, path, request.body.toString()) ?? serveApi(world, request, options.keys)
      }),
    now: () => world.now(),
    tick: () => store.transaction(() => tick(world)),
    pendingDeliveries: () => pendingDeliveries(world),
    settleDelivery: (id, status) => store.transaction(() => settleDelivery(world, id, status)),
    nextDue: () => earliest(nextDeliveryDue(world), nextPlanned(world)),
    register: endpoint => store.transaction(() => registerEndpoint(world, endpoint)),
    mark: () => store.mark(),
    close: () => store.close(),
  }
}

function tick(world: World): void {
  for (let next = takeDue(world); next; next = takeDue(world)) {
    const action = next
    // Each thing happens at its own time, also when the clock jumped far beyond it.
    world.at(action.due, () => perform(world, action))
  }
  forgetExpired(world)
}

function perform(world: World, { action, target }: Scheduled): void {
  switch (action) {
    case 'payout.automatic':
      runAutomaticPayout(world, target)
      return
    case 'payout.advance':
      advancePayout(world, target)
      return
    case 'topup.succeed':
      settleTopup(world, target)
      return
  }
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null) return b
  return b === null ? a : Math.min(a, b)
}
