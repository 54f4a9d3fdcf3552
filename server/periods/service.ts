import { sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { DomainError } from '../lib/errors.ts'
import { formatPeriod, periodOf, shiftPeriod } from '../lib/period.ts'

export interface Posting {
  /** The month whose books take it, like `2026-02`. */
  period: string
  /** The month it belongs to, where that one is closed already. */
  originPeriod: string | null
}

/** Where something of `at` (UTC milliseconds) is booked: in its own month, or in the first open one once that is closed. */
export async function postingPeriod(
  { tx, orgId }: { tx: Drizzle | Tx; orgId: string },
  at: number,
  timeZone: string,
): Promise<Posting> {
  const own = periodOf(at, timeZone)
  const closed = await lastClosed(tx, orgId)
  if (closed === null || own > closed) return { period: own, originPeriod: null }
  return { period: shiftPeriod(closed, 1), originPeriod: own }
}

/** The last closed month; null while none is. Every month before it is closed too. */
export async function lastClosed(db: Drizzle | Tx, orgId: string): Promise<string | null> {
  const [row] = await db.all<{ period: string | null }>(
    sql`SELECT max(period) AS period FROM closed_periods WHERE org_id = ${orgId}`,
  )
  return row?.period ?? null
}

/** @throws DomainError INVALID where `period` is closed: it takes nothing any more */
export async function refuseClosed(db: Drizzle | Tx, orgId: string, period: string): Promise<void> {
  const closed = await lastClosed(db, orgId)
  if (closed === null || period > closed) return
  const sentence = `${formatPeriod(period)} is closed. The first open month is ${formatPeriod(shiftPeriod(closed, 1))}.`
  throw new DomainError('INVALID', sentence, { fields: { period: sentence } })
}
