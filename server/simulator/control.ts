import { changeAccount, deauthorizeAccount } from './account-changes.ts'
import { newBank } from './bank-accounts.ts'
import { type CapabilityStatus, type ConnectedAccount, findAccount } from './connected-account.ts'
import { registerEndpoint } from './endpoints.ts'
import { ApiError, errorJson, invalid, resourceMissing, urlUnknown } from './errors.ts'
import { addFault, clearFaults, type Fault, listFaults } from './faults.ts'
import { fund } from './funding.ts'
import { listRemembered } from './idempotency.ts'
import { selectObjects } from './objects.ts'
import { oneOf } from './parameters.ts'
import { advancePayout, runAutomaticPayout } from './payouts.ts'
import { type PreloadedAccount, type PreloadedTransfer, preloadAccounts, preloadTransfers } from './preload.ts'
import { json, type Reply, type Request } from './reply.ts'
import { addSwitch, clearSwitches, listSwitches, type Switch } from './switches.ts'
import { type StoredTransfer, showTransfer } from './transfers.ts'
import type { World } from './world.ts'

type Body = Record<string, unknown>
type Handler = (world: World, body: Body, id: string) => unknown

/** What tests, the demo and the simulation do to the simulator. JSON in and out; `:id` stands for an id. */
const HANDLERS: Record<string, Handler> = {
  'GET /_sim': world => ({ simulated: true, now: world.now(), platform: world.platform }),

  'GET /_sim/clock': world => ({ now: world.now() }),
  // { advance } or { set }: milliseconds. Everything that falls due in between happens at its own time. Webhooks are
  // signed by this clock too, so setting it back makes receivers with a real clock refuse them.
  'POST /_sim/clock': (world, body) => {
    if (typeof body.advance === 'number') world.shift(body.advance)
    else if (typeof body.set === 'number') world.shift(body.set - world.now())
    else throw invalid('Send advance or set, in milliseconds.')
    return { now: world.now() }
  },

  'GET /_sim/faults': world => listFaults(world),
  'POST /_sim/faults': (world, body) => addFault(world, body as unknown as Fault),
  'DELETE /_sim/faults': world => {
    clearFaults(world)
    return {}
  },

  'GET /_sim/webhooks/switches': world => listSwitches(world),
  'POST /_sim/webhooks/switches': (world, body) => addSwitch(world, body as unknown as Switch),
  'DELETE /_sim/webhooks/switches': world => {
    clearSwitches(world)
    return {}
  },
  'GET /_sim/deliveries': world => world.store.all('SELECT * FROM deliveries ORDER BY id').map(plain),
  'POST /_sim/endpoints': (world, body) => {
    const kind = oneOf('kind', String(body.kind), ['platform', 'connect', 'events'])
    return { id: registerEndpoint(world, { kind, url: String(body.url), secret: String(body.secret) }) }
  },

  // { currency, amount }: available at once.
  'POST /_sim/balance': (world, body) => fund(world, { currency: String(body.currency), amount: Number(body.amount) }),
  'GET /_sim/balances': world => world.store.all('SELECT * FROM balances ORDER BY account, currency').map(plain),

  'POST /_sim/accounts': (world, body) => preloadAccounts(world, many<PreloadedAccount>(body, 'accounts')),
  'GET /_sim/accounts/:id': (world, _, id) => known(world, id),
  'POST /_sim/accounts/:id': (world, body, id) => changeState(world, known(world, id), body),

  'GET /_sim/transfers': world => selectObjects<StoredTransfer>(world, 'transfer').map(one => showTransfer(world, one)),
  'POST /_sim/transfers': (world, body) => preloadTransfers(world, many<PreloadedTransfer>(body, 'transfers')),
  'POST /_sim/payouts/run': (world, body) => runPayouts(world, body),
  // Of every account, thin ones too, newest first.
  'GET /_sim/events': world => [...selectObjects<object>(world, 'event'), ...selectObjects<object>(world, 'v2_event')],
  'GET /_sim/idempotency': world => listRemembered(world).map(plain),
}

/** Serves `/_sim/…`. A request that changes something must be JSON, so that no foreign web page can send it. */
export function control(world: World, request: Request, path: string): Reply {
  try {
    const parts = path.split('/')
    const id = parts[2] === 'accounts' && parts.length === 4 ? parts[3]! : ''
    const handler = HANDLERS[`${request.method} ${id ? '/_sim/accounts/:id' : path}`]
    if (!handler) throw urlUnknown(request.method, path)
    if (request.method === 'POST' && !String(request.headers['content-type']).startsWith('application/json')) {
      throw invalid('Send application/json.')
    }
    const text = request.body.toString()
    return json(200, handler(world, text ? (JSON.parse(text) as Body) : {}, id))
  } catch (error) {
    if (error instanceof SyntaxError) return json(400, { error: { message: 'The request body is not valid JSON.' } })
    if (!(error instanceof ApiError)) throw error
    return { ...json(error.status, null), body: errorJson(error, 'req_sim') }
  }
}

/**
 * Changes an account as Stripe's reviewers would: { transfers, payouts, due, disabled_reason, bank_number,
 * fails_after_paid, deauthorized }. The events that follow are sent.
 */
function changeState(world: World, account: ConnectedAccount, body: Body): ConnectedAccount | undefined {
  const statuses = ['active', 'pending', 'restricted', 'rejected', 'unsupported'] as const
  const status = (name: string) => oneOf<CapabilityStatus>(name, String(body[name]), statuses)
  const bankChanges = body.bank_number !== undefined || body.fails_after_paid !== undefined
  changeAccount(world, account, {
    ...(body.transfers === undefined ? {} : { transfers: status('transfers') }),
    ...(body.payouts === undefined ? {} : { payouts: status('payouts') }),
    ...(Array.isArray(body.due) ? { due: body.due.map(String) } : {}),
    ...(body.disabled_reason === undefined
      ? {}
      : { disabledReason: body.disabled_reason === null ? null : String(body.disabled_reason) }),
    ...(bankChanges
      ? {
          bank: newBank(world, account.country, {
            currency: account.currency,
            ...(body.bank_number === undefined ? {} : { number: String(body.bank_number) }),
            failsAfterPaid: body.fails_after_paid === true,
          }),
        }
      : {}),
  })
  const changed = findAccount(world, account.id)
  if (changed && body.deauthorized === true) deauthorizeAccount(world, changed)
  return findAccount(world, account.id)
}

/**
 * Pays out now what waits on connected accounts (or on `account` alone) and takes every open payout along: { until }
 * is 'created', 'paid' (the default: paid or failed) or 'final' (what a bank returns later, too).
 */
function runPayouts(world: World, body: Body): { payouts: string[] } {
  const until = oneOf('until', String(body.until ?? 'paid'), ['created', 'paid', 'final'])
  const account = body.account === undefined ? null : String(body.account)
  const balances = world.store.all<{ account: string; currency: string }>(
    'SELECT account, currency FROM balances WHERE available > 0 AND account <> ? AND (?2 IS NULL OR account = ?2) ORDER BY account, currency',
    [world.platform, account],
  )
  for (const one of balances) runAutomaticPayout(world, `${one.account}:${one.currency}`)
  const open = world.store.all<{ id: string; account: string }>(
    `SELECT id, account FROM objects WHERE kind = 'payout' AND facet_1 IN ('pending', 'in_transit', 'paid')
       AND account <> ? AND (?2 IS NULL OR account = ?2) ORDER BY seq`,
    [world.platform, account],
  )
  const moved: string[] = []
  for (const { id } of open) {
    const rounds = until === 'created' ? 0 : until === 'paid' ? 2 : 3
    for (let round = 0; round < rounds; round++) {
      const status = world.store.get<{ facet_1: string }>('SELECT facet_1 FROM objects WHERE id = ?', [id])?.facet_1
      if (until === 'paid' && status === 'paid') break
      if (advancePayout(world, id)) moved.push(id)
    }
  }
  return { payouts: [...new Set(moved)] }
}

function known(world: World, id: string): ConnectedAccount {
  const account = findAccount(world, id)
  if (!account) throw resourceMissing('account', id)
  return account
}

/** One object, or a list of them under `name`. */
function many<T>(body: Body, name: string): T[] {
  return (Array.isArray(body[name]) ? body[name] : [body]) as T[]
}

/** The database driver adds a hidden property to single rows. */
function plain(row: unknown): object {
  const { _metadata, ...rest } = row as Record<string, unknown>
  return rest
}
