import { and, eq, isNull, sql } from 'drizzle-orm'
import { commissions, payoutLines, payouts } from '#db/schema/index.ts'
import { voidConversions } from '../runs/ledger.ts'
import type { Work } from '../work.ts'
import type { PayoutStatus } from './rules.ts'

/** What an approval books as owed: not a repayment's amount, and not a run's, whose commissions are owed already. */
export function isBookedAtApproval(payout: { repays: string | null; runId: string | null }): boolean {
  return payout.repays === null && payout.runId === null
}

/**
 * Commissions follow their payout: paid with it, and free again when it is rejected or canceled. `transition` calls this for every
 * step, so that no way leads around it; a payout that is reversed leaves its commissions paid until someone decides.
 */
export async function followPayouts(work: Work, moved: { id: string; to: PayoutStatus }[]): Promise<void> {
  const paid = moved.filter(move => move.to === 'paid').map(move => move.id)
  const closed = moved.filter(move => move.to === 'rejected' || move.to === 'canceled').map(move => move.id)
  if (paid.length > 0)
    await work.tx.run(sql`
      UPDATE commissions SET status = 'paid', updated_at = ${work.at}, version = version + 1
      WHERE payout_id IN (SELECT value FROM json_each(${JSON.stringify(paid)})) AND +org_id = ${work.orgId} AND status = 'in_payout'`)
  if (closed.length === 0) return
  const ids = JSON.stringify(closed)
  await work.tx.run(sql`
    UPDATE commissions SET status = 'accrued', payout_id = NULL, disputed_at = ${openDispute}, updated_at = ${work.at}, version = version + 1
    WHERE payout_id IN (SELECT value FROM json_each(${ids})) AND +org_id = ${work.orgId} AND status = 'in_payout'`)
  await work.tx.run(sql`
    UPDATE payout_lines SET released_at = ${work.at}
    WHERE payout_id IN (SELECT value FROM json_each(${ids})) AND commission_id IS NOT NULL AND released_at IS NULL`)
  await voidConversions(work, closed)
  work.changed('commissions')
}

/** Since when a line is disputed: one that was being sent when its partner spoke is held as soon as it is free. */
export const openDispute = sql`(SELECT opened_at FROM disputes WHERE commission_id = commissions.id AND status = 'open')`

/** The lines that count: what was released from a payout is history. */
export function liveLines(payoutId: string) {
  return and(eq(payoutLines.payoutId, payoutId), isNull(payoutLines.releasedAt))
}

/** The payout a commission is in; null where it is in none. */
export async function payoutOf(work: Work, commissionId: string) {
  const [row] = await work.tx
    .select({ payout: payouts })
    .from(commissions)
    .innerJoin(payouts, eq(payouts.id, commissions.payoutId))
    .where(and(eq(commissions.id, commissionId), eq(commissions.orgId, work.orgId)))
  return row?.payout ?? null
}
