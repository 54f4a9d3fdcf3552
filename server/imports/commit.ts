import { sql } from 'drizzle-orm'
import type { Work } from '../work.ts'
import { good, importedBefore, nextRows, readChunk, setImport, setRows } from './chunk.ts'
import { kindOf } from './kinds/all.ts'
import type { DataImport, Read } from './kinds/kind.ts'

/** How many rows one transaction makes into records, and how many deals one attributes: each some tens of milliseconds. */
export const commitSize = 250
export const dealsSize = 25

/** What attributes a deal and books its commissions; `server/attribution/run.ts`, or what a test puts in its place. */
export type Attribute = (work: Work, dealId: string, cause: string) => Promise<unknown>

/**
 * Makes the next rows of an import into records, in the caller's transaction, in which they are marked as done: whatever happens, each
 * is made once. The rows are read again first, for the world may have changed since the check; what would not become what was shown
 * is left out, with the reason.
 * @returns whether there are no more
 */
export async function commitRows(work: Work, one: DataImport): Promise<boolean> {
  const stored = await nextRows(work.tx, one, 'ok', commitSize)
  const rows = await readChunk(work.tx, one, stored, work.at)
  const shown = new Map(stored.map(row => [row.line, row.parsed]))
  const same = good(rows).filter(({ line, parsed }) => sameMeaning(parsed, shown.get(line) ?? null))
  const kind = kindOf(one.kind)
  const repeated = new Map([
    ...(await importedBefore(work.tx, one, same)),
    ...(await kind.existing(work.tx, one.orgId, same)),
  ])
  const fine = same.filter(row => !repeated.has(row.line))
  const making = fine.filter(row => !kind.nothing?.(row.parsed))
  const made = making.length > 0 ? await kind.insert(work, one, making) : new Map<number, string>()
  const kept = new Set(fine.map(row => row.line))
  const left = rows.filter(row => !kept.has(row.line))
  await setRows(work, one, [
    ...fine.map(({ line }) => ({ line, status: 'done', ...(made.has(line) ? { createdId: made.get(line) } : {}) })),
    ...left.map(({ line, errors }) => {
      const duplicate = repeated.get(line)
      if (duplicate) return { line, status: 'duplicate', problem: duplicate }
      const why = errors.length > 0 ? errors.join(' ') : 'What it means has changed since the check.'
      return { line, status: 'error', problem: `${why} It was fine when it was checked; upload the row again.` }
    }),
  ])
  const last = rows.at(-1)
  const ended = rows.length < commitSize
  await setImport(work, one, {
    done: one.done + fine.length,
    duplicates: one.duplicates + repeated.size,
    errors: one.errors + left.length - repeated.size,
    cursor: ended ? 0 : (last?.line ?? one.cursor),
    ...(ended ? { step: 'deals' as const } : {}),
  })
  return ended
}

/**
 * Whether a row still means what people saw when they agreed. A deal without an opening date opens when it is imported: that alone
 * is no difference.
 */
function sameMeaning(parsed: Read<object>['parsed'], shown: string | null): boolean {
  const withoutNow = (value: object) => JSON.stringify({ ...value, openedAt: null, deal: null, partner: null })
  return shown !== null && withoutNow(parsed) === withoutNow(JSON.parse(shown) as object)
}

/**
 * Attributes the next won deals that an import of deals or touches made or touched, once each, however many of its rows they have.
 * @returns whether there are no more
 */
export async function commitDeals(work: Work, one: DataImport, attribute: Attribute): Promise<boolean> {
  const deals = await wonDeals(work, one)
  for (const { id } of deals) await attribute(work, id, `Imported with ${one.fileName}`.slice(0, 500))
  const ended = deals.length < dealsSize
  await setImport(work, one, {
    cursor: ended ? 0 : (deals.at(-1)?.number ?? one.cursor),
    figures: { ...one.figures, attributed: (one.figures.attributed ?? 0) + deals.length },
    ...(ended ? { status: 'committed' as const, step: 'rows' as const, committedAt: work.at } : {}),
  })
  if (ended)
    work.audit({
      action: 'imports.committed',
      target: { type: 'data_import', id: one.id },
      after: {
        fileName: one.fileName,
        kind: one.kind,
        rows: one.rowCount,
        done: one.done,
        errors: one.errors,
        duplicates: one.duplicates,
      },
    })
  return ended
}

/** Behind the cursor, by number: each is looked for once, and no chunk goes through the whole import again. */
async function wonDeals(work: Work, one: DataImport): Promise<{ id: string; number: number }[]> {
  if (one.kind !== 'deals' && one.kind !== 'touches') return []
  const concerned =
    one.kind === 'deals'
      ? sql`+d.import_id = ${one.id}`
      : sql`EXISTS (SELECT 1 FROM touches t WHERE t.import_id = ${one.id} AND t.deal_id = d.id)`
  return work.tx.all(sql`
    SELECT d.id, d.number FROM deals d
    WHERE d.org_id = ${work.orgId} AND d.number > ${one.cursor} AND +d.stage = 'won' AND d.removed_at IS NULL AND ${concerned}
    ORDER BY d.number LIMIT ${dealsSize}`)
}
