import { type SQL, sql } from 'drizzle-orm'
import { currencyDecimals } from '../lib/money.ts'

// RFC 4180: CRLF, quotes doubled. Each rule stands here twice, for JavaScript and for SQL, and a test holds the two together.

export const csvType = 'text/csv; charset=utf-8'
export const lineEnd = '\r\n'

/** A file small enough to be held in memory. */
/** What spreadsheets read as a formula (OWASP, CSV injection), the full-width forms that some fold included. */
const formulaStart = '=+@\t\r\n＝＋－＠'
const formula = new RegExp(`^[${formulaStart}\u0000-]`)

/** A text cell: one that a spreadsheet would run as a formula gets a `'`. Numbers don't come here: `-12.50` stays a number. */
export function textCell(text: string | null): string {
  const safe = formula.test(text ?? '') ? `'${text}` : (text ?? '')
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** `textCell` for a text column, without NUL: the database's door lets none in. */
export function textCellSql(column: SQL): SQL {
  const safe = sql`iif(${column} GLOB ${`[${formulaStart}-]*`}, '''' || ${column}, ${column})`
  return sql`CASE WHEN ${column} IS NULL THEN '' WHEN ${column} GLOB ${'*[",\r\n]*'} THEN '"' || replace(${safe}, '"', '""') || '"' ELSE ${safe} END`
}

/** Takes back what `textCell` put before a formula, so that a file of ours can be read in again. */
export function withoutGuard(text: string): string {
  return text.startsWith("'") && formula.test(text.slice(1)) ? text.slice(1) : text
}

/** `decimalText` in SQL, for the currencies given; null for any other. `amount` is a column in minor units. */
export function decimalSql(amount: SQL, currency: SQL, currencies: string[]): SQL {
  if (currencies.length === 0) return sql`NULL`
  const cases = currencies.map(code => sql`WHEN ${code} THEN ${digitsSql(amount, currencyDecimals(code))}`)
  return sql`CASE ${currency} ${sql.join(cases, sql` `)} END`
}

function digitsSql(amount: SQL, decimals: number): SQL {
  if (decimals === 0) return amount
  const unit = 10 ** decimals
  return sql`iif(${amount} < 0, '-', '') || (abs(${amount}) / ${unit}) || ${sql.raw(`printf('.%0${decimals}d',`)} abs(${amount}) % ${unit})`
}

/** One of our own words for each value of an enumerated column; '' for null. The words need no quoting. */
export function wordSql(column: SQL, words: Record<string, string>): SQL {
  const cases = Object.entries(words).map(([value, word]) => sql`WHEN ${value} THEN ${word}`)
  return sql`CASE ${column} ${sql.join(cases, sql` `)} ELSE '' END`
}

/** UTC milliseconds as `2026-03-02T09:00:00Z`; '' for null. */
export function instantSql(column: SQL): SQL {
  return sql`coalesce(strftime('%Y-%m-%dT%H:%M:%SZ', ${column} / 1000, 'unixepoch'), '')`
}

export function instantText(at: number | null): string {
  return at === null ? '' : `${new Date(at).toISOString().slice(0, 19)}Z`
}

/** Cells that are ready to stand in a file: made by `textCell`, or digits. */
export function csvLine(cells: string[]): string {
  return cells.join(',') + lineEnd
}
