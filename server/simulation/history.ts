import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import type { Handlers } from '../worker/worker.ts'
import { type Counts, countFault, noCounts } from './counts.ts'
import { drain } from './drain.ts'
import { hashOf, judge, judgeMoney } from './judge.ts'
import { chooseHistory, type Operation } from './operations.ts'
import { perform } from './perform.ts'
import { makeWorld, type World } from './world.ts'

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

const cheapEvery = 6

export function historyOf(seed: number): History {
  return { seed, operations: chooseHistory(seed) }
}

/** Lives through one history, to its rest, and judges it. The same history gives the same outcome, to the byte. */
export async function live({ seed, operations }: History, options: Options = {}): Promise<Outcome> {
  const db: Database = await openDatabase({ url: 'file::memory:', synchronous: 'NORMAL' })
  await migrate(db)
  const counts = noCounts()
  const world = await makeWorld(seed, db, counts)
  if (options.handlers) world.handlers = options.handlers
  try {
    await livedThrough(world, operations)
  } catch (error) {
    world.violations.push(`something broke: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
  }
  const hash = await hashOf(world)
  await db.close()
  world.simulator.close()
  return { story: world.story, violations: [...new Set(world.violations)], counts, hash }
}

async function livedThrough(world: World, operations: Operation[]): Promise<void> {
  for (const [index, operation] of operations.entries()) {
    await perform(world, operation)
    countStruck(world)
    if (index % cheapEvery === cheapEvery - 1) world.violations.push(...(await judgeMoney(world)))
    if (world.violations.length > 0) return
  }
  await drain(world)
  world.violations.push(...(await judge(world)))
}

/** Faults of the simulator's that were spent by now; told once. */
function countStruck(world: World): void {
  const left = (path: string) =>
    world
      .control<{ id: number; kind: string; remaining: number | null }[]>('GET', path)
      .map(row => [row.id, row] as const)
  for (const [group, path] of [
    ['stripe', '/_sim/faults'],
    ['webhook', '/_sim/webhooks/switches'],
  ] as const)
    for (const [id, row] of left(path)) {
      const known = world.remaining.get(`${group} ${id}`) ?? row.remaining ?? 0
      const now = row.remaining ?? 0
      if (now < known) countFault(world.counts, `${group}_${row.kind}`, 'struck', known - now)
      world.remaining.set(`${group} ${id}`, now)
    }
}
