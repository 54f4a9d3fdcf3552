import type { Bank } from './bank-accounts.ts'
import { currencyOfCountry } from './currency.ts'
import { accountInvalid } from './errors.ts'
import { findObject, insertObject } from './objects.ts'
import type { World } from './world.ts'

/** Status of a v2 capability; v1's is derived from it. */
export type CapabilityStatus = 'active' | 'pending' | 'restricted' | 'rejected' | 'unsupported'

/** One connected account, of which the v1 and v2 objects are two views. */
export interface ConnectedAccount {
  id: string
  /** UTC milliseconds. */
  created: number
  type: 'standard' | 'express' | 'custom' | 'none'
  dashboard: 'express' | 'full' | 'none'
  fees: 'account' | 'application' | 'application_custom' | 'application_express'
  losses: 'application' | 'stripe'
  /** Two letters, upper case. */
  country: string
  entityType: 'individual' | 'company' | 'government_entity' | 'non_profit' | null
  email: string | null
  displayName: string | null
  /** Default currency, lower case. */
  currency: string
  metadata: Record<string, string>
  /** v2 `stripe_balance.stripe_transfers`, v1 `transfers`; null when not requested. */
  transfers: CapabilityStatus | null
  /** v2 `stripe_balance.payouts`. */
  payouts: CapabilityStatus | null
  transfersRequested: number | null
  /** Old accounts without requested capabilities can receive transfers through this one. */
  legacyPayments: boolean
  /** Missing information, in v1's names. */
  due: string[]
  disabledReason: string | null
  detailsSubmitted: boolean
  bank: Bank | null
  deauthorized: boolean
  closed: boolean
}

/** What a new recipient has to bring, in v1's names. */
export const NEW_ACCOUNT_DUE = [
  'external_account',
  'individual.dob.day',
  'individual.first_name',
  'individual.last_name',
  'tos_acceptance.date',
]

/** Fills what was not said with the state of an account that nobody has set up yet. */
export function newAccount(world: World, known: Partial<ConnectedAccount> & { id?: string }): ConnectedAccount {
  const country = known.country?.toUpperCase() ?? 'US'
  return {
    id: world.id('acct'),
    created: world.now(),
    type: 'none',
    dashboard: 'express',
    fees: 'application',
    losses: 'application',
    entityType: null,
    email: null,
    displayName: null,
    metadata: {},
    transfers: null,
    payouts: null,
    transfersRequested: null,
    legacyPayments: false,
    due: [],
    disabledReason: null,
    detailsSubmitted: false,
    bank: null,
    deauthorized: false,
    closed: false,
    ...known,
    country,
    currency: known.currency ?? currencyOfCountry(country),
  }
}

/** What onboarding leads to: both capabilities active, nothing due, and a bank account to pay out to. */
export function activated(bank: Bank, now: number): Partial<ConnectedAccount> {
  return {
    transfers: 'active',
    payouts: 'active',
    transfersRequested: now,
    due: [],
    disabledReason: null,
    detailsSubmitted: true,
    bank,
  }
}

export function insertAccount(world: World, account: ConnectedAccount): void {
  insertObject(world, 'account', world.platform, account, [null], account.created)
}

export function findAccount(world: World, id: string): ConnectedAccount | undefined {
  return findObject<ConnectedAccount>(world, 'account', id)
}

/** The account if this platform may still act on it; otherwise 403 `account_invalid`, as Stripe answers for both. */
export function getAccount(world: World, id: string): ConnectedAccount {
  const account = findAccount(world, id)
  if (!account || account.deauthorized) throw accountInvalid(id)
  return account
}

/** Whether `/v1/transfers` can pay it. */
export function isPayable(account: ConnectedAccount): boolean {
  return !account.closed && (account.transfers === 'active' || account.legacyPayments)
}

export function thinReference(id: string) {
  return { id, type: 'v2.core.account', url: `/v2/core/accounts/${id}` }
}
