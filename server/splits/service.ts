import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { dealSplits, type Share, splitAnswers } from '#db/schema/index.ts'
import { recalculate } from '../attribution/run.ts'
import { dayAfter } from '../deals/closing.ts'
import { dealOf } from '../deals/facts.ts'
import { dealNumber } from '../deals/rules.ts'
import { notify } from '../email/notify.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { dayOf, formatDateTime, startOfDay } from '../lib/period.ts'
import type { Work } from '../work.ts'
import { candidates } from './candidates.ts'
import {
  type answerInput,
  type confirmSplitInput,
  liveStatuses,
  type openSplitInput,
  type proposeInput,
  type SplitAction,
  splitLabels,
  splitMachine,
  type withdrawSplitInput,
} from './rules.ts'

export type Split = typeof dealSplits.$inferSelect
type Answer = typeof splitAnswers.$inferSelect

/** What a mutation answers. */
export interface ChangedSplit {
  id: string
  dealId: string
  status: Split['status']
  round: number
  version: number
}

const maxDays = 365

/**
 * Asks the partners of a deal to agree on shares, until the end of `deadlineOn`.
 * @throws DomainError NOT_FOUND; CONFLICT while one is live; BLOCKED with fewer than two partners or for a lost deal; INVALID for a
 * deadline that is past or too far, or a partner without a part in the deal
 */
export async function openSplit(
  work: Work,
  input: z.infer<typeof openSplitInput>,
  timeZone: string,
): Promise<ChangedSplit> {
  const { deal } = await dealOf(work, input.dealId)
  if (deal.stage === 'lost')
    throw new DomainError(
      'BLOCKED',
      `${dealNumber(deal.number)} is lost, so there is nothing to share. Reopen it first.`,
    )
  const able = await candidates(work.tx, work.orgId, deal.id)
  const invited = [...new Set(input.partnerIds ?? able.map(partner => partner.id))]
  if (invited.some(id => !able.some(partner => partner.id === id)))
    throw refuseField(
      'partnerIds',
      'Only partners with a touch on the deal, or the one that registered it, can be asked.',
    )
  if (invited.length < 2)
    throw new DomainError(
      'BLOCKED',
      'At least two partners with a touch on the deal are needed. Add the missing touch first.',
    )
  const deadline = deadlineOf(work, input.deadlineOn, timeZone)
  await refuseSecond(work, deal.id)
  const row: Split = {
    id: work.id('spl'),
    orgId: work.orgId,
    dealId: deal.id,
    status: 'open',
    shares: null,
    round: 0,
    proposedBy: null,
    proposedByPartner: null,
    note: input.note || null,
    deadline,
    confirmedBy: null,
    confirmedAt: null,
    createdBy: work.actor.id,
    createdAt: work.at,
    updatedAt: work.at,
    version: 1,
  }
  await work.tx.insert(dealSplits).values(row)
  await work.tx.insert(splitAnswers).values(invited.map(partnerId => answerOf(row, partnerId)))
  work.audit({
    action: 'splits.open',
    target: target(row),
    after: {
      partners: able.filter(({ id }) => invited.includes(id)).map(({ name }) => name),
      deadlineAt: deadline,
      ...(row.note ? { note: row.note } : {}),
    },
  })
  for (const partnerId of invited) {
    tellPartner(work, 'splitOpened', row, partnerId)
    work.changed('deals', partnerId)
  }
  return changed(row)
}

function deadlineOf(work: Work, day: string, timeZone: string): number {
  const parsed = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(parsed) || !new Date(parsed).toISOString().startsWith(day))
    throw refuseField('deadlineOn', 'That day does not exist.')
  if (day < dayOf(work.at, timeZone)) throw refuseField('deadlineOn', 'The deadline must be today or later.')
  const deadline = startOfDay(dayAfter(day), timeZone) - 1
  if (deadline > work.at + maxDays * 24 * 60 * 60_000)
    throw refuseField('deadlineOn', 'The deadline can be a year away at most.')
  return deadline
}

async function refuseSecond(work: Work, dealId: string): Promise<void> {
  const [live] = await work.tx
    .select({ status: dealSplits.status })
    .from(dealSplits)
    .where(
      and(
        eq(dealSplits.dealId, dealId),
        sql`${dealSplits.status} IN (SELECT value FROM json_each(${JSON.stringify(liveStatuses)}))`,
      ),
    )
  if (!live) return
  throw new DomainError(
    'CONFLICT',
    `A split of this deal is ${splitLabels[live.status].label.toLowerCase()} already. Withdraw it before you open another.`,
  )
}

/** Puts shares before all partners; the proposer accepts them by proposing, and whatever was answered before is void. */
export async function proposeShares(
  work: Work,
  partnerId: string,
  input: z.infer<typeof proposeInput>,
): Promise<ChangedSplit> {
  const row = await splitOf(work, input.splitId, partnerId)
  refuseUnless(row, 'propose', input.version, work.at)
  const partners = await invitedTo(work, row)
  if (input.shares.some(share => !partners.includes(share.partnerId)))
    throw refuseField('shares', 'Shares can go only to the partners in this negotiation.')
  const round = row.round + 1
  const shares = [...input.shares].sort((a, b) => (a.partnerId < b.partnerId ? -1 : 1))
  const after = await change(work, row, {
    status: 'open',
    shares,
    round,
    proposedBy: work.actor.id,
    proposedByPartner: partnerId,
    note: input.note || null,
  })
  await work.tx
    .insert(splitAnswers)
    .values(
      partners.map(id =>
        id === partnerId
          ? { ...answerOf(after, id), answer: 'accepted' as const, userId: work.actor.id, answeredAt: work.at }
          : answerOf(after, id),
      ),
    )
  work.audit({
    action: 'splits.propose',
    target: target(row),
    before: { status: row.status, round: row.round, shares: sharesOf(row.shares) },
    after: { status: 'open', round, shares: sharesOf(shares), partnerId },
  })
  for (const other of partners.filter(id => id !== partnerId))
    tellPartner(work, 'splitProposed', after, other, `:${round}`)
  return changed(after)
}

/** Says yes to the proposal of `round`. The last yes settles it among the partners; an owner or admin then confirms. */
export async function acceptShares(
  work: Work,
  partnerId: string,
  input: z.infer<typeof answerInput>,
): Promise<ChangedSplit> {
  const row = await answering(work, partnerId, 'accept', input)
  if (!(await answer(work, row, partnerId, 'accepted'))) return changed(row)
  const open = await work.tx
    .select({ partnerId: splitAnswers.partnerId })
    .from(splitAnswers)
    .where(
      and(
        eq(splitAnswers.splitId, row.id),
        eq(splitAnswers.round, row.round),
        sql`${splitAnswers.answer} <> 'accepted'`,
      ),
    )
    .limit(1)
  const status = open.length === 0 ? 'accepted' : 'open'
  const after = await change(work, row, { status })
  work.audit({
    action: 'splits.accept',
    target: target(row),
    before: { status: row.status },
    after: { status, round: row.round, partnerId },
  })
  if (status === 'accepted')
    notify(work, {
      template: 'splitAccepted',
      eventId: `${row.id}:accepted:${row.round}`,
      to: { staffWith: 'splits.confirm' },
      about: { splitId: row.id, round: row.round },
    })
  return changed(after)
}

/** Says no to the proposal of `round`. Somebody proposes other shares, or the deadline passes and the model decides. */
export async function declineShares(
  work: Work,
  partnerId: string,
  input: z.infer<typeof answerInput>,
): Promise<ChangedSplit> {
  const row = await answering(work, partnerId, 'decline', input)
  if (!(await answer(work, row, partnerId, 'declined'))) return changed(row)
  const after = await change(work, row, { status: 'open' })
  work.audit({
    action: 'splits.decline',
    target: target(row),
    before: { status: row.status },
    after: { status: 'open', round: row.round, partnerId },
  })
  return changed(after)
}

/** Two partners may answer at once; an answer to a proposal that was replaced meanwhile must not count for the new one. */
async function answering(
  work: Work,
  partnerId: string,
  action: 'accept' | 'decline',
  { splitId, round }: z.infer<typeof answerInput>,
): Promise<Split> {
  const row = await splitOf(work, splitId, partnerId)
  if (round !== row.round && splitMachine.allows('propose', row.status))
    throw new DomainError(
      'CONFLICT',
      'Other shares were proposed meanwhile. Nothing was answered; look at the new ones.',
    )
  refuseUnless(row, action, undefined, work.at)
  return row
}

/** False where that was the answer already. */
async function answer(work: Work, row: Split, partnerId: string, given: 'accepted' | 'declined'): Promise<boolean> {
  const rows = await work.tx
    .update(splitAnswers)
    .set({ answer: given, userId: work.actor.id, answeredAt: work.at })
    .where(
      and(
        eq(splitAnswers.splitId, row.id),
        eq(splitAnswers.partnerId, partnerId),
        eq(splitAnswers.round, row.round),
        sql`${splitAnswers.answer} <> ${given}`,
      ),
    )
    .returning({ partnerId: splitAnswers.partnerId })
  return rows.length > 0
}

/** Makes the agreed shares count: at once for a won deal, and else when it is won. */
export async function confirmSplit(
  work: Work,
  input: z.infer<typeof confirmSplitInput>,
): Promise<ChangedSplit & { booked: number }> {
  const row = await splitOf(work, input.splitId, null)
  refuseUnless(row, 'confirm', input.version, work.at)
  if (!row.shares) throw new Error(`split ${row.id} is accepted without shares`)
  const { deal } = await dealOf(work, row.dealId)
  const after = await change(work, row, { status: 'confirmed', confirmedBy: work.actor.id, confirmedAt: work.at })
  work.audit({
    action: 'splits.confirm',
    target: target(row),
    before: { status: row.status },
    after: { status: 'confirmed', shares: sharesOf(row.shares) },
  })
  for (const partnerId of await invitedTo(work, row)) tellPartner(work, 'splitConfirmed', row, partnerId)
  const booked =
    deal.stage === 'won'
      ? await recalculate(work, deal.id, 'The partners agreed on shares, which were confirmed', {
          basis: 'split',
          shares: row.shares,
          splitId: row.id,
        })
      : { booked: 0 }
  return { ...changed(after), booked: booked.booked }
}

/** Takes a negotiation back, a confirmed one too: then the model decides again, and the difference is booked. */
export async function withdrawSplit(
  work: Work,
  input: z.infer<typeof withdrawSplitInput>,
): Promise<ChangedSplit & { booked: number }> {
  const row = await splitOf(work, input.splitId, null)
  refuseUnless(row, 'withdraw', input.version, work.at)
  const after = await change(work, row, { status: 'withdrawn' })
  work.audit({
    action: 'splits.withdraw',
    target: target(row),
    before: { status: row.status },
    after: { status: 'withdrawn', reason: input.reason },
  })
  if (row.status !== 'confirmed') return { ...changed(after), booked: 0 }
  const { deal } = await dealOf(work, row.dealId)
  const { booked } =
    deal.stage === 'won' ? await recalculate(work, deal.id, 'The agreed split was withdrawn') : { booked: 0 }
  return { ...changed(after), booked }
}

/** The split for a change. NOT_FOUND for another organization's, and for a partner that wasn't asked. */
async function splitOf(work: Work, splitId: string, partnerId: string | null): Promise<Split> {
  const [row] = await work.tx
    .select()
    .from(dealSplits)
    .where(
      and(
        eq(dealSplits.id, splitId),
        eq(dealSplits.orgId, work.orgId),
        partnerId === null
          ? undefined
          : sql`EXISTS (SELECT 1 FROM split_answers a WHERE a.split_id = ${splitId} AND a.partner_id = ${partnerId})`,
      ),
    )
  if (!row) throw notFound('split')
  return row
}

/** Those who were asked at the start: all must agree. */
export async function invitedTo(work: Pick<Work, 'tx'>, row: Pick<Split, 'id'>): Promise<string[]> {
  const rows = await work.tx
    .select({ partnerId: splitAnswers.partnerId })
    .from(splitAnswers)
    .where(and(eq(splitAnswers.splitId, row.id), eq(splitAnswers.round, 0)))
    .orderBy(splitAnswers.partnerId)
  return rows.map(one => one.partnerId)
}

function refuseUnless(row: Split, action: SplitAction, version: number | undefined, now: number): void {
  if (!splitMachine.allows(action, row.status) || (version !== undefined && version !== row.version)) {
    if (action === 'accept' && row.round === 0 && row.status === 'open')
      throw new DomainError('BLOCKED', 'Nobody has proposed shares yet. Propose some.')
    throw new DomainError(
      'CONFLICT',
      `This negotiation has moved on: it is ${splitLabels[row.status].label.toLowerCase()} now. Nothing was changed; look again.`,
    )
  }
  // The clock decides, not the task that notes it a little later.
  if (action !== 'withdraw' && row.deadline < now)
    throw new DomainError(
      'BLOCKED',
      `The deadline passed on ${formatDateTime(row.deadline, 'UTC')} UTC, so the program’s model decides. A new negotiation can be opened.`,
    )
}

/** The guarded update: only at the version that was read. */
export async function change(work: Work, row: Split, set: Partial<Omit<Split, 'id' | 'version'>>): Promise<Split> {
  const [after] = await work.tx
    .update(dealSplits)
    .set({ ...set, updatedAt: work.at, version: sql`${dealSplits.version} + 1` })
    .where(and(eq(dealSplits.id, row.id), eq(dealSplits.orgId, work.orgId), eq(dealSplits.version, row.version)))
    .returning()
  if (!after) throw new DomainError('CONFLICT', 'This negotiation has just changed. Look again.')
  // Everybody who takes part has it open, and nobody else hears of it.
  for (const partnerId of await invitedTo(work, row)) work.changed('deals', partnerId)
  return after
}

function answerOf({ id, orgId, round }: Split, partnerId: string): Answer {
  return { splitId: id, orgId, partnerId, round, answer: 'invited', userId: null, answeredAt: null }
}

function sharesOf(shares: Share[] | null): Record<string, number> | null {
  return shares && Object.fromEntries(shares.map(({ partnerId, bp }) => [partnerId, bp]))
}

export function tellPartner(
  work: Work,
  template: 'splitOpened' | 'splitProposed' | 'splitConfirmed' | 'splitExpired',
  row: Pick<Split, 'id' | 'round'>,
  partnerId: string,
  suffix = '',
): void {
  notify(work, {
    template,
    eventId: `${row.id}:${template}${suffix}:${partnerId}`,
    to: { partnerId },
    about: { splitId: row.id, partnerId, round: row.round },
  })
}

export function target({ dealId }: { dealId: string }): { type: string; id: string } {
  return { type: 'deal', id: dealId }
}

function changed({ id, dealId, status, round, version }: Split): ChangedSplit {
  return { id, dealId, status, round, version }
}

function refuseField(field: string, sentence: string): DomainError {
  return new DomainError('INVALID', sentence, { fields: { [field]: sentence } })
}
