import { type ApiError, invalid, keyInUse, lockTimeout, rateLimited, unauthorized } from './errors.ts'
import type { Reply, Request } from './reply.ts'
import { SECOND, type World } from './world.ts'

/** What a fault does. `_before` and `_after` say whether the request's effect happened. */
const FAULT_KINDS = [
  'reset_before',
  'reset_after',
  'hang_before',
  'hang_after',
  'truncate',
  'latency',
  'unauthorized',
  'conflict',
  'rate_limit',
  'lock_timeout',
  'error_before',
  'error_after',
  'bad_gateway_before',
  'bad_gateway_after',
] as const
type FaultKind = (typeof FAULT_KINDS)[number]

export interface Fault {
  kind: FaultKind
  /** Any method when left out. */
  method?: string
  /** A path without query, or a pattern such as `/v1/transfers/*`; any path when left out. */
  path?: string
  /** Only requests whose body contains this text. */
  contains?: string
  /** The first matching request that it hits; 1 when left out. */
  nth?: number
  /** How many requests it hits; null means until it is cleared. 1 when left out. */
  count?: number | null
  /** For latency; 1000 when left out. */
  ms?: number
}

export interface FaultRow {
  id: number
  kind: FaultKind
  method: string | null
  path: string | null
  contains: string | null
  ms: number
  skip: number
  remaining: number | null
}

export function addFault(world: World, fault: Fault): FaultRow {
  if (!FAULT_KINDS.includes(fault.kind)) throw invalid(`Unknown kind of fault: ${fault.kind}`, { param: 'kind' })
  world.store.run(
    'INSERT INTO faults (kind, method, path, contains, ms, skip, remaining) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [
      fault.kind,
      fault.method?.toUpperCase() ?? null,
      fault.path ?? null,
      fault.contains ?? null,
      fault.ms ?? SECOND,
      Math.max(0, (fault.nth ?? 1) - 1),
      fault.count === undefined ? 1 : fault.count,
    ],
  )
  return listFaults(world).at(-1)!
}

export function listFaults(world: World): FaultRow[] {
  return world.store.all<FaultRow>('SELECT * FROM faults ORDER BY id')
}

export function clearFaults(world: World): void {
  world.store.run('DELETE FROM faults')
}

/** The first fault that hits this request; those that count matches before they strike count this one. */
export function findFault(world: World, request: Request, path: string): FaultRow | undefined {
  const body = request.body.toString()
  const matching = listFaults(world).filter(
    fault =>
      (fault.remaining === null || fault.remaining > 0) &&
      (fault.method === null || fault.method === request.method) &&
      (fault.path === null || matches(fault.path, path)) &&
      (fault.contains === null || body.includes(fault.contains)),
  )
  const hit = matching.find(fault => fault.skip === 0)
  for (const fault of matching) {
    if (fault.skip > 0) world.store.run('UPDATE faults SET skip = skip - 1 WHERE id = ?', [fault.id])
  }
  return hit
}

export function spendFault(world: World, fault: FaultRow): void {
  if (fault.remaining !== null) world.store.run('UPDATE faults SET remaining = remaining - 1 WHERE id = ?', [fault.id])
}

/** What happens instead of the request, if the fault strikes before it: an answer, a refusal, or nothing. */
export function strikeBefore(fault: FaultRow, key: string | null): { reply: Reply } | { error: ApiError } | null {
  switch (fault.kind) {
    case 'reset_before':
      return { reply: lost('reset') }
    case 'hang_before':
      return { reply: lost('hang') }
    case 'bad_gateway_before':
      return { reply: badGateway() }
    case 'unauthorized':
      return { error: unauthorized('Invalid API Key provided: sk_test_*** (simulated).') }
    case 'conflict':
      return { error: keyInUse(key ?? 'none') }
    case 'rate_limit':
      return { error: rateLimited() }
    case 'lock_timeout':
      return { error: lockTimeout() }
    default:
      return null
  }
}

/** What becomes of the answer, if the fault strikes after the effect. */
export function strikeAfter(fault: FaultRow, reply: Reply): Reply {
  switch (fault.kind) {
    case 'reset_after':
      return lost('reset')
    case 'hang_after':
      return lost('hang')
    case 'bad_gateway_after':
      return badGateway()
    case 'truncate':
      return { ...reply, transport: { kind: 'truncate' } }
    case 'latency':
      return { ...reply, transport: { kind: 'latency', ms: fault.ms } }
    default:
      return reply
  }
}

function lost(kind: 'reset' | 'hang'): Reply {
  return { status: 0, headers: {}, body: '', transport: { kind } }
}

function badGateway(): Reply {
  return {
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
  }
}

function matches(pattern: string, path: string): boolean {
  const parts = pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(path)
}
