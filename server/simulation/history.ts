import { deliverEmail } from '../email/deliver.ts'
import { handlers } from '../worker/handlers.ts'
import type { Handlers } from '../worker/worker.ts'
import { type Counts, countFault } from './counts.ts'
import { drain } from './drain.ts'
import { hashOf, judge, judgeMoney } from './judge.ts'
import { chooseHistory, type Operation } from './operations.ts'
import { perform } from './perform.ts'
import { makeWorld, type Stage, type World } from './world.ts'

export interface History {
  seed: number
  operations: Operation[]
}

export interface Outcome {
  /** Sentences of what happened. */
  story: string[]
  /** What must not be, in sentences; empty when all is well. */
  violations: string[]
  counts: Counts
  /** Of the story and the state at its end. */
  hash: string
}

export interface Options {
  /** Other handlers of jobs than the product's. */
  handlers?: Handlers
}

/** Mails look like this here: what they say is another test's, and laying one out costs more than all else about it. */
export const plainHandlers: Handlers = {
  ...handlers,
  'email.send': (deps, payload, job) =>
    deliverEmail(deps, payload, job.orgId, async ({ template, props }) => {
      const text = JSON.stringify(props)
      return { subject: template, html: `<body><p>${text}</p></body>`, text }
    }),
}

/** Every so many operations, Stripe's money is held against the payouts. */
const judgedEvery = 6

export function historyOf(seed: number): History {
  return { seed, operations: chooseHistory(seed) }
}

/** Lives through one history, to its rest, and judges it. The same history gives the same outcome, to the byte. */
export async function live({ seed, operations }: History, stage: Stage, options: Options = {}): Promise<Outcome> {
  const world = await makeWorld(seed, stage, options.handlers ?? plainHandlers)
  try {
    await livedThrough(world, operations)
  } catch (error) {
    world.violations.push(`something broke: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
  }
  const hash = await hashOf(world)
  world.simulator.close()
  return { story: world.story, violations: [...new Set(world.violations)], counts: world.counts, hash }
}

async function livedThrough(world: World, operations: Operation[]): Promise<void> {
  for (const [index, operation] of operations.entries()) {
    await perform(world, operation)
    countStruck(world)
    if (index % judgedEvery === judgedEvery - 1) world.violations.push(...(await judgeMoney(world)))
    if (world.violations.length > 0) return
  }
  await drain(world)
  if (world.violations.length === 0) world.violations.push(...(await judge(world)))
}

/** Faults of the simulator's that were spent since the last look. */
function countStruck({ armed, control, counts }: World): void {
  for (const [group, path] of [
    ['stripe', '/_sim/faults'],
    ['webhook', '/_sim/webhooks/switches'],
  ] as const) {
    if (armed[group].size === 0) continue
    for (const { id, kind, remaining } of control<{ id: number; kind: string; remaining: number }[]>('GET', path)) {
      const before = armed[group].get(id)
      if (before === undefined) continue
      if (remaining < before) countFault(counts, `${group}_${kind}`, 'struck', before - remaining)
      if (remaining > 0) armed[group].set(id, remaining)
      else armed[group].delete(id)
    }
  }
}
