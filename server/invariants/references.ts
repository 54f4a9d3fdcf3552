import { sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { type Found, reportedAtMost, type WholeInvariant } from './walk.ts'

/** A column, or several together, that name a row of another table. */
interface Link {
  table: string
  columns: string[]
  parent: string
  parentColumns: string[]
}

interface Table {
  name: string
  columns: string[]
  links: Link[]
  /** How one row is told from another in a report. */
  key: string
  /** Whether it can be walked by rowid. */
  walked: boolean
}

/**
 * What names a row elsewhere without a foreign key, because the row may be anything's or come later. The rest of what ends in `_id` is
 * no reference of ours, or is a foreign key; a test holds the list against the schema.
 */
export const looseLinks: Record<string, string> = {
  'tokens.partner_id': 'partners',
  'deals.current_run_id': 'attribution_runs',
  'deal_splits.proposed_by_partner': 'partners',
  'ledger_entries.partner_id': 'partners',
  'emails.partner_id': 'partners',
  'emails.payout_id': 'payouts',
}

/** Columns that end in `_id` and name nothing of ours. */
export const noLinks = new Set([
  'partners.stripe_account_id',
  'payouts.transfer_id',
  'payouts.bank_payout_id',
  'payout_attempts.transfer_id',
  'payout_attempts.stripe_request_id',
  'audit.actor_id',
  'audit.target_id',
  'idempotency.actor_id',
  'stripe_events.object_id',
  'emails.event_id',
  'emails.message_id',
  'import_rows.created_id',
  'downloads.user_id',
  'run_minimums.scope_id',
])
/** Tables whose organization may be `system`, or whose partner may be '' for all of them together: kept sums, logs. */
const partlyNobodys = new Set(['audit', 'outbox', 'idempotency', 'emails', 'payout_totals', 'payout_months'])

/** Both from the schema itself, so that a table or a column of tomorrow is covered by being there. */
export const referenceInvariants = {
  references_exist: {
    over: null,
    promises: 'Whatever names a row of another table names one that is there.',
    find: (read, { orgId }, pause, slice) => walkLinks(read, orgId, missing, pause, slice),
  } satisfies WholeInvariant,

  one_organization: {
    over: null,
    promises: 'Nothing of one company names anything of another.',
    find: (read, { orgId }, pause, slice) => walkLinks(read, orgId, foreign, pause, slice),
  } satisfies WholeInvariant,
}

/** What is wrong with a link: a condition over the child `c`, or null where this kind of wrong can't be. All of it is the schema's own text. */
type Wrong = (link: Link, tables: Map<string, Table>) => string | null

const missing: Wrong = link => {
  const named = link.columns.map(column => `c."${column}" IS NOT NULL`)
  return `(${named.join(' AND ')} AND NOT EXISTS (SELECT 1 FROM "${link.parent}" q WHERE ${joined(withoutOrg(link))}))`
}

const foreign: Wrong = (link, tables) => {
  const child = orgOf(tables.get(link.table), 'c', tables)
  const parent = orgOf(tables.get(link.parent), 'q', tables)
  if (!child || !parent || link.parent === 'organizations') return null
  return `EXISTS (SELECT 1 FROM "${link.parent}" q WHERE ${joined(withoutOrg(link))} AND ${parent} <> ${child})`
}

/** A composite key's organization is judged by itself: without it the other column still says which row is meant. */
function withoutOrg(link: Link): Link {
  if (link.columns.length === 1) return link
  const kept = link.columns.flatMap((column, index) => (column === 'org_id' ? [] : [index]))
  const pick = (all: string[]) => kept.map(index => all[index] ?? '')
  return { ...link, columns: pick(link.columns), parentColumns: pick(link.parentColumns) }
}

function joined({ columns, parentColumns }: Link): string {
  return columns.map((column, index) => `q."${parentColumns[index]}" = c."${column}"`).join(' AND ')
}

/** A row's organization: its own column, or that of the row it is a part of. Null for what belongs to no company. */
function orgOf(table: Table | undefined, alias: string, tables: Map<string, Table>): string | null {
  if (!table) return null
  if (table.columns.includes('org_id')) return `${alias}.org_id`
  const owner = table.links.find(link => tables.get(link.parent)?.columns.includes('org_id'))
  if (!owner) return null
  return `(SELECT o.org_id FROM "${owner.parent}" o WHERE o."${owner.parentColumns[0]}" = ${alias}."${owner.columns[0]}")`
}

/** The statement that judges a table's links, up to its rows; null where there is nothing to judge. */
function statementOf(table: Table, tables: Map<string, Table>, wrong: Wrong): string | null {
  const says = table.links.flatMap(link => {
    const condition = wrong(link, tables)
    const columns = withoutOrg(link).columns.join(', ')
    return condition ? [`WHEN ${condition} THEN 'names by its ${columns} what is not among its ${link.parent}'`] : []
  })
  if (says.length === 0) return null
  const org = orgOf(table, 'c', tables) ?? 'NULL'
  return `SELECT * FROM (SELECT ${org} AS orgId, '${table.name}' AS type, ${table.key} AS id, CASE ${says.join(' ')} END AS says FROM "${table.name}" c`
}

async function walkLinks(
  read: Drizzle,
  orgId: string | null,
  wrong: Wrong,
  pause: () => Promise<void>,
  slice: number,
): Promise<Found[]> {
  const tables = await readTables(read)
  const ends = await endsOf(read, tables)
  const found: Found[] = []
  for (const table of tables.values()) {
    const last = ends.get(table.name) ?? 1
    const statement = last > 0 ? statementOf(table, tables, wrong) : null
    if (!statement) continue
    const end = sql`says IS NOT NULL AND (${orgId} IS NULL OR orgId = ${orgId}) LIMIT ${reportedAtMost}`
    for (let from = 0; from < last && found.length < reportedAtMost; from += slice) {
      const rows = table.walked ? sql`WHERE c.rowid > ${from} AND c.rowid <= ${from + slice}` : sql``
      found.push(...(await read.all<Found>(sql`${sql.raw(statement)} ${rows}) WHERE ${end}`)))
      await pause()
      if (!table.walked) break
    }
  }
  return found
}

/** The highest rowid of each table that is walked; 0 for an empty one. */
async function endsOf(read: Drizzle, tables: Map<string, Table>): Promise<Map<string, number>> {
  const walked = [...tables.values()].filter(table => table.walked)
  const ends = walked.map(({ name }) => `SELECT '${name}' AS name, coalesce(max(rowid), 0) AS last FROM "${name}"`)
  const rows = await read.all<{ name: string; last: number }>(sql.raw(ends.join(' UNION ALL ')))
  return new Map(rows.map(row => [row.name, row.last]))
}

/** The highest rowid of a table; 0 for an empty one. */
export async function highest(read: Drizzle, table: string): Promise<number> {
  const row = await read.get<{ last: number | null }>(sql`SELECT max(rowid) AS last FROM ${sql.identifier(table)}`)
  return row?.last ?? 0
}

/** The last schema that was read: it changes with a migration, and costs more to read than most checks. */
let known: { schema: string; tables: Map<string, Table> } | undefined

/** Every table with what it names, read from the file's own schema. */
export async function readTables(read: Drizzle): Promise<Map<string, Table>> {
  const row = await read.get<{ schema: string }>(
    sql`SELECT group_concat(sql, ';') AS schema FROM sqlite_schema WHERE type = 'table'`,
  )
  const schema = row?.schema ?? ''
  if (known?.schema !== schema) known = { schema, tables: await parseTables(read) }
  return known.tables
}

async function parseTables(read: Drizzle): Promise<Map<string, Table>> {
  const columns = await read.all<{ name: string; column: string; pk: number; walked: number }>(sql`
    SELECT t.name AS name, c.name AS "column", c.pk AS pk, t.wr = 0 AS walked
    FROM pragma_table_list t JOIN pragma_table_info(t.name) c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid`)
  const keys = await read.all<{ name: string; link: number; parent: string; column: string; parentColumn: string }>(sql`
    SELECT t.name AS name, f.id AS link, f."table" AS parent, f."from" AS "column", coalesce(f."to", 'id') AS parentColumn
    FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, f.id, f.seq`)
  const tables = new Map<string, Table>()
  for (const { name, column, pk, walked } of columns) {
    const table = tables.get(name) ?? { name, columns: [], links: [], key: '', walked: walked === 1 }
    tables.set(name, table)
    table.columns.push(column)
    if (pk > 0) table.key = table.key ? `${table.key} || ' ' || c."${column}"` : `c."${column}"`
    const loose = looseLinks[`${name}.${column}`]
    if (loose) table.links.push({ table: name, columns: [column], parent: loose, parentColumns: ['id'] })
    if (
      column === 'org_id' &&
      !partlyNobodys.has(name) &&
      !keys.some(key => key.name === name && key.column === 'org_id')
    )
      table.links.push({ table: name, columns: ['org_id'], parent: 'organizations', parentColumns: ['id'] })
  }
  const links = new Map<string, Link>()
  for (const { name, link, parent, column, parentColumn } of keys) {
    const known = links.get(`${name} ${link}`)
    if (known) {
      known.columns.push(column)
      known.parentColumns.push(parentColumn)
      continue
    }
    const fresh = { table: name, columns: [column], parent, parentColumns: [parentColumn] }
    links.set(`${name} ${link}`, fresh)
    tables.get(name)?.links.push(fresh)
  }
  return tables
}
