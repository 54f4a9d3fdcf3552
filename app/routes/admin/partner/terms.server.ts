import { DomainError } from '#server/lib/errors.ts'
import { decimalText, isCurrency, parseMoney } from '#server/lib/money.ts'
import { percentDigits, readPercent } from '#server/lib/percent.ts'
import type { Caller } from '#server/router.ts'
import { textOf } from '../read-query.server.ts'

type Input = Parameters<Caller['partners']['create']>[0]
type Terms = Awaited<ReturnType<Caller['partners']['get']>>['terms']

/** The terms of a partner's form: a percentage and an amount as they were typed. What can't be read is left for the procedure to refuse. */
export function readTerms(form: FormData, currency: string) {
  const rate = textOf(form, 'defaultRate')
  const minimum = textOf(form, 'minimum')
  return {
    tier: (textOf(form, 'tier') as Input['tier']) || undefined,
    class: (textOf(form, 'class') as Input['class']) || undefined,
    settlement: (textOf(form, 'settlement') as Input['settlement']) || undefined,
    defaultRateBp: rate === '' ? null : (readPercent(rate) ?? Number.NaN),
    minimum: minimum === '' ? null : amountOf(minimum, currency),
  }
}

function amountOf(text: string, currency: string): number {
  try {
    return isCurrency(currency) ? parseMoney(text, currency) : Number.NaN
  } catch (error) {
    if (error instanceof DomainError) return Number.NaN
    throw error
  }
}

/** The terms as the form shows them. */
export function termFields(terms: Terms, currency: string) {
  return {
    ...{ tier: terms.tier, class: terms.class, settlement: terms.settlement },
    defaultRate: terms.defaultRateBp === null ? '' : percentDigits(terms.defaultRateBp),
    minimum: terms.minimum === null ? '' : decimalText(terms.minimum, currency),
  }
}
