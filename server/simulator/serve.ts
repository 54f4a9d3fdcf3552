import { getAccount } from './connected-account.ts'
import { ApiError, errorJson, internalError, invalid, platformOnly, unauthorized, urlUnknown } from './errors.ts'
import { expand } from './expand.ts'
import { type FaultRow, findFault, spendFault, strikeAfter, strikeBefore } from './faults.ts'
import { isObject, parseForm, type Raw, type RawObject } from './form.ts'
import { type KeyedRequest, recall, remember } from './idempotency.ts'
import { readParameters, requireParameters } from './parameters.ts'
import type { Reply, Request } from './reply.ts'
import { type Call, findRoute, type Route } from './route.ts'
import { ACCOUNT_ROUTES } from './routes-accounts.ts'
import { MONEY_ROUTES } from './routes-money.ts'
import { V2_ROUTES } from './routes-v2.ts'
import { API_VERSION, type World } from './world.ts'

/** Every route of the simulated API. */
export const ROUTES: readonly Route[] = [...ACCOUNT_ROUTES, ...MONEY_ROUTES, ...V2_ROUTES]

interface Outcome {
  status: number
  body: string
  headers?: Record<string, string>
}

/** Answers one API request: authentication, faults, idempotency, parameters, then the route's handler. */
export function serveApi(world: World, request: Request, keys?: readonly string[]): Reply {
  const requestId = world.id('req')
  const key = header(request, 'idempotency-key')
  world.cause = { requestId, key }
  const answer = (outcome: Outcome): Reply => ({
    status: outcome.status,
    headers: {
      'content-type': 'application/json',
      'request-id': requestId,
      'stripe-version': header(request, 'stripe-version') ?? API_VERSION,
      ...(key ? { 'idempotency-key': key } : {}),
      ...outcome.headers,
    },
    body: outcome.body,
  })
  try {
    const [path = '', query = ''] = request.path.split('?', 2)
    authenticate(request, keys)
    const fault = findFault(world, request, path)
    const instead = fault && strikeBefore(fault, key)
    if (fault && instead) {
      spendFault(world, fault)
      if ('reply' in instead) return instead.reply
      throw instead.error
    }
    const found = findRoute(ROUTES, request.method, path)
    if (!found) throw urlUnknown(request.method, path)
    const account = actingAccount(world, request)
    if (account !== world.platform && !found.route.onAccounts) throw platformOnly(request.method, path)
    const reply = answer(once(world, { ...found, request, path, query, account, key, requestId, fault }))
    if (!fault || fault.kind.startsWith('error_')) return reply
    spendFault(world, fault)
    return strikeAfter(fault, reply)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return answer(refusal(error, requestId))
  } finally {
    world.cause = null
  }
}

interface Arrived {
  route: Route
  ids: string[]
  request: Request
  path: string
  query: string
  account: string
  key: string | null
  requestId: string
  fault: FaultRow | undefined
}

/** Replays what the key remembers, or executes the request and remembers its outcome with its effect. */
function once(world: World, arrived: Arrived): Outcome {
  const { request, path, account, key, requestId, fault } = arrived
  const version = path.startsWith('/v2/') ? 'v2' : 'v1'
  const writes = request.method === 'POST' || (version === 'v2' && request.method === 'DELETE')
  if (!key || !writes) return execute(world, arrived).outcome

  const keyed: KeyedRequest = { key, account, method: request.method, path, body: request.body.toString(), version }
  const before = recall(world, keyed)
  if (before) {
    return {
      status: before.status,
      body: before.body,
      headers: { 'idempotent-replayed': 'true', 'original-request': before.request_id },
    }
  }
  const { outcome, keep } = execute(world, arrived)
  // v1 remembers whatever was executed, a 500 too. v2 remembers successes and executes failures again; a success whose
  // answer was a 500 counts as one, or else the repetition would have a second effect.
  const kept = version === 'v1' ? keep.executed : keep.succeeded
  if (kept) {
    const remembered = version === 'v2' ? keep.succeeded : outcome
    if (remembered) {
      const busyUntil = fault?.kind === 'latency' ? world.now() + fault.ms : 0
      remember(world, keyed, { status: remembered.status, body: remembered.body, requestId, busyUntil })
    }
  }
  return outcome
}

function execute(
  world: World,
  arrived: Arrived,
): { outcome: Outcome; keep: { executed: boolean; succeeded: Outcome | null } } {
  const { fault, requestId } = arrived
  const broken = fault?.kind === 'error_before' || fault?.kind === 'error_after'
  if (fault && broken) spendFault(world, fault)
  try {
    const succeeded = world.store.attempt((): Outcome => {
      const call = readCall(world, arrived)
      if (fault?.kind === 'error_before') throw internalError()
      const answer = arrived.route.run(call)
      const paths = (call.params as { expand?: string[] }).expand
      return { status: 200, body: JSON.stringify(paths?.length ? expand(world, answer, paths) : answer) }
    })
    const outcome = fault?.kind === 'error_after' ? refusal(internalError(), requestId) : succeeded
    return { outcome, keep: { executed: true, succeeded } }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { outcome: refusal(error, requestId), keep: { executed: error.executed, succeeded: null } }
  }
}

function readCall(world: World, { route, ids, request, path, query, account }: Arrived): Call {
  const json = path.startsWith('/v2/') && request.method === 'POST'
  const raw = json
    ? readJson(request.body.toString())
    : parseForm(request.method === 'POST' ? request.body.toString() : query)
  const params = readParameters(raw, route.parameters, json)
  requireParameters(params, route.required)
  return { world, account, ids, params }
}

function readJson(text: string): RawObject {
  if (text === '') return {}
  let value: Raw
  try {
    value = JSON.parse(text) as Raw
  } catch {
    throw invalid('The request body is not valid JSON.')
  }
  if (!isObject(value)) throw invalid('The request body must be a JSON object.')
  return value
}

function refusal(error: ApiError, requestId: string): Outcome {
  return {
    status: error.status,
    body: errorJson(error, requestId),
    ...(error.shouldRetry === null ? {} : { headers: { 'stripe-should-retry': String(error.shouldRetry) } }),
  }
}

/** Takes a test key as `Bearer` or as the user name of `Basic`; a live key is never accepted. */
function authenticate(request: Request, keys: readonly string[] | undefined): void {
  const given = header(request, 'authorization') ?? ''
  const basic = /^Basic (.+)$/i.exec(given)?.[1]
  const key = basic ? Buffer.from(basic, 'base64').toString().split(':')[0]! : (/^Bearer (.+)$/i.exec(given)?.[1] ?? '')
  if (!key)
    throw unauthorized('You did not provide an API key. Send it in the Authorization header, as Bearer or Basic.')
  if (/^[sr]k_live_/.test(key)) throw unauthorized('This is a simulator: it never accepts a live key.')
  const known = keys ? keys.includes(key) : /^[sr]k_test_./.test(key)
  if (!known) throw unauthorized(`Invalid API Key provided: ${key.slice(0, 8)}***`)
}

/** The platform, or the connected account that `Stripe-Account` or the end of `Stripe-Context` names. */
function actingAccount(world: World, request: Request): string {
  const named = header(request, 'stripe-account') ?? header(request, 'stripe-context')?.split('/').at(-1)
  if (!named || named === world.platform) return world.platform
  return getAccount(world, named).id
}

function header(request: Request, name: string): string | null {
  const value = request.headers[name]
  return (Array.isArray(value) ? value[0] : value) || null
}
