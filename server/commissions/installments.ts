import { sql } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { groupBy } from '../lib/group.ts'
import { system, work } from '../work.ts'
import { bookDeals } from './book.ts'

/** Deals of one transaction: short enough for everybody else's writes to wait. */
const batch = 100

interface Due {
  id: string
  orgId: string
  dealId: string
  at: number
}

/**
 * Books the months of recurring commissions that have come due, whatever number of them while nobody was at work. Safe to call as
 * often as one likes, and to be killed at: each batch is a transaction, and what is booked is not due any more.
 * @returns how many rows were booked
 */
export async function bookDue(deps: Deps): Promise<number> {
  const until = deps.clock.now()
  let booked = 0
  let after: Pick<Due, 'at' | 'id'> = { at: -1, id: '' }
  for (;;) {
    // Forward only: a deal that can't be booked must not keep the others waiting.
    const due: Due[] = await deps.db.read.all(sql`
      SELECT commission_id AS id, org_id AS orgId, deal_id AS dealId, next_at AS at FROM commission_schedules
      WHERE ended_at IS NULL AND next_at <= ${until} AND (next_at, commission_id) > (${after.at}, ${after.id})
      ORDER BY next_at, commission_id LIMIT ${batch}`)
    for (const [orgId, rows] of groupBy(due, row => row.orgId)) {
      const dealIds = [...new Set(rows.map(row => row.dealId))]
      booked += await bookTogether(deps, orgId, dealIds)
    }
    const last = due.at(-1)
    if (!last || due.length < batch) return booked
    after = last
  }
}

async function bookTogether(deps: Deps, orgId: string, dealIds: string[]): Promise<number> {
  const book = (ids: string[]) =>
    work(deps, { orgId, actor: system }, unit => bookDeals(unit, ids, 'a further month came due'))
  try {
    return (await book(dealIds)).booked
  } catch (error) {
    if (dealIds.length === 1) {
      deps.log.error({ err: error, orgId, dealId: dealIds[0] }, 'a month that came due could not be booked')
      return 0
    }
    let booked = 0
    for (const id of dealIds) booked += await bookTogether(deps, orgId, [id])
    return booked
  }
}
