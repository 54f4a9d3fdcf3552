import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { commissions, disputeMessages, disputes, payouts, programs } from '#db/schema/index.ts'
import { decidedFor, insertCommissions } from '../commissions/book.ts'
import { notify } from '../email/notify.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { formatMoney } from '../lib/money.ts'
import { releaseLine } from '../payouts/release-line.ts'
import { postingPeriod } from '../periods/service.ts'
import type { Work } from '../work.ts'
import {
  type answerInput,
  type DisputeAction,
  disputeLabels,
  disputeMachine,
  type openDisputeInput,
  type resolveInput,
  type withdrawInput,
} from './rules.ts'

type Dispute = typeof disputes.$inferSelect
type Commission = typeof commissions.$inferSelect

export interface ChangedDispute {
  id: string
  status: Dispute['status']
  version: number
}

/**
 * A partner disputes one of its lines: that line is held, and nothing else. Out of a payout that isn't sent yet it is taken; one
 * that is being sent or was paid stays where it is, and only the dispute is recorded.
 * @throws DomainError NOT_FOUND for another's line; CONFLICT while a dispute of it is open
 */
export async function openDispute(
  work: Work,
  partnerId: string,
  input: z.infer<typeof openDisputeInput>,
): Promise<ChangedDispute> {
  const [commission] = await work.tx
    .select()
    .from(commissions)
    .where(
      and(
        eq(commissions.id, input.commissionId),
        eq(commissions.orgId, work.orgId),
        eq(commissions.partnerId, partnerId),
      ),
    )
  if (!commission) throw notFound('commission')
  if (commission.kind === 'carry')
    throw new DomainError('INVALID', 'This line only moves a debt to a later payout. Dispute the line it came from.')
  const [open] = await work.tx
    .select({ id: disputes.id })
    .from(disputes)
    .where(and(eq(disputes.commissionId, commission.id), eq(disputes.status, 'open')))
  if (open)
    throw new DomainError('CONFLICT', 'You have disputed this already; add to that dispute, or withdraw it first.')
  const held = await hold(work, commission)
  const dispute = {
    id: work.id('dsp'),
    orgId: work.orgId,
    commissionId: commission.id,
    partnerId,
    status: 'open' as const,
    openedBy: work.actor.id,
    openedAt: work.at,
  }
  await work.tx.insert(disputes).values(dispute)
  await say(work, dispute.id, 'partner', input.reason)
  work.audit({
    action: 'disputes.open',
    target: { type: 'dispute', id: dispute.id },
    after: { commissionId: commission.id, partnerId, held, reason: input.reason },
  })
  notify(work, {
    template: 'disputeOpened',
    eventId: dispute.id,
    to: { staffWith: 'disputes.answer' },
    about: { disputeId: dispute.id },
  })
  work.changed('commissions', partnerId)
  return { id: dispute.id, status: 'open', version: 1 }
}

/** Marks a line as held. @returns false where it was paid or is being sent, and for what is taken back: a debt is not held by whoever owes it */
async function hold(work: Work, commission: Commission): Promise<boolean> {
  if (commission.status === 'paid' || commission.amount < 0) return false
  if (commission.payoutId !== null) {
    const [payout] = await work.tx
      .select({ status: payouts.status })
      .from(payouts)
      .where(and(eq(payouts.id, commission.payoutId), eq(payouts.orgId, work.orgId)))
    if (payout?.status === 'processing') return false
    await releaseLine(work, commission.id, 'The partner disputes it.')
  }
  const held = await work.tx
    .update(commissions)
    .set({ disputedAt: work.at, updatedAt: work.at, version: sql`${commissions.version} + 1` })
    .where(and(eq(commissions.id, commission.id), eq(commissions.status, 'accrued')))
    .returning({ id: commissions.id })
  return held.length > 0
}

/** An answer of the company's, or a further word of the partner's. */
export async function answerDispute(
  work: Work,
  side: { staff: true } | { partnerId: string },
  input: z.infer<typeof answerInput>,
): Promise<ChangedDispute> {
  const dispute = await load(work, input.disputeId, 'staff' in side ? null : side.partnerId)
  expectOpen(dispute, 'staff' in side ? 'answer' : 'reply')
  const from = 'staff' in side ? 'staff' : 'partner'
  const messageId = await say(work, dispute.id, from, input.body)
  work.audit({
    action: from === 'staff' ? 'disputes.answer' : 'disputes.reply',
    target: { type: 'dispute', id: dispute.id },
    after: { body: input.body },
  })
  notify(work, {
    template: 'disputeAnswered',
    eventId: messageId,
    to: from === 'staff' ? { partnerId: dispute.partnerId } : { staffWith: 'disputes.answer' },
    about: { disputeId: dispute.id, messageId },
  })
  work.changed('commissions', dispute.partnerId)
  return { id: dispute.id, status: dispute.status, version: dispute.version }
}

/** The partner takes its dispute back: the line is free again. */
export async function withdrawDispute(
  work: Work,
  partnerId: string,
  input: z.infer<typeof withdrawInput>,
): Promise<ChangedDispute> {
  const dispute = await load(work, input.disputeId, partnerId)
  expectOpen(dispute, 'withdraw', input.version)
  const changed = await close(work, dispute, 'withdrawn', null)
  work.audit({
    action: 'disputes.withdraw',
    target: { type: 'dispute', id: dispute.id },
    before: { status: 'open' },
    after: { status: 'withdrawn' },
  })
  return changed
}

/**
 * Decides a dispute: the amount is kept, or the difference is booked as a line of its own. Either way the line is free again.
 * @throws DomainError CONFLICT when it was decided or withdrawn before; INVALID for taking more away than there is
 */
export async function resolveDispute(work: Work, input: z.infer<typeof resolveInput>): Promise<ChangedDispute> {
  const dispute = await load(work, input.disputeId, null)
  expectOpen(dispute, input.decision, input.version)
  const adjustmentId = input.decision === 'adjust' ? await adjust(work, dispute, input) : null
  await say(work, dispute.id, 'staff', input.reason)
  const status = input.decision === 'adjust' ? 'adjusted' : 'released'
  const changed = await close(work, dispute, status, adjustmentId)
  work.audit({
    action: 'disputes.resolve',
    target: { type: 'dispute', id: dispute.id },
    before: { status: 'open' },
    after: {
      status,
      reason: input.reason,
      ...(input.decision === 'adjust' ? { amount: input.amount, adjustmentId } : {}),
    },
  })
  notify(work, {
    template: 'disputeResolved',
    eventId: dispute.id,
    to: { partnerId: dispute.partnerId },
    about: { disputeId: dispute.id },
  })
  return changed
}

async function adjust(
  work: Work,
  dispute: Dispute,
  input: Extract<z.infer<typeof resolveInput>, { decision: 'adjust' }>,
): Promise<string> {
  const [found] = await work.tx
    .select({ commission: commissions, timeZone: programs.timeZone })
    .from(commissions)
    .innerJoin(programs, eq(programs.id, commissions.programId))
    .where(and(eq(commissions.id, dispute.commissionId), eq(commissions.orgId, work.orgId)))
  if (!found) throw new Error(`commission ${dispute.commissionId} is gone`)
  const { commission, timeZone } = found
  const left = await standing(work, commission)
  if (input.amount < -left) {
    const most = formatMoney(left, commission.currency)
    throw new DomainError('INVALID', `At most ${most} can be taken away: that is all there is.`, {
      fields: { amount: `At most ${most}, which is all that is left of the line.` },
    })
  }
  const { partnerId, programId, dealId, runId, ruleVersionId, stream, installment, currency, snapshot } = commission
  const id = work.id('com')
  await insertCommissions(work, [
    {
      id,
      partnerId,
      programId,
      dealId,
      runId,
      ruleVersionId,
      stream,
      installment,
      currency,
      kind: 'dispute',
      originId: commission.id,
      amount: input.amount,
      ...(await postingPeriod(work, work.at, timeZone)),
      // It goes where its line goes, as long as that is not paid.
      releaseAt: commission.status === 'accrued' ? commission.releaseAt : work.at,
      clawbackUntil: null,
      snapshot: {
        ...snapshot,
        losing: [],
        steps: [{ op: 'fixed', result: input.amount }],
        decided: await decidedFor(work, { dealId, partnerId, stream, installment }),
      },
      note: input.reason.slice(0, 2_000),
    },
  ])
  return id
}

/**
 * What of a line can still be taken away, in minor units: the line and all that corrects it, but no more than is left of the
 * commission it belongs to, of which a refund may have taken back what another line added.
 */
async function standing(work: Work, line: Commission): Promise<number> {
  const [left] = await work.tx.all<{ own: number; whole: number }>(sql`
    WITH RECURSIVE
      up (id, origin_id, depth) AS (
        SELECT id, origin_id, 0 FROM commissions WHERE id = ${line.id} AND org_id = ${work.orgId}
        UNION ALL SELECT c.id, c.origin_id, up.depth + 1 FROM up JOIN commissions c ON c.id = up.origin_id
      ),
      whole (id, amount) AS (
        SELECT id, amount FROM commissions WHERE id = (SELECT id FROM up ORDER BY depth DESC LIMIT 1)
        UNION SELECT c.id, c.amount FROM whole JOIN commissions c ON c.origin_id = whole.id AND c.kind <> 'carry'
      ),
      own (id, amount) AS (
        SELECT id, amount FROM commissions WHERE id = ${line.id}
        UNION SELECT c.id, c.amount FROM own JOIN commissions c ON c.origin_id = own.id AND c.kind <> 'carry'
      )
    SELECT (SELECT sum(amount) FROM own) AS own, (SELECT sum(amount) FROM whole) AS whole`)
  return left ? Math.max(0, Math.min(left.own, left.whole)) : 0
}

/** Ends a dispute and frees its line. */
async function close(
  work: Work,
  dispute: Dispute,
  status: Exclude<Dispute['status'], 'open'>,
  adjustmentId: string | null,
): Promise<ChangedDispute> {
  const [row] = await work.tx
    .update(disputes)
    .set({ status, resolvedBy: work.actor.id, resolvedAt: work.at, adjustmentId, version: dispute.version + 1 })
    .where(and(eq(disputes.id, dispute.id), eq(disputes.version, dispute.version), eq(disputes.status, 'open')))
    .returning({ id: disputes.id, status: disputes.status, version: disputes.version })
  if (!row) throw new Error(`dispute ${dispute.id} moved inside its own transaction`)
  await work.tx
    .update(commissions)
    .set({ disputedAt: null, updatedAt: work.at, version: sql`${commissions.version} + 1` })
    .where(and(eq(commissions.id, dispute.commissionId), sql`${commissions.disputedAt} IS NOT NULL`))
  work.changed('commissions', dispute.partnerId)
  return row
}

async function load(work: Work, disputeId: string, partnerId: string | null): Promise<Dispute> {
  const [dispute] = await work.tx
    .select()
    .from(disputes)
    .where(
      and(
        eq(disputes.id, disputeId),
        eq(disputes.orgId, work.orgId),
        partnerId === null ? undefined : eq(disputes.partnerId, partnerId),
      ),
    )
  if (!dispute) throw notFound('dispute')
  return dispute
}

function expectOpen(dispute: Dispute, action: DisputeAction, version?: number): void {
  if (!disputeMachine.allows(action, dispute.status))
    throw new DomainError(
      'CONFLICT',
      `This dispute is closed: ${disputeLabels[dispute.status].label.toLowerCase()}. The line can be disputed again.`,
    )
  if (version !== undefined && version !== dispute.version)
    throw new DomainError('CONFLICT', 'This dispute changed while you were looking at it. Look again.')
}

async function say(work: Work, disputeId: string, side: 'partner' | 'staff', body: string): Promise<string> {
  const id = work.id('msg')
  await work.tx
    .insert(disputeMessages)
    .values({ id, orgId: work.orgId, disputeId, userId: work.actor.id, side, body, at: work.at })
  return id
}
