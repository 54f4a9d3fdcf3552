import { sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import type { Run } from './service.ts'

/** What a run leaves for later, in one currency and for one reason: minor units, UTC milliseconds. */
export interface Waiting {
  what: 'held' | 'disputed'
  currency: string
  count: number
  amount: number
  /** When the first and the last of it is released. */
  from: number
  to: number
}

const partnersAtOnce = 200

/** What is not released by the cut-off, and what is disputed; read partner by partner, so that nobody waits for it. */
export async function readWaiting(db: Drizzle, run: Run, now: number): Promise<Waiting[]> {
  const partners = await db.all<{ id: string }>(sql`SELECT id FROM partners WHERE org_id = ${run.orgId} ORDER BY id`)
  const inPrograms = run.programIds
    ? sql`c.program_id IN (SELECT value FROM json_each(${JSON.stringify(run.programIds)}))`
    : sql`true`
  const sums = new Map<string, Waiting>()
  for (let at = 0; at < partners.length; at += partnersAtOnce) {
    const ids = JSON.stringify(partners.slice(at, at + partnersAtOnce).map(partner => partner.id))
    const rows = await db.all<Waiting>(sql`
      SELECT CASE WHEN c.disputed_at IS NULL THEN 'held' ELSE 'disputed' END AS what, c.currency AS currency, count(*) AS count,
             sum(c.amount) AS amount, min(c.release_at) AS "from", max(c.release_at) AS "to"
      FROM commissions c INDEXED BY commissions_open
      WHERE c.org_id = ${run.orgId} AND c.partner_id IN (SELECT value FROM json_each(${ids})) AND c.status = 'accrued' AND c.status <> 'paid'
        AND ${inPrograms}
        AND (c.disputed_at IS NOT NULL OR (c.release_at > ${run.cutoffAt} AND (c.release_at > ${now} OR (c.amount > 0 AND c.kind <> 'carry'))))
      GROUP BY 1, 2`)
    for (const row of rows) {
      const key = `${row.what} ${row.currency}`
      const sum = sums.get(key)
      if (!sum) sums.set(key, row)
      else {
        sum.count += row.count
        sum.amount += row.amount
        sum.from = Math.min(sum.from, row.from)
        sum.to = Math.max(sum.to, row.to)
      }
    }
  }
  return [...sums.values()].sort((a, b) => (`${a.what} ${a.currency}` < `${b.what} ${b.currency}` ? 1 : -1))
}
