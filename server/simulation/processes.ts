import { createHash } from 'node:crypto'
import type { Database } from '#db/client.ts'
import { createChanges } from '../changes.ts'
import type { Config } from '../config.ts'
import type { Clock, Deps, Log } from '../deps.ts'
import type { OutgoingMail } from '../email/send.ts'
import { makeId } from '../lib/ids.ts'
import type { Simulator } from '../simulator/core.ts'
import { inProcessStripe } from '../simulator/in-process.ts'
import { type Counts, countFault } from './counts.ts'
import type { Operation } from './operations.ts'
import type { Turnstile } from './turnstile.ts'

/** The process is gone: whatever it was about to do, it does not. */
export class Crash extends Error {
  override name = 'Crash'
}

/** One process of Remit's: a world of its own in memory, one database and one Stripe shared with the others. */
export interface Process {
  name: string
  deps: Deps
  dead: boolean
}

type CrashPlan = Extract<Operation, { do: 'crash' }>
type MailPlan = Extract<Operation, { do: 'mail' }>
type NetworkPlan = Extract<Operation, { do: 'network' }>

/** What waits to go wrong at the seams between Remit and the world; each strikes once. */
export interface Troubles {
  crashes: { plan: CrashPlan; left: number }[]
  mails: { plan: MailPlan; left: number }[]
  network: { plan: NetworkPlan; left: number }[]
}

/** What the processes of one history share. */
export interface Shared {
  config: Config
  db: Database
  clock: Clock & { advance(ms: number): void }
  simulator: Simulator
  turnstile: Turnstile
  troubles: Troubles
  counts: Counts
  mails: OutgoingMail[]
  /** Errors that a process logged, since the last look. */
  complaints: { message: string; fields: object }[]
  /** Names the processes: ids come from the history's seed and the process's number. */
  seed: string
  started: number
}

/** Starts a process; `kind` decides which planned crashes may hit it, `calm` is spared. */
export function startProcess(shared: Shared, kind: 'web' | 'worker' | 'calm', name: string): Process {
  const { db, simulator, turnstile, troubles, counts } = shared
  const number = shared.started++
  const process: Process = { name: `${name}#${number}`, dead: false, deps: undefined as unknown as Deps }

  function die(): never {
    process.dead = true
    throw new Crash(`${process.name} died`)
  }

  /** A step over the border: the turn of others, and the moment of death, are before and after it. */
  async function step<T>(take: () => Promise<T>): Promise<T> {
    if (process.dead) die()
    await turnstile.pass()
    if (process.dead) die()
    const crash = nextOf(troubles.crashes, plan => plan.who === kind)
    if (crash) countFault(counts, `crash_${crash.who}_${crash.when}`, 'struck')
    if (crash?.when === 'before') die()
    const taken = await take()
    if (crash) die()
    await turnstile.pass()
    if (process.dead) die()
    return taken
  }

  const random = seededBytes(`${shared.seed} ${number}`)
  process.deps = {
    config: shared.config,
    db: { ...db, write: fn => step(() => db.write(fn)) },
    clock: shared.clock,
    ids: {
      id: prefix => makeId(prefix, shared.clock.now(), random()),
      secret: () => random().toString('base64url'),
      fraction: () => random().readUInt32LE() / 2 ** 32,
    },
    stripe: inProcessStripe(simulator, {
      isWriting: db.isWriting,
      onTheWay: (_call, send) =>
        step(async () => {
          const trouble = nextOf(troubles.network, () => true)
          if (trouble) countFault(counts, `network_${trouble.kind}`, 'struck')
          // A network may bring a request twice; the answer to the first is lost on the way.
          if (trouble?.kind === 'doubled') send()
          const reply = send()
          if (trouble?.kind === 'slow_answer') shared.clock.advance(150_000)
          return reply
        }),
    }),
    mailer: {
      send: mail => step(() => handOver(shared, mail)),
      async close() {},
    },
    changes: createChanges(),
    log: complaining(shared),
  }
  return process
}

/** The first plan that fits, once enough steps have passed it by. */
function nextOf<Plan>(list: { plan: Plan; left: number }[], fits: (plan: Plan) => boolean): Plan | undefined {
  const found = list.find(({ plan }) => fits(plan))
  if (!found || --found.left > 0) return undefined
  list.splice(list.indexOf(found), 1)
  return found.plan
}

async function handOver(shared: Shared, mail: OutgoingMail): Promise<{ messageId: string }> {
  const plan = nextOf(shared.troubles.mails, () => true)
  if (plan) countFault(shared.counts, `mail_${plan.trouble}`, 'struck')
  switch (plan?.trouble) {
    case 'refused':
      throw Object.assign(new Error('450 try again later'), { code: 'EENVELOPE', responseCode: 450 })
    case 'refused_for_good':
      throw Object.assign(new Error('550 no such mailbox'), { code: 'EENVELOPE', responseCode: 550 })
    case 'no_answer':
      shared.mails.push(mail)
      throw Object.assign(new Error('The connection timed out'), { code: 'ETIMEDOUT' })
    case 'slow':
      shared.clock.advance(100_000)
  }
  shared.mails.push(mail)
  return { messageId: mail.messageId }
}

/** Bytes that a seed repeats: a hash of it and a counter, twice sixteen at a time. */
function seededBytes(seed: string): () => Buffer {
  let count = 0
  return () => createHash('sha256').update(`${seed} ${count++}`).digest()
}

function complaining(shared: Shared): Log {
  return {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (fields, message) => {
      shared.complaints.push({ message, fields })
    },
  }
}
