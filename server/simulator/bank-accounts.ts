import type Stripe from 'stripe'
import { currencyOfCountry } from './currency.ts'
import type { World } from './world.ts'

/** Where an account's payouts go. */
export interface Bank {
  id: string
  number: string
  country: string
  currency: string
  status: 'new' | 'errored'
  /** Payouts arrive first and come back a day later. */
  failsAfterPaid: boolean
}

/** Stripe's US test numbers, and how a payout to them ends. Every other number succeeds. */
const FAILURES: Record<string, { code: string; message: string }> = {
  '000111111113': { code: 'account_closed', message: 'The bank account has been closed.' },
  '000111111116': { code: 'no_account', message: 'The bank account could not be located.' },
  '000222222227': { code: 'insufficient_funds', message: 'The account has insufficient funds.' },
}

export const GOOD_NUMBER = '000123456789'

export function newBank(world: World, country: string, details: Partial<Bank> = {}): Bank {
  return {
    id: world.id('ba'),
    number: GOOD_NUMBER,
    country,
    currency: currencyOfCountry(country),
    status: 'new',
    failsAfterPaid: false,
    ...details,
  }
}

/** Why payouts to this bank account fail, or null when they arrive. */
export function failureOf(bank: Bank): { code: string; message: string } | null {
  return FAILURES[bank.number] ?? null
}

export function showBankAccount(bank: Bank, account: string): Stripe.BankAccount {
  return {
    id: bank.id,
    object: 'bank_account',
    account,
    account_holder_name: null,
    account_holder_type: null,
    account_type: null,
    available_payout_methods: ['standard'],
    bank_name: 'SIMULATED BANK',
    country: bank.country,
    currency: bank.currency,
    default_for_currency: true,
    fingerprint: null,
    last4: bank.number.slice(-4),
    metadata: {},
    routing_number: '110000000',
    status: bank.status,
  }
}
