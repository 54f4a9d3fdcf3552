import { and, eq, gte, sql } from 'drizzle-orm'
import { audit } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { system, type Work, work } from '../work.ts'
import { lastReminder, reminded, sendReminder } from './service.ts'

const dayMs = 24 * 60 * 60_000
/** Days after money began to wait, and then between reminders: on day 3, 6, 13, 20 and 27, and never after. */
export const cadence = [3, 3, 7, 7, 7] as const

interface Waiting {
  partnerId: string
  orgId: string
  /** Since when the oldest of its payouts waits (UTC milliseconds). */
  since: number
}

/**
 * Reminds partners who could be paid if they finished the set-up, in ever longer intervals. Safe to call as often as one likes.
 * @returns how many were reminded
 */
export async function remindUnfinished(deps: Deps): Promise<number> {
  let count = 0
  for (const one of await waitingPartners(deps))
    if (await work(deps, { orgId: one.orgId, actor: system }, unit => remindIfDue(unit, one))) count++
  return count
}

/** Kept totals say who waits at all, so partners without open payouts cost nothing. */
function waitingPartners(deps: Deps): Promise<Waiting[]> {
  const latest = deps.clock.now() - cadence[0] * dayMs
  return deps.db.read.all<Waiting>(sql`
    SELECT * FROM (
      SELECT p.id AS partnerId, p.org_id AS orgId,
             (SELECT min(created_at) FROM payouts o WHERE o.org_id = p.org_id AND o.partner_id = p.id AND o.status IN ('pending_approval', 'approved')) AS since
      FROM partners p
      WHERE p.archived_at IS NULL AND p.transfers_status IN ('none', 'pending', 'restricted', 'disconnected')
        AND EXISTS (SELECT 1 FROM payout_totals t WHERE t.org_id = p.org_id AND t.partner_id = p.id
                    AND t.status IN ('pending_approval', 'approved') AND t.count > 0))
    WHERE since <= ${latest}`)
}

async function remindIfDue(unit: Work, { partnerId, since }: Waiting): Promise<boolean> {
  const [sent] = await unit.tx
    .select({ count: sql<number>`count(*)` })
    .from(audit)
    .where(
      and(
        eq(audit.orgId, unit.orgId),
        eq(audit.targetType, 'partner'),
        eq(audit.targetId, partnerId),
        eq(audit.action, reminded.byClock),
        gte(audit.at, since),
      ),
    )
  const step = cadence[sent?.count ?? 0]
  if (step === undefined) return false
  const last = (await lastReminder(unit, partnerId)) ?? 0
  if (Math.max(since, last) + step * dayMs > unit.at) return false
  sendReminder(unit, partnerId, 'byClock')
  return true
}
