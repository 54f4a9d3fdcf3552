import { DomainError } from '#server/lib/errors.ts'
import { isCurrency, parseMoney } from '#server/lib/money.ts'

/** The rows of the form: a currency and an amount as typed; a row without an amount is none. Sentences by the field's id. */
export function readMinimums(form: FormData) {
  const currencies = form.getAll('minimumCurrency').map(value => String(value).trim().toUpperCase())
  const amounts = form.getAll('minimumAmount').map(value => String(value).trim())
  const rows = amounts.map((amount, index) => ({ currency: currencies[index] ?? '', amount }))
  const minimums: { currency: string; amount: number }[] = []
  const fields: Record<string, string> = {}
  for (const [index, { currency, amount }] of rows.entries()) {
    if (amount === '') continue
    const id = `minimum-${index}`
    if (!isCurrency(currency)) fields[id] = 'Choose the currency of this minimum.'
    else if (minimums.some(one => one.currency === currency)) fields[id] = `${currency} is there twice.`
    else {
      try {
        minimums.push({ currency, amount: parseMoney(amount, currency) })
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        fields[id] = error.message
      }
    }
  }
  return { rows, minimums, fields }
}
