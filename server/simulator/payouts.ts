import type Stripe from 'stripe'
import { changeAccount } from './account-changes.ts'
import { paysOut } from './accounts-v1-view.ts'
import { attachToPayout, availableOf, post } from './balance.ts'
import { type Bank, failureOf } from './bank-accounts.ts'
import { type ConnectedAccount, findAccount, getAccount } from './connected-account.ts'
import { checkAmount, readCurrency } from './currency.ts'
import { invalid, refused } from './errors.ts'
import { emit } from './events.ts'
import { listPage, PAGE, type PageParameters } from './lists.ts'
import { findRow, getObject, insertObject, setFacet, updateObject } from './objects.ts'
import { type MetadataChange, mergeMetadata, type Range } from './parameters.ts'
import { plan, unplan } from './schedule.ts'
import { DAY, HOUR, seconds, type World } from './world.ts'

type Payout = Stripe.Payout

/** From creation to the bank: an hour until it leaves, arrival on the second midnight (UTC) after. */
const LEAVES_AFTER = HOUR
const ARRIVES_AFTER = 2 * DAY
const RETURNS_AFTER = DAY

/** A payout of everything available happens at the next midnight (UTC). */
export function planAutomaticPayout(world: World, account: ConnectedAccount, currency: string): void {
  if (paysOut(account)) plan(world, midnightAfter(world.now()), 'payout.automatic', `${account.id}:${currency}`)
}

/** Pays out all that a connected account has in one currency; does nothing when there is nothing, or no bank. */
export function runAutomaticPayout(world: World, target: string): Payout | null {
  const [id, currency] = target.split(':') as [string, string]
  unplan(world, 'payout.automatic', target)
  const account = findAccount(world, id)
  const amount = availableOf(world, id, currency)
  if (!account || account.deauthorized || !paysOut(account) || amount <= 0) return null
  return openPayout(world, id, { amount, currency, bank: account.bank, automatic: true })
}

export const PAYOUT_CREATE = {
  amount: 'integer',
  currency: 'string',
  description: 'string',
  destination: 'string',
  expand: 'strings',
  metadata: 'metadata',
  method: 'string',
  payout_method: 'string',
  source_type: 'string',
  statement_descriptor: 'string',
} as const

interface PayoutParameters {
  amount: number
  currency: string
  description?: string
  destination?: string
  metadata?: MetadataChange
  statement_descriptor?: string
}

/** A payout by hand, of the account that the request acts on. */
export function createPayout(world: World, owner: string, params: PayoutParameters): Payout {
  const currency = readCurrency(params.currency)
  checkAmount(params.amount, currency)
  const account = owner === world.platform ? null : getAccount(world, owner)
  if (account && !paysOut(account))
    throw refused('Payouts are not enabled on this account.', { code: 'payouts_not_allowed' })
  if (params.destination && params.destination !== account?.bank?.id) {
    throw invalid(`No such external account: '${params.destination}'`, {
      code: 'resource_missing',
      param: 'destination',
    })
  }
  if (availableOf(world, owner, currency) < params.amount) {
    throw refused('You have insufficient funds in your Stripe account for this payout.', {
      code: 'balance_insufficient',
    })
  }
  return openPayout(world, owner, { ...params, currency, bank: account?.bank ?? null, automatic: false })
}

function openPayout(world: World, owner: string, params: NewPayout): Payout {
  const payout = bookPayout(world, owner, params)
  emit(world, 'payout.created', payout, onAccount(world, owner))
  plan(world, world.now() + LEAVES_AFTER, 'payout.advance', payout.id)
  return payout
}

type NewPayout = PayoutParameters & { bank: Bank | null; automatic: boolean }

/** Takes the money out of the balance and stores the payout, without events; `known` overrides what it starts as. */
export function bookPayout(world: World, owner: string, params: NewPayout, known: Partial<Payout> = {}): Payout {
  const id = world.id('po')
  if (params.automatic) attachToPayout(world, owner, params.currency, id)
  const debit = post(world, {
    account: owner,
    currency: params.currency,
    amount: -params.amount,
    type: 'payout',
    source: id,
    payout: id,
    description: params.description ?? null,
  })
  const payout: Payout = {
    id,
    object: 'payout',
    amount: params.amount,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: Math.floor(midnightAfter(world.now() + ARRIVES_AFTER - DAY) / 1000),
    automatic: params.automatic,
    balance_transaction: debit.id,
    created: seconds(world),
    currency: params.currency,
    description: params.description ?? (params.automatic ? 'STRIPE PAYOUT' : null),
    destination: params.bank?.id ?? 'ba_1SimulatedPlatform',
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    method: 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: params.automatic ? 'in_progress' : 'not_applicable',
    reversed_by: null,
    source_type: 'card',
    statement_descriptor: params.statement_descriptor ?? null,
    status: 'pending',
    trace_id: null,
    type: 'bank_account',
    ...known,
  }
  insertObject(world, 'payout', owner, payout, [payout.status])
  return payout
}

/**
 * Takes a payout one step further: pending → in_transit → paid or failed, by the bank account's number. A bank
 * account that fails later sends a paid payout back.
 */
export function advancePayout(world: World, id: string): Payout | null {
  unplan(world, 'payout.advance', id)
  const row = findRow(world, 'payout', id)
  if (!row) return null
  const payout = JSON.parse(row.body) as Payout
  const account = row.account === world.platform ? undefined : findAccount(world, row.account)
  const failure = account?.bank ? failureOf(account.bank) : null
  switch (payout.status) {
    case 'pending': {
      const arrival = Math.max(payout.arrival_date * 1000, world.now())
      plan(world, arrival, 'payout.advance', id)
      return change(world, row.account, payout, { status: 'in_transit' }, 'payout.updated')
    }
    case 'in_transit':
      if (failure) return failPayout(world, row.account, payout, failure)
      if (account?.bank?.failsAfterPaid) plan(world, world.now() + RETURNS_AFTER, 'payout.advance', id)
      return change(
        world,
        row.account,
        payout,
        {
          status: 'paid',
          reconciliation_status: payout.automatic ? 'completed' : 'not_applicable',
          trace_id: { status: 'supported', value: `SIM${id.slice(-12).toUpperCase()}` },
        },
        'payout.paid',
      )
    case 'paid':
      if (!account?.bank?.failsAfterPaid) return null
      return failPayout(world, row.account, payout, {
        code: 'could_not_process',
        message: 'The bank returned the payout.',
      })
    default:
      return null
  }
}

/** The money is back in the account's balance, and no automatic payout follows until the bank account changes. */
function failPayout(world: World, owner: string, payout: Payout, failure: { code: string; message: string }): Payout {
  const back = post(world, {
    account: owner,
    currency: payout.currency,
    amount: payout.amount,
    type: 'payout_failure',
    source: payout.id,
  })
  const failed = change(
    world,
    owner,
    payout,
    {
      status: 'failed',
      failure_balance_transaction: back.id,
      failure_code: failure.code,
      failure_message: failure.message,
    },
    'payout.failed',
  )
  const account = findAccount(world, owner)
  if (account?.bank) changeAccount(world, account, { bank: { ...account.bank, status: 'errored' } })
  return failed
}

function change(
  world: World,
  owner: string,
  before: Payout,
  change: Partial<Payout>,
  type: 'payout.updated' | 'payout.paid' | 'payout.failed',
): Payout {
  const after = { ...before, ...change }
  updateObject(world, after)
  setFacet(world, after.id, 1, after.status)
  const previous = type === 'payout.updated' ? { status: before.status } : undefined
  emit(world, type, after, { ...onAccount(world, owner), ...(previous ? { previous } : {}) })
  return after
}

export function retrievePayout(world: World, owner: string, id: string): Payout {
  return getObject<Payout>(world, 'payout', id, owner)
}

export function updatePayout(world: World, owner: string, id: string, metadata?: MetadataChange): Payout {
  const before = retrievePayout(world, owner, id)
  const after = { ...before, metadata: mergeMetadata(before.metadata ?? {}, metadata) }
  updateObject(world, after)
  emit(world, 'payout.updated', after, { ...onAccount(world, owner), previous: { metadata: before.metadata } })
  return after
}

export const PAYOUT_LIST = {
  ...PAGE,
  arrival_date: 'range',
  created: 'range',
  destination: 'string',
  status: 'string',
} as const

export function listPayouts(
  world: World,
  owner: string,
  query: PageParameters & { arrival_date?: Range; created?: Range; destination?: string; status?: string },
): Stripe.ApiList<Payout> {
  const conditions = ['1']
  const values: (string | number)[] = []
  const operators = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const
  for (const [name, bound] of Object.entries(query.arrival_date ?? {}) as [keyof Range, number][]) {
    conditions.push(`json_extract(body, '$.arrival_date') ${operators[name]} ?`)
    values.push(bound)
  }
  if (query.destination) {
    conditions.push("json_extract(body, '$.destination') = ?")
    values.push(query.destination)
  }
  return listPage<Payout>(world, 'payout', '/v1/payouts', query, {
    account: owner,
    created: query.created,
    facet_1: query.status,
    where: [conditions.join(' AND '), values],
  })
}

function onAccount(world: World, owner: string): { account?: string } {
  return owner === world.platform ? {} : { account: owner }
}

function midnightAfter(time: number): number {
  return (Math.floor(time / DAY) + 1) * DAY
}
