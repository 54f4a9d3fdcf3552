import { and, eq, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import {
  type Conversion,
  memberships,
  organizations,
  partners,
  payoutApprovals,
  payoutEditors,
  payoutLines,
  payouts,
  users,
} from '#db/schema/index.ts'
import { notify } from '../email/notify.ts'
import { post } from '../ledger/ledger.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { checkAmount } from '../lib/money.ts'
import { formatPeriod } from '../lib/period.ts'
import { refuseClosed } from '../periods/service.ts'
import type { Work } from '../work.ts'
import { blockerSentence } from './blockers.ts'
import { type Loaded, loadPayouts, type OrgPolicy, type Payout, readPolicy } from './facts.ts'
import { readAllowance, recordAuthorizations } from './limits.ts'
import { isBookedAtApproval } from './lines.ts'
import type { approveInput, cancelInput, createInput, rejectInput, simpleChangeInput, updateInput } from './rules.ts'
import { payoutMachine, payoutNumber } from './rules.ts'
import { expectStatus, type Move, transition, transitionOne } from './transition.ts'

/** What a mutation answers: enough for the caller's next step. */
export interface Changed {
  id: string
  number: string
  status: Payout['status']
  version: number
}

export interface Skipped {
  id: string
  reason: string
}

/** A payout to be inserted; amounts in minor units. */
export interface NewPayout {
  partnerId: string
  amount: number
  currency: string
  period?: string | null
  reference?: string | null
  notes?: string | null
  /** The payout whose taken-back money this one pays again: what is owed is booked already. */
  repays?: string | null
  /** The payout run that makes it, and the commissions it is made of; they sum to the amount. */
  runId?: string | null
  lines?: NewLine[]
}

/** A commission in a payout; `amount` in minor units of the payout's currency, negative for what is taken back. */
export interface NewLine {
  commissionId: string
  description: string
  amount: number
  conversion: Conversion | null
}

/**
 * Inserts payouts in `pending_approval`, numbered in order, each with the lines given or with one of its own; set-based. The caller
 * has checked them. A line's commission goes `in_payout`; one that is not free makes the whole unit fail.
 */
export async function insertPayouts(
  work: Work,
  source: 'form' | 'api' | 'import' | 'run',
  rows: NewPayout[],
  importId: string | null = null,
): Promise<Changed[]> {
  const [org] = await work.tx
    .update(organizations)
    .set({ nextPayoutNumber: sql`${organizations.nextPayoutNumber} + ${rows.length}` })
    .where(eq(organizations.id, work.orgId))
    .returning({ next: organizations.nextPayoutNumber })
  if (!org) throw new Error(`organization ${work.orgId} is gone`)
  const first = org.next - rows.length
  const full = rows.map((row, index) => ({
    period: null,
    reference: null,
    notes: null,
    repays: null,
    runId: null,
    ...row,
    lines: undefined,
    id: work.id('pay'),
    number: first + index,
  }))
  await work.tx.run(sql`
    INSERT INTO payouts (id, org_id, partner_id, number, status, amount, currency, period, reference, notes, source, import_id, repays, run_id, created_by, created_at, updated_at)
    SELECT value ->> 'id', ${work.orgId}, value ->> 'partnerId', value ->> 'number', 'pending_approval', value ->> 'amount', value ->> 'currency',
           value ->> 'period', value ->> 'reference', value ->> 'notes', ${source}, ${importId}, value ->> 'repays', value ->> 'runId', ${work.actor.id}, ${work.at}, ${work.at}
    FROM json_each(${JSON.stringify(full)})`)
  await insertLines(
    work,
    full.map((payout, index) => ({ payout, lines: rows[index]?.lines })),
  )
  for (const row of full) {
    const { amount, currency, period, reference, partnerId, number } = row
    work.audit({
      action: 'payouts.create',
      target: { type: 'payout', id: row.id },
      after: { number, partnerId, amount, currency, period, reference, source },
    })
  }
  work.changed('payouts')
  return full.map(row => ({ id: row.id, number: payoutNumber(row.number), status: 'pending_approval', version: 1 }))
}

async function insertLines(
  work: Work,
  made: { payout: { id: string; amount: number; currency: string; period: string | null }; lines?: NewLine[] }[],
): Promise<void> {
  const rows = made.flatMap(({ payout, lines }) => {
    const own = lines ?? [
      {
        commissionId: null,
        description: payout.period ? `Payout for ${formatPeriod(payout.period)}` : 'Payout',
        amount: payout.amount,
        conversion: null,
      },
    ]
    const sum = own.reduce((total, line) => total + line.amount, 0)
    if (sum !== payout.amount) throw new Error(`the lines of ${payout.id} come to ${sum}, not ${payout.amount}`)
    return own.map((line, index) => ({
      ...line,
      conversion: line.conversion && JSON.stringify(line.conversion),
      id: work.id('pl'),
      payoutId: payout.id,
      position: index + 1,
      currency: payout.currency,
    }))
  })
  const json = JSON.stringify(rows)
  await work.tx.run(sql`
    INSERT INTO payout_lines (id, payout_id, position, description, amount, currency, commission_id, conversion)
    SELECT value ->> 'id', value ->> 'payoutId', value ->> 'position', value ->> 'description', value ->> 'amount', value ->> 'currency',
           value ->> 'commissionId', value ->> 'conversion' FROM json_each(${json})`)
  const claimed = rows.filter(row => row.commissionId !== null)
  if (claimed.length === 0) return
  const taken = await work.tx.all<{ id: string }>(sql`
    UPDATE commissions SET status = 'in_payout', payout_id = j.payout, updated_at = ${work.at}, version = version + 1
    FROM (SELECT value ->> 'commissionId' AS commission, value ->> 'payoutId' AS payout FROM json_each(${JSON.stringify(claimed)})) AS j
    WHERE commissions.id = j.commission AND +commissions.org_id = ${work.orgId} AND +commissions.status = 'accrued'
      AND commissions.disputed_at IS NULL
    RETURNING commissions.id AS id`)
  if (taken.length !== claimed.length) throw new Error('a commission was taken by another payout under the lock')
  work.changed('commissions')
}

/** Creates one payout. INVALID for an amount the currency can't have or another currency than the partner's; NOT_FOUND for a foreign partner. */
export async function createPayout(
  work: Work,
  input: z.infer<typeof createInput>,
  source: 'form' | 'api',
): Promise<Changed> {
  const partner = await partnerOf(work, input.partnerId)
  const currency = input.currency ?? partner.currency
  if (currency !== partner.currency)
    throw new DomainError('INVALID', `${partner.name} is paid in ${partner.currency}, not in ${currency}.`, {
      fields: { currency: `${partner.name} is paid in ${partner.currency}.` },
    })
  if (partner.archivedAt !== null)
    throw new DomainError('INVALID', `${partner.name} is archived. Restore the partner first.`, {
      fields: { partnerId: 'This partner is archived.' },
    })
  checkPayoutAmount(input.amount, currency)
  if (input.period) await refuseClosed(work.tx, work.orgId, input.period)
  const [created] = await insertPayouts(work, source, [{ ...input, currency }])
  if (!created) throw new Error('nothing was inserted')
  notify(work, {
    template: 'approvalRequested',
    eventId: created.id,
    to: { staffWith: 'payouts.approve', except: work.actor.id },
    about: { payoutId: created.id },
  })
  return created
}

async function partnerOf(work: Work, partnerId: string) {
  const [partner] = await work.tx
    .select()
    .from(partners)
    .where(and(eq(partners.id, partnerId), eq(partners.orgId, work.orgId)))
  if (!partner) throw notFound('partner')
  return partner
}

function checkPayoutAmount(amount: number, currency: string): void {
  try {
    checkAmount(amount, currency)
  } catch (error) {
    if (error instanceof DomainError)
      throw new DomainError('INVALID', error.message, { fields: { amount: error.message } })
    throw error
  }
}

/** Loads one payout for a change. NOT_FOUND when it isn't this organization's. */
export async function loadOne(work: Work, payoutId: string): Promise<Loaded & { policy: OrgPolicy }> {
  const policy = await readPolicy(work.tx, work.orgId)
  const loaded = (await loadPayouts(work.tx, { orgId: work.orgId, now: work.at, policy }, [payoutId])).get(payoutId)
  if (!loaded) throw notFound('payout')
  return { ...loaded, policy }
}

/** Edits a payout; an approval it had is void, and it waits for a new one. */
export async function updatePayout(work: Work, input: z.infer<typeof updateInput>): Promise<Changed> {
  const { payout } = await loadOne(work, input.payoutId)
  await expectStatus(work, payout, 'update', input.version)
  const amount = input.amount ?? payout.amount
  if (!isBookedAtApproval(payout) && amount !== payout.amount)
    throw new DomainError(
      'INVALID',
      payout.runId === null
        ? 'This payout pays again what was taken back, so its amount is fixed. Cancel it to pay something else.'
        : 'This payout is the sum of its commissions. Correct the deal or the commission, or cancel the payout: its lines go into the next run.',
      {
        fields: {
          amount:
            payout.runId === null
              ? 'The amount of a repayment is fixed.'
              : 'The amount is the sum of the commissions in it.',
        },
      },
    )
  checkPayoutAmount(amount, payout.currency)
  const moves = input.period !== undefined && input.period !== payout.period
  // A closed month takes nothing in, loses nothing, and changes no amount.
  if (moves && input.period) await refuseClosed(work.tx, work.orgId, input.period)
  if (payout.period && (moves || amount !== payout.amount)) await refuseClosed(work.tx, work.orgId, payout.period)
  const after = {
    amount,
    period: input.period === undefined ? payout.period : input.period,
    reference: input.reference === undefined ? payout.reference : input.reference,
    notes: input.notes === undefined ? payout.notes : input.notes || null,
  }
  const before = { amount: payout.amount, period: payout.period, reference: payout.reference, notes: payout.notes }
  const open = await backToPending(work, 'update', [payout])
  await transitionOne(work, 'update', open[0] ?? payout, 'pending_approval', after)
  await work.tx
    .insert(payoutEditors)
    .values({ payoutId: payout.id, userId: work.actor.id, editedAt: work.at })
    .onConflictDoNothing()
  if (payout.runId === null)
    await work.tx
      .update(payoutLines)
      .set({ amount, description: after.period ? `Payout for ${formatPeriod(after.period)}` : 'Payout' })
      .where(eq(payoutLines.payoutId, payout.id))
  await voidApprovals(work, [payout.id])
  work.audit({ action: 'payouts.update', target: { type: 'payout', id: payout.id }, before, after })
  work.changed('payouts', payout.partnerId)
  return changedOf(work, payout.id)
}

/**
 * Voids approvals: approved and failed payouts wait for approval again, and what their approval booked is taken back.
 * @returns the payouts as they are now
 */
export async function backToPending(
  work: Work,
  action: 'update' | 'unapprove',
  candidates: Payout[],
): Promise<Payout[]> {
  const approved = candidates.filter(payout => payout.status === 'approved' || payout.status === 'failed')
  if (approved.length === 0) return []
  const cleared = { approvedAt: null, approvedDigest: null, destination: null, failureCode: null, failureMessage: null }
  const moved = await transition(
    work,
    action,
    approved.map(({ id, version }): Move => ({ id, version, to: 'pending_approval', set: cleared })),
  )
  const changed = approved.filter(payout => moved.has(payout.id))
  await voidApprovals(work, [...moved])
  await post(
    work,
    changed.filter(isBookedAtApproval).map(payout => ({
      kind: 'accrual_void',
      payoutId: payout.id,
      partnerId: payout.partnerId,
      amount: payout.amount,
      currency: payout.currency,
      seq: payout.version + 1,
    })),
  )
  return changed.map(payout => ({ ...payout, ...cleared, status: 'pending_approval', version: payout.version + 1 }))
}

async function voidApprovals(work: Work, payoutIds: string[]): Promise<void> {
  await work.tx
    .update(payoutApprovals)
    .set({ voidedAt: work.at })
    .where(
      and(
        sql`${payoutApprovals.payoutId} IN (SELECT value FROM json_each(${JSON.stringify(payoutIds)}))`,
        isNull(payoutApprovals.voidedAt),
      ),
    )
}

/** Sends an approved or failed payout back for approval. */
export async function unapprovePayout(work: Work, input: z.infer<typeof simpleChangeInput>): Promise<Changed> {
  const { payout } = await loadOne(work, input.payoutId)
  await expectStatus(work, payout, 'unapprove', input.version)
  await backToPending(work, 'unapprove', [payout])
  work.audit({
    action: 'payouts.unapprove',
    target: { type: 'payout', id: payout.id },
    before: { status: payout.status },
    after: { status: 'pending_approval' },
  })
  work.changed('payouts', payout.partnerId)
  return changedOf(work, payout.id)
}

/** Why this person may not approve this payout, and what would clear it; null if they may. */
export function approvalRefusal(
  loaded: Pick<Loaded, 'payout' | 'partner' | 'approvers' | 'editors'>,
  viewer: { userId: string; email: string; partnerIds: Set<string> },
  policy: Pick<OrgPolicy, 'creatorMayApprove'>,
): string | null {
  const { payout, partner, approvers, editors } = loaded
  if (viewer.email === partner.email || viewer.partnerIds.has(partner.id))
    return 'You are the one who would be paid. Someone else has to approve it.'
  if (!policy.creatorMayApprove && (payout.createdBy === viewer.userId || editors.includes(viewer.userId)))
    return 'You prepared this payout, so someone else has to approve it. If you are alone, invite a second approver under Team, or let creators approve under Settings (the change is recorded).'
  if (approvers.includes(viewer.userId)) return 'You have approved it already; a second person has to as well.'
  return null
}

/** The partners whose user this person is, in any organization: those they may not approve for. */
async function ownPartners(work: Work): Promise<{ email: string; partnerIds: Set<string> }> {
  const [user] = await work.tx.select({ email: users.email }).from(users).where(eq(users.id, work.actor.id))
  const own = await work.tx
    .select({ partnerId: memberships.partnerId })
    .from(memberships)
    .where(eq(memberships.userId, work.actor.id))
  return { email: user?.email ?? '', partnerIds: new Set(own.flatMap(row => row.partnerId ?? [])) }
}

/** Approves one payout. CONFLICT if it moved on or is not what the page showed; FORBIDDEN for creator and payee. */
export async function approvePayout(work: Work, input: z.infer<typeof approveInput>): Promise<Changed> {
  const { payout, facts } = await loadOne(work, input.payoutId)
  await expectStatus(work, payout, 'approve', input.version)
  if (input.digest && input.digest !== facts.currentDigest)
    throw new DomainError(
      'CONFLICT',
      'What this payout would pay, or where to, changed while you were looking at it. Look again before you approve.',
    )
  const { skipped } = await bulkApprove(work, [payout.id])
  if (skipped[0]) throw new DomainError('FORBIDDEN', skipped[0].reason)
  return changedOf(work, payout.id)
}

/** Approves many in one transaction, set-based: what can't be approved is skipped, with the reason. */
export async function bulkApprove(
  work: Work,
  payoutIds: string[],
  seen: Record<string, number> = {},
): Promise<{ approved: number; skipped: Skipped[] }> {
  const ids = [...new Set(payoutIds)]
  const policy = await readPolicy(work.tx, work.orgId)
  const viewer = { userId: work.actor.id, ...(await ownPartners(work)) }
  const loaded = await loadPayouts(work.tx, { orgId: work.orgId, now: work.at, policy }, ids)
  const allowance = await readAllowance(work.tx, allowanceScope(work, policy), 'approve')
  const skipped: Skipped[] = []
  const eligible: Loaded[] = []
  for (const id of ids) {
    const one = loaded.get(id)
    const reason = !one
      ? 'We couldn’t find it.'
      : !payoutMachine.allows('approve', one.payout.status)
        ? `It is ${one.payout.status.replace('_', ' ')}, not waiting for approval.`
        : changedSince(one.payout, seen)
          ? 'It changed while you were looking at it.'
          : (approvalRefusal(one, viewer, policy) ?? blockerSentence(allowance.refuses(one.payout)))
    if (reason || !one) {
      skipped.push({ id, reason: reason ?? '' })
    } else {
      eligible.push(one)
      allowance.count(one.payout)
    }
  }
  const rows = eligible.map(({ payout, facts }) => ({
    id: work.id('apv'),
    payoutId: payout.id,
    digest: facts.currentDigest,
  }))
  // The same person's approval of what the payout was before makes room for the one of what it is now.
  await work.tx.run(sql`
    UPDATE payout_approvals SET voided_at = ${work.at} WHERE user_id = ${work.actor.id} AND voided_at IS NULL
      AND payout_id IN (SELECT value ->> 'payoutId' FROM json_each(${JSON.stringify(rows)}))`)
  await work.tx.run(sql`
    INSERT INTO payout_approvals (id, org_id, payout_id, user_id, digest, approved_at)
    SELECT value ->> 'id', ${work.orgId}, value ->> 'payoutId', ${work.actor.id}, value ->> 'digest', ${work.at} FROM json_each(${JSON.stringify(rows)})`)
  await recordAuthorizations(
    work,
    'approve',
    eligible.map(one => one.payout),
  )
  const complete = eligible.filter(one => one.approvers.length + 1 >= policy.approvalsRequired)
  const waiting = eligible.filter(one => one.approvers.length + 1 < policy.approvalsRequired)
  await transition(
    work,
    'approve',
    complete.map(({ payout, partner, facts }) => ({
      id: payout.id,
      version: payout.version,
      to: 'approved',
      set: { approvedAt: work.at, approvedDigest: facts.currentDigest, destination: partner.stripeAccountId },
    })),
  )
  await transition(
    work,
    'approve',
    waiting.map(({ payout }) => ({ id: payout.id, version: payout.version, to: 'pending_approval' })),
  )
  await post(
    work,
    complete
      .filter(({ payout }) => isBookedAtApproval(payout))
      .map(({ payout }) => ({
        kind: 'accrual',
        payoutId: payout.id,
        partnerId: payout.partnerId,
        amount: payout.amount,
        currency: payout.currency,
        seq: payout.version + 1,
      })),
  )
  for (const { payout, approvers, facts } of eligible) {
    const done = approvers.length + 1 >= policy.approvalsRequired
    work.audit({
      action: 'payouts.approve',
      target: { type: 'payout', id: payout.id },
      before: { status: payout.status },
      after: { status: done ? 'approved' : 'pending_approval', digest: facts.currentDigest },
    })
  }
  for (const { payout } of complete)
    notify(work, {
      template: 'payoutApproved',
      eventId: `${payout.id}:${payout.version + 1}`,
      to: { partnerId: payout.partnerId },
      about: { payoutId: payout.id },
    })
  if (eligible.length > 0) work.changed('payouts', eligible.length === 1 ? eligible[0]?.payout.partnerId : null)
  return { approved: eligible.length, skipped }
}

/** Whose allowance a unit of work uses up. */
export function allowanceScope(work: Work, policy: Pick<OrgPolicy, 'timeZone'>) {
  return { orgId: work.orgId, userId: work.actor.id, now: work.at, timeZone: policy.timeZone }
}

/** Whether a payout is another than the one that its reader agreed to; not judged where no version was given. */
export function changedSince(payout: Pick<Payout, 'id' | 'version'>, seen: Record<string, number>): boolean {
  const version = seen[payout.id]
  return version !== undefined && version !== payout.version
}

/** Rejects a payout with a reason that the partner reads. Final: what is owed after all is a new payout. */
export async function rejectPayout(work: Work, input: z.infer<typeof rejectInput>): Promise<Changed> {
  const { payout } = await loadOne(work, input.payoutId)
  await expectStatus(work, payout, 'reject', input.version)
  await transitionOne(work, 'reject', payout, 'rejected', { rejectReason: input.reason, closedAt: work.at })
  await voidApprovals(work, [payout.id])
  await reopenReversal(work, payout)
  work.audit({
    action: 'payouts.reject',
    target: { type: 'payout', id: payout.id },
    before: { status: payout.status },
    after: { status: 'rejected', reason: input.reason },
  })
  notify(work, {
    template: 'payoutRejected',
    eventId: payout.id,
    to: { partnerId: payout.partnerId },
    about: { payoutId: payout.id },
  })
  work.changed('payouts', payout.partnerId)
  return changedOf(work, payout.id)
}

/** What a repayment would have paid waits for a decision again: owed after all, or not owed. Nothing stays owed that nobody can pay. */
async function reopenReversal(work: Work, payout: Payout): Promise<void> {
  if (payout.repays === null) return
  const { repays, partnerId, amount, currency } = payout
  const [origin] = await work.tx
    .update(payouts)
    .set({ version: sql`${payouts.version} + 1`, updatedAt: work.at })
    .where(and(eq(payouts.id, repays), eq(payouts.orgId, work.orgId)))
    .returning({ version: payouts.version })
  if (!origin) throw new Error(`payout ${repays} is gone`)
  await post(work, [{ kind: 'reversal_reopened', payoutId: repays, partnerId, amount, currency, seq: origin.version }])
  work.audit({
    action: 'payout.reversal_reopened',
    target: { type: 'payout', id: repays },
    after: { amount, repayment: payout.id },
  })
}

/** Cancels what has not been sent. What its approval booked is taken back. */
export async function cancelPayout(work: Work, input: z.infer<typeof cancelInput>): Promise<Changed> {
  const { payout } = await loadOne(work, input.payoutId)
  await expectStatus(work, payout, 'cancel', input.version)
  const booked = payout.status !== 'pending_approval'
  await transitionOne(work, 'cancel', payout, 'canceled', { closedAt: work.at })
  await voidApprovals(work, [payout.id])
  await reopenReversal(work, payout)
  if (booked && isBookedAtApproval(payout))
    await post(work, [
      {
        kind: 'accrual_void',
        payoutId: payout.id,
        partnerId: payout.partnerId,
        amount: payout.amount,
        currency: payout.currency,
        seq: payout.version + 1,
      },
    ])
  work.audit({
    action: 'payouts.cancel',
    target: { type: 'payout', id: payout.id },
    before: { status: payout.status },
    after: { status: 'canceled', reason: input.reason ?? null },
  })
  // The partner was never told of what nobody approved.
  if (booked)
    notify(work, {
      template: 'payoutCanceled',
      eventId: payout.id,
      to: { partnerId: payout.partnerId },
      about: { payoutId: payout.id },
    })
  work.changed('payouts', payout.partnerId)
  return changedOf(work, payout.id)
}

/** A payout as the transaction now has it. */
export async function changedOf(work: Work, payoutId: string): Promise<Changed> {
  const [row] = await work.tx
    .select({ id: payouts.id, number: payouts.number, status: payouts.status, version: payouts.version })
    .from(payouts)
    .where(and(eq(payouts.id, payoutId), eq(payouts.orgId, work.orgId)))
  if (!row) throw notFound('payout')
  return { ...row, number: payoutNumber(row.number) }
}
