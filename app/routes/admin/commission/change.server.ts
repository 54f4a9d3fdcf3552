import type { ActionFunctionArgs } from '@remix-run/node'
import { mutate, type Outcome } from '#app/api.server.ts'
import { DomainError } from '#server/lib/errors.ts'
import { parseAmount } from '#server/lib/money.ts'
import { changeOf, textOf } from '../read-query.server.ts'

/** Answers or decides a dispute as the form's `intent` says; the answer is a sentence, or the refusal for the form to show. */
export async function changeDispute(
  args: ActionFunctionArgs,
  commissionId: string,
  form: FormData,
): Promise<Outcome<string>> {
  const intent = textOf(form, 'intent')
  const disputeId = textOf(form, 'disputeId')
  const change = { disputeId, ...changeOf(form) }
  const text = (name: string) => textOf(form, name).replace(/\r\n?/g, '\n')
  if (intent === 'answer') {
    const { idempotencyKey } = change
    const outcome = await mutate(args, api => api.disputes.answer({ disputeId, body: text('body'), idempotencyKey }))
    return outcome.ok ? said('The answer is sent.') : outcome
  }
  if (intent === 'release') {
    const outcome = await mutate(args, api =>
      api.disputes.resolve({ ...change, decision: 'release', reason: text('reason') }),
    )
    return outcome.ok ? said('Decided: the amount stays, and the line is free again.') : outcome
  }
  if (intent === 'adjust') {
    const read = await readDifference(args, commissionId, form)
    if (typeof read === 'string') return refused(read, 'amount')
    const outcome = await mutate(args, api =>
      api.disputes.resolve({ ...change, decision: 'adjust', amount: read, reason: text('reason') }),
    )
    return outcome.ok ? said('Decided: the difference is booked, and both lines are free.') : outcome
  }
  return refused('This page doesn’t know that action.')
}

/** What is added, or taken away, in minor units of the commission's currency; or the sentence that says what is wrong. */
async function readDifference(
  args: ActionFunctionArgs,
  commissionId: string,
  form: FormData,
): Promise<number | string> {
  const { currency } = await args.context.api.commissions.get({ commissionId })
  const direction = textOf(form, 'direction')
  if (direction !== 'add' && direction !== 'take') return 'Say whether it is added or taken away.'
  try {
    const amount = parseAmount(textOf(form, 'amount'), currency)
    return direction === 'add' ? amount : -amount
  } catch (error) {
    if (error instanceof DomainError) return error.message
    throw error
  }
}

function said(value: string): Outcome<string> {
  return { ok: true, value }
}

function refused(message: string, field?: string): Outcome<string> {
  return { ok: false, status: 400, message, fields: field ? { [field]: message } : {} }
}
