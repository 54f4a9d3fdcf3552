import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { type Download, type Piece, startDownload } from '../exports/download.ts'
import { decimalText } from '../lib/money.ts'
import { encodeCursor } from '../lib/page.ts'
import { csvLine, csvType, instantText, textCell } from '../payouts/csv.ts'
import { inSnapshot } from '../payouts/export.ts'
import type { SignedIn } from '../trpc.ts'
import { pageStatement, whereOf } from './list.ts'
import { type CommissionFilter, kindLabels, stateLabels } from './rules.ts'
import { type CommissionRow, readRows } from './view.ts'

/** The sentence is put together here, not in SQL, so a page holds the event loop for some milliseconds. */
const pageSize = 250

/**
 * The commissions that a filter shows, in its order, as of one moment, with the sentence that explains each, in constant memory. Who
 * asked for what is recorded before the first byte leaves, and how many rows left when it ends.
 */
export async function exportCommissions(ctx: SignedIn, filter: CommissionFilter): Promise<Download> {
  const { deps, viewer } = ctx
  const now = deps.clock.now()
  const scope = { orgId: viewer.orgId, partnerId: viewer.partnerId, now }

  async function* pieces(): AsyncGenerator<Piece> {
    yield { text: csvLine(columns), rows: 0 }
    for await (const page of inSnapshot(deps.db, read => pages(read))) {
      yield { text: page.map(lineOf).join(''), rows: page.length }
      await nextTurn()
    }
  }

  async function* pages(read: Drizzle): AsyncGenerator<CommissionRow[]> {
    let cursor: string | undefined
    for (;;) {
      const found = await read.all<{ id: string }>(
        await pageStatement(read, scope, filter, { cursor, limit: pageSize }),
      )
      const rows = await readRows(
        read,
        viewer,
        now,
        found.slice(0, pageSize).map(row => row.id),
      )
      if (rows.length > 0) yield rows
      const last = rows.at(-1)
      if (found.length <= pageSize || !last) return
      cursor = encodeCursor([last.createdAt, last.id])
    }
  }

  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: viewer.timeZone, dateStyle: 'short' }).format(now)
  const simulated = deps.config.PAYMENTS === 'simulator' ? '-SIMULATED' : ''
  return startDownload(ctx, {
    what: 'commissions',
    asked: { filter: JSON.parse(JSON.stringify(filter)) as object },
    fileName: `commissions-${day}${simulated}.csv`,
    contentType: csvType,
    async count(read, upTo) {
      const where = await whereOf(read, scope, filter)
      const [found] = await read.all<{ rows: number }>(
        sql`SELECT count(*) AS rows FROM (SELECT 1 FROM commissions c WHERE ${where} LIMIT ${upTo})`,
      )
      return found?.rows ?? 0
    },
    pieces,
  })
}

const columns = [
  'Number',
  'Kind',
  'Partner',
  'Program',
  'Deal',
  'Deal name',
  'Amount',
  'Currency',
  'State',
  'Period',
  'Belongs to',
  'Released',
  'Payout',
  'Explanation',
  'Note',
  'Booked',
  'Id',
]

function lineOf(row: CommissionRow): string {
  return csvLine([
    row.number,
    kindLabels[row.kind].label,
    textCell(row.partner.name),
    textCell(row.program.name),
    row.deal?.number ?? '',
    textCell(row.deal?.name ?? null),
    decimalText(row.amount, row.currency),
    row.currency,
    stateLabels[row.state].label,
    row.period,
    row.originPeriod ?? '',
    instantText(row.releaseAt),
    row.payout?.number ?? '',
    textCell(row.text),
    textCell(row.note),
    instantText(row.createdAt),
    textCell(row.id),
  ])
}
