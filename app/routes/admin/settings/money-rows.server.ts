import { DomainError } from '#server/lib/errors.ts'
import { isCurrency, parseMoney } from '#server/lib/money.ts'

/**
 * The rows of a form: a currency and an amount as typed; a row without an amount is none. Sentences by the field's id.
 * @param name what the fields are called: `<name>Amount` and `<name>Currency`
 */
export function readMoneyRows(form: FormData, name: string) {
  const currencies = form.getAll(`${name}Currency`).map(value => String(value).trim().toUpperCase())
  const amounts = form.getAll(`${name}Amount`).map(value => String(value).trim())
  const rows = amounts.map((amount, index) => ({ currency: currencies[index] ?? '', amount }))
  const read: { currency: string; amount: number }[] = []
  const fields: Record<string, string> = {}
  for (const [index, { currency, amount }] of rows.entries()) {
    if (amount === '') continue
    const id = `${name}-${index}`
    if (!isCurrency(currency)) fields[id] = 'Choose the currency of this amount.'
    else if (read.some(one => one.currency === currency)) fields[id] = `${currency} is there twice.`
    else {
      try {
        read.push({ currency, amount: parseMoney(amount, currency) })
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        fields[id] = error.message
      }
    }
  }
  return { rows, read, fields }
}
