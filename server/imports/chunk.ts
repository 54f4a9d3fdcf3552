import { and, eq, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { dataImports } from '#db/schema/index.ts'
import { sha256 } from '../deps.ts'
import { notFound } from '../lib/errors.ts'
import type { Work } from '../work.ts'
import { kindOf } from './kinds/all.ts'
import type { DataImport, Read } from './kinds/kind.ts'
import { findNamed } from './lookups.ts'
import { presetOf } from './presets.ts'
import { cellsOf, readRow } from './reader.ts'
import { importOptions } from './rules.ts'

export interface StoredRow {
  line: number
  cells: string[]
}

export interface ReadRow extends StoredRow {
  parsed: object | null
  errors: string[]
}

/** The import, for a change. NOT_FOUND when it isn't this organization's. */
export async function importOf(db: Drizzle | Tx, orgId: string, importId: string): Promise<DataImport> {
  const [found] = await db
    .select()
    .from(dataImports)
    .where(and(eq(dataImports.id, importId), eq(dataImports.orgId, orgId)))
  if (!found) throw notFound('import')
  return found
}

/** The next rows behind the cursor; `status` null takes all of them. */
export async function nextRows(
  db: Drizzle | Tx,
  one: Pick<DataImport, 'id' | 'cursor'>,
  status: string | null,
  limit: number,
): Promise<(StoredRow & { parsed: string | null; createdId: string | null })[]> {
  const rows = await db.all<{ line: number; cells: string; parsed: string | null; createdId: string | null }>(sql`
    SELECT line, cells, parsed, created_id AS createdId FROM import_rows
    WHERE import_id = ${one.id} AND line > ${one.cursor} ${status === null ? sql`` : sql`AND status = ${status}`}
    ORDER BY line LIMIT ${limit}`)
  return rows.map(row => ({ ...row, cells: JSON.parse(row.cells) as string[] }))
}

/** What a chunk of rows means by the import's mapping and options. */
export async function readChunk(
  db: Drizzle | Tx,
  one: DataImport,
  rows: readonly StoredRow[],
  now: number,
): Promise<ReadRow[]> {
  const kind = kindOf(one.kind)
  const cell = cellsOf(one)
  const texts = (wanted: readonly string[]) =>
    rows.flatMap(row => wanted.map(field => cell(row.cells, field)).filter(text => text !== ''))
  const given = {
    options: importOptions.parse(one.options),
    preset: presetOf(one.preset),
    lookups: await findNamed(db, one.orgId, { partners: texts(kind.names.partners), deals: texts(kind.names.deals) }),
    now,
  }
  return rows.map(row => ({ ...row, ...readRow(row, one, cell, given, reader => kind.read(reader)) }))
}

/** The rows that mean something. */
export function good(rows: readonly ReadRow[]): Read<object>[] {
  return rows.flatMap(({ line, parsed }) => (parsed ? [{ line, parsed }] : []))
}

/** What makes each row the same as another, hashed: they are looked up, never read. */
export function keysOf(one: Pick<DataImport, 'kind'>, parsed: object): string[] {
  return kindOf(one.kind)
    .keys(parsed)
    .map(key => sha256(`${one.kind} ${key}`).slice(0, 32))
}

/** Rows that an earlier import has made already. What was undone may be imported again. */
export async function importedBefore(
  db: Drizzle | Tx,
  one: DataImport,
  rows: readonly Read<object>[],
): Promise<Map<number, string>> {
  const keys = rows.flatMap(({ line, parsed }) => keysOf(one, parsed).map(key => ({ line, key })))
  const found = await db.all<{ line: number; other: number; fileName: string }>(sql`
    SELECT j.value ->> 'line' AS line, k.line AS other, i.file_name AS fileName FROM json_each(${JSON.stringify(keys)}) j
      CROSS JOIN import_keys k ON k.org_id = ${one.orgId} AND k.key = j.value ->> 'key' AND k.import_id <> ${one.id}
      CROSS JOIN import_rows r ON r.import_id = k.import_id AND r.line = k.line AND r.status = 'done'
      CROSS JOIN data_imports i ON i.id = k.import_id`)
  return new Map(
    found.map(({ line, other, fileName }) => [line, `Line ${other} of ${fileName} was imported as the same.`]),
  )
}

/**
 * Writes what became of rows, in one statement. The import's id comes with each row: were it a constant, the planner would walk the
 * import's rows and read all of the JSON again for each.
 */
export async function setRows(
  work: Pick<Work, 'tx'>,
  one: Pick<DataImport, 'id'>,
  rows: readonly {
    line: number
    status: string
    parsed?: object | null
    problem?: string | null
    createdId?: string | null
  }[],
): Promise<void> {
  if (rows.length === 0) return
  await work.tx.run(sql`
    UPDATE import_rows SET status = j.status,
      parsed = iif(j.keeps_parsed, import_rows.parsed, j.parsed),
      problem = iif(j.keeps_problem, import_rows.problem, j.problem),
      created_id = coalesce(j.created_id, import_rows.created_id)
    FROM (SELECT value ->> 'importId' AS import_id, value ->> 'line' AS line, value ->> 'status' AS status, nullif(value -> 'parsed', 'null') AS parsed, value ->> 'problem' AS problem,
            value ->> 'createdId' AS created_id, json_type(value, '$.parsed') IS NULL AS keeps_parsed, json_type(value, '$.problem') IS NULL AS keeps_problem
          FROM json_each(${JSON.stringify(rows.map(row => ({ ...row, importId: one.id })))})) AS j
    WHERE import_rows.import_id = j.import_id AND import_rows.line = j.line`)
}

/** Moves an import on, at the version that was read under the lock. */
export async function setImport(
  work: Work,
  one: DataImport,
  set: Partial<Omit<DataImport, 'id' | 'orgId' | 'version'>>,
): Promise<DataImport> {
  const [changed] = await work.tx
    .update(dataImports)
    .set({ ...set, version: one.version + 1 })
    .where(and(eq(dataImports.id, one.id), eq(dataImports.orgId, work.orgId), eq(dataImports.version, one.version)))
    .returning()
  if (!changed) throw new Error(`import ${one.id} moved under the lock`)
  work.changed('imports')
  return changed
}
