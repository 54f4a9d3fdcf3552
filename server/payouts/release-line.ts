import { and, eq, inArray, sql } from 'drizzle-orm'
import { commissions, payoutLines } from '#db/schema/index.ts'
import { DomainError, refusalOf } from '../lib/errors.ts'
import { checkAmount } from '../lib/money.ts'
import { must } from '../lib/must.ts'
import { postConversions } from '../runs/ledger.ts'
import type { Work } from '../work.ts'
import { liveLines, openDispute, payoutOf } from './lines.ts'
import { backToPending, cancelPayout, changedOf } from './service.ts'
import { transitionOne } from './transition.ts'

/**
 * Takes one commission, with whatever takes it back, out of the unpaid payout it is in, so that holding it holds nothing else: the
 * payout shrinks, and an approval it had is void. A payout that can't be without it (nothing is left to pay, or a part was carried
 * that was reckoned with it) is canceled, and the next run takes its lines. What is sent or paid stays.
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
  if (reopened)
    work.audit({
      action: 'payouts.unapprove',
      target: { type: 'payout', id: found.id },
      before: { status: found.status },
      after: { status: 'pending_approval', reason: why },
    })
  const payout = reopened ?? found
  const lines = await work.tx
    .select({ id: commissions.id, line: payoutLines, kind: commissions.kind, originId: commissions.originId })
    .from(payoutLines)
    .innerJoin(commissions, eq(commissions.id, payoutLines.commissionId))
    .where(liveLines(payout.id))
  const leaving = lines.flatMap(({ id, line, originId }) =>
    id === commissionId || originId === commissionId ? [{ ...line, commissionId: id }] : [],
  )
  must(leaving[0], `commission ${commissionId} is no line of ${payout.id}`)
  const amount = leaving.reduce((rest, line) => rest - line.amount, payout.amount)
  if (lines.some(({ kind }) => kind === 'carry') || refusalOf(() => checkAmount(amount, payout.currency))) {
    await cancelPayout(work, { payoutId: payout.id, reason: why })
    return true
  }
  const ids = leaving.map(line => line.id)
  const freed = leaving.map(line => line.commissionId)
  await work.tx.update(payoutLines).set({ releasedAt: work.at }).where(inArray(payoutLines.id, ids))
  await work.tx
    .update(commissions)
    .set({
      status: 'accrued',
      payoutId: null,
      disputedAt: openDispute,
      updatedAt: work.at,
      version: sql`${commissions.version} + 1`,
    })
    .where(and(inArray(commissions.id, freed), eq(commissions.orgId, work.orgId)))
  await transitionOne(work, 'update', payout, 'pending_approval', { amount })
  const { version } = await changedOf(work, payout.id)
  const conversions = leaving.flatMap(line => line.conversion ?? [])
  if (conversions.length > 0)
    await postConversions(work, [{ payoutId: payout.id, partnerId: payout.partnerId, seq: version, conversions }], {
      undo: true,
    })
  work.audit({
    action: 'payout.line_released',
    target: { type: 'payout', id: payout.id },
    before: { amount: payout.amount },
    after: { amount, commission: commissionId, why },
  })
  work.changed('payouts', payout.partnerId)
  return true
}

/** Takes out of a payout whatever is disputed: after a refusal, what the partner spoke of while it was being sent. */
export async function releaseDisputed(work: Work, payoutId: string): Promise<void> {
  for (;;) {
    const [next] = await work.tx.all<{ id: string }>(sql`
      SELECT c.id AS id FROM commissions c JOIN disputes d ON d.commission_id = c.id AND d.status = 'open'
      WHERE c.payout_id = ${payoutId} AND +c.org_id = ${work.orgId} AND c.amount > 0 LIMIT 1`)
    if (!next) return
    await releaseLine(work, next.id, 'The partner disputes it.')
  }
}
