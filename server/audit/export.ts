import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Download, type Piece, startDownload } from '../exports/download.ts'
import { csvLine, csvType, instantText, textCell } from '../payouts/csv.ts'
import type { SignedIn } from '../trpc.ts'
import type { AuditRow } from './audit.ts'
import { countAudit, readAudit } from './read.ts'
import type { AuditFilter, exportFormats } from './rules.ts'
import { anchorOf } from './verify.ts'

const pageSize = 1_000

/** In the file's order. With every column of the chain, so that whoever has all lines can verify them without us. */
const columns = [
  'seq',
  'at',
  'actorKind',
  'actorId',
  'actorName',
  'action',
  'targetType',
  'targetId',
  'before',
  'after',
  'prev',
  'hash',
] as const satisfies (keyof AuditRow)[]

/** The entries that a filter shows, the latest first, in constant memory. That it was asked for is recorded before it starts. */
export async function exportAudit(
  ctx: SignedIn,
  { format, ...filter }: AuditFilter & { format: (typeof exportFormats)[number] },
): Promise<Download> {
  const { deps, viewer } = ctx
  // The log as it was when it was asked for: it only grows at its end, so later entries don't disturb the walk.
  const below = ((await anchorOf(deps.db.read, viewer.orgId))?.seq ?? 0) + 1
  async function* pieces(): AsyncGenerator<Piece> {
    if (format === 'csv') yield { text: csvLine([...columns]), rows: 0 }
    for await (const rows of readAudit(deps.db.read, viewer, filter, { below, limit: pageSize })) {
      yield { text: rows.map(format === 'csv' ? csvOf : jsonOf).join(''), rows: rows.length }
      await nextTurn()
    }
  }
  const day = new Date(deps.clock.now()).toISOString().slice(0, 10)
  return startDownload(ctx, {
    what: 'audit',
    asked: { format, filter },
    fileName: `audit-${day}.${format}`,
    contentType: format === 'csv' ? csvType : 'application/x-ndjson; charset=utf-8',
    count: (read, upTo) => countAudit(read, viewer, filter, { below, upTo }),
    pieces,
  })
}

function csvOf(row: AuditRow): string {
  return csvLine(
    columns.map(column => {
      if (column === 'seq') return String(row.seq)
      return column === 'at' ? instantText(row.at) : textCell(row[column])
    }),
  )
}

function jsonOf(row: AuditRow): string {
  return `${JSON.stringify({ orgId: row.orgId, ...Object.fromEntries(columns.map(column => [column, row[column]])) })}\n`
}
