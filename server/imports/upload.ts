import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { z } from 'zod'
import { type DataImportKind, type DataImportStatus, dataImports } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { actorOf, type SignedIn } from '../trpc.ts'
import { type Work, workOnce } from '../work.ts'
import { maxColumns, type Row, readRows } from './csv-stream.ts'
import { hashHeaders, nameHeaders, proposeMapping, usualOptions } from './mapping.ts'
import { type Preset, presetMapping, presetOf, presets } from './presets.ts'
import { fields, importOptions, plain, type uploadInput } from './rules.ts'

/** How many rows one transaction stores. */
const storeSize = 1_000

export interface Uploaded {
  importId: string
  version: number
  status: DataImportStatus
  rows: number
}

/**
 * Stores a file's rows as they arrive, a thousand in each transaction: what is not yet stored is all that is held. What breaks off, or
 * can't be read to its end, leaves nothing behind.
 * @throws DomainError INVALID or TOO_LARGE for what can't be read as a whole, naming what to mend
 */
export async function uploadFile(ctx: SignedIn, input: z.infer<typeof uploadInput>): Promise<Uploaded> {
  const { deps, viewer } = ctx
  const { kind, fileName } = input
  const hash = createHash('sha256')
  const rows = readRows(hashed(input.bytes, hash), header => means(kind, header))
  const first = await rows.next()
  if (first.done) throw new Error('a file without a header was read')
  const headers = nameHeaders(withoutTrailing(first.value.cells))
  const preset = presetOf(input.preset) ?? likelyPreset(kind, headers)
  const importId = deps.ids.id('dim')
  await deps.db.write(async tx => {
    await tx.insert(dataImports).values({
      id: importId,
      orgId: viewer.orgId,
      kind,
      preset: preset?.kind === kind ? preset.id : null,
      status: 'reading',
      fileName,
      sha256: '',
      headers,
      headerHash: hashHeaders(headers),
      mapping: {},
      options: {},
      createdBy: viewer.userId,
      createdAt: deps.clock.now(),
    })
  })
  try {
    const count = await storeRows(deps, viewer.orgId, importId, rows)
    const sha256 = hash.digest('hex')
    const uploaded = await workOnce(
      deps,
      { orgId: viewer.orgId, actor: actorOf(viewer) },
      { procedure: 'imports.upload', key: input.idempotencyKey, input: { kind, fileName, sha256 } },
      unit => finish(unit, { importId, kind, headers, preset, sha256, count, fileName }),
    )
    // The same form sent twice: the first upload counts, and this one's rows go.
    if (uploaded.importId !== importId) await discardRows(deps, importId)
    return uploaded
  } catch (error) {
    await discardRows(deps, importId)
    throw error
  }
}

async function* hashed(
  bytes: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    hash.update(piece)
    yield piece
  }
}

/** A header that a field or a preset of this kind knows. */
function means(kind: DataImportKind, header: string): boolean {
  const name = plain(header)
  return (
    fields[kind].some(field => field.names.includes(name)) ||
    presets.some(
      preset =>
        preset.kind === kind &&
        Object.values(preset.columns)
          .flat()
          .some(known => plain(known) === name),
    )
  )
}

/** Spreadsheets write empty columns behind the last one. */
function withoutTrailing(cells: string[]): string[] {
  const last = cells.findLastIndex(cell => cell.trim() !== '')
  return cells.slice(0, Math.min(last + 1, maxColumns))
}

/** The preset whose columns are nearly all there; a file of one's own has its names by chance only. */
function likelyPreset(kind: DataImportKind, headers: readonly string[]): Preset | null {
  const scored = presets
    .filter(preset => preset.kind === kind)
    .map(preset => ({
      preset,
      missing: Object.keys(preset.columns).length - Object.keys(presetMapping(preset, headers)).length,
    }))
    .sort((a, b) => a.missing - b.missing)
  const [best, second] = scored
  return best && best.missing === 0 && (second === undefined || second.missing > 0) ? best.preset : null
}

async function storeRows(deps: Deps, orgId: string, importId: string, rows: AsyncIterable<Row>): Promise<number> {
  let count = 0
  let waiting: Row[] = []
  const store = async () => {
    const json = JSON.stringify(waiting)
    count += waiting.length
    waiting = []
    await deps.db.write(tx =>
      tx.run(sql`
        INSERT INTO import_rows (import_id, line, org_id, cells, status)
        SELECT ${importId}, value ->> 'line', ${orgId}, value -> 'cells', 'new' FROM json_each(${json})`),
    )
  }
  for await (const row of rows) {
    waiting.push(row)
    if (waiting.length >= storeSize) await store()
  }
  if (waiting.length > 0) await store()
  return count
}

async function finish(
  unit: Work,
  file: {
    importId: string
    kind: DataImportKind
    headers: string[]
    preset: Preset | null
    sha256: string
    count: number
    fileName: string
  },
): Promise<Uploaded> {
  const { importId, kind, headers, preset, sha256, count, fileName } = file
  const mapping = await proposeMapping(unit.tx, unit.orgId, kind, headers, preset)
  const usual = await usualOptions(unit.tx, unit.orgId)
  const options = importOptions.parse({
    ...(kind === 'partners' ? { country: usual.country } : { currency: usual.currency }),
    ...(kind === 'commissions' || kind === 'payouts' ? { status: mapping.status ? '' : 'unpaid' } : {}),
    ...preset?.options,
  })
  await unit.tx.run(sql`
    UPDATE data_imports SET status = 'mapping', sha256 = ${sha256}, row_count = ${count}, mapping = ${JSON.stringify(mapping)},
      options = ${JSON.stringify(options)}
    WHERE id = ${importId} AND org_id = ${unit.orgId}`)
  unit.audit({
    action: 'imports.upload',
    target: { type: 'data_import', id: importId },
    after: { fileName, kind, sha256, rows: count },
  })
  unit.changed('imports')
  return { importId, version: 1, status: 'mapping', rows: count }
}

const deleteSize = 5_000

/** Deletes an import that made nothing, its rows in steps. Killed half way, it is `reading`, and the sweep ends it. */
export async function discardRows(deps: Deps, importId: string): Promise<void> {
  await deps.db.write(tx => tx.run(sql`UPDATE data_imports SET status = 'reading' WHERE id = ${importId}`))
  for (let more = true; more; ) {
    more = await deps.db.write(async tx => {
      const rows = await tx.all<{ line: number }>(sql`
        DELETE FROM import_rows WHERE import_id = ${importId}
          AND line IN (SELECT line FROM import_rows WHERE import_id = ${importId} ORDER BY line LIMIT ${deleteSize}) RETURNING line`)
      return rows.length > 0
    })
  }
  await deps.db.write(async tx => {
    await tx.run(sql`DELETE FROM import_keys WHERE import_id = ${importId}`)
    await tx.run(sql`DELETE FROM data_imports WHERE id = ${importId} AND status = 'reading'`)
  })
}

const abandonedAfterMs = 6 * 60 * 60_000

/** Deletes what uploads left behind whose process was killed. */
export async function deleteAbandoned(deps: Deps): Promise<void> {
  const before = deps.clock.now() - abandonedAfterMs
  const abandoned = await deps.db.read.all<{ id: string }>(
    sql`SELECT id FROM data_imports WHERE status = 'reading' AND created_at < ${before}`,
  )
  for (const { id } of abandoned) await discardRows(deps, id)
}
