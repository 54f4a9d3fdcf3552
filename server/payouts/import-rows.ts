import { sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import type { ImportRow } from '#db/schema/index.ts'
import { DomainError } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { currencyDecimals, formatMoney, isCurrency, parseMoney } from '../lib/money.ts'
import { formatPeriod, periodSchema } from '../lib/period.ts'
import { line as lineSchema, paragraph } from '../lib/text.ts'
import { payoutNumber } from './rules.ts'
import type { Cells } from './spreadsheet.ts'

export interface Payee {
  id: string
  name: string
  email: string
  reference: string | null
  currency: string
  archived: number
}

/** All of an organization's partners: they are few, and a name can't be looked up any other way. */
export function readPayees(db: Drizzle | Tx, orgId: string): Promise<Payee[]> {
  return db.all<Payee>(sql`
    SELECT id, name, email, reference, currency, archived_at IS NOT NULL AS archived FROM partners WHERE org_id = ${orgId}`)
}

/** Reads every row as far as it goes, and says in words what is wrong with each, by line and column. */
export function checkRows(rows: Cells[], payees: Payee[]): ImportRow[] {
  const find = finder(payees)
  return rows.map(cells => checkRow(cells, find))
}

type Find = (column: 'email' | 'partnerReference' | 'partner', text: string) => Payee[]

function finder(payees: Payee[]): Find {
  const byEmail = groupBy(payees, payee => payee.email)
  const byReference = groupBy(payees, payee => payee.reference ?? '')
  const byId = groupBy(payees, payee => payee.id)
  const byName = groupBy(payees, payee => payee.name.toLowerCase())
  return (column, text) => {
    const email = byEmail.get(text.toLowerCase())
    const reference = byReference.get(text) ?? byId.get(text)
    if (column === 'email') return email ?? []
    if (column === 'partnerReference') return reference ?? []
    return email ?? reference ?? byName.get(text.toLowerCase()) ?? []
  }
}

const texts = { reference: lineSchema(64, 'The reference'), notes: paragraph(2000, 'The note') }

function checkRow(cells: Cells, find: Find): ImportRow {
  const errors: string[] = []
  const wrong = (column: string, message: string) => errors.push(`Line ${cells.line}, ${column}: ${message}`)
  const attempt = <T>(column: string, read: () => T): T | null => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      wrong(column, error.message)
      return null
    }
  }
  if (cells.tooMany)
    errors.push(
      `Line ${cells.line} has more cells than the header has columns. An amount with a comma needs quotation marks around it.`,
    )
  const payee = attempt('partner', () => payeeOf(cells, find))
  // Left out, it is the partner's; without a partner there is none to speak of.
  const currency = cells.currency || payee ? attempt('currency', () => currencyOf(cells.currency, payee)) : null
  const amount = currency ? attempt('amount', () => amountOf(cells.amount, currency)) : null
  const period = cells.period ? attempt('period', () => periodFrom(cells.period)) : null
  for (const column of ['reference', 'notes'] as const) {
    const parsed = texts[column].safeParse(cells[column])
    if (cells[column] && !parsed.success) wrong(column, parsed.error.issues[0]?.message ?? 'That can’t be read.')
  }
  return {
    line: cells.line,
    partnerId: payee?.id ?? null,
    partner: payee?.name ?? [cells.email, cells.partnerReference, cells.partner].filter(Boolean).join(' / '),
    amount,
    amountText: cells.amount,
    currency: currency ?? cells.currency,
    period: period ?? (cells.period || null),
    reference: cells.reference || null,
    notes: cells.notes || null,
    errors,
    duplicate: null,
    warnings: [],
  }
}

/** The one partner that all filled columns name. */
function payeeOf(cells: Cells, find: Find): Payee {
  const named = (['email', 'partnerReference', 'partner'] as const).filter(column => cells[column])
  if (named.length === 0) throw invalid('It doesn’t say who is paid.')
  const [payee, ...others] = named.map(column => {
    const [first, second] = find(column, cells[column])
    if (!first) throw invalid(`There is no partner with the ${says[column]} “${cells[column]}”. Add the partner first.`)
    if (second) throw invalid(`Several partners are called “${cells[column]}”. Use the email address instead.`)
    return first
  })
  const other = others.find(one => one.id !== payee?.id)
  if (!payee) throw invalid('It doesn’t say who is paid.')
  if (other) throw invalid(`The columns name two partners, ${payee.name} and ${other.name}.`)
  if (payee.archived) throw invalid(`${payee.name} is archived. Restore the partner first.`)
  return payee
}

const says = { email: 'email', partnerReference: 'reference', partner: 'name, email or reference' }

function currencyOf(text: string, payee: Payee | null): string {
  const currency = text ? text.toUpperCase() : payee?.currency
  if (!currency || !isCurrency(currency)) throw invalid(`“${text}” is not a currency we know. Write it like USD.`)
  if (payee && payee.currency !== currency)
    throw invalid(`${payee.name} is paid in ${payee.currency}, not in ${currency}.`)
  return currency
}

/** Minor units; nothing is rounded, and nothing that could mean two amounts is read as one of them. */
function amountOf(text: string, currency: string): number {
  if (!text) throw invalid('It is missing.')
  if (/^\p{Sc}?\s?[-−–]|^\(.*\)$/u.test(text))
    throw invalid(`“${text}” is negative. A payout is more than zero; take money back on the payout itself.`)
  const symbol = /\p{Sc}/u.exec(text)?.[0]
  if (symbol && symbol !== symbolOf(currency)) throw invalid(`“${text}” is not in ${currency}.`)
  if (currencyDecimals(currency) === 3 && /^\D*\d{1,3},\d{3}$/.test(text))
    throw invalid(`“${text}” could mean two amounts in ${currency}. Write it with a point and three decimals.`)
  return parseMoney(text, currency)
}

export function symbolOf(currency: string): string | undefined {
  const parts = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
  return parts.formatToParts(0).find(part => part.type === 'currency')?.value
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** `2026-02`, and what spreadsheets make of it: `Feb-26`, `Feb 2026`, `02/2026`, `2026/02`. */
export function periodFrom(text: string): string {
  const word = /^([a-z]{3})[a-z]*[\s-]+(?:20)?(\d{2})$/i.exec(text)
  const month = word ? months.indexOf(word[1]?.toLowerCase() ?? '') + 1 : 0
  const period = month
    ? `20${word?.[2]}-${String(month).padStart(2, '0')}`
    : text.replace(/^(\d{4})\/(\d{2})$/, '$1-$2').replace(/^(\d{2})\/(\d{4})$/, '$2-$1')
  const parsed = periodSchema.safeParse(period)
  if (!parsed.success) throw invalid(`“${text}” is not a month. Write it like 2026-02.`)
  return parsed.data
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID', message)
}

/**
 * Marks what repeats a live payout or an earlier row: the same partner and reference is a duplicate, the same partner, amount and
 * period is a question. Rejected and canceled payouts don't count: what was wrong with them may be imported again.
 */
export async function markDuplicates(db: Drizzle | Tx, orgId: string, rows: ImportRow[]): Promise<ImportRow[]> {
  const valid = rows.filter(row => row.errors.length === 0)
  const wanted = valid.map(({ line, partnerId, reference, amount, currency, period }) => ({
    line,
    partnerId,
    reference,
    amount,
    currency,
    period,
  }))
  const found = await db.all<{ line: number; same: number | null; alike: number | null }>(sql`
    SELECT j.value ->> 'line' AS line,
      (SELECT p.number FROM payouts p INDEXED BY payouts_by_reference
       WHERE p.org_id = ${orgId} AND p.reference = j.value ->> 'reference' AND p.partner_id = j.value ->> 'partnerId'
         AND p.status NOT IN ('rejected', 'canceled') LIMIT 1) AS same,
      (SELECT p.number FROM payouts p INDEXED BY payouts_by_amount
       WHERE p.org_id = ${orgId} AND p.amount = j.value ->> 'amount' AND p.partner_id = j.value ->> 'partnerId'
         AND p.currency = j.value ->> 'currency' AND p.period IS j.value ->> 'period'
         AND p.status NOT IN ('rejected', 'canceled') LIMIT 1) AS alike
    FROM json_each(${JSON.stringify(wanted)}) j`)
  const inOrg = new Map(found.map(row => [row.line, row]))
  const referenceLines = new Map<string, number>()
  const amountLines = new Map<string, number>()
  return rows.map(row => {
    if (row.errors.length > 0) return { ...row, duplicate: null, warnings: [] }
    const { same = null, alike = null } = inOrg.get(row.line) ?? {}
    const sameLine = row.reference ? firstLine(referenceLines, [row.partnerId, row.reference], row.line) : null
    const alikeLine = firstLine(amountLines, [row.partnerId, row.amount, row.currency, row.period], row.line)
    const duplicate = same
      ? `${payoutNumber(same)} already pays ${row.partner} for the reference “${row.reference}”.`
      : sameLine
        ? `Line ${sameLine} already has the reference “${row.reference}” for ${row.partner}.`
        : null
    const other = alike ? payoutNumber(alike) : alikeLine ? `line ${alikeLine}` : null
    return { ...row, duplicate, warnings: other && !duplicate ? [question(row, other)] : [] }
  })
}

function question(row: ImportRow, other: string): string {
  const amount = formatMoney(row.amount ?? 0, row.currency, { code: true })
  const period = row.period ? ` for ${formatPeriod(row.period)}` : ''
  return `${row.partner} gets ${amount}${period} from ${other}, too. Is it meant to be paid twice?`
}

/** The first line with this key, if it is an earlier one. */
function firstLine(seen: Map<string, number>, key: unknown[], line: number): number | null {
  const text = JSON.stringify(key)
  const first = seen.get(text)
  if (first === undefined) seen.set(text, line)
  return first ?? null
}
