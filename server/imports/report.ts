import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { DomainError } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { formatMoney, sumByCurrency } from '../lib/money.ts'
import { readAmount, readCurrency } from './cells.ts'
import { importOf } from './chunk.ts'
import type { ParsedCommission } from './kinds/commissions.ts'
import type { DataImport } from './kinds/kind.ts'
import type { ParsedPayout } from './kinds/payouts.ts'
import { cellsOf } from './reader.ts'
import { importOptions } from './rules.ts'

const pageSize = 1_000
const mostShown = 100

export interface MigrationReport {
  /** Rows of the file that speak of money. */
  rows: number
  /** Those that match to the cent what is in the database now. */
  matched: number
  /** Rows for which nothing was owed in the other tool, and nothing is here. */
  nothing: number
  /** By currency: what the file's rows come to, and what the database has for them; minor units. */
  sums: { currency: string; file: number; database: number }[]
  /** What doesn't match, in the file's order; the first hundred. */
  differences: Difference[]
  differencesInAll: number
  /** For payouts that were paid elsewhere: by partner, against the paid commissions that were imported. */
  partners: { partner: string; currency: string; file: number; database: number }[]
}

export interface Difference {
  line: number
  why: string
}

/** `amount` is null where the database has nothing. */
interface Line {
  line: number
  cells: string
  status: string
  problem: string | null
  parsed: string | null
  amount: number | null
  currency: string | null
  partnerId: string | null
}

/**
 * Whether a migration lost a cent: each row of the file is read anew and compared with the record it made, as the database has it now.
 * Amounts are never compared across currencies.
 * @throws DomainError NOT_FOUND; INVALID for what isn't about money; CONFLICT before it was imported
 */
export async function migrationReport(db: Drizzle, orgId: string, importId: string): Promise<MigrationReport> {
  const one = await importOf(db, orgId, importId)
  if (one.kind !== 'commissions' && one.kind !== 'payouts')
    throw new DomainError('INVALID', 'Only imports of commissions and payouts have such a report.')
  if (one.status !== 'committed')
    throw new DomainError('CONFLICT', 'The report is made of what was imported. Import the rows first.')
  const read = moneyReader(one)
  const report = { rows: 0, matched: 0, nothing: 0 }
  const file: { amount: number; currency: string }[] = []
  const database: { amount: number; currency: string }[] = []
  const different: Difference[] = []
  const paidElsewhere = new Map<
    string,
    { partnerId: string; partner: string; currency: string; amount: number; lines: number[] }
  >()
  for (let after = 0; ; ) {
    const page = await linesOf(db, one, after)
    for (const row of page) {
      const parsed = row.parsed === null ? null : (JSON.parse(row.parsed) as ParsedCommission | ParsedPayout)
      if (parsed?.status === 'void') {
        report.nothing++
        continue
      }
      report.rows++
      const money = read(row, parsed)
      if (money) add(file, money)
      if (one.kind === 'payouts' && parsed?.status === 'paid' && row.status === 'done') {
        const key = `${parsed.partnerId} ${parsed.currency}`
        const known = paidElsewhere.get(key) ?? { ...parsed, amount: 0, lines: [] }
        known.amount += parsed.amount
        known.lines.push(row.line)
        paidElsewhere.set(key, known)
        continue
      }
      if (row.amount !== null && row.currency !== null) add(database, { amount: row.amount, currency: row.currency })
      const why = difference(row, money, parsed)
      if (why === null) report.matched++
      else different.push({ line: row.line, why })
    }
    const last = page.at(-1)
    if (!last || page.length < pageSize) break
    after = last.line
    await nextTurn()
  }
  const partners = await paidByPartner(db, orgId, [...paidElsewhere.values()])
  for (const { lines, file: expected, database: found, currency, partner } of partners) {
    add(database, { amount: found, currency })
    if (expected === found) report.matched += lines.length
    else
      different.push({
        line: lines[0] ?? 0,
        why: `${partner}: ${show(expected, currency)} were paid by ${lines.length} ${lines.length === 1 ? 'payout' : 'payouts'}, and the paid commissions that were imported come to ${show(found, currency)}.`,
      })
  }
  different.sort((a, b) => a.line - b.line)
  const sums = groupBy([...file, ...database], money => money.currency)
  return {
    ...report,
    sums: [...sums.keys()].sort().map(currency => ({
      currency,
      file: file.find(money => money.currency === currency)?.amount ?? 0,
      database: database.find(money => money.currency === currency)?.amount ?? 0,
    })),
    differences: different.slice(0, mostShown),
    differencesInAll: different.length,
    partners: partners.map(({ lines: _, ...rest }) => rest),
  }
}

/** Sums grow as they go: nothing holds all amounts of a file. */
function add(sums: { amount: number; currency: string }[], money: { amount: number; currency: string }): void {
  const [first] = sumByCurrency([money])
  const known = sums.find(sum => sum.currency === money.currency)
  if (known) known.amount += money.amount
  else if (first) sums.push(first)
}

function show(amount: number, currency: string): string {
  return formatMoney(amount, currency, { code: true })
}

/** What a row says in the file, by itself: also where its partner was never found. */
function moneyReader(one: DataImport) {
  const cell = cellsOf(one)
  const options = importOptions.parse(one.options)
  return (row: Line, parsed: ParsedCommission | ParsedPayout | null): { amount: number; currency: string } | null => {
    const cells = JSON.parse(row.cells) as string[]
    try {
      const currency = readCurrency(cell(cells, 'currency'), options.currency || (parsed?.currency ?? ''))
      return { amount: readAmount(cell(cells, 'amount'), currency, options, { signed: true, zero: true }), currency }
    } catch (error) {
      if (error instanceof DomainError) return null
      throw error
    }
  }
}

function difference(
  row: Line,
  money: { amount: number; currency: string } | null,
  parsed: ParsedCommission | ParsedPayout | null,
): string | null {
  if (row.amount === null) return row.problem ?? 'It made nothing.'
  if (!money || !parsed) return 'Its amount can’t be read any more.'
  if (row.currency !== money.currency || row.amount !== money.amount)
    return `The file says ${show(money.amount, money.currency)}, the database ${show(row.amount, row.currency ?? money.currency)}.`
  if (row.partnerId !== parsed.partnerId) return `It was for ${parsed.partner}, and belongs to another partner now.`
  return null
}

/** Rows with what they made; a duplicate with what was there before this import, where its reference says what that is. */
function linesOf(db: Drizzle, one: DataImport, after: number): Promise<Line[]> {
  if (one.kind === 'commissions')
    return db.all<Line>(sql`
      SELECT r.line, r.cells, r.status, r.problem, r.parsed, c.amount, c.currency, c.partner_id AS partnerId
      FROM import_rows r LEFT JOIN commissions c ON c.id = coalesce(r.created_id,
        (SELECT x.id FROM commissions x WHERE r.status = 'duplicate' AND x.org_id = ${one.orgId} AND x.external_ref = r.parsed ->> '$.externalRef' AND x.import_id IS NOT ${one.id}))
      WHERE r.import_id = ${one.id} AND r.line > ${after} ORDER BY r.line LIMIT ${pageSize}`)
  return db.all<Line>(sql`
    SELECT r.line, r.cells, r.status, r.problem, r.parsed, p.amount, p.currency, p.partner_id AS partnerId
    FROM import_rows r LEFT JOIN payouts p ON p.id = r.created_id
    WHERE r.import_id = ${one.id} AND r.line > ${after} ORDER BY r.line LIMIT ${pageSize}`)
}

async function paidByPartner(
  db: Drizzle,
  orgId: string,
  paid: { partnerId: string; partner: string; currency: string; amount: number; lines: number[] }[],
) {
  const found = await db.all<{ partnerId: string; currency: string; amount: number }>(sql`
    SELECT c.partner_id AS partnerId, c.currency, sum(c.amount) AS amount FROM commissions c
    WHERE c.org_id = ${orgId} AND c.partner_id IN (SELECT value ->> 'partnerId' FROM json_each(${JSON.stringify(paid)}))
      AND c.kind = 'imported' AND c.status = 'paid' GROUP BY 1, 2`)
  const amounts = new Map(found.map(row => [`${row.partnerId} ${row.currency}`, row.amount]))
  return paid
    .map(({ partnerId, partner, currency, amount, lines }) => ({
      partner,
      currency,
      file: amount,
      database: amounts.get(`${partnerId} ${currency}`) ?? 0,
      lines,
    }))
    .sort((a, b) => a.partner.localeCompare(b.partner))
}
