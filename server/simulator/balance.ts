import type Stripe from 'stripe'
import { listPage, PAGE, type PageParameters } from './lists.ts'
import { getObject, insertObject, setFacet } from './objects.ts'
import type { Range } from './parameters.ts'
import { seconds, type World } from './world.ts'

type Transaction = Stripe.BalanceTransaction
type TransactionType =
  | 'charge'
  | 'payment'
  | 'payment_refund'
  | 'payout'
  | 'payout_failure'
  | 'topup'
  | 'transfer'
  | 'transfer_refund'

const REPORTING: Record<TransactionType, string> = {
  charge: 'charge',
  payment: 'charge',
  payment_refund: 'refund',
  payout: 'payout',
  payout_failure: 'payout_reversal',
  topup: 'topup',
  transfer: 'transfer',
  transfer_refund: 'transfer_reversal',
}

/** Available money of an account in one currency, minor units. */
export function availableOf(world: World, account: string, currency: string): number {
  return (
    world.store.get<{ available: number }>('SELECT available FROM balances WHERE account = ? AND currency = ?', [
      account,
      currency,
    ])?.available ?? 0
  )
}

/**
 * Moves an account's balance by `amount` (minor units, signed) and writes the balance transaction that says why.
 * `payout` is the payout that carries the transaction to the bank.
 */
export function post(
  world: World,
  entry: {
    account: string
    currency: string
    amount: number
    type: TransactionType
    source: string
    description?: string | null
    rate?: number | null
    payout?: string
  },
): Transaction {
  world.store.run(
    `INSERT INTO balances (account, currency, available) VALUES (?, ?, ?)
     ON CONFLICT (account, currency) DO UPDATE SET available = excluded.available`,
    [entry.account, entry.currency, availableOf(world, entry.account, entry.currency) + entry.amount],
  )
  const created = seconds(world)
  const transaction: Transaction = {
    id: world.id('txn'),
    object: 'balance_transaction',
    amount: entry.amount,
    available_on: created,
    balance_type: 'payments',
    created,
    currency: entry.currency,
    description: entry.description ?? null,
    exchange_rate: entry.rate ?? null,
    fee: 0,
    fee_details: [],
    net: entry.amount,
    reporting_category: REPORTING[entry.type],
    source: entry.source,
    status: 'available',
    type: entry.type,
  }
  insertObject(world, 'balance_transaction', entry.account, transaction, [entry.source, entry.payout ?? null])
  return transaction
}

/** Attaches everything in this currency that no payout carries yet to `payout`. */
export function attachToPayout(world: World, account: string, currency: string, payout: string): void {
  const loose = world.store.all<{ id: string }>(
    `SELECT id FROM objects WHERE kind = 'balance_transaction' AND account = ? AND facet_2 IS NULL
       AND json_extract(body, '$.currency') = ?`,
    [account, currency],
  )
  for (const { id } of loose) setFacet(world, id, 2, payout)
}

export function retrieveBalance(world: World, account: string, fallbackCurrency: string): Stripe.Balance {
  const rows = world.store.all<{ currency: string; available: number }>(
    'SELECT currency, available FROM balances WHERE account = ? ORDER BY currency',
    [account],
  )
  const shown = rows.length > 0 ? rows : [{ currency: fallbackCurrency, available: 0 }]
  return {
    object: 'balance',
    available: shown.map(row => ({
      amount: row.available,
      currency: row.currency,
      source_types: { card: row.available },
    })),
    livemode: false,
    pending: shown.map(row => ({ amount: 0, currency: row.currency, source_types: { card: 0 } })),
  }
}

export const TRANSACTION_LIST = {
  ...PAGE,
  created: 'range',
  currency: 'string',
  payout: 'string',
  source: 'string',
  type: 'string',
} as const

export function listTransactions(
  world: World,
  account: string,
  query: PageParameters & { created?: Range; currency?: string; payout?: string; source?: string; type?: string },
): Stripe.ApiList<Transaction> {
  const conditions = ['1']
  const values: string[] = []
  for (const name of ['currency', 'type'] as const) {
    const value = query[name]
    if (value === undefined) continue
    conditions.push(`json_extract(body, '$.${name}') = ?`)
    values.push(value)
  }
  return listPage<Transaction>(world, 'balance_transaction', '/v1/balance_transactions', query, {
    account,
    created: query.created,
    facet_1: query.source,
    facet_2: query.payout,
    where: [conditions.join(' AND '), values],
  })
}

export function retrieveTransaction(world: World, account: string, id: string): Transaction {
  return getObject<Transaction>(world, 'balance_transaction', id, account)
}
