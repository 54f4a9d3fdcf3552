import type { ActionFunctionArgs } from '@remix-run/node'
import { mutate, type Outcome } from '#app/api.server.ts'
import type { ManualMethod } from '#server/payouts/rules.ts'
import type { Changed } from '#server/payouts/service.ts'

/** What to say after each change. */
const said: Record<string, (changed: Changed) => string> = {
  approve: ({ number, status }) =>
    status === 'approved'
      ? `${number} is approved.`
      : `Your approval of ${number} is recorded; a second person has to approve it.`,
  reject: ({ number }) => `${number} is rejected. The partner gets an email with your reason.`,
  markPaid: ({ number }) => `${number} is on its way: the transfer is queued.`,
  markPaidManually: ({ number }) => `${number} is recorded as paid outside Stripe.`,
  unapprove: ({ number }) => `${number} waits for approval again.`,
  cancel: ({ number }) => `${number} is canceled.`,
  release: ({ number, status }) =>
    status === 'processing'
      ? `Your finding about ${number} is recorded; a second person has to look too.`
      : status === 'paid'
        ? `Stripe has the transfer after all: ${number} is paid.`
        : `${number} is released.`,
  decideReversal: ({ number }) => `What happens with the money of ${number} is recorded.`,
}

/** Changes one payout as the form's `intent` says; the answer is a sentence, or the refusal for the form to show. */
export async function changePayout(
  args: ActionFunctionArgs,
  payoutId: string,
  form: FormData,
): Promise<Outcome<string>> {
  const intent = String(form.get('intent'))
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const change = {
    payoutId,
    version: Number(text('version')) || undefined,
    idempotencyKey: text('idempotencyKey') || undefined,
  }
  if (intent === 'markPaid' && text('confirmed') !== 'yes')
    return refusal('Tick the box once you have checked the amount and the recipient.', 'confirmed')
  const outcome = await mutate<Changed | null>(args, async api => {
    switch (intent) {
      case 'approve':
        return api.payouts.approve({ ...change, digest: text('digest') || undefined })
      case 'reject':
        return api.payouts.reject({ ...change, reason: text('reason') })
      case 'markPaid':
        return api.payouts.markPaid(change)
      case 'markPaidManually': {
        const manual = {
          // The procedure says 'Choose how it was paid.' for anything else.
          method: text('manual.method') as ManualMethod,
          reference: text('manual.reference'),
          paidOn: text('manual.paidOn'),
        }
        return api.payouts.markPaid({ ...change, manual })
      }
      case 'unapprove':
        return api.payouts.unapprove(change)
      case 'cancel':
        return api.payouts.cancel({ ...change, reason: text('reason') || undefined })
      case 'release':
        return api.payouts.release({ ...change, evidence: text('evidence') })
      case 'decideReversal':
        return api.payouts.decideReversal({
          ...change,
          decision: text('decision') === 'owed' ? 'owed' : 'not_owed',
          note: text('note') || undefined,
        })
      default:
        return null
    }
  })
  if (!outcome.ok) return outcome
  const sentence = outcome.value && said[intent]?.(outcome.value)
  return sentence ? { ok: true, value: sentence } : refusal('This page doesn’t know that action.')
}

function refusal(message: string, field?: string): Outcome<string> {
  return { ok: false, status: 400, message, fields: field ? { [field]: message } : {} }
}
