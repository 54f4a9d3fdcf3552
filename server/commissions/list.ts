import { type SQL, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { decodeCursor } from '../lib/page.ts'
import type { CommissionFilter, CommissionState } from './rules.ts'

export interface ListScope {
  orgId: string
  /** Set for a partner's own view: nothing else is there for it. */
  partnerId: string | null
  /** UTC milliseconds: what is on hold and what is payable depends on it. */
  now: number
}

/** Up to so many matches of a search are gathered by id before the list is read. */
const few = 5_000

/** The WHERE of a filter, over `commissions c`. */
export async function whereOf(db: Drizzle, scope: ListScope, filter: CommissionFilter): Promise<SQL> {
  const found = filter.q ? await searchOf(db, scope, filter.q) : null
  // What is looked up by id, deal or payout is few rows: the plus sign keeps the planner from walking the organization's index instead.
  const byId = found !== null || filter.dealId !== undefined || filter.payoutId !== undefined
  const conditions: SQL[] = [byId ? sql`+c.org_id = ${scope.orgId}` : sql`c.org_id = ${scope.orgId}`]
  const partnerId = scope.partnerId ?? filter.partnerId
  if (partnerId) conditions.push(byId ? sql`+c.partner_id = ${partnerId}` : sql`c.partner_id = ${partnerId}`)
  // A partner may ask for another's; the answer is an empty list, as for one that doesn't exist.
  if (scope.partnerId && filter.partnerId && filter.partnerId !== scope.partnerId) conditions.push(sql`false`)
  if (filter.dealId) conditions.push(sql`c.deal_id = ${filter.dealId}`)
  if (filter.payoutId) conditions.push(sql`c.payout_id = ${filter.payoutId}`)
  if (filter.programId) conditions.push(sql`c.program_id = ${filter.programId}`)
  if (filter.period) conditions.push(sql`c.period = ${filter.period}`)
  if (filter.currency) conditions.push(sql`c.currency = ${filter.currency}`)
  if (filter.kind?.length) conditions.push(sql`c.kind IN (SELECT value FROM json_each(${JSON.stringify(filter.kind)}))`)
  if (filter.state?.length)
    conditions.push(
      sql`(${sql.join(
        filter.state.map(state => stateSql(state, scope.now)),
        sql` OR `,
      )})`,
    )
  if (found) conditions.push(found)
  return sql.join(conditions, sql` AND `)
}

/** `stateOf` in SQL. A test holds the two together. */
export function stateSql(state: CommissionState, now: number): SQL {
  switch (state) {
    case 'on_hold':
      return sql`(c.status = 'accrued' AND c.disputed_at IS NULL AND c.release_at > ${now})`
    case 'payable':
      return sql`(c.status = 'accrued' AND c.disputed_at IS NULL AND c.release_at <= ${now})`
    case 'disputed':
      return sql`(c.status = 'accrued' AND c.disputed_at IS NOT NULL)`
    case 'in_payout':
    case 'paid':
      return sql`c.status = ${state}`
  }
}

/** A commission's or a deal's number, or part of a partner's name or address. */
async function searchOf(db: Drizzle, { orgId, partnerId }: ListScope, q: string): Promise<SQL> {
  const number = Number(/^(?:C-?)?0*(\d{1,9})$/i.exec(q)?.[1] ?? -1)
  const deal = Number(/^(?:D-?)?0*(\d{1,9})$/i.exec(q)?.[1] ?? -1)
  const like = `%${q.replace(/[\\%_]/g, '\\$&')}%`
  // For a partner its own name finds everything, and no other name anything.
  const named = partnerId
    ? sql`NULL`
    : sql`SELECT id FROM partners WHERE org_id = ${orgId} AND (name LIKE ${like} ESCAPE '\\' OR email LIKE ${like} ESCAPE '\\' OR reference LIKE ${like} ESCAPE '\\') LIMIT 1000`
  const exact = sql`
    SELECT id FROM commissions WHERE org_id = ${orgId} AND number = ${number}
    UNION SELECT id FROM commissions WHERE deal_id IN (SELECT id FROM deals WHERE org_id = ${orgId} AND number = ${deal})
    UNION SELECT id FROM commissions WHERE org_id = ${orgId} AND id = ${q}`
  const matches = await db.all<{ id: string }>(sql`
    SELECT id FROM (${exact}) UNION SELECT id FROM (
      SELECT id FROM commissions WHERE org_id = ${orgId} AND partner_id IN (${named}) LIMIT ${few + 1})`)
  if (matches.length > few) return sql`(c.partner_id IN (${named}) OR c.id IN (${exact}))`
  return sql`c.id IN (SELECT value FROM json_each(${JSON.stringify(matches.map(row => row.id))}))`
}

/** The statement of a page's ids, newest first, and one more to know whether another follows; for tests to look at its plan. */
export async function pageStatement(
  db: Drizzle,
  scope: ListScope,
  filter: CommissionFilter,
  { cursor, limit }: { cursor?: string; limit: number },
): Promise<SQL> {
  const where = await whereOf(db, scope, filter)
  const behind = decodeCursor(cursor)
  const after = behind ? sql`(c.created_at, c.id) < (${behind[0]}, ${behind[1]})` : sql`true`
  return sql`SELECT c.id AS id FROM commissions c WHERE ${where} AND ${after} ORDER BY c.created_at DESC, c.id DESC LIMIT ${limit + 1}`
}
