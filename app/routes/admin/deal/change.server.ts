import type { ActionFunctionArgs } from '@remix-run/node'
import { mutate, type Outcome } from '#app/api.server.ts'
import type { TouchRole, TouchType } from '#server/deals/rules.ts'
import type { ChangedDeal } from '#server/deals/service.ts'
import { DomainError } from '#server/lib/errors.ts'
import { parseAmount } from '#server/lib/money.ts'
import { changeOf, textOf } from '../read-query.server.ts'
import { findPartner } from './find-partner.server.ts'
import { instantOf } from './moment.ts'

/** What the form can't know and the deal does. */
export interface DealFacts {
  id: string
  currency: string
  timeZone: string
}

const said: Record<string, string> = {
  win: 'is won.',
  lose: 'is lost.',
  reopen: 'is open again.',
  refund: 'has a refund more.',
  recalculate: 'is recalculated.',
  clearOverride: 'is attributed by its program again.',
  addTouch: 'has a touch more.',
  updateTouch: 'has a corrected touch.',
  removeTouch: 'has a touch less.',
}

/** Changes one deal as the form's `intent` says; the answer is a sentence, or the refusal for the form to show. */
export async function changeDeal(args: ActionFunctionArgs, deal: DealFacts, form: FormData): Promise<Outcome<string>> {
  const intent = textOf(form, 'intent')
  const change = { dealId: deal.id, ...changeOf(form) }
  const optional = (name: string) => textOf(form, name) || undefined
  const note = textOf(form, 'note').replace(/\r\n?/g, '\n') || null

  if (intent === 'refund') {
    const read = readAmount(textOf(form, 'amount'), deal.currency)
    if (typeof read === 'string') return refusal(read, 'amount')
    const refund = { amount: read, reason: textOf(form, 'reason'), refundedOn: optional('refundedOn') }
    return answer(
      intent,
      await mutate(args, api => api.deals.refund({ ...change, ...refund, externalRef: optional('externalRef') })),
    )
  }
  if (intent === 'addTouch' || intent === 'updateTouch') {
    const at = instantOf(textOf(form, 'at'), deal.timeZone)
    if (at === null) return refusal('Say when it was: a day and a time.', 'at')
    const weight = readWeight(textOf(form, 'weight'))
    if (typeof weight === 'string') return refusal(weight, 'weight')
    const touch = {
      ...{ at, weight, note },
      // The procedure refuses what is none of them.
      type: textOf(form, 'type') as TouchType,
      role: (textOf(form, 'role') || null) as TouchRole | null,
      idempotencyKey: change.idempotencyKey,
    }
    if (intent === 'updateTouch') {
      const which = { touchId: textOf(form, 'about'), version: change.version }
      return answer(intent, await mutate(args, api => api.deals.updateTouch({ ...which, ...touch })))
    }
    const partner = await findPartner(args, textOf(form, 'partner'))
    if ('problem' in partner) return refusal(partner.problem, 'partner')
    return answer(
      intent,
      await mutate(args, api => api.deals.addTouch({ dealId: deal.id, partnerId: partner.id, ...touch })),
    )
  }
  const outcome = await mutate<ChangedDeal | null>(args, async api => {
    switch (intent) {
      case 'win':
        return api.deals.win({ ...change, closedOn: optional('closedOn') })
      case 'lose':
        return api.deals.lose({ ...change, closedOn: optional('closedOn'), reason: optional('reason') })
      case 'reopen':
        return api.deals.reopen({ ...change, reason: textOf(form, 'reason') })
      case 'recalculate':
        return api.attribution.recalculate(change)
      case 'clearOverride':
        return api.attribution.clearOverride({ ...change, reason: optional('reason') })
      case 'removeTouch':
        return api.deals.removeTouch({ ...changeOf(form), touchId: textOf(form, 'about') })
      default:
        return null
    }
  })
  return answer(intent, outcome)
}

function answer(intent: string, outcome: Outcome<ChangedDeal | null>): Outcome<string> {
  if (!outcome.ok) return outcome
  if (!outcome.value) return refusal('This page doesn’t know that action.')
  const { number, attributed, booked, run } = outcome.value
  if (intent === 'recalculate' && !attributed)
    return { ok: true, value: `Nothing that decides has changed: version ${run} of ${number} stands.` }
  return {
    ok: true,
    value: `${number} ${said[intent] ?? 'is saved.'}${attributed ? ` Attribution ${run} decides now.` : ''}${bookedWords(booked)}`,
  }
}

function bookedWords(booked: number): string {
  if (booked === 0) return ''
  return ` ${booked} commission ${booked === 1 ? 'line was' : 'lines were'} booked.`
}

/** The typed amount in minor units, or the sentence that says what is wrong with it. */
export function readAmount(text: string, currency: string): number | string {
  if (!text) return 'Enter an amount.'
  try {
    return parseAmount(text, currency)
  } catch (error) {
    if (error instanceof DomainError) return error.message
    throw error
  }
}

function readWeight(text: string): number | null | string {
  if (!text) return null
  return /^\d{1,7}$/.test(text) ? Number(text) : 'A weight is a whole number, like 40.'
}

function refusal(message: string, field?: string): Outcome<string> {
  return { ok: false, status: 400, message, fields: field ? { [field]: message } : {} }
}
