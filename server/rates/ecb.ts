import { DomainError } from '../lib/errors.ts'
import { isCurrency } from '../lib/money.ts'
import { parseRate } from './rules.ts'

/** One euro is `rateE8` / 10^8 of `quote`. */
export interface EcbRate {
  quote: string
  day: string
  rateE8: number
}

export interface EcbFile {
  rates: EcbRate[]
  /** What could not be read, in words with its line. */
  refused: string[]
}

const months = 'january february march april may june july august september october november december'.split(' ')

/**
 * The European Central Bank's reference rates, both as it publishes them: `eurofxref.csv`, one line whose date is like
 * `20 November 2026`, and `eurofxref-hist.csv`, with days like `2026-11-20` and `N/A` where a currency had none. Both end each line in a comma.
 * @throws DomainError INVALID for what is no such file
 */
export function parseEcb(text: string): EcbFile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  const header = (lines[0] ?? '').split(',').map(cell => cell.trim())
  const currencies = header.slice(1)
  if (header[0]?.toLowerCase() !== 'date' || !currencies.includes('USD'))
    throw new DomainError(
      'INVALID',
      'This is not the European Central Bank’s file: its first line begins with “Date, USD, JPY”. Download eurofxref.csv or eurofxref-hist.csv, and unzip it.',
    )
  const rates: EcbRate[] = []
  const refused: string[] = []
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue
    const cells = line.split(',').map(cell => cell.trim())
    const day = dayOf(cells[0] ?? '')
    if (!day) {
      refused.push(`Line ${index + 1}: “${(cells[0] ?? '').slice(0, 40)}” is not a date.`)
      continue
    }
    for (const [column, quote] of currencies.entries()) {
      const cell = cells[column + 1] ?? ''
      if (quote === '' || quote === 'EUR' || cell === '' || cell === 'N/A') continue
      if (!isCurrency(quote)) {
        if (index === 1) refused.push(`“${quote.slice(0, 20)}” is not a currency we know.`)
        continue
      }
      try {
        rates.push({ quote, day, rateE8: parseRate(cell) })
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        refused.push(`Line ${index + 1}, ${quote}: ${error.message}`)
      }
    }
  }
  return { rates, refused }
}

function dayOf(text: string): string | null {
  const written = /^(\d{1,2}) ([A-Za-z]+) (\d{4})$/.exec(text)
  const month = written ? months.indexOf((written[2] ?? '').toLowerCase()) + 1 : 0
  const iso = written
    ? `${written[3]}-${String(month).padStart(2, '0')}-${(written[1] ?? '').padStart(2, '0')}`
    : /^\d{4}-\d{2}-\d{2}$/.test(text)
      ? text
      : null
  if (!iso) return null
  const date = new Date(`${iso}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : null
}
