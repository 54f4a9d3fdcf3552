import { type SQL, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { type Cursor, decodeCursor } from '../lib/page.ts'
import { startOfDay } from '../lib/period.ts'
import type { PayoutFilter, PayoutSort } from './rules.ts'

export interface ListScope {
  orgId: string
  /** Set for a partner's own view: nothing else is there for it. */
  partnerId: string | null
  timeZone: string
}

/** By which column each order runs, and which way; the id breaks ties, so that no row is shown twice or never. */
const orders: Record<PayoutSort, { column: 'created_at' | 'amount' | 'paid_at'; direction: 'asc' | 'desc' }> = {
  newest: { column: 'created_at', direction: 'desc' },
  oldest: { column: 'created_at', direction: 'asc' },
  amount_desc: { column: 'amount', direction: 'desc' },
  amount_asc: { column: 'amount', direction: 'asc' },
  paid_desc: { column: 'paid_at', direction: 'desc' },
  paid_asc: { column: 'paid_at', direction: 'asc' },
}

const dayMs = 24 * 60 * 60_000

/** The WHERE of a filter. Search is resolved first, for what it finds decides how the list is best read. */
export async function whereOf(db: Drizzle, scope: ListScope, filter: PayoutFilter): Promise<SQL> {
  const found = filter.q ? await searchOf(db, scope, filter.q) : null
  // Found one by one, rows are looked up by their ids: the plus sign keeps the planner from walking the organization's index instead.
  const conditions: SQL[] = [found?.few ? sql`+p.org_id = ${scope.orgId}` : sql`p.org_id = ${scope.orgId}`]
  const partnerId = scope.partnerId ?? filter.partnerId
  if (partnerId) conditions.push(sql`p.partner_id = ${partnerId}`)
  // A partner may ask for another's; the answer is an empty list, as for one that doesn't exist.
  if (scope.partnerId && filter.partnerId && filter.partnerId !== scope.partnerId) conditions.push(sql`false`)
  if (filter.status?.length === 1) conditions.push(sql`p.status = ${filter.status[0]}`)
  else if (filter.status?.length)
    conditions.push(sql`p.status IN (SELECT value FROM json_each(${JSON.stringify(filter.status)}))`)
  if (filter.period) conditions.push(sql`p.period = ${filter.period}`)
  if (filter.currency) conditions.push(sql`p.currency = ${filter.currency}`)
  if (filter.amountFrom !== undefined) conditions.push(sql`p.amount >= ${filter.amountFrom}`)
  if (filter.amountTo !== undefined) conditions.push(sql`p.amount <= ${filter.amountTo}`)
  if (filter.createdFrom) conditions.push(sql`p.created_at >= ${startOfDay(filter.createdFrom, scope.timeZone)}`)
  if (filter.createdTo) conditions.push(sql`p.created_at < ${startOfDay(dayAfter(filter.createdTo), scope.timeZone)}`)
  if (filter.paidFrom) conditions.push(sql`p.paid_at >= ${startOfDay(filter.paidFrom, scope.timeZone)}`)
  if (filter.paidTo) conditions.push(sql`p.paid_at < ${startOfDay(dayAfter(filter.paidTo), scope.timeZone)}`)
  if (filter.via) conditions.push(sql`p.paid_via = ${filter.via}`)
  if (filter.importId) conditions.push(sql`p.import_id = ${filter.importId}`)
  if (filter.runId) conditions.push(sql`p.run_id = ${filter.runId}`)
  if (orders[filter.sort].column === 'paid_at') conditions.push(sql`p.paid_at IS NOT NULL`)
  if (found) conditions.push(found.where)
  return sql.join(conditions, sql` AND `)
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + dayMs).toISOString().slice(0, 10)
}

/** Up to so many matches are gathered before the list is read; beyond it, walking the list finds a page soon. */
const few = 5_000

/**
 * Partner names are few and searched as text; numbers, references and ids are looked up by their indexes. What matches little is
 * gathered by id, for a walk through the list would be long; what matches much is tested on the walk.
 */
async function searchOf(db: Drizzle, scope: ListScope, q: string): Promise<{ where: SQL; few: boolean }> {
  const like = `%${q.replace(/[\\%_]/g, '\\$&')}%`
  const partners = await db.all<{ id: string; count: number }>(sql`
    SELECT r.id AS id, (SELECT coalesce(sum(count), 0) FROM payout_totals t WHERE t.org_id = r.org_id AND t.partner_id = r.id) AS count
    FROM partners r
    WHERE r.org_id = ${scope.orgId} AND ${scope.partnerId ? sql`r.id = ${scope.partnerId}` : sql`true`}
      AND (r.name LIKE ${like} ESCAPE '\\' OR r.email LIKE ${like} ESCAPE '\\' OR r.reference LIKE ${like} ESCAPE '\\')
    LIMIT 1000`)
  const partnerIds = JSON.stringify(partners.map(row => row.id))
  const number = Number(/^(?:PO-?)?0*(\d{1,9})$/i.exec(q)?.[1] ?? -1)
  const last = `${q}\u{10ffff}`
  const exact = await db.all<{ id: string }>(sql`
    SELECT id FROM (SELECT id FROM payouts WHERE org_id = ${scope.orgId} AND reference >= ${q} AND reference < ${last} LIMIT ${few + 1})
    UNION ALL SELECT id FROM payouts WHERE org_id = ${scope.orgId} AND id = ${q}
    UNION ALL SELECT id FROM payouts WHERE org_id = ${scope.orgId} AND number = ${number}`)
  const exactIds = JSON.stringify(exact.map(row => row.id))
  if (exact.length > few) {
    const where = sql`(p.partner_id IN (SELECT value FROM json_each(${partnerIds})) OR (p.reference >= ${q} AND p.reference < ${last}) OR p.id = ${q} OR p.number = ${number})`
    return { where, few: false }
  }
  if (partners.reduce((sum, row) => sum + row.count, exact.length) > few)
    return {
      where: sql`(p.partner_id IN (SELECT value FROM json_each(${partnerIds})) OR p.id IN (SELECT value FROM json_each(${exactIds})))`,
      few: false,
    }
  return {
    where: sql`p.id IN (
      SELECT id FROM payouts WHERE org_id = ${scope.orgId} AND partner_id IN (SELECT value FROM json_each(${partnerIds}))
      UNION SELECT value FROM json_each(${exactIds}))`,
    few: true,
  }
}

/** ORDER BY and, behind a cursor, the keyset condition of a sort. */
export function orderOf(sort: PayoutSort, cursor: Cursor | null): { after: SQL; orderBy: SQL } {
  const { column, direction } = orders[sort]
  const name = sql.raw(`p.${column}`)
  const way = sql.raw(direction)
  const beyond = sql.raw(direction === 'desc' ? '<' : '>')
  return {
    after: cursor ? sql`(${name}, p.id) ${beyond} (${cursor[0]}, ${cursor[1]})` : sql`true`,
    orderBy: sql`${name} ${way}, p.id ${way}`,
  }
}

export function sortColumn(sort: PayoutSort): 'createdAt' | 'amount' | 'paidAt' {
  const { column } = orders[sort]
  return column === 'created_at' ? 'createdAt' : column === 'paid_at' ? 'paidAt' : 'amount'
}

/** The ids of one page, and one more to know whether another follows. */
export async function pageOfIds(
  db: Drizzle,
  scope: ListScope,
  filter: PayoutFilter,
  page: { cursor?: string; limit: number },
): Promise<string[]> {
  const where = await whereOf(db, scope, filter)
  const { after, orderBy } = orderOf(filter.sort, decodeCursor(page.cursor))
  const rows = await db.all<{ id: string }>(
    sql`SELECT p.id AS id FROM payouts p WHERE ${where} AND ${after} ORDER BY ${orderBy} LIMIT ${page.limit + 1}`,
  )
  return rows.map(row => row.id)
}
