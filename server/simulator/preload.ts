import type Stripe from 'stripe'
import { newBank } from './bank-accounts.ts'
import {
  activated,
  type CapabilityStatus,
  findAccount,
  getAccount,
  insertAccount,
  newAccount,
} from './connected-account.ts'
import { checkAmount, readCurrency } from './currency.ts'
import { fund } from './funding.ts'
import { findRow, getObject, setFacet } from './objects.ts'
import { bookPayout } from './payouts.ts'
import { bookReversal } from './reversals.ts'
import { getTransfer, moveTransfer } from './transfers.ts'
import { DAY, seconds, type World } from './world.ts'

/** A connected account for a demo: active unless said otherwise. */
export interface PreloadedAccount {
  id?: string
  country?: string
  currency?: string
  email?: string
  display_name?: string
  metadata?: Record<string, string>
  /** UTC milliseconds. */
  created?: number
  transfers?: CapabilityStatus
  payouts?: CapabilityStatus
  due?: string[]
  disabled_reason?: string | null
  bank_number?: string
}

/** A transfer of the past. The platform gets the money for it, so its balance stays what it was. */
export interface PreloadedTransfer {
  id?: string
  /** Minor units. */
  amount: number
  currency: string
  destination: string
  description?: string
  transfer_group?: string
  metadata?: Record<string, string>
  /** UTC milliseconds. */
  created?: number
  /** Minor units already taken back. */
  reversed?: number
  /** Whether a payout has carried it to the partner's bank. */
  in_bank?: boolean
}

/** Adds accounts without events; those that exist are left as they are. Returns every id, in order. */
export function preloadAccounts(world: World, accounts: PreloadedAccount[]): { ids: string[] } {
  const ids = accounts.map(one => {
    if (one.id && findAccount(world, one.id)) return one.id
    const base = newAccount(world, {
      ...(one.id ? { id: one.id } : {}),
      ...(one.country ? { country: one.country } : {}),
      ...(one.currency ? { currency: readCurrency(one.currency) } : {}),
      created: one.created ?? world.now(),
      email: one.email ?? null,
      displayName: one.display_name ?? null,
      metadata: one.metadata ?? {},
      entityType: 'individual',
    })
    const bank = newBank(world, base.country, {
      currency: base.currency,
      ...(one.bank_number ? { number: one.bank_number } : {}),
    })
    insertAccount(world, {
      ...base,
      ...activated(bank, base.created),
      ...(one.transfers ? { transfers: one.transfers } : {}),
      ...(one.payouts ? { payouts: one.payouts } : {}),
      due: one.due ?? [],
      disabledReason: one.disabled_reason ?? null,
    })
    return base.id
  })
  return { ids }
}

/** Adds transfers without events; those that exist are left as they are. Returns every id, in order. */
export function preloadTransfers(world: World, transfers: PreloadedTransfer[]): { ids: string[] } {
  const ids = transfers.map(one => {
    if (one.id && findRow(world, 'transfer', one.id)) return one.id
    const { reversed = 0, in_bank, created, ...rest } = one
    const currency = readCurrency(one.currency)
    checkAmount(one.amount, currency)
    return world.at(created ?? world.now(), () => {
      const destination = getAccount(world, one.destination)
      fund(world, { amount: one.amount, currency, description: 'Before the simulation' }, true)
      const transfer = moveTransfer(world, destination, { ...rest, currency })
      if (reversed > 0) bookReversal(world, getTransfer(world, transfer.id), { amount: reversed })
      if (in_bank) carryToBank(world, transfer.destination, transfer.destination_payment)
      return transfer.id
    })
  })
  return { ids }
}

/** A payout of this one payment that arrived two days after it. */
function carryToBank(world: World, account: string, payment: string): void {
  const { amount, amount_refunded, currency, balance_transaction } = getObject<Stripe.Charge>(
    world,
    'charge',
    payment,
    account,
  )
  const left = amount - amount_refunded
  if (left === 0) return
  const { bank } = getAccount(world, account)
  world.at(world.now() + 2 * DAY, () => {
    const payout = bookPayout(
      world,
      account,
      { amount: left, currency, bank, automatic: false },
      {
        automatic: true,
        status: 'paid',
        arrival_date: seconds(world),
        description: 'STRIPE PAYOUT',
        reconciliation_status: 'completed',
      },
    )
    setFacet(world, String(balance_transaction), 2, payout.id)
  })
}
