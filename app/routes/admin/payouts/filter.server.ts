import { DomainError } from '#server/lib/errors.ts'
import { isCurrency, parseMoney } from '#server/lib/money.ts'
import { filterSchema, type PayoutFilter } from '#server/payouts/rules.ts'
import { takeWhatFits } from '../read-query.server.ts'

export interface ReadFilter {
  filter: PayoutFilter
  /** Sentences about values that could not be used, and were left out. */
  problems: string[]
}

const fields = Object.keys(filterSchema.shape)

/**
 * The filter in an address, by the schema that the procedure uses. `min` and `max` are what people type, in major units of the
 * chosen currency, and become `amountFrom` and `amountTo` in minor units. What can't be used is left out, with a sentence.
 */
export function readFilter(params: URLSearchParams | FormData): ReadFilter {
  const problems: string[] = []
  const input: Record<string, unknown> = {}
  for (const field of fields) {
    const values = params.getAll(field).map(String).filter(Boolean)
    if (values.length > 0) input[field] = values.join(',')
  }
  const currency = String(params.get('currency') ?? '')
    .trim()
    .toUpperCase()
  for (const [name, field] of [
    ['min', 'amountFrom'],
    ['max', 'amountTo'],
  ] as const) {
    const text = String(params.get(name) ?? '').trim()
    if (!text) continue
    if (!isCurrency(currency))
      problems.push('Choose a currency to filter by amount: amounts are never compared across.')
    else {
      try {
        input[field] = parseMoney(text, currency)
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        problems.push(error.message)
      }
    }
  }
  const { filter, problems: left } = takeWhatFits(filterSchema, input)
  return { filter, problems: [...new Set([...problems, ...left])] }
}
