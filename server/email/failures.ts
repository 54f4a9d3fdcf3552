import type { Requirement } from '#db/schema/index.ts'

interface Failure {
  code: string | null
  message: string | null
}

const finish = 'Stripe does not let your account receive payouts yet.'
const reconnect = 'Your Stripe account is no longer connected.'

/** What the partner is told of a refusal, and what it can do; nothing to do where only the payer can mend it. */
export function failureForPartner(
  { code }: Failure,
  requirements: Requirement[],
  orgName: string,
): { explanation: string; whatToDo?: string } {
  const missing = requirements.map(requirement => requirement.text).join('; ')
  const giveMissing = `Give Stripe what is missing${missing ? `: ${missing}` : ''}. Then the payout can be sent again.`
  switch (code) {
    case 'no_account':
      return {
        explanation: 'Your payouts are not set up with Stripe.',
        whatToDo: 'Set up payouts; it takes a few minutes. Then the payout can be approved and sent again.',
      }
    case 'account_pending':
    case 'account_restricted':
    case 'insufficient_capabilities_for_transfer':
    case 'transfers_not_allowed':
      return { explanation: finish, whatToDo: giveMissing }
    case 'account_invalid':
    case 'resource_missing':
    case 'account_disconnected':
      return { explanation: reconnect, whatToDo: 'Connect it again. Then the payout can be approved and sent again.' }
    case 'account_rejected':
    case 'account_unsupported':
    case 'account_closed':
      return { explanation: `Stripe does not pay out to your account. ${orgName} has to pay you another way.` }
    case 'destination_changed':
      return {
        explanation: 'Your payout details changed after the payout was approved, so it has to be approved again.',
      }
    default:
      // Their balance, their limits, their key: not the partner's business, and not in the partner's hands.
      return { explanation: `The transfer could not be made, for a reason that ${orgName} has to clear.` }
  }
}

/** What finance is told. Our own sentences say first what happened and then what to do; Stripe's say only the first. */
export function failureForFinance({ code, message }: Failure): {
  explanation: string
  code?: string
  whatToDo: string
} {
  const text = message ?? 'Stripe refused the transfer.'
  const known = code ? { code } : {}
  const [first = text, ...rest] = text.split(/(?<=\.) (?=\p{Lu})/u)
  if (text.startsWith('Stripe refused the transfer:') || rest.length === 0)
    return {
      ...known,
      explanation: text,
      whatToDo: 'Open the payout: it shows what stands in the way, and what clears it.',
    }
  return { ...known, explanation: first, whatToDo: rest.join(' ') }
}
