import Stripe from 'stripe'
import type { Requirement, TransfersStatus } from '#db/schema/index.ts'

/** What an error of `transfers.create` means for the money. */
export type Verdict = { code: string; message: string; requestId: string | null } & {
  kind:
    | 'refused' // definite: this attempt moved nothing, and never will
    | 'busy' // this request did nothing; ask again with the same key
    | 'in_flight' // another request with this key is at work: what it does is unknown
    | 'locked_out' // Stripe doesn't know us: nothing is wrong with the payout
    | 'key_conflict' // the key was used with other bytes: never resend, look
    | 'unknown' // everything else, our own exceptions included
}

/**
 * Judges what was thrown. Only an error that Stripe itself wrote, with a status that means refusal, is definite; the table is in
 * the runbook. `wasUnknown`: an earlier send of this attempt got no answer, so a refusal at the door (401, 403), which Stripe gives
 * before it looks at the key, says nothing about that one.
 */
export function judge(error: unknown, wasUnknown: boolean): Verdict {
  if (!(error instanceof Stripe.errors.StripeError))
    return {
      kind: 'unknown',
      code: 'no_answer',
      message: error instanceof Error ? error.message : String(error),
      requestId: null,
    }
  const { statusCode, rawType } = error
  const code = error.code ?? rawType ?? error.type
  const base = { code, message: error.message, requestId: error.requestId ?? null }
  if (rawType === 'idempotency_error' || error instanceof Stripe.errors.StripeIdempotencyError)
    return { ...base, kind: 'key_conflict' }
  if (statusCode === 409)
    return { ...base, kind: 'in_flight', message: 'Stripe is still at work on this key; asking again' }
  if (statusCode === 429) return { ...base, kind: 'busy', message: 'Stripe is busy; asking again with the same key' }
  if (statusCode === 401)
    return { ...base, kind: 'locked_out', message: 'Stripe does not accept our key. Check STRIPE_SECRET_KEY.' }
  const refused = statusCode !== undefined && [400, 402, 403, 404].includes(statusCode) && rawType !== undefined
  if (!refused || (statusCode === 403 && wasUnknown)) return { ...base, kind: 'unknown' }
  return { ...base, kind: 'refused', message: refusalSentence(code, error.message) }
}

/** What a refusal means, and what to do, in a sentence that finance and the partner can both read. */
export function refusalSentence(code: string, stripeSays: string): string {
  return refusals[code] ?? `Stripe refused the transfer: ${stripeSays}`
}

/** By Stripe's error code. The runbook lists the same codes. */
export const refusals: Record<string, string> = {
  balance_insufficient:
    'The Stripe balance does not hold enough in this currency. Add funds to it, then mark the payout paid again.',
  insufficient_capabilities_for_transfer:
    'Stripe does not let this account receive transfers yet. The partner has to finish the set-up; then mark it paid again.',
  transfers_not_allowed:
    'Stripe does not let this account receive transfers. The partner has to finish the set-up; then mark it paid again.',
  account_invalid:
    'We have lost access to this Stripe account. The partner has to connect again; then the payout needs a new approval.',
  resource_missing:
    'Stripe does not know this account. The partner has to set up payouts again; then the payout needs a new approval.',
  amount_too_small:
    'The amount is below the least that Stripe transfers. Cancel it, and pay it together with the next one.',
  amount_too_large: 'The amount is above the most that Stripe transfers at once. Cancel it, and split it.',
}

/** Why an account can't be paid, as fetched right before sending; null if it can. */
export function accountRefusal(
  name: string,
  account: { transfersStatus: TransfersStatus; requirements: Requirement[] },
): { code: string; message: string } | null {
  const missing = account.requirements.map(requirement => requirement.text).join('; ')
  switch (account.transfersStatus) {
    case 'active':
      return null
    case 'none':
    case 'disconnected':
      return {
        code: 'no_account',
        message: `${name} is not connected to Stripe. The partner has to set up payouts; then it needs a new approval.`,
      }
    case 'pending':
    case 'restricted':
      return {
        code: `account_${account.transfersStatus}`,
        message: `Stripe does not pay out to ${name} at the moment${missing ? `: it needs ${missing}` : ''}. When that is done, mark it paid again.`,
      }
    default:
      return {
        code: `account_${account.transfersStatus}`,
        message: `Stripe does not allow payouts to ${name}'s account. Pay another way, and record it.`,
      }
  }
}
