import { setImmediate as nextTurn } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm'
import type { Database, Drizzle } from '#db/client.ts'
import { type Download, onePiece, type Piece, startDownload } from '../exports/download.ts'
import { DomainError } from '../lib/errors.ts'
import { decimalText } from '../lib/money.ts'
import type { Cursor } from '../lib/page.ts'
import { formatPeriod } from '../lib/period.ts'
import type { SignedIn } from '../trpc.ts'
import {
  csvLine,
  csvType,
  decimalSql,
  instantSql,
  instantText,
  lineEnd,
  textCell,
  textCellSql,
  wordSql,
} from './csv.ts'
import { type ListScope, orderOf, sortColumn, whereOf } from './list.ts'
import { manualMethodLabels, type PayoutFilter, statusLabels } from './rules.ts'
import { getPayout } from './view.ts'

/** Large enough that the statement's own cost vanishes, small enough to hold the event loop for milliseconds only. */
const pageSize = 2_000

/** A download that stalls longer than this lets go of its snapshot, which keeps the log from being folded into the file. */
export const longestExportMs = 10 * 60_000

/**
 * The payouts that a filter shows, in its order, as of one moment, in constant memory. Who asked for what is recorded before the
 * first byte leaves, and how many rows left when it ends, complete or not.
 */
export async function exportPayouts(ctx: SignedIn, filter: PayoutFilter): Promise<Download> {
  const { deps, viewer } = ctx
  const scope = { orgId: viewer.orgId, partnerId: viewer.partnerId, timeZone: viewer.timeZone }
  const simulated = deps.config.PAYMENTS === 'simulator'

  async function* pieces(): AsyncGenerator<Piece> {
    yield { text: csvLine(columnNames), rows: 0 }
    for await (const page of inSnapshot(deps.db, read => pagesOf(read, scope, filter, simulated))) {
      yield page
      await nextTurn()
    }
  }

  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: viewer.timeZone, dateStyle: 'short' }).format(
    deps.clock.now(),
  )
  return startDownload(ctx, {
    what: 'payouts',
    asked: { filter: withoutUndefined(filter) },
    fileName: `payouts-${day}${simulated ? '-SIMULATED' : ''}.csv`,
    contentType: csvType,
    async count(read, upTo) {
      const where = await whereOf(read, scope, filter)
      const [found] = await read.all<{ rows: number }>(
        sql`SELECT count(*) AS rows FROM (SELECT 1 FROM payouts p WHERE ${where} LIMIT ${upTo})`,
      )
      return found?.rows ?? 0
    },
    pieces,
  })
}

function withoutUndefined(filter: PayoutFilter): object {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

/** Holds a snapshot open for as long as its reader reads, and no longer. */
export async function* inSnapshot<T>(db: Database, read: (client: Drizzle) => AsyncIterable<T>): AsyncGenerator<T> {
  let release = () => {}
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  let held: Promise<void> = Promise.resolve()
  const client = await new Promise<Drizzle>((resolve, reject) => {
    held = db.snapshot(async opened => {
      resolve(opened)
      await released
    })
    held.catch(reject)
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    release()
  }, longestExportMs)
  timer.unref()
  try {
    yield* read(client)
  } catch (error) {
    if (late)
      throw new DomainError('UNAVAILABLE', 'The download took too long and was ended. Narrow the filter, or try again.')
    throw error
  } finally {
    clearTimeout(timer)
    release()
    await held
  }
}

/** Lines are put together by the database: a million rows as objects would cost thrice the time. */
async function* pagesOf(
  db: Drizzle,
  scope: ListScope,
  filter: PayoutFilter,
  simulated: boolean,
): AsyncGenerator<{ text: string; rows: number }> {
  const line = sql.join(await columnsOf(db, scope.orgId, simulated), sql` || ',' || `)
  const where = await whereOf(db, scope, filter)
  let cursor: Cursor | null = null
  for (;;) {
    const { after, orderBy } = orderOf(filter.sort, cursor)
    const { key, last } = keyOf(filter.sort)
    // CROSS JOIN: payouts first, in their index's order; group_concat takes the rows as the limited subquery gives them.
    const page: { text: string | null; rows: number; lines: number; last: string | null } | undefined =
      await db.get(sql`
      SELECT group_concat(line, '') AS text, count(*) AS rows, count(line) AS lines, ${last} AS last
      FROM (SELECT ${line} || ${lineEnd} AS line, ${key} AS key
            FROM payouts p CROSS JOIN partners r ON r.id = p.partner_id
            WHERE ${where} AND ${after} ORDER BY ${orderBy} LIMIT ${pageSize})`)
    if (!page?.text || !page.last) return
    if (page.lines !== page.rows) throw new Error(`${page.rows - page.lines} payouts could not be written as lines`)
    yield { text: page.text, rows: page.rows }
    if (page.rows < pageSize) return
    cursor = [Number(page.last.slice(0, keyDigits)), page.last.slice(keyDigits)]
  }
}

const keyDigits = 16

/** Sort value and id as one text whose order is theirs; the last row's is where the next page starts. */
function keyOf(sort: PayoutFilter['sort']): { key: SQL; last: SQL } {
  const column = { createdAt: sql`p.created_at`, amount: sql`p.amount`, paidAt: sql`p.paid_at` }[sortColumn(sort)]
  const descending = sort === 'newest' || sort.endsWith('_desc')
  return { key: sql`printf('%016d', ${column}) || p.id`, last: descending ? sql`min(key)` : sql`max(key)` }
}

const columnNames = [
  'Number',
  'Partner',
  'Partner email',
  'Partner reference',
  'Status',
  'Amount',
  'Currency',
  'Reversed',
  'Period',
  'Reference',
  'Note',
  'Created',
  'Approved',
  'Paid',
  'Paid via',
  'Transfer',
  'Payment reference',
  'Bank status',
  'Id',
  'Simulated',
]

/** The same columns, as SQL that gives finished cells. */
async function columnsOf(db: Drizzle, orgId: string, simulated: boolean): Promise<SQL[]> {
  const present = await db.all<{ currency: string }>(
    sql`SELECT DISTINCT currency FROM payout_totals WHERE org_id = ${orgId} AND partner_id = ''`,
  )
  const currencies = present.map(row => row.currency)
  const statuses = Object.fromEntries(Object.entries(statusLabels).map(([status, { label }]) => [status, label]))
  const methods = Object.fromEntries(
    Object.entries(manualMethodLabels).map(([method, label]) => [method, `Manual: ${label}`]),
  )
  return [
    sql`'PO-' || printf('%06d', p.number)`,
    textCellSql(sql`r.name`),
    textCellSql(sql`r.email`),
    textCellSql(sql`r.reference`),
    wordSql(sql`p.status`, statuses),
    decimalSql(sql`p.amount`, sql`p.currency`, currencies),
    sql`p.currency`,
    decimalSql(sql`p.amount_reversed`, sql`p.currency`, currencies),
    sql`coalesce(p.period, '')`,
    textCellSql(sql`p.reference`),
    textCellSql(sql`p.notes`),
    instantSql(sql`p.created_at`),
    instantSql(sql`p.approved_at`),
    instantSql(sql`p.paid_at`),
    sql`iif(p.paid_via = 'stripe', 'Stripe', ${wordSql(sql`p.manual_method`, methods)})`,
    textCellSql(sql`p.transfer_id`),
    textCellSql(sql`p.manual_reference`),
    wordSql(sql`p.bank_status`, { in_transit: 'In transit', arrived: 'Arrived', failed: 'Returned by the bank' }),
    textCellSql(sql`p.id`),
    simulated ? sql`'SIMULATED'` : sql`iif(p.simulated, 'yes', '')`,
  ]
}

/** One payout as its partner's bookkeeping wants it: what it is, and lines that sum to its total. NOT_FOUND for another's. */
export async function statementOf(ctx: SignedIn, payoutId: string): Promise<Download> {
  const { deps, viewer } = ctx
  const payout = await getPayout(deps.db.read, { viewer, now: deps.clock.now() }, payoutId)
  const money = (amount: number) => decimalText(amount, payout.currency)
  const sum = payout.lines.reduce((total, line) => total + line.amount, 0)
  // What doesn't add up must not leave the house.
  if (sum !== payout.amount) throw new Error(`the lines of ${payoutId} sum to ${sum}, not to ${payout.amount}`)
  const simulated = payout.simulated || deps.config.PAYMENTS === 'simulator'
  const facts: [string, string][] = [
    ['Statement', payout.number],
    ['From', textCell(viewer.orgName)],
    ['To', textCell(payout.partner.name)],
    ['Status', textCell(`${statusLabels[payout.status].label}: ${payout.says}`)],
    ['Period', payout.period ? textCell(formatPeriod(payout.period)) : ''],
    ['Reference', textCell(payout.reference)],
    ['Created', instantText(payout.createdAt)],
    ['Paid', instantText(payout.paidAt)],
    ['Paid by', textCell(paidBy(payout))],
    ['Total', money(payout.amount)],
    ['Taken back', payout.amountReversed > 0 ? money(payout.amountReversed) : ''],
    ['Currency', payout.currency],
  ]
  const text = [
    ...(simulated ? [csvLine(['SIMULATED', 'No money moved'])] : []),
    ...facts.filter(([, value]) => value !== '').map(fact => csvLine(fact)),
    lineEnd,
    csvLine(['Line', 'Description', 'Amount', 'Currency']),
    ...payout.lines.map((line, index) =>
      csvLine([String(index + 1), textCell(line.description), decimalText(line.amount, line.currency), line.currency]),
    ),
    csvLine(['Total', '', money(payout.amount), payout.currency]),
  ].join('')
  return startDownload(ctx, {
    what: 'statements',
    asked: { payout: payout.id },
    fileName: `statement-${payout.number}.csv`,
    contentType: csvType,
    count: async () => payout.lines.length,
    pieces: () => onePiece(text, payout.lines.length),
  })
}

function paidBy(payout: Awaited<ReturnType<typeof getPayout>>): string {
  if (payout.paidDetails)
    return `${manualMethodLabels[payout.paidDetails.method]} on ${payout.paidDetails.paidOn}, reference ${payout.paidDetails.reference}; recorded by hand`
  return payout.paidVia === 'stripe' ? 'Stripe transfer' : ''
}
