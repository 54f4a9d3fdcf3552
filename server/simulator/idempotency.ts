import { createHash } from 'node:crypto'
import { invalid, keyInUse, keyReused } from './errors.ts'
import { DAY, type World } from './world.ts'

/** v1 keeps a key for a day, v2 for thirty. */
const LIFE = { v1: DAY, v2: 30 * DAY }
const LONGEST_KEY = 255

/** A request that carries a key. The scope of a key is the account that the request acts on. */
export interface KeyedRequest {
  key: string
  account: string
  method: string
  path: string
  body: string
  version: 'v1' | 'v2'
}

interface Remembered {
  account: string
  key: string
  endpoint: string
  hash: string
  status: number
  body: string
  request_id: string
  created: number
  expires: number
  busy_until: number
}

/**
 * The answer that was given to this key before, if any. Throws an ApiError when the first request is still running,
 * or when it was another request.
 */
export function recall(world: World, request: KeyedRequest): Remembered | undefined {
  if (request.key.length > LONGEST_KEY) {
    throw invalid(`Idempotency keys can have at most ${LONGEST_KEY} characters.`)
  }
  const found = world.store.get<Remembered>('SELECT * FROM idempotency WHERE account = ? AND key = ?', [
    request.account,
    request.key,
  ])
  if (!found) return undefined
  if (found.busy_until > world.now()) throw keyInUse(request.key)
  if (found.endpoint !== request.path) {
    throw keyReused(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${request.path}' vs '${found.endpoint}'). Try using a key other than '${request.key}' if you meant to execute a different request.`,
    )
  }
  if (found.hash !== hashOf(request)) {
    throw keyReused(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${request.key}' if you meant to execute a different request.`,
    )
  }
  return found
}

/** Keeps the answer in the transaction of its effect. `busyUntil` (UTC milliseconds) is when the first caller has it. */
export function remember(
  world: World,
  request: KeyedRequest,
  answer: { status: number; body: string; requestId: string; busyUntil: number },
): void {
  const now = world.now()
  world.store.run(
    `INSERT INTO idempotency (account, key, endpoint, hash, status, body, request_id, created, expires, busy_until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      request.account,
      request.key,
      request.path,
      hashOf(request),
      answer.status,
      answer.body,
      answer.requestId,
      now,
      now + LIFE[request.version],
      answer.busyUntil,
    ],
  )
}

/** From now on these keys are new again. */
export function forgetExpired(world: World): void {
  const due = world.store.get<{ due: number | null }>('SELECT min(expires) AS due FROM idempotency')?.due
  if (due === null || due === undefined || due > world.now()) return
  world.store.run('DELETE FROM idempotency WHERE expires <= ?', [world.now()])
}

export function listRemembered(world: World): Remembered[] {
  return world.store.all<Remembered>('SELECT * FROM idempotency ORDER BY created, key')
}

function hashOf(request: KeyedRequest): string {
  return createHash('sha256').update(`${request.method}\n${request.path}\n${request.body}`).digest('hex')
}
