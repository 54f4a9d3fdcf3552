import { sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { csvLine, csvType, textCell } from '../payouts/csv.ts'
import { importOf } from './chunk.ts'

const pageSize = 1_000

export interface FailedRows {
  fileName: string
  contentType: string
  /** To be read once. */
  chunks: AsyncIterable<string>
}

/**
 * The rows that were left out, each with its line and the reason, as a file that can be mended and uploaded: the two columns behind
 * its own mean nothing to an import. Cells that a spreadsheet would run as formulas are guarded.
 */
export async function failedRows(db: Drizzle, orgId: string, importId: string): Promise<FailedRows> {
  const one = await importOf(db, orgId, importId)
  const width = one.headers.length
  async function* chunks(): AsyncGenerator<string> {
    yield csvLine([...one.headers, 'Line', 'Reason'].map(textCell))
    for (let line = 0; ; ) {
      const rows = await db.all<{ line: number; cells: string; problem: string | null }>(sql`
        SELECT line, cells, problem FROM import_rows
        WHERE import_id = ${one.id} AND problem IS NOT NULL AND line > ${line} AND +status IN ('error', 'duplicate') ORDER BY line LIMIT ${pageSize}`)
      if (rows.length > 0) yield rows.map(row => lineOf(row, width)).join('')
      const last = rows.at(-1)
      if (!last || rows.length < pageSize) return
      line = last.line
    }
  }
  const name = one.fileName.replace(/\.[a-z]{1,4}$/i, '').replace(/[^\p{L}\p{N} ._-]/gu, '')
  return { fileName: `${name || 'import'}-left-out.csv`, contentType: csvType, chunks: chunks() }
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
