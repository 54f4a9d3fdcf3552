import type { Stripe } from 'stripe'
import type { Requirement, TransfersStatus } from '#db/schema/index.ts'
import { codeOf, isGone } from '../stripe/gone.ts'
import { fromV1, fromV2 } from './requirements.ts'

/** What Stripe says of an account, in our words. */
export interface AccountState {
  accountId: string
  transfersStatus: TransfersStatus
  requirements: Requirement[]
  /** Which accounts payouts go to: each bank's fingerprint, or country and last digits where Stripe keeps that back. Sorted. */
  banks: string[]
  /** The last digits of the first bank account, to show; null where none is told. */
  lastFour: string | null
}

/** What an account must show to be read: fields outside `include` are absent, not false. */
const include: Stripe.V2.Core.AccountRetrieveParams.Include[] = ['configuration.recipient', 'requirements']

/**
 * Reads an account from Stripe: v2 for what may be paid, v1 for the bank account, which v2 doesn't show. An account that we have
 * lost, or that never was ours, is `disconnected`. Never call it inside a write.
 * @throws Stripe's errors where it gave no answer that decides
 */
export async function fetchAccount(stripe: Stripe, accountId: string): Promise<AccountState> {
  try {
    const v2 = await readV2(stripe, accountId)
    if (v2?.closed) return { accountId, transfersStatus: 'closed', requirements: [], banks: [], lastFour: null }
    const v1 = await stripe.accounts.retrieve(accountId)
    return stateOf(accountId, v2, v1)
  } catch (error) {
    if (isGone(error))
      return { accountId, transfersStatus: 'disconnected', requirements: [], banks: [], lastFour: null }
    throw error
  }
}

/** Accounts made before v2, or minutes ago, may be unknown to it: then v1 alone decides. */
async function readV2(stripe: Stripe, accountId: string): Promise<Stripe.V2.Core.Account | null> {
  try {
    return await stripe.v2.core.accounts.retrieve(accountId, { include })
  } catch (error) {
    if (isGone(error) && codeOf(error) !== 'account_invalid') return null
    throw error
  }
}

function stateOf(accountId: string, v2: Stripe.V2.Core.Account | null, v1: Stripe.Account): AccountState {
  const banks = (v1.external_accounts?.data ?? []).filter(one => one.default_for_currency !== false)
  return {
    accountId,
    transfersStatus: statusOf(v2, v1),
    requirements: v2?.requirements ? fromV2(v2.requirements) : fromV1(v1.requirements),
    banks: [...new Set(banks.map(one => one.fingerprint ?? `${one.country ?? ''}${one.last4}`))].sort(),
    lastFour: banks[0]?.last4 ?? null,
  }
}

function statusOf(v2: Stripe.V2.Core.Account | null, v1: Stripe.Account): TransfersStatus {
  const status = v2?.configuration?.recipient?.capabilities?.stripe_balance?.stripe_transfers?.status ?? statusOfV1(v1)
  // Stripe calls an account restricted from its first minute; until its owner has been through the set-up, it is only unfinished.
  return status === 'restricted' && !v1.details_submitted ? 'pending' : status
}

function statusOfV1(v1: Stripe.Account): TransfersStatus {
  switch (v1.capabilities?.transfers) {
    case 'active':
      return 'active'
    case 'pending':
      return 'pending'
    case 'inactive':
      return v1.requirements?.disabled_reason?.startsWith('rejected') ? 'rejected' : 'restricted'
    default:
      return 'none'
  }
}

/**
 * Where money sent to this account ends up, as one comparable text: the account, and its bank accounts where Stripe tells them.
 * Null while there is nothing that could be paid.
 */
export function destinationKeyOf(state: Pick<AccountState, 'accountId' | 'transfersStatus' | 'banks'>): string | null {
  if (state.banks.length > 0) return `${state.accountId}:${state.banks.join('+')}`
  return state.transfersStatus === 'active' ? state.accountId : null
}
