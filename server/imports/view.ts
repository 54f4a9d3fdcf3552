import { and, desc, eq, isNotNull, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { dataImports, importRows, users } from '#db/schema/index.ts'
import { decodeCursor, encodeCursor, type Page, toPage } from '../lib/page.ts'
import { importOf } from './chunk.ts'
import { kindOf } from './kinds/all.ts'
import type { DataImport } from './kinds/kind.ts'
import { presetOf } from './presets.ts'
import {
  type DataImportKind,
  type DataImportStatus,
  type ImportOptions,
  importOptions,
  missingFields,
} from './rules.ts'

export interface ImportLine {
  importId: string
  kind: DataImportKind
  status: DataImportStatus
  fileName: string
  rows: number
  checked: number
  errors: number
  duplicates: number
  /** Rows that are records now, or that were read as making nothing. */
  done: number
  createdBy: string
  /** UTC milliseconds */
  createdAt: number
  committedAt: number | null
  undoneAt: number | null
  version: number
}

/** Newest first. What is still arriving, or being thrown away, is nobody's yet. */
export async function listImports(
  db: Drizzle,
  orgId: string,
  input: { cursor?: string; limit: number },
): Promise<Page<ImportLine>> {
  const after = decodeCursor(input.cursor)
  const rows = await db
    .select({ one: dataImports, createdBy: users.name })
    .from(dataImports)
    .innerJoin(users, eq(users.id, dataImports.createdBy))
    .where(
      and(
        eq(dataImports.orgId, orgId),
        sql`${dataImports.status} <> 'reading'`,
        after ? sql`(${dataImports.createdAt}, ${dataImports.id}) < (${after[0]}, ${after[1]})` : undefined,
      ),
    )
    .orderBy(desc(dataImports.createdAt), desc(dataImports.id))
    .limit(input.limit + 1)
  const page = toPage(rows, input.limit, ({ one }) => [one.createdAt, one.id])
  return { rows: page.rows.map(({ one, createdBy }) => lineOf(one, createdBy)), next: page.next }
}

function lineOf(one: DataImport, createdBy: string): ImportLine {
  const {
    id,
    kind,
    status,
    fileName,
    rowCount,
    checked,
    errors,
    duplicates,
    done,
    createdAt,
    committedAt,
    undoneAt,
    version,
  } = one
  return {
    importId: id,
    kind,
    status,
    fileName,
    rows: rowCount,
    checked,
    errors,
    duplicates,
    done,
    createdBy,
    createdAt,
    committedAt,
    undoneAt,
    version,
  }
}

export interface ImportDetail extends ImportLine {
  headers: string[]
  mapping: Record<string, string>
  options: ImportOptions
  /** Whose export file it is, as far as we know it. */
  preset: { id: string; tool: string; verified: boolean; source: string; says: string } | null
  /** What still has to be mapped. */
  missing: string[]
  /** The first rows as they stand in the file. */
  sample: string[][]
  totals: { what: string; currency: string; rows: number; amount: number }[]
  warnings: number
  nothing: number
  attributed: number
  kept: number
  /** Whether rows are done and deals are being attributed. */
  attributing: boolean
  /** Imports of the very same file. */
  sameFile: { importId: string; at: number } | null
  /** The choices of the mapping form. */
  programs: { id: string; name: string }[]
  /** Null where it can be undone, or isn't a question. */
  undoRefusal: string | null
}

export async function getImport(db: Drizzle, orgId: string, importId: string): Promise<ImportDetail> {
  const one = await importOf(db, orgId, importId)
  const [author] = await db.select({ name: users.name }).from(users).where(eq(users.id, one.createdBy))
  const sample = await db
    .select({ cells: importRows.cells })
    .from(importRows)
    .where(eq(importRows.importId, one.id))
    .orderBy(importRows.line)
    .limit(3)
  const [same] = await db.all<{ importId: string; at: number }>(sql`
    SELECT id AS importId, committed_at AS at FROM data_imports
    WHERE org_id = ${orgId} AND sha256 = ${one.sha256} AND id <> ${one.id} AND status IN ('committing', 'committed') ORDER BY committed_at DESC LIMIT 1`)
  const programs = await db.all<{ id: string; name: string }>(
    sql`SELECT id, name FROM programs WHERE org_id = ${orgId} AND archived_at IS NULL ORDER BY name, id`,
  )
  const preset = presetOf(one.preset)
  return {
    ...lineOf(one, author?.name ?? ''),
    headers: one.headers,
    mapping: one.mapping,
    options: importOptions.parse(one.options),
    preset: preset && {
      id: preset.id,
      tool: preset.tool,
      verified: preset.verified,
      source: preset.source,
      says: preset.says,
    },
    missing: missingFields(one.kind, one.mapping),
    sample: sample.map(row => row.cells),
    totals: one.figures.totals ?? [],
    warnings: one.figures.warnings ?? 0,
    nothing: one.figures.nothing ?? 0,
    attributed: one.figures.attributed ?? 0,
    kept: one.figures.kept ?? 0,
    attributing: one.status === 'committing' && one.step === 'deals',
    sameFile: same ?? null,
    programs,
    undoRefusal: one.status === 'committed' ? await kindOf(one.kind).undoRefusal(db, one) : null,
  }
}

export interface ShownRow {
  line: number
  status: (typeof importRows.$inferSelect)['status']
  cells: string[]
  problem: string | null
  createdId: string | null
}

/** An import's rows in the file's order: all of them, or those that something is wrong with, or to be said about. */
export async function listRows(
  db: Drizzle,
  orgId: string,
  input: { importId: string; only: 'all' | 'problems'; cursor?: string; limit: number },
): Promise<Page<ShownRow>> {
  const one = await importOf(db, orgId, input.importId)
  const line = decodeCursor(input.cursor)?.[0]
  const after = typeof line === 'number' ? line : 0
  const rows = await db
    .select({
      line: importRows.line,
      status: importRows.status,
      cells: importRows.cells,
      problem: importRows.problem,
      createdId: importRows.createdId,
    })
    .from(importRows)
    .where(
      and(
        eq(importRows.importId, one.id),
        sql`${importRows.line} > ${after}`,
        input.only === 'problems' ? isNotNull(importRows.problem) : undefined,
      ),
    )
    .orderBy(importRows.line)
    .limit(input.limit + 1)
  const page = rows.slice(0, input.limit)
  const last = page.at(-1)
  return { rows: page, next: last && rows.length > page.length ? encodeCursor([last.line, one.id]) : null }
}
