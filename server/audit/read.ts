import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { audit, payouts } from '#db/schema/index.ts'
import { startOfDay } from '../lib/period.ts'
import { payoutNumber } from '../payouts/rules.ts'
import type { AuditRow } from './audit.ts'
import type { AuditFilter } from './rules.ts'
import { anchorOf } from './verify.ts'

/** How many entries one statement looks through: a rare match in a long log must not hold up everybody else. */
const windowSize = 20_000
const dayMs = 24 * 60 * 60_000

export interface AuditScope {
  orgId: string
  timeZone: string
}

/** Entries that a filter shows, the latest first, those before `below` only; in pieces of at most `limit` rows. */
export async function* readAudit(
  read: Drizzle,
  scope: AuditScope,
  filter: AuditFilter,
  { below, limit }: { below?: number; limit: number },
): AsyncGenerator<AuditRow[]> {
  const where = whereOf(scope, filter)
  let top = below ?? ((await anchorOf(read, scope.orgId))?.seq ?? 0) + 1
  while (top > 1) {
    const bottom = Math.max(1, top - windowSize)
    const rows = await read
      .select()
      .from(audit)
      .where(sql`${where} AND ${audit.seq} >= ${bottom} AND ${audit.seq} < ${top}`)
      .orderBy(sql`${audit.seq} DESC`)
      .limit(limit)
    if (rows.length > 0) yield rows
    // A full piece may have left some of its window unread.
    top = rows.length === limit ? (rows.at(-1)?.seq ?? bottom) : bottom
  }
}

/** How many entries before `below` a filter shows, counted window by window, and no further than `upTo`. */
export async function countAudit(
  read: Drizzle,
  scope: AuditScope,
  filter: AuditFilter,
  { below, upTo }: { below: number; upTo: number },
): Promise<number> {
  const where = whereOf(scope, filter)
  let count = 0
  for (let top = below; top > 1 && count < upTo; top -= windowSize) {
    const bottom = Math.max(1, top - windowSize)
    const [found] = await read.all<{ count: number }>(
      sql`SELECT count(*) AS count FROM ${audit} WHERE ${where} AND ${audit.seq} >= ${bottom} AND ${audit.seq} < ${top}`,
    )
    count += found?.count ?? 0
    await new Promise(resolve => setImmediate(resolve))
  }
  return count
}

function whereOf(scope: AuditScope, filter: AuditFilter): SQL {
  const conditions: SQL[] = [sql`${audit.orgId} = ${scope.orgId}`]
  if (filter.actor)
    conditions.push(
      sql`(${audit.actorId} = ${filter.actor} OR ${audit.actorName} LIKE ${`%${escapeLike(filter.actor)}%`} ESCAPE '\\')`,
    )
  if (filter.action) {
    const domain = `${escapeLike(filter.action)}.%`
    conditions.push(sql`(${audit.action} = ${filter.action} OR ${audit.action} LIKE ${domain} ESCAPE '\\')`)
  }
  if (filter.targetType) conditions.push(sql`${audit.targetType} = ${filter.targetType}`)
  if (filter.targetId) conditions.push(sql`${audit.targetId} = ${idOf(scope, filter.targetId)}`)
  if (filter.from) conditions.push(sql`${audit.at} >= ${startOfDay(filter.from, scope.timeZone)}`)
  if (filter.to) conditions.push(sql`${audit.at} < ${startOfDay(dayAfter(filter.to), scope.timeZone)}`)
  return sql.join(conditions, sql` AND `)
}

/** The id that a payout's number stands for: the log keeps ids, and people read numbers. */
function idOf({ orgId }: AuditScope, written: string): SQL {
  const number = /^PO-?0*(\d{1,9})$/i.exec(written)?.[1]
  if (number === undefined) return sql`${written}`
  return sql`coalesce((SELECT id FROM payouts WHERE org_id = ${orgId} AND number = ${Number(number)}), ${written})`
}

/** `PO-000042` by id, for the payouts that entries are about; in one statement. */
export async function payoutNumbersOf(
  read: Drizzle,
  orgId: string,
  rows: readonly Pick<AuditRow, 'targetType' | 'targetId'>[],
): Promise<Map<string, string>> {
  const ids = [...new Set(rows.filter(row => row.targetType === 'payout').map(row => row.targetId))]
  if (ids.length === 0) return new Map()
  const found = await read
    .select({ id: payouts.id, number: payouts.number })
    .from(payouts)
    .where(and(eq(payouts.orgId, orgId), inArray(payouts.id, ids)))
  return new Map(found.map(({ id, number }) => [id, payoutNumber(number)]))
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + dayMs).toISOString().slice(0, 10)
}
