import { sql } from 'drizzle-orm'
import { type Download, type Piece, startDownload } from '../exports/download.ts'
import { csvLine, csvType, textCell } from '../payouts/csv.ts'
import type { SignedIn } from '../trpc.ts'
import { importOf } from './chunk.ts'

const pageSize = 1_000

/**
 * The rows that were left out, each with its line and the reason, as a file that can be mended and uploaded: the two columns behind
 * its own mean nothing to an import. Cells that a spreadsheet would run as formulas are guarded.
 */
export async function failedRows(ctx: SignedIn, importId: string): Promise<Download> {
  const db = ctx.deps.db.read
  const one = await importOf(db, ctx.viewer.orgId, importId)
  const leftOut = sql`import_id = ${one.id} AND problem IS NOT NULL AND +status IN ('error', 'duplicate')`
  const width = one.headers.length
  async function* pieces(): AsyncGenerator<Piece> {
    yield { text: csvLine([...one.headers, 'Line', 'Reason'].map(textCell)), rows: 0 }
    for (let line = 0; ; ) {
      const rows = await db.all<{ line: number; cells: string; problem: string | null }>(sql`
        SELECT line, cells, problem FROM import_rows
        WHERE ${leftOut} AND line > ${line} ORDER BY line LIMIT ${pageSize}`)
      if (rows.length > 0) yield { text: rows.map(row => lineOf(row, width)).join(''), rows: rows.length }
      const last = rows.at(-1)
      if (!last || rows.length < pageSize) return
      line = last.line
    }
  }
  const name = one.fileName.replace(/\.[a-z]{1,4}$/i, '').replace(/[^\p{L}\p{N} ._-]/gu, '')
  return startDownload(ctx, {
    what: 'imports',
    asked: { import: one.id },
    fileName: `${name || 'import'}-left-out.csv`,
    contentType: csvType,
    async count(read) {
      const [found] = await read.all<{ rows: number }>(sql`SELECT count(*) AS rows FROM import_rows WHERE ${leftOut}`)
      return found?.rows ?? 0
    },
    pieces,
  })
}

function lineOf(row: { line: number; cells: string; problem: string | null }, width: number): string {
  const cells = JSON.parse(row.cells) as string[]
  const own = Array.from({ length: width }, (_, index) => cellText(cells[index] ?? ''))
  return csvLine([...own, String(row.line), textCell(row.problem)])
}

/** A negative amount stays a number: `-12.50` is no formula. */
function cellText(text: string): string {
  return /^-?\d+([.,]\d+)?$/.test(text) && !text.includes(',') ? text : textCell(text)
}
