import { DomainError } from '#server/lib/errors.ts'
import { isCurrency, parseMoney } from '#server/lib/money.ts'
import { filterSchema, type PayoutFilter } from '#server/payouts/rules.ts'

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
  // One round a bad field: leaving out the lower bound can't make another one wrong, but its message is about itself only.
  for (let round = 0; round <= fields.length; round++) {
    const parsed = filterSchema.safeParse(input)
    if (parsed.success) return { filter: parsed.data, problems: [...new Set(problems)] }
    for (const issue of parsed.error.issues) {
      const field = String(issue.path[0])
      if (field in input) problems.push(sentence(field, issue.message))
      delete input[field]
    }
  }
  return { filter: filterSchema.parse({}), problems }
}

/** zod's own words for choices ('Invalid option …') are for developers. */
function sentence(field: string, message: string): string {
  return /^(Invalid|Expected|Unrecognized|Too )/.test(message)
    ? `“${field}” in the address has a value we don’t know, so it is left out.`
    : message
}
