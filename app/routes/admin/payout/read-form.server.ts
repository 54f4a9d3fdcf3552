import { DomainError } from '#server/lib/errors.ts'
import { parseMoney } from '#server/lib/money.ts'

/** What was typed into a payout's form, kept for when it is refused. */
export interface PayoutValues {
  partnerId: string
  amount: string
  period: string
  reference: string
  notes: string
}

export function readValues(form: FormData): PayoutValues {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  return {
    partnerId: text('partnerId'),
    amount: text('amount'),
    period: text('period'),
    reference: text('reference'),
    // Browsers send CRLF; what is stored and shown has plain line ends.
    notes: text('notes').replace(/\r\n?/g, '\n'),
  }
}

/** The typed amount in minor units of a currency, or the sentence that says what is wrong with it. */
export function readAmount(text: string, currency: string): { amount: number } | { problem: string } {
  if (!text) return { problem: 'Enter an amount.' }
  try {
    return { amount: parseMoney(text, currency) }
  } catch (error) {
    if (error instanceof DomainError) return { problem: error.message }
    throw error
  }
}
