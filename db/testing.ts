import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'

/** Tables of data: not SQLite's own, and not the list of migrations, which is meant to grow. */
export async function tableNames(db: Database): Promise<string[]> {
  const rows = await db.read.all<{ name: string }>(
    sql`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations' ORDER BY name`,
  )
  return rows.map(({ name }) => name)
}

export type Columns = Record<string, { name: string; type: string }[]>

export async function columnsOf(db: Database): Promise<Columns> {
  const columns: Columns = {}
  for (const table of await tableNames(db))
    columns[table] = await db.read.all(sql`SELECT name, type FROM pragma_table_info(${table}) ORDER BY name`)
  return columns
}

/**
 * By table: how many rows, and the sum of each number column, of those columns that are given. What people own is in these: money, counts,
 * versions, times. As text, since a sum of times is beyond 2^53.
 */
export async function sums(db: Database, columns: Columns): Promise<Record<string, unknown>> {
  const result: Record<string, unknown> = {}
  for (const [table, own] of Object.entries(columns)) {
    const numbers = own
      .filter(({ type }) => type === 'INTEGER')
      .map(({ name }) => `CAST(sum("${name}") AS TEXT) AS "${name}"`)
    // Every other column counts with the length of what is in it.
    const texts = own.filter(({ type }) => type !== 'INTEGER').map(({ name }) => `sum(length("${name}")) AS "${name}"`)
    ;[result[table]] = await db.read.all(
      sql.raw(`SELECT count(*) AS rows, ${[...numbers, ...texts].join(', ')} FROM "${table}"`),
    )
  }
  return result
}

/** All that a failed migration must leave as it was. */
export async function fingerprint(db: Database): Promise<unknown> {
  return {
    schema: await db.read.all(sql`SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name`),
    data: await sums(db, await columnsOf(db)),
    migrations: await db.read.all(sql`SELECT version, name, sha256 FROM migrations`),
    foreignKeys: await db.read.all(sql`PRAGMA foreign_keys`),
  }
}

/** A script's statements. A semicolon in a text, in a comment or in a trigger's body ends none. */
export function statementsOf(script: string): string[] {
  const statements: string[] = []
  let text = ''
  let trigger = false
  for (const [token] of script.matchAll(/--[^\n]*|'(?:[^']|'')*'|"[^"]*"|;|[^;'"-]+|-/g)) {
    if (token.startsWith('--')) continue
    text += token
    if (token !== ';') continue
    trigger ||= /^\s*CREATE\s+TRIGGER\b/i.test(text)
    if (trigger && !/\bEND\s*;$/i.test(text)) continue
    if (text.trim() !== ';') statements.push(text.trim().slice(0, -1))
    text = ''
    trigger = false
  }
  if (text.trim()) statements.push(text.trim())
  return statements
}

/**
 * Fills an older schema with a newer database's rows, as far as it can hold them: its own tables and columns, and what its checks allow.
 * Totals that triggers keep come along as they are.
 */
export async function pourInto(older: Database, newer: Database): Promise<void> {
  const triggers = await older.read.all<{ name: string; sql: string }>(
    sql`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`,
  )
  await older.script(`BEGIN; ${triggers.map(({ name }) => `DROP TRIGGER "${name}";`).join(' ')} COMMIT`)
  const newerColumns = await columnsOf(newer)
  const script = ['BEGIN']
  for (const [table, columns] of Object.entries(await columnsOf(older))) {
    const names = columns
      .map(({ name }) => name)
      .filter(name => newerColumns[table]?.some(other => other.name === name))
    if (names.length === 0) continue
    const list = names.map(name => `"${name}"`).join(', ')
    const rows = await newer.read.all<{ row: string }>(
      sql.raw(
        `SELECT '(' || concat_ws(', ', ${names.map(name => `quote("${name}")`).join(', ')}) || ')' AS row FROM "${table}"`,
      ),
    )
    for (let from = 0; from < rows.length; from += 500)
      script.push(
        `INSERT OR IGNORE INTO "${table}" (${list}) VALUES ${rows
          .slice(from, from + 500)
          .map(({ row }) => row)
          .join(', ')}`,
      )
  }
  await older.script(`${script.join(';\n')};\n${triggers.map(trigger => `${trigger.sql};`).join('\n')}\nCOMMIT;`)
}
