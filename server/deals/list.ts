import { type SQL, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { type Cursor, decodeCursor } from '../lib/page.ts'
import { startOfDay } from '../lib/period.ts'
import { dayAfter } from './closing.ts'
import type { DealFilter, DealSort } from './rules.ts'

export interface DealScope {
  orgId: string
  timeZone: string
}

type SortColumn = 'created_at' | 'amount' | 'closed_at'

/** By which column each order runs, and which way; the id breaks ties, so that no row is shown twice or never. */
const orders: Record<DealSort, { column: SortColumn; direction: 'asc' | 'desc' }> = {
  newest: { column: 'created_at', direction: 'desc' },
  oldest: { column: 'created_at', direction: 'asc' },
  amount_desc: { column: 'amount', direction: 'desc' },
  amount_asc: { column: 'amount', direction: 'asc' },
  closed_desc: { column: 'closed_at', direction: 'desc' },
  closed_asc: { column: 'closed_at', direction: 'asc' },
}

/** The sort value of a row, for its cursor. */
export function sortValue(sort: DealSort, row: { createdAt: number; amount: number; closedAt: number | null }): number {
  const { column } = orders[sort]
  return column === 'created_at' ? row.createdAt : column === 'amount' ? row.amount : (row.closedAt ?? 0)
}

/** The ids of one page, and one more to know whether another follows. */
export async function pageOfIds(
  db: Drizzle,
  scope: DealScope,
  filter: DealFilter,
  page: { cursor?: string; limit: number },
): Promise<string[]> {
  const statement = await pageStatement(db, scope, filter, page)
  return (await db.all<{ id: string }>(statement)).map(row => row.id)
}

/** The statement behind `pageOfIds`, for tests to look at its plan. */
export async function pageStatement(
  db: Drizzle,
  scope: DealScope,
  filter: DealFilter,
  page: { cursor?: string; limit: number },
): Promise<SQL> {
  const where = await whereOf(db, scope, filter)
  const { after, orderBy } = orderOf(filter.sort, decodeCursor(page.cursor))
  // Of its own the planner takes the won ones' index, and looks through all of them for the few that nobody is credited for.
  const few = filter.unattributed && !filter.partnerId && !filter.q ? sql`INDEXED BY deals_unattributed` : sql``
  return sql`SELECT d.id AS id FROM deals d ${few} WHERE ${where} AND ${after} ORDER BY ${orderBy} LIMIT ${page.limit + 1}`
}

function orderOf(sort: DealSort, cursor: Cursor | null): { after: SQL; orderBy: SQL } {
  const { column, direction } = orders[sort]
  const name = sql.raw(`d.${column}`)
  const way = sql.raw(direction)
  const beyond = sql.raw(direction === 'desc' ? '<' : '>')
  return {
    after: cursor ? sql`(${name}, d.id) ${beyond} (${cursor[0]}, ${cursor[1]})` : sql`true`,
    orderBy: sql`${name} ${way}, d.id ${way}`,
  }
}

async function whereOf(db: Drizzle, scope: DealScope, filter: DealFilter): Promise<SQL> {
  const { orgId, timeZone } = scope
  const gathered = [
    ...(filter.partnerId ? [ofPartner(orgId, filter.partnerId)] : []),
    ...(filter.q ? [await searchOf(db, orgId, filter.q)] : []),
  ]
  // Gathered by id, deals are looked up one by one: the plus sign keeps the planner from walking all of the organization's instead.
  const conditions: SQL[] = [gathered.length > 0 ? sql`+d.org_id = ${orgId}` : sql`d.org_id = ${orgId}`]
  conditions.push(sql`d.removed_at IS NULL`, ...gathered)
  // Written as the partial index has it, with constants: a bound value would not be recognised.
  if (filter.unattributed) conditions.push(sql`d.stage = 'won' AND d.credited = 0`)
  if (filter.stage) conditions.push(sql`d.stage = ${filter.stage}`)
  if (filter.programId) conditions.push(sql`d.program_id = ${filter.programId}`)
  if (filter.product) conditions.push(sql`d.product = ${filter.product} COLLATE NOCASE`)
  if (filter.territory) conditions.push(sql`d.territory = ${filter.territory} COLLATE NOCASE`)
  if (filter.currency) conditions.push(sql`d.currency = ${filter.currency}`)
  if (filter.importId) conditions.push(sql`d.import_id = ${filter.importId}`)
  if (filter.amountFrom !== undefined) conditions.push(sql`d.amount >= ${filter.amountFrom}`)
  if (filter.amountTo !== undefined) conditions.push(sql`d.amount <= ${filter.amountTo}`)
  if (filter.createdFrom) conditions.push(sql`d.created_at >= ${startOfDay(filter.createdFrom, timeZone)}`)
  if (filter.createdTo) conditions.push(sql`d.created_at < ${startOfDay(dayAfter(filter.createdTo), timeZone)}`)
  if (filter.closedFrom) conditions.push(sql`d.closed_at >= ${startOfDay(filter.closedFrom, timeZone)}`)
  if (filter.closedTo) conditions.push(sql`d.closed_at < ${startOfDay(dayAfter(filter.closedTo), timeZone)}`)
  if (orders[filter.sort].column === 'closed_at') conditions.push(sql`d.closed_at IS NOT NULL`)
  return sql.join(conditions, sql` AND `)
}

/** Credited by the attribution that counts, or with a touch that wasn't removed. */
function ofPartner(orgId: string, partnerId: string): SQL {
  return sql`d.id IN (
    SELECT deal_id FROM touches WHERE org_id = ${orgId} AND partner_id = ${partnerId} AND removed_at IS NULL
    UNION SELECT c.deal_id FROM attribution_credits c JOIN deals o ON o.id = c.deal_id AND o.current_run_id = c.run_id
      WHERE c.org_id = ${orgId} AND c.partner_id = ${partnerId})`
}

/** Up to so many deals, names are searched anywhere; beyond it only from their beginning, by an index. */
const scanned = 20_000

/** Number, external reference, domain and contact as written; name and account by a part of them. */
async function searchOf(db: Drizzle, orgId: string, q: string): Promise<SQL> {
  const number = Number(/^(?:D-?)?0*(\d{1,9})$/i.exec(q)?.[1] ?? -1)
  const lower = q.toLowerCase()
  const exact = sql`
    SELECT id FROM deals WHERE org_id = ${orgId} AND number = ${number}
    UNION SELECT id FROM deals WHERE org_id = ${orgId} AND external_ref = ${q} AND removed_at IS NULL
    UNION SELECT id FROM deals WHERE org_id = ${orgId} AND account_domain = ${lower}
    UNION SELECT id FROM deals WHERE org_id = ${orgId} AND contact_email = ${lower}`
  const [totals] = await db.all<{ count: number }>(
    sql`SELECT coalesce(sum(count), 0) AS count FROM deal_totals WHERE org_id = ${orgId}`,
  )
  if ((totals?.count ?? 0) <= scanned) {
    const like = `%${q.replace(/[\\%_]/g, '\\$&')}%`
    return sql`d.id IN (${exact}
      UNION SELECT id FROM deals WHERE org_id = ${orgId} AND (name LIKE ${like} ESCAPE '\\' OR account_name LIKE ${like} ESCAPE '\\'))`
  }
  const last = `${q}\u{10ffff}`
  return sql`d.id IN (${exact}
    UNION SELECT id FROM deals WHERE org_id = ${orgId} AND removed_at IS NULL AND name >= ${q} COLLATE NOCASE AND name < ${last} COLLATE NOCASE
    UNION SELECT id FROM deals WHERE org_id = ${orgId} AND removed_at IS NULL AND account_name >= ${q} COLLATE NOCASE AND account_name < ${last} COLLATE NOCASE)`
}
