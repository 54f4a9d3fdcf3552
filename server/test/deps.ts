import { createHash } from 'node:crypto'
import { Stripe } from 'stripe'
import type { Database } from '#db/client.ts'
import { createChanges } from '#server/changes.ts'
import { type Config, readConfig } from '#server/config.ts'
import type { Clock, Deps, Ids, Log } from '#server/deps.ts'
import type { Mailer, OutgoingMail } from '#server/email/send.ts'
import { makeId } from '#server/lib/ids.ts'
import { aDatabase } from './db.ts'

/** 2 March 2026, 09:00 UTC: a Monday, with a month behind it. */
export const start = Date.UTC(2026, 2, 2, 9)

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
  advance(ms: number): void
  set(at: number): void
}

export interface LogLine {
  level: keyof Log
  fields: object
  message: string
}

/** Deps of a test: the world they stand for is in the test's hands, and what they were told can be looked at. */
export interface TestDeps extends Deps {
  clock: TestClock
  mailer: Mailer & { sent: OutgoingMail[] }
  log: Log & { lines: LogLine[] }
}

export interface TestDepsOptions {
  db?: Database
  /** UTC milliseconds */
  now?: number
  /** Two deps on one database need two. */
  seed?: string
  stripe?: Stripe
  config?: Partial<Config>
}

/** Everything a service needs, without a network: a clock that is moved, ids that repeat from run to run, mails that are kept. */
export async function testDeps(options: TestDepsOptions = {}): Promise<TestDeps> {
  const clock = testClock(options.now ?? start)
  return {
    config: { ...testConfig(), ...options.config },
    db: options.db ?? (await aDatabase()),
    clock,
    ids: countedIds(clock, options.seed ?? ''),
    // Port 9 is `discard`: a test that should not reach Stripe fails at once.
    stripe: options.stripe ?? aStripe('http://127.0.0.1:9'),
    mailer: recordingMailer(),
    changes: createChanges(),
    log: keptLog(),
  }
}

/** A complete configuration, as a test with its own server wants it. */
export function testConfig(env: Record<string, string> = {}): Config {
  return readConfig({
    NODE_ENV: 'test',
    PUBLIC_URL: 'http://127.0.0.1:3000',
    DATABASE_URL: 'file::memory:',
    PAYMENTS: 'simulator',
    STRIPE_SECRET_KEY: 'sk_test_simulated',
    STRIPE_API_BASE: 'http://127.0.0.1:9',
    STRIPE_WEBHOOK_SECRET_PLATFORM: 'whsec_platform',
    STRIPE_WEBHOOK_SECRET_CONNECT: 'whsec_connect',
    STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_events',
    LOG_LEVEL: 'silent',
    ...env,
  })
}

/** The real client, pointed at `base`, without retries. */
export function aStripe(base: string): Stripe {
  const { protocol, hostname, port } = new URL(base)
  return new Stripe('sk_test_simulated', {
    host: hostname,
    port,
    protocol: protocol === 'https:' ? 'https' : 'http',
    maxNetworkRetries: 0,
    timeout: 5_000,
    telemetry: false,
  })
}

export function testClock(at: number): TestClock {
  let now = at
  return {
    now: () => now,
    advance: ms => {
      now += ms
    },
    set: value => {
      now = value
    },
  }
}

/** Unlike random ones the same in every run, and like them never the same twice. */
export function countedIds(clock: Clock, seed: string): Ids {
  let count = 0
  const bytes = (what: string) => createHash('sha256').update(`${seed} ${what} ${count++}`).digest()
  return {
    id: prefix => makeId(prefix, clock.now(), bytes(prefix)),
    secret: () => bytes('secret').toString('base64url'),
    fraction: () => bytes('fraction').readUInt32LE() / 2 ** 32,
  }
}

function recordingMailer(): TestDeps['mailer'] {
  const sent: OutgoingMail[] = []
  return {
    sent,
    async send(mail) {
      sent.push(mail)
      return { messageId: mail.messageId }
    },
    async close() {},
  }
}

/** Silent, and kept: a test may ask what was logged, and that no secret was. */
function keptLog(): TestDeps['log'] {
  const lines: LogLine[] = []
  const keep = (level: keyof Log) => (fields: object, message: string) => {
    lines.push({ level, fields, message })
  }
  return { lines, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}
