import { and, asc, eq, gt } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { downloads, organizations } from '#db/schema/index.ts'
import { DomainError } from '../lib/errors.ts'
import { formatDateTime } from '../lib/period.ts'

/** A quota holds for any 24 hours, wherever they begin (milliseconds). */
const windowMs = 24 * 60 * 60_000

/** What one person has downloaded within the last 24 hours, and may. What still runs counts with all the rows that it is expected to have. */
export interface Quota {
  /** Rows. */
  most: number
  used: number
  /** Oldest first. */
  lately: { at: number; rows: number }[]
}

export async function readQuota(
  db: Drizzle | Tx,
  { orgId, userId, now }: { orgId: string; userId: string; now: number },
): Promise<Quota> {
  const [org] = await db
    .select({ most: organizations.exportRowsPerDay })
    .from(organizations)
    .where(eq(organizations.id, orgId))
  if (!org) throw new Error(`organization ${orgId} is gone`)
  const lately = await db
    .select({ at: downloads.startedAt, rows: downloads.rows })
    .from(downloads)
    .where(and(eq(downloads.orgId, orgId), eq(downloads.userId, userId), gt(downloads.startedAt, now - windowMs)))
    .orderBy(asc(downloads.startedAt))
  return { most: org.most, used: lately.reduce((sum, one) => sum + one.rows, 0), lately }
}

/**
 * @param rows how many the next file has
 * @throws DomainError TOO_LARGE for a file that no day has room for; TOO_MANY with the time from when there is
 */
export function refuseOver(quota: Quota, rows: number, { now, timeZone }: { now: number; timeZone: string }): void {
  const { most, used, lately } = quota
  if (used + rows <= most) return
  const limit = `One person may download ${counted(most)} within 24 hours`
  if (rows > most)
    throw new DomainError(
      'TOO_LARGE',
      `${limit}, and this file has more. Narrow the filter, or ask an owner to raise the limit under Settings.`,
    )
  let free = most - used
  for (const one of lately) {
    free += one.rows
    if (free < rows) continue
    const until = one.at + windowMs
    throw new DomainError(
      'TOO_MANY',
      `${limit}, and you have had ${counted(used)}; this file has ${counted(rows)}. There is room for it again from ${formatDateTime(until, timeZone)}; or narrow the filter, or ask an owner to raise the limit under Settings.`,
      { retryAfterMs: until - now },
    )
  }
  throw new Error('a file within the quota has to fit once everything else is forgotten')
}

function counted(rows: number): string {
  return rows === 1 ? '1 row' : `${rows.toLocaleString('en')} rows`
}
