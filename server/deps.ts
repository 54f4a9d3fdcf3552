import { createHash, randomBytes } from 'node:crypto'
import type { Stripe } from 'stripe'
import type { Database } from '#db/client.ts'
import type { Changes } from './changes.ts'
import type { Config } from './config.ts'
import type { Mailer } from './email/send.ts'
import { makeId } from './lib/ids.ts'

export interface Clock {
  /** UTC milliseconds */
  now(): number
}

export interface Ids {
  /** A new prefixed id, such as `po_…`. */
  id(prefix: string): string
  /** 256 random bits, base64url: for links and cookies. */
  secret(): string
  /** A number in [0, 1), for jitter. */
  fraction(): number
}

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** All that the domain may touch of the world. Tests and simulations hand in their own clock and ids. */
export interface Deps {
  config: Config
  db: Database
  clock: Clock
  ids: Ids
  stripe: Stripe
  mailer: Mailer
  changes: Changes
  log: Log
}

export const systemClock: Clock = { now: () => Date.now() }

export function randomIds(clock: Clock): Ids {
  return {
    id: prefix => makeId(prefix, clock.now(), randomBytes(16)),
    secret: () => randomBytes(32).toString('base64url'),
    fraction: () => randomBytes(4).readUInt32LE() / 2 ** 32,
  }
}

/** SHA-256 in hexadecimal. libSQL has none, so hashes are computed here. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
