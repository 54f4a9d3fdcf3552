import { sql } from 'drizzle-orm'
import type { ImportFigures } from '#db/schema/index.ts'
import { PermanentJobError } from '../outbox/outbox.ts'
import type { Work } from '../work.ts'
import { good, importedBefore, keysOf, nextRows, readChunk, setImport, setRows } from './chunk.ts'
import { kindOf } from './kinds/all.ts'
import type { DataImport, Read } from './kinds/kind.ts'

/** How many rows one transaction checks: some tens of milliseconds. */
export const checkSize = 250

/**
 * Checks the next rows of an import, in the caller's transaction: what each means, what is wrong with it, and what it repeats.
 * @returns whether that was all of them
 */
export async function checkChunk(work: Work, one: DataImport): Promise<boolean> {
  const stored = await nextRows(work.tx, one, null, checkSize)
  const rows = await readChunk(work.tx, one, stored, work.at)
  const valid = good(rows)
  const repeated = await repeatedOf(work, one, valid)
  const kind = kindOf(one.kind)
  const fine = valid.filter(row => !repeated.has(row.line))
  const questions = (await kind.questions?.(work.tx, one.orgId, fine)) ?? new Map<number, string>()
  await setRows(
    work,
    one,
    rows.map(({ line, parsed, errors }) => {
      if (!parsed) return { line, status: 'error', parsed: null, problem: errors.join(' ') }
      const duplicate = repeated.get(line)
      if (duplicate) return { line, status: 'duplicate', parsed, problem: duplicate }
      return { line, status: 'ok', parsed, problem: questions.get(line) ?? kind.nothing?.(parsed) ?? null }
    }),
  )
  const last = rows.at(-1)
  const done = rows.length < checkSize
  await setImport(work, one, {
    checked: one.checked + rows.length,
    errors: one.errors + rows.length - valid.length,
    duplicates: one.duplicates + repeated.size,
    figures: addFigures(one, fine, questions.size),
    cursor: last?.line ?? one.cursor,
    ...(done ? { status: 'ready' as const, cursor: 0 } : {}),
  })
  return done
}

/** What a row repeats: an earlier line, something that is there, or what another import made. The first reason counts. */
async function repeatedOf(work: Work, one: DataImport, rows: readonly Read<object>[]): Promise<Map<number, string>> {
  const before = await importedBefore(work.tx, one, rows)
  const existing = await kindOf(one.kind).existing(work.tx, one.orgId, rows)
  const known = rows.filter(row => !existing.has(row.line) && !before.has(row.line))
  const within = await repeatedWithin(work, one, known)
  return new Map([...before, ...existing, ...within])
}

/** The first line with a key holds it; kept in the database, so that no check has to remember a whole file. */
async function repeatedWithin(
  work: Work,
  one: DataImport,
  rows: readonly Read<object>[],
): Promise<Map<number, string>> {
  const keys = JSON.stringify(rows.flatMap(({ line, parsed }) => keysOf(one, parsed).map(key => ({ line, key }))))
  await work.tx.run(sql`
    INSERT INTO import_keys (import_id, key, org_id, line)
    SELECT ${one.id}, value ->> 'key', ${one.orgId}, value ->> 'line' FROM json_each(${keys}) WHERE true ORDER BY key
    ON CONFLICT DO NOTHING`)
  const held = await work.tx.all<{ line: number; first: number }>(sql`
    SELECT j.value ->> 'line' AS line, k.line AS first FROM json_each(${keys}) j
      CROSS JOIN import_keys k ON k.import_id = ${one.id} AND k.key = j.value ->> 'key'
    WHERE k.line <> j.value ->> 'line'`)
  return new Map(held.map(({ line, first }) => [line, `Line ${first} is the same.`]))
}

function addFigures(one: DataImport, rows: readonly Read<object>[], questions: number): ImportFigures {
  const kind = kindOf(one.kind)
  const totals = new Map((one.figures.totals ?? []).map(total => [`${total.what} ${total.currency}`, { ...total }]))
  let nothing = one.figures.nothing ?? 0
  for (const { parsed } of rows) {
    if (kind.nothing?.(parsed)) nothing++
    const money = kind.money(parsed)
    if (!money) continue
    const key = `${money.what} ${money.currency}`
    const total = totals.get(key) ?? { what: money.what, currency: money.currency, rows: 0, amount: 0 }
    total.rows++
    total.amount += money.amount
    if (!Number.isSafeInteger(total.amount))
      throw new PermanentJobError('The amounts sum to more than can be counted exactly. Split the file.')
    totals.set(key, total)
  }
  return { ...one.figures, totals: [...totals.values()], nothing, warnings: (one.figures.warnings ?? 0) + questions }
}
