import { isIPv6 } from 'node:net'
import { inArray, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { throttles } from '#db/schema/index.ts'
import { type Deps, sha256 } from '#server/deps.ts'
import { DomainError } from '#server/lib/errors.ts'

const minutes = 60_000

interface Limit {
  /** So many within the window; this one begins a block, and each further one a block twice as long. */
  failures: number
  windowMs: number
  firstBlockMs: number
  maxBlockMs: number
}

/**
 * How many failures are borne: `pair` is one account tried from one network, `account` from anywhere, `network` on any account.
 * The pair is the tight one. The account's blocks stay short, because a stranger can cause them, and don't concern a network
 * from which this account signed in lately: so guessing from elsewhere locks nobody out of where they work.
 */
export const limits = {
  password: {
    pair: { failures: 5, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 60 * minutes },
    account: { failures: 20, windowMs: 60 * minutes, firstBlockMs: minutes / 4, maxBlockMs: 2 * minutes },
    network: { failures: 50, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 60 * minutes },
  },
  forgot: {
    pair: { failures: 3, windowMs: 15 * minutes, firstBlockMs: 5 * minutes, maxBlockMs: 60 * minutes },
    account: { failures: 10, windowMs: 60 * minutes, firstBlockMs: 5 * minutes, maxBlockMs: 15 * minutes },
    network: { failures: 30, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 60 * minutes },
  },
  /**
   * Codes of an authenticator app: of a million, three fit at any time. Whoever gets this far has the password, so the account's
   * block is long; it concerns codes only, never passkeys or recovery codes, and no network that is known.
   */
  code: {
    pair: { failures: 5, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 60 * minutes },
    account: { failures: 10, windowMs: 60 * minutes, firstBlockMs: 15 * minutes, maxBlockMs: 60 * minutes },
    network: { failures: 50, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 60 * minutes },
  },
  /** Recovery codes (120 bits) and passkeys can't be guessed; this only keeps someone from making us look for ever. */
  proof: {
    pair: { failures: 10, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 15 * minutes },
    network: { failures: 50, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 60 * minutes },
  },
  /** Beginning to ask a passkey: each leaves a row for five minutes. */
  ceremony: {
    network: { failures: 200, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 15 * minutes },
  },
  /** Links can't be guessed (256 bits); this only keeps someone from making us look for ever. */
  link: {
    network: { failures: 30, windowMs: 15 * minutes, firstBlockMs: 1 * minutes, maxBlockMs: 60 * minutes },
  },
  /** What a partner may ask about who works with which company; a list of names to run through is no one's day's work. */
  company: {
    account: { failures: 20, windowMs: 60 * minutes, firstBlockMs: 15 * minutes, maxBlockMs: 60 * minutes },
  },
} as const satisfies Record<string, Partial<Record<'pair' | 'account' | 'network', Limit>>>

/** How long a network counts as known to an account after a sign-in from there (milliseconds). */
export const trustMs = 30 * 24 * 60 * minutes

export type Purpose = keyof typeof limits

export interface Attempt {
  purpose: Purpose
  /** The email address as typed, whether or not anybody has it: known and unknown ones are counted alike; of `company` the partner. */
  account?: string
  /** The client's; of `company` the company's domain. */
  address: string
}

type Row = typeof throttles.$inferSelect

/**
 * Counts an attempt as failed before it is made, so that many at once can't slip through together and nothing costly runs for
 * what is refused; `forgive` takes it back. What is blocked is not counted.
 * @throws DomainError TOO_MANY with `retryAfterMs`
 */
export async function admit(deps: Deps, attempt: Attempt): Promise<void> {
  const now = deps.clock.now()
  // Looked at outside the write door first: a flood of what is blocked must not stand in everybody's line.
  let { waitMs } = await stateOf(deps.db.read, attempt, now)
  if (waitMs === 0)
    waitMs = await deps.db.write(async tx => {
      const state = await stateOf(tx, attempt, now)
      if (state.waitMs > 0) return state.waitMs
      for (const { key, limit } of keysOf(attempt)) await save(tx, countFailure(key, state.rows.get(key), limit, now))
      return 0
    })
  if (waitMs > 0)
    throw new DomainError('TOO_MANY', (sentences[attempt.purpose] ?? tooMany)(duration(waitMs)), {
      retryAfterMs: waitMs,
    })
}

const tooMany = (wait: string) => `Too many attempts. Try again in ${wait}.`
/** Where more is to be said than that. */
const sentences: Partial<Record<Purpose, (wait: string) => string>> = {
  company: wait =>
    `You have asked about many companies in a short time. Ask again in ${wait}; you can save and send in your registration meanwhile.`,
}

/** `admit` for what is counted once: what this account was admitted to lately at the same address is free, also while it is blocked. */
export async function admitOnce(deps: Deps, attempt: Attempt): Promise<void> {
  const known = trustKey(attempt)
  const [seen] = await deps.db.read.select().from(throttles).where(sql`${throttles.key} = ${known}`)
  if (seen && deps.clock.now() - seen.windowStartedAt < trustMs) return
  await admit(deps, attempt)
  await deps.db.write(tx => trust(tx, attempt, deps.clock.now()))
}

async function stateOf(
  db: Drizzle | Tx,
  attempt: Attempt,
  now: number,
): Promise<{ waitMs: number; rows: Map<string, Row> }> {
  const keys = keysOf(attempt)
  const known = trustKey(attempt)
  const found = await db
    .select()
    .from(throttles)
    .where(inArray(throttles.key, [...keys.map(({ key }) => key), known]))
  const rows = new Map(found.map(row => [row.key, row]))
  const trusted = now - (rows.get(known)?.windowStartedAt ?? Number.NEGATIVE_INFINITY) < trustMs
  const blocks = keys
    .filter(({ scope }) => !(scope === 'account' && trusted))
    .map(({ key }) => (rows.get(key)?.blockedUntil ?? 0) - now)
  return { waitMs: Math.max(0, ...blocks), rows }
}

/** Takes an admitted attempt back because it succeeded, in the transaction of its success; the pair starts anew. */
export async function forgive(tx: Tx, attempt: Attempt): Promise<void> {
  for (const { scope, key, limit } of keysOf(attempt)) {
    const failures = scope === 'pair' ? sql`0` : sql`max(${throttles.failures} - 1, 0)`
    await tx
      .update(throttles)
      .set({
        failures,
        blockedUntil: sql`CASE WHEN ${failures} < ${limit.failures} THEN NULL ELSE ${throttles.blockedUntil} END`,
      })
      .where(sql`${throttles.key} = ${key}`)
  }
}

/** Remembers that this account's owner was at this address: they have proven all that is asked of them. */
export async function trust(tx: Tx, attempt: Pick<Attempt, 'account' | 'address'>, now: number): Promise<void> {
  await save(tx, { key: trustKey(attempt), failures: 0, windowStartedAt: now, blockedUntil: null })
}

function keysOf({ purpose, account = '', address }: Attempt) {
  const parts = { pair: [account, networkOf(address)], account: [account], network: [networkOf(address)] }
  const scopes = Object.entries(limits[purpose]) as ['pair' | 'account' | 'network', Limit][]
  // Hashed, so that the table is no list of who has been here from where.
  return scopes.map(([scope, limit]) => ({
    scope,
    limit,
    key: `${purpose}:${scope}:${sha256(JSON.stringify(parts[scope]))}`,
  }))
}

function trustKey({ account = '', address }: Pick<Attempt, 'account' | 'address'>): string {
  return `known:${sha256(JSON.stringify([account, networkOf(address)]))}`
}

/** One more failure. A block's memory lasts a window longer than the block, else the growth would never show. */
export function countFailure(key: string, row: Row | undefined, limit: Limit, now: number): Row {
  const forgotten = !row || now >= Math.max(row.windowStartedAt, row.blockedUntil ?? 0) + limit.windowMs
  const failures = forgotten ? 1 : row.failures + 1
  const over = failures - limit.failures
  const blockMs = over < 0 ? 0 : Math.min(limit.maxBlockMs, limit.firstBlockMs * 2 ** Math.min(over, 20))
  return {
    key,
    failures,
    windowStartedAt: forgotten ? now : row.windowStartedAt,
    blockedUntil: blockMs > 0 ? now + blockMs : null,
  }
}

async function save(tx: Tx, row: Row): Promise<void> {
  const { key: _, ...set } = row
  await tx.insert(throttles).values(row).onConflictDoUpdate({ target: throttles.key, set })
}

/** Whom an address stands for: itself, or in IPv6 the /64 that one customer gets and can wander through at will. */
export function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!isIPv6(bare)) return bare
  const [head = '', tail] = bare.split('::')
  const left = head.split(':').filter(Boolean)
  const right = (tail ?? '').split(':').filter(Boolean)
  const middle = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  const groups = [...left, ...middle, ...right].slice(0, 4)
  return `${groups.map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

function duration(ms: number): string {
  if (ms <= 90_000) return `${Math.ceil(ms / 1000)} seconds`
  return `${Math.ceil(ms / minutes)} minutes`
}
