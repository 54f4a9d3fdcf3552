import { eq, sql } from 'drizzle-orm'
import { outbox, payoutAttempts } from '#db/schema/index.ts'
import type { Deps } from '#server/deps.ts'
import { deliverEmail } from '#server/email/deliver.ts'
import { claim, finish } from '#server/outbox/outbox.ts'
import { type Payload, topics } from '#server/outbox/topics.ts'
import { type Actor, type Work, work } from '#server/work.ts'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** The clock of the demo's history: each act sets it to its own time. */
export interface MovableClock {
  now(): number
  set(at: number): void
}

export interface Stage {
  deps: Deps
  clock: MovableClock
  /** When the demo's history ends, and the present begins: UTC milliseconds. */
  today: number
  chance: Chance
  /** Runs `act` at `at` (UTC milliseconds), in the order of time. What lies after today never happens. */
  plan(at: number, act: () => Promise<void>): void
  /** Runs everything planned, and what it plans in turn. */
  play(): Promise<void>
  /** Asks the simulator something that only it understands. */
  simulator<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T>
}

/** One unit of work at the clock's time, as `actor`. */
export function act<T>(stage: Stage, orgId: string, actor: Actor, fn: (unit: Work) => Promise<T>): Promise<T> {
  return work(stage.deps, { orgId, actor }, fn)
}

/** @param mailFrom UTC milliseconds: what was written before is not kept, only what there was to write is marked done */
export function createStage(deps: Deps, clock: MovableClock, today: number, mailFrom: number): Stage {
  const acts: { at: number; order: number; act: () => Promise<void> }[] = []
  let order = 0
  return {
    deps,
    clock,
    today,
    chance: createChance(2_026),
    plan(at, fn) {
      if (at >= today) return
      const one = { at, order: order++, act: fn }
      const after = acts.findIndex(other => other.at > at)
      acts.splice(after < 0 ? acts.length : after, 0, one)
    },
    async play() {
      for (let next = acts.shift(); next; next = acts.shift()) {
        clock.set(next.at)
        await next.act()
        if (next.at < mailFrom) await markMailsDone(deps)
        else await deliverMails(deps)
      }
    },
    simulator: (method, path, body) => control(deps.config.STRIPE_API_BASE, method, path, body),
  }
}

async function markMailsDone(deps: Deps): Promise<void> {
  await deps.db.write(tx =>
    tx
      .update(outbox)
      .set({ status: 'done', finishedAt: deps.clock.now() })
      .where(sql`${outbox.topic} = 'email.send' AND ${outbox.status} = 'queued'`),
  )
}

/** Writes what is due, through the same code that the worker runs; the mailer keeps it from leaving. */
export async function deliverMails(deps: Deps): Promise<void> {
  for (;;) {
    const held = await claim(deps, 50, ['email.send'])
    if (held.length === 0) return
    for (const job of held) {
      const payload = topics['email.send'].payload.parse(job.payload) as Payload<'email.send'>
      await deliverEmail(deps, payload, job.orgId)
      await finish(deps, job)
    }
  }
}

/** A transfer that is told here leaves nothing for the worker to do. */
export async function finishTransferJob(deps: Deps, attemptId: string): Promise<void> {
  const now = deps.clock.now()
  await deps.db.write(async tx => {
    await tx
      .update(payoutAttempts)
      .set({ state: 'sending', firstSentAt: now, lastSentAt: now, sends: 1 })
      .where(eq(payoutAttempts.id, attemptId))
    await tx
      .update(outbox)
      .set({ status: 'done', finishedAt: now })
      .where(sql`${outbox.topic} = 'payout.transfer' AND ${outbox.key} = ${attemptId}`)
  })
}

async function control<T>(base: string, method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  const response = await fetch(new URL(path, base), {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`the simulator answered ${response.status} to ${method} ${path}: ${text}`)
  return JSON.parse(text) as T
}

interface Chance {
  /** In [0, 1). */
  fraction(): number
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number
  pick<T>(items: readonly T[]): T
}

/** The same every time, so that the demo looks the same on every machine (mulberry32). */
function createChance(seed: number): Chance {
  let state = seed >>> 0
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    fraction,
    between: (from, to) => from + Math.floor(fraction() * (to - from + 1)),
    pick: items => {
      const item = items[Math.floor(fraction() * items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
  }
}
