import { setImmediate as nextTurn } from 'node:timers/promises'
import { csvLine, csvType, instantText, textCell } from '../payouts/csv.ts'
import type { Export } from '../payouts/export.ts'
import { actorOf, type SignedIn } from '../trpc.ts'
import { work } from '../work.ts'
import type { AuditRow } from './audit.ts'
import { readAudit } from './read.ts'
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
  { deps, viewer }: SignedIn,
  { format, ...filter }: AuditFilter & { format: (typeof exportFormats)[number] },
): Promise<Export> {
  // The log as it was when it was asked for: it only grows at its end, so later entries don't disturb the walk.
  const below = ((await anchorOf(deps.db.read, viewer.orgId))?.seq ?? 0) + 1
  await work(deps, { orgId: viewer.orgId, actor: actorOf(viewer) }, async unit =>
    unit.audit({
      action: 'audit.export',
      target: { type: 'export', id: deps.ids.id('exp') },
      after: { format, filter },
    }),
  )
  async function* chunks(): AsyncGenerator<string> {
    if (format === 'csv') yield csvLine([...columns])
    for await (const rows of readAudit(deps.db.read, viewer, filter, { below, limit: pageSize })) {
      yield rows.map(format === 'csv' ? csvOf : jsonOf).join('')
      await nextTurn()
    }
  }
  const day = new Date(deps.clock.now()).toISOString().slice(0, 10)
  return {
    fileName: `audit-${day}.${format}`,
    contentType: format === 'csv' ? csvType : 'application/x-ndjson; charset=utf-8',
    chunks: chunks(),
  }
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
