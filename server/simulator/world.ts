import { randomBytes } from 'node:crypto'
import type { Store } from './store.ts'

/** The API version whose shapes the simulator speaks: the one the pinned `stripe` package sends. */
export const API_VERSION = '2026-10-28.endive'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** What caused the change at hand: an API request, or nothing when the clock did it. */
interface Cause {
  requestId: string
  key: string | null
}

/** Everything a handler may touch. There is no other clock, randomness or state in the simulator. */
export interface World {
  store: Store
  /** Id of the platform's own account. */
  platform: string
  /** Where hosted pages live, without a trailing slash. */
  baseUrl: string
  cause: Cause | null
  /** Simulated time, UTC milliseconds. */
  now(): number
  /** Runs `work` as if it were `time`: scheduled work happens at its due time, even when the clock jumped. */
  at<T>(time: number, work: () => T): T
  /** A new id such as `tr_1…`. */
  id(prefix: string): string
  /** Moves the simulated clock by so many milliseconds, for good. */
  shift(milliseconds: number): void
}

/** Simulated time in seconds, as the wire has it. */
export function seconds(world: World): number {
  return Math.floor(world.now() / SECOND)
}

export function createWorld(options: {
  store: Store
  now: () => number
  random?: (() => string) | undefined
  platform?: string | undefined
  baseUrl?: string | undefined
}): World {
  const { store } = options
  const random = options.random ?? (() => randomBytes(12).toString('hex'))
  let offset = Number(readMeta(store, 'clock_offset') ?? 0)
  let pinned: number | null = null

  const stored = readMeta(store, 'platform')
  const platform = stored ?? options.platform ?? 'acct_1SimulatedPlatform'
  if (!stored) writeMeta(store, 'platform', platform)

  return {
    store,
    platform,
    baseUrl: options.baseUrl ?? 'http://simulator.test',
    cause: null,
    now: () => pinned ?? options.now() + offset,
    at(time, work) {
      const before = pinned
      pinned = time
      try {
        return work()
      } finally {
        pinned = before
      }
    },
    id: prefix => `${prefix}_1${random()}`,
    shift(milliseconds) {
      offset += milliseconds
      writeMeta(store, 'clock_offset', String(offset))
    },
  }
}

export function readMeta(store: Store, name: string): string | undefined {
  return store.get<{ value: string }>('SELECT value FROM meta WHERE name = ?', [name])?.value
}

export function writeMeta(store: Store, name: string, value: string): void {
  store.run('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', [
    name,
    value,
  ])
}
