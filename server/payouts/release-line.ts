import { and, eq, sql } from 'drizzle-orm'
import { commissions, payoutLines } from '#db/schema/index.ts'
import { DomainError } from '../lib/errors.ts'
import { postConversions } from '../runs/ledger.ts'
import type { Work } from '../work.ts'
import { liveLines, payoutOf } from './lines.ts'
import { backToPending, cancelPayout, changedOf } from './service.ts'
import { transitionOne } from './transition.ts'

/**
 * Takes one commission out of the unpaid payout it is in, so that holding it holds nothing else: the payout shrinks, and an approval
 * it had is void. A payout of which nothing to pay would be left is canceled, and all its lines are free. What is sent or paid stays.
 * @returns whether the commission is free now; false where it was in no payout
 * @throws DomainError CONFLICT when the payout is being sent
 */
export async function releaseLine(work: Work, commissionId: string, why: string): Promise<boolean> {
  const found = await payoutOf(work, commissionId)
  if (!found || ['paid', 'reversed'].includes(found.status)) return false
  if (found.status === 'processing')
    throw new DomainError(
      'CONFLICT',
      'The payout with this line is being sent just now. Try again when it has arrived.',
    )
  const [reopened] = await backToPending(work, 'unapprove', [found])
  const payout = reopened ?? found
  const lines = await work.tx.select().from(payoutLines).where(liveLines(payout.id))
  const line = lines.find(one => one.commissionId === commissionId)
  if (!line) throw new Error(`commission ${commissionId} is no line of ${payout.id}`)
  const amount = payout.amount - line.amount
  if (amount < 1) {
    await cancelPayout(work, { payoutId: payout.id, reason: why })
    return true
  }
  await work.tx.update(payoutLines).set({ releasedAt: work.at }).where(eq(payoutLines.id, line.id))
  await work.tx
    .update(commissions)
    .set({ status: 'accrued', payoutId: null, updatedAt: work.at, version: sql`${commissions.version} + 1` })
    .where(and(eq(commissions.id, commissionId), eq(commissions.orgId, work.orgId)))
  await transitionOne(work, 'update', payout, 'pending_approval', { amount })
  const { version } = await changedOf(work, payout.id)
  if (line.conversion)
    await postConversions(
      work,
      [{ payoutId: payout.id, partnerId: payout.partnerId, seq: version, conversions: [line.conversion] }],
      { undo: true },
    )
  work.audit({
    action: 'payout.line_released',
    target: { type: 'payout', id: payout.id },
    before: { amount: payout.amount },
    after: { amount, commission: commissionId, why },
  })
  work.changed('payouts', payout.partnerId)
  return true
}
