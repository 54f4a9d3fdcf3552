import { LibsqlError } from '@libsql/client'
import { sql } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { checkInvariants } from '../invariants/check.ts'
import { catchUp } from '../stripe/catch-up.ts'
import { sweep } from '../stripe/sweeper.ts'
import { handlers } from '../worker/handlers.ts'
import { createWorker } from '../worker/worker.ts'
import type { Around, Kind } from './races-database.ts'
import { judgeAll } from './races-judge.ts'
import { aWorld, type World } from './races-world.ts'

const minute = 60_000
const hour = 60 * minute

/**
 * One thing that happens in a story. A person's is done again with the same key when it was refused, as they would press again; what
 * the worker does, and what happens at Stripe, needs nobody.
 */
export interface Scene {
  name: string
  by: 'person' | 'worker' | 'stripe'
  act(deps: Deps): Promise<unknown>
  /** What must be so once a person was told that it is done: what isn't, in sentences. */
  told?(deps: Deps): Promise<string[]>
}

export interface Story {
  scenes: Scene[]
  /** What is wrong with how it ended; nothing when all is well. `fine` says whether nothing had failed on the way. */
  ending(deps: Deps, fine: boolean): Promise<string[]>
}

export type Tell = (world: World) => Promise<Story>

/** How a call to the outside may fail, by what it asks for. */
const ways = {
  read: ['refused'],
  write: ['refused', 'died before'],
  statement: ['refused'],
  commit: ['refused', 'died before', 'died after'],
  stripe: ['refused', 'lost', 'died before', 'died after', 'hung before', 'hung after'],
  mail: ['refused', 'lost', 'died after'],
  clock: ['25 hours ahead', '10 minutes back'],
} as const satisfies Record<Kind | 'clock', readonly string[]>
type Way = (typeof ways)[keyof typeof ways][number]

export function isWay(text: string): text is Way {
  return Object.values<readonly string[]>(ways).flat().includes(text)
}

interface Call {
  scene: number
  kind: Kind | 'clock'
  what: string
}

export interface Fault {
  /** Which call of the story, from 1. */
  number: number
  way: Way
}

export interface Tally {
  calls: Record<string, number>
  runs: number
}

/** A process that hears of each of its calls, and may be struck at one of them. */
function aProcess(world: World, name: string, heard: (call: Omit<Call, 'scene'>) => Way | null) {
  let alive = true
  let offset = 0
  let stop = () => {}
  let wake = () => {}
  const stopped = new Promise<'stopped'>(resolve => {
    stop = () => resolve('stopped')
  })
  const asleep = new Promise<void>(resolve => {
    wake = resolve
  })
  const never = new Promise<never>(() => {})
  const die = (): Promise<never> => {
    alive = false
    world.crash()
    stop()
    return never
  }
  const around: Around = async ({ kind, what }, effect) => {
    if (!alive) return never
    const way = heard({ kind, what })
    switch (way) {
      case 'refused':
        throw refusalOf(kind)
      case 'died before':
        return die()
      case 'died after':
        await effect()
        return die()
      case 'lost':
        await effect()
        throw refusalOf(kind)
      case 'hung before':
        stop()
        await asleep
        return effect()
      case 'hung after': {
        const answer = await effect()
        stop()
        await asleep
        return answer
      }
      default:
        return effect()
    }
  }
  const clock = {
    now() {
      const way = alive ? heard({ kind: 'clock', what: 'now' }) : null
      if (way === '25 hours ahead') offset = 25 * hour
      if (way === '10 minutes back') offset = -10 * minute
      return world.clock.now() + offset
    },
  }
  return { deps: world.process(name, around, clock), stopped, wake, isAlive: () => alive }
}

function refusalOf(kind: Kind): Error {
  switch (kind) {
    case 'write':
      return new LibsqlError('Another process holds a lock on the database file', 'SQLITE_BUSY')
    case 'stripe':
      return Object.assign(new Error('The connection broke'), { code: 'ECONNABORTED' })
    case 'mail':
      return Object.assign(new Error('450 try again later'), { code: 'EENVELOPE', responseCode: 450 })
    case 'commit':
      return new LibsqlError('disk I/O error', 'SQLITE_IOERR')
    default:
      return new LibsqlError('database or disk is full', 'SQLITE_FULL')
  }
}

/** The worker's share: Stripe's news, what is queued, and what got stuck. */
export async function workOn(world: World, deps: Deps): Promise<void> {
  for (let turns = 0; turns < 20; turns++) {
    const news = await world.deliver(deps)
    const done = await createWorker(deps, handlers).runUntilIdle()
    if (!news && done === 0) break
  }
  await sweep(deps)
}

/** A mail that was accepted may come again where nobody could know that it was, and then says by its Message-ID that it is the same. */
function judgeMails(world: World): string[] {
  const byPerson = new Map<string, Set<string>>()
  for (const mail of world.mails) {
    if (mail.headers?.['X-Remit-Template'] !== 'payoutOnItsWay') continue
    // One thread a payout: the mails of one and the same have this in common.
    const key = `${mail.to} about ${mail.references}`
    byPerson.set(key, (byPerson.get(key) ?? new Set()).add(mail.messageId))
  }
  return [...byPerson].flatMap(([key, ids]) => (ids.size === 1 ? [] : [`${ids.size} different mails to ${key}`]))
}

async function judgeOutbox(deps: Deps): Promise<string[]> {
  const open = await deps.db.read.all<{ topic: string; status: string; error: string | null }>(
    sql`SELECT topic, status, last_error AS error FROM outbox WHERE status NOT IN ('done') AND NOT (status = 'parked' AND last_error <> '')`,
  )
  return open.map(({ topic, status, error }) => `${topic} is ${status}: ${error}`)
}

/**
 * Tells a story once without a fault, to hear of every call to the outside, and then once for each of these calls and each way in which
 * it can fail. After the fault a new process goes on; the story must end as it should all the same.
 * @param share 1 for every call; otherwise all calls to Stripe and to the mail server, and every so manieth of the others
 * @throws Error with the first bad ending, and how to repeat it
 */
export async function failEverywhere(
  name: string,
  tell: Tell,
  { share, only }: { share: number; only?: Fault },
): Promise<Tally> {
  const world = await aWorld()
  const story = await tell(world)
  const straight = world.process('reader')
  // A place to begin from for each scene, so that a fault needs no run-up.
  const marks: (() => void)[] = []

  /** Plays from a scene on; the fault strikes at the call of its number, counted from the beginning of the story. */
  async function play(from: number, countBefore: number, fault: Fault | null, hear?: (call: Call) => void) {
    const problems: string[] = []
    let count = countBefore
    let incarnation = 0
    let struck = false
    let recovered = false
    const zombies: { wake: () => void; ended: Promise<unknown> }[] = []
    for (let scene = from; scene < story.scenes.length; scene++) {
      const { act, by, told, name: what } = story.scenes[scene]!
      if (hear) marks[scene] = world.mark()
      for (let press = 1; ; press++) {
        const one = aProcess(world, `process ${scene}.${incarnation++}`, call => {
          if (struck) return null
          count++
          hear?.({ ...call, scene })
          if (fault?.number !== count) return null
          struck = true
          return fault.way
        })
        const acting = act(one.deps).then(
          () => 'done' as const,
          (error: Error) => error,
        )
        const outcome = await Promise.race([acting, one.stopped])
        if (outcome === 'done') break
        if (outcome === 'stopped') {
          if (one.isAlive()) zombies.push({ wake: one.wake, ended: acting })
          world.clock.advance(10 * minute)
        } else if (!struck || press > 3) {
          problems.push(`${what}: ${outcome.message}`)
          break
        }
        if (by !== 'person' && press > 1) break
      }
      if (by === 'person' && told) problems.push(...(await told(straight)))
      // What hung until its lease was over, and somebody else had done it, is answered after all. Not a day later: Stripe has forgotten
      // the key by then, and our client gives up after twenty seconds.
      for (const zombie of zombies.splice(0)) await resume(zombie)
      // People come back when the worker has had its time: what was put off is due by then.
      if (by === 'worker' && struck && !recovered)
        for (const pause of [10 * minute, 2 * hour, 26 * hour]) {
          world.clock.advance(pause)
          await workOn(world, world.process(`recovery ${pause}`))
        }
      recovered ||= struck
    }
    for (let rest = 0; ; rest++) {
      const late = world.process(`late ${rest}`)
      world.clock.advance(rest === 0 ? minute : rest < 4 ? 2 * hour : 13 * hour)
      await workOn(world, late)
      const left = [...(await story.ending(straight, !struck)), ...(await judgeOutbox(straight))]
      // Time heals what it may: after a day and a half, and with a look at the events that webhooks did not bring.
      if (left.length > 0 && struck && rest < 6) {
        await catchUp(late)
        continue
      }
      problems.push(...left, ...(await judgeAll(world, straight)), ...judgeMails(world))
      for (const { says } of await checkInvariants(straight.db.read, { now: world.clock.now() })) problems.push(says)
      break
    }
    return problems
  }

  const calls: Call[] = []
  const clean = await play(0, 0, null, call => calls.push(call))
  if (clean.length > 0) throw new Error(`${name}, though nothing failed:\n  ${clean.join('\n  ')}`)
  const tally: Tally = { calls: {}, runs: 0 }
  for (const { kind } of calls) tally.calls[kind] = (tally.calls[kind] ?? 0) + 1

  // From the last scene to the first: going back to a mark forgets those after it.
  const seen: Record<string, number> = {}
  for (let number = calls.length; number >= 1; number--) {
    const call = calls[number - 1]!
    seen[call.kind] = (seen[call.kind] ?? 0) + 1
    const few = call.kind === 'stripe' || call.kind === 'mail'
    if (!only && !few && seen[call.kind] !== 1 && (seen[call.kind] ?? 0) % share !== 0) continue
    if (only && only.number !== number) continue
    for (const way of only ? [only.way] : ways[call.kind]) {
      marks[call.scene]?.()
      const before = calls.findIndex(({ scene }) => scene === call.scene)
      const problems = await play(call.scene, before, { number, way })
      tally.runs++
      if (problems.length > 0)
        throw new Error(
          `${name}: call ${number} of ${calls.length} (${story.scenes[call.scene]?.name}, ${call.kind}: ${call.what.slice(0, 160)}) ${way}:\n  ${problems.join('\n  ')}\n` +
            `Repeat it: FAILURE='${name}' FAILURE_AT='${number} ${way}' npx vitest run server/simulation/failure-loop.test.ts`,
        )
    }
  }
  return tally
}

/** A call that hung is answered after all: the process that waited for it goes on where it stood. */
async function resume({ wake, ended }: { wake: () => void; ended: Promise<unknown> }): Promise<void> {
  wake()
  await ended
}
