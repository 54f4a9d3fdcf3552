import { sql } from 'drizzle-orm'
import type { CommissionSnapshot, RuleStream } from '#db/schema/index.ts'
import { post } from '../ledger/ledger.ts'
import { DomainError } from '../lib/errors.ts'
import { formatMoney } from '../lib/money.ts'
import { formatDate, periodOf, shiftPeriod } from '../lib/period.ts'
import { takeNumbers } from '../numbers.ts'
import { lastClosed } from '../periods/service.ts'
import type { Work } from '../work.ts'
import { type DealFacts, readDeals, readRules } from './facts.ts'
import type { Rule } from './match.ts'
import {
  type BookedRow,
  type Decided,
  type Difference,
  decidedNow,
  differences,
  type GroupKey,
  type Situation,
  type Taken,
} from './plan.ts'
import { rematch } from './rematch.ts'
import { type Earning, earningsOf, type Frozen, type Recurrence } from './target.ts'

/** A row as it is inserted; amounts in minor units, times in UTC milliseconds. */
export interface NewCommission {
  id: string
  partnerId: string
  programId: string
  dealId: string | null
  runId: string | null
  ruleVersionId: string | null
  kind: 'earned' | 'adjustment' | 'reversal' | 'dispute'
  stream: RuleStream
  installment: number
  originId: string | null
  amount: number
  currency: string
  period: string
  originPeriod: string | null
  releaseAt: number
  clawbackUntil: number | null
  snapshot: CommissionSnapshot
  note: string | null
}

/**
 * Brings a deal's commissions to what its stage, its current attribution and its refunds say: what is missing is booked, what is too
 * much is taken back, both as new rows; months that have come due since are booked too. Called again, it books nothing.
 * @param cause why now, in a few words, for the audit log
 * @param options `rematch`: why the rules are matched again for the deal as it is now; without it what was booked keeps its rule
 */
export function bookDeal(
  work: Work,
  dealId: string,
  cause: string,
  options: { rematch?: string } = {},
): Promise<{ booked: number }> {
  return bookDeals(work, [dealId], cause, options)
}

/** `bookDeal` for many, in as many statements as for one. */
export async function bookDeals(
  work: Work,
  dealIds: readonly string[],
  cause: string,
  options: { rematch?: string } = {},
): Promise<{ booked: number }> {
  const read = await readDeals(work, dealIds)
  const rules = await readRules(work)
  const all: DealFacts[] = []
  for (const facts of read) all.push(options.rematch ? await rematch(work, facts, rules, options.rematch) : facts)
  const closed = await lastClosed(work.tx, work.orgId)
  const rows: NewCommission[] = []
  const schedules: Schedule[] = []
  for (const facts of all) {
    const planned = planDeal(facts, rules, { now: work.at, closed, id: () => work.id('com') })
    schedules.push(...schedulesOf(facts, planned, work.at))
    if (planned.rows.length === 0) continue
    rows.push(...planned.rows)
    work.audit({
      action: 'commissions.book',
      target: { type: 'deal', id: facts.deal.id },
      after: {
        cause,
        rows: planned.rows.map(({ id, partnerId, kind, amount, currency }) => ({
          id,
          partnerId,
          kind,
          amount,
          currency,
        })),
      },
    })
  }
  await insertCommissions(work, rows)
  await keepSchedules(work, schedules)
  return { booked: rows.length }
}

interface Planned {
  rows: NewCommission[]
  recurrences: Recurrence[]
}

/** A deal's new rows, without writing any. `closed` is the last closed month, `now` in UTC milliseconds. */
export function planDeal(
  facts: DealFacts,
  rules: readonly Rule[],
  context: { now: number; closed: string | null; id: () => string },
): Planned {
  const { deal, booked } = facts
  const { now } = context
  const situation = situationOf(facts, now)
  const { stage } = situation
  const origins = originsOf(facts)
  const { earnings, recurrences } = stage === 'won' ? expectedOf(facts, rules, now) : { earnings: [], recurrences: [] }
  const currency = facts.run?.currency ?? deal.currency
  if (booked.some(row => row.currency !== currency))
    throw new DomainError(
      'CONFLICT',
      `This deal has commissions in ${booked[0]?.currency}, so its currency can't become ${currency}. Mark it lost and enter a new one.`,
    )
  // Of a deal that was given back whole nobody earns anything anew.
  const whole = deal.amount > 0 && facts.refunds.reduce((sum, refund) => sum + refund.amount, 0) >= deal.amount
  const targets = whole ? earnings.filter(earning => origins.has(groupName(earning))) : earnings
  const earned = new Map(targets.map(earning => [groupName(earning), earning]))
  const rows: NewCommission[] = []
  for (const difference of differences(linesOf(facts), targets, situation)) {
    const earning = earned.get(groupName(difference))
    const origin = origins.get(groupName(difference)) ?? rows.find(row => groupName(row) === groupName(difference))
    rows.push(rowOf(facts, difference, { earning, origin, ...context }))
  }
  return { rows, recurrences: whole ? [] : recurrences }
}

/** Each group's first booking. */
function originsOf({ booked }: DealFacts) {
  return new Map(booked.filter(row => row.kind === 'earned').map(row => [groupName(row), row]))
}

/** What a won deal's credit earns: by the rules that were matched again, or else those of the first booking, or else those in force at the close. */
function expectedOf(facts: DealFacts, rules: readonly Rule[], now: number) {
  const origins = originsOf(facts)
  const ruleOf = (id: string | null, whose: string) => {
    const rule = id === null ? null : rules.find(one => one.id === id)
    if (rule === undefined) throw new Error(`${whose} was paid by a rule that is gone`)
    return rule
  }
  const frozen = (partnerId: string, stream: RuleStream): Frozen | null => {
    const first = origins.get(groupName({ partnerId, stream, installment: 1 }))
    const again = facts.rematches.findLast(row => row.partnerId === partnerId && row.stream === stream)
    // Where nothing was ever paid and nothing matched, nothing is kept: a later correction may find a rule.
    const decides = again && (first || again.ruleVersionId !== null || again.defaultRateBp !== null)
    if (decides) return { ...again, rule: ruleOf(again.ruleVersionId, again.id) }
    return first ? { ...first.snapshot, rule: ruleOf(first.ruleVersionId, first.id) } : null
  }
  return earningsOf(facts, rules, frozen, now)
}

/** What a dispute of a deal's line should remember when it is decided now; undefined for a line that no deal's plan made. */
export async function decidedFor(
  work: Work,
  { dealId, ...group }: GroupKey & { dealId: string | null },
): Promise<Decided | undefined> {
  const [facts] = dealId === null ? [] : await readDeals(work, [dealId])
  if (!facts || !originsOf(facts).has(groupName(group))) return undefined
  const { earnings } = expectedOf(facts, await readRules(work), work.at)
  const target = earnings.find(earning => groupName(earning) === groupName(group))
  return decidedNow(linesOf(facts), group, target?.amount ?? 0, situationOf(facts, work.at))
}

function linesOf({ booked }: DealFacts): BookedRow[] {
  return booked.map(row => ({ ...row, decided: row.snapshot.decided ?? null }))
}

/** The deal as a plan sees it at `now` (UTC milliseconds). */
function situationOf({ deal, refunds }: DealFacts, now: number): Situation {
  return { stage: deal.removedAt === null ? deal.stage : 'removed', amount: deal.amount, refunds, now }
}

function groupName({ partnerId, stream, installment }: Pick<Earning, 'partnerId' | 'stream' | 'installment'>): string {
  return `${partnerId} ${stream} ${installment}`
}

type Origin = Pick<
  NewCommission,
  | 'id'
  | 'programId'
  | 'period'
  | 'originPeriod'
  | 'releaseAt'
  | 'clawbackUntil'
  | 'ruleVersionId'
  | 'snapshot'
  | 'currency'
> & { status?: string }

function rowOf(
  facts: DealFacts,
  difference: Difference,
  given: {
    earning: Earning | undefined
    origin: Origin | undefined
    now: number
    closed: string | null
    id: () => string
  },
): NewCommission {
  const { deal, run, program } = facts
  const { earning, origin, now } = given
  const { partnerId, stream, installment, kind, amount } = difference
  const base = {
    id: given.id(),
    partnerId,
    // A correction is paid, or taken back, where its first booking is: a deal may have moved to another program since.
    programId: origin?.programId ?? deal.programId,
    dealId: deal.id,
    runId: run?.id ?? null,
    stream,
    installment,
    kind,
    amount,
  }
  if (difference.kind === 'earned') {
    if (!earning) throw new Error('nothing is earned without a reason')
    return {
      ...base,
      ruleVersionId: earning.ruleVersionId,
      originId: null,
      currency: earning.snapshot.currency,
      ...posted(periodOf(earning.earnedAt, program.timeZone), given.closed),
      releaseAt: earning.releaseAt,
      clawbackUntil: earning.clawbackUntil,
      snapshot: earning.snapshot,
      note: null,
    }
  }
  if (!origin) throw new Error('nothing is corrected that is not booked')
  const correction = {
    ...base,
    ruleVersionId: origin.ruleVersionId,
    originId: origin.id,
    currency: origin.currency,
    clawbackUntil: origin.clawbackUntil,
    // What is taken back meets its commission in the same run as long as that is not in one; then it comes off the next.
    releaseAt:
      amount > 0
        ? (earning?.releaseAt ?? origin.releaseAt)
        : (origin.status ?? 'accrued') === 'accrued'
          ? origin.releaseAt
          : now,
  }
  if (difference.kind === 'adjustment') {
    const own = earning ? periodOf(earning.earnedAt, program.timeZone) : (origin.originPeriod ?? origin.period)
    return {
      ...correction,
      ruleVersionId: earning ? earning.ruleVersionId : origin.ruleVersionId,
      ...posted(own, given.closed),
      snapshot: corrected(facts, difference, earning, origin),
      note: `Corrected from ${formatMoney(difference.booked, origin.currency)} to ${formatMoney(difference.target, origin.currency)}: ${whyCorrected(facts, difference, now)}`,
    }
  }
  const { taken } = difference
  const dated = taken.because === 'refund' ? Math.max(...taken.refundIds.map(id => refundAt(facts, id))) : now
  return {
    ...correction,
    ...posted(periodOf(Math.min(dated, now), program.timeZone), given.closed),
    snapshot: reversed(facts, difference, taken, earning?.snapshot ?? origin.snapshot),
    note: noteOf(facts, taken, difference.amount, origin.currency, origin.clawbackUntil),
  }
}

/** For the partner to read: a reason that somebody gave, or what follows from the deal. */
function whyCorrected(
  { rematches }: DealFacts,
  { partnerId, stream, ...difference }: Extract<Difference, { kind: 'adjustment' }>,
  now: number,
): string {
  const again = rematches.findLast(row => row.partnerId === partnerId && row.stream === stream && row.createdAt === now)
  const kept = difference.kept ? ', and a decided dispute took the rest away already' : ''
  return again
    ? `the rules were matched again${kept}. ${again.reason}`.slice(0, 1_800)
    : `the credit for the deal changed${kept}.`
}

/** The month that takes it: its own, or the first open one where that is closed. */
function posted(own: string, closed: string | null): { period: string; originPeriod: string | null } {
  if (closed === null || own > closed) return { period: own, originPeriod: null }
  return { period: shiftPeriod(closed, 1), originPeriod: own }
}

function refundAt(facts: DealFacts, id: string): number {
  return facts.refunds.find(refund => refund.id === id)?.at ?? Number.NEGATIVE_INFINITY
}

function runOf({ run }: DealFacts): CommissionSnapshot['run'] {
  return run && { id: run.id, number: run.number, basis: run.basis, model: run.model }
}

function dealOf({ deal, run }: DealFacts, fallback: CommissionSnapshot): CommissionSnapshot['deal'] {
  const closedAt = deal.closedAt ?? fallback.deal?.closedAt ?? 0
  return { id: deal.id, number: deal.number, name: deal.name, amount: run?.amount ?? deal.amount, closedAt }
}

function corrected(
  facts: DealFacts,
  { booked, amount, kept }: Extract<Difference, { kind: 'adjustment' }>,
  earning: Earning | undefined,
  origin: Origin,
): CommissionSnapshot {
  // What is calculated less what is booked is more than this.
  if (kept) return { ...(earning ?? origin).snapshot, steps: [{ op: 'fixed', result: amount }] }
  const less = { op: 'less_booked' as const, booked, result: amount }
  if (earning) return { ...earning.snapshot, steps: [...earning.snapshot.steps, less] }
  return { ...origin.snapshot, deal: dealOf(facts, origin.snapshot), run: runOf(facts), credit: null, steps: [less] }
}

function reversed(
  facts: DealFacts,
  { amount }: Difference,
  { because, refundIds, of, refunded, before, decided }: Taken,
  of_: CommissionSnapshot,
): CommissionSnapshot {
  const dealAmount = facts.deal.amount
  return {
    ...of_,
    deal: dealOf(facts, of_),
    run: runOf(facts),
    losing: [],
    steps: [
      {
        ...{ op: 'refund' as const, because, refundIds, of, refunded, dealAmount, before, result: amount },
        ...(decided.length > 0 ? { decided } : {}),
      },
    ],
  }
}

/** For the partner to read: what happened to the deal, and which refunds came too late to take anything back. */
function noteOf(
  facts: DealFacts,
  taken: Taken,
  amount: number,
  currency: string,
  clawbackUntil: number | null,
): string {
  const zone = facts.program.timeZone
  const happened = {
    refund: `The customer got ${formatMoney(taken.refunded, currency)} of ${formatMoney(facts.deal.amount, currency)} back.`,
    corrected: 'The credit for the deal changed, and with it the part that refunds take back.',
    lost: 'The deal was marked lost.',
    reopened: 'The deal was opened again: it is not won any more.',
    removed: 'The deal came with an import that was undone.',
    won_again: 'The deal was won again.',
  }[taken.because]
  const late = facts.refunds
    .filter(refund => taken.late.includes(refund.id))
    .map(
      refund =>
        ` The refund of ${formatMoney(refund.amount, currency)} on ${formatDate(refund.at, zone)} takes nothing back: refunds count until ${formatDate(clawbackUntil ?? 0, zone)}.`,
    )
  return `${happened} ${amount < 0 ? 'This part of the commission is taken back.' : 'This part of the commission is given back.'}${late.join('')}`.slice(
    0,
    2_000,
  )
}

/** Numbers, inserts and posts rows, set-based. The caller audits them. @returns the rows with their numbers */
export async function insertCommissions(
  work: Work,
  rows: readonly NewCommission[],
): Promise<(NewCommission & { number: number })[]> {
  if (rows.length === 0) return []
  const first = await takeNumbers(work, 'commissions', rows.length)
  const numbered = rows.map((row, index) => ({ ...row, number: first + index }))
  // In order: a correction may refer to a row before it.
  await work.tx.run(sql`
    INSERT INTO commissions (id, org_id, number, partner_id, program_id, deal_id, run_id, rule_version_id, kind, stream, installment, origin_id, amount, currency,
      period, origin_period, release_at, clawback_until, snapshot, note, created_by, created_at, updated_at)
    SELECT v ->> 'id', ${work.orgId}, v ->> 'number', v ->> 'partnerId', v ->> 'programId', v ->> 'dealId', v ->> 'runId', v ->> 'ruleVersionId', v ->> 'kind',
      v ->> 'stream', v ->> 'installment', v ->> 'originId', v ->> 'amount', v ->> 'currency', v ->> 'period', v ->> 'originPeriod', v ->> 'releaseAt',
      v ->> 'clawbackUntil', v -> 'snapshot', v ->> 'note', ${work.actor.id}, ${work.at}, ${work.at}
    FROM (SELECT value AS v, key FROM json_each(${JSON.stringify(numbered)}) ORDER BY key)`)
  await post(
    work,
    rows.map(row => ({
      kind: row.amount > 0 ? 'commission' : 'commission_reversal',
      commissionId: row.id,
      partnerId: row.partnerId,
      amount: Math.abs(row.amount),
      currency: row.currency,
    })),
  )
  const partnerIds = new Set(rows.map(row => row.partnerId))
  for (const partnerId of partnerIds) work.changed('commissions', partnerId)
  return numbered
}

interface Schedule {
  commissionId: string
  dealId: string
  nextInstallment: number
  nextAt: number
  endedAt: number | null
}

/** What is still to come of each recurring commission; ended when all is earned, or the deal isn't won or was given back whole. */
function schedulesOf(facts: DealFacts, { rows, recurrences }: Planned, now: number): Schedule[] {
  const firsts = new Map(
    [...facts.booked, ...rows]
      .filter(row => row.kind === 'earned' && row.installment === 1)
      .map(row => [`${row.partnerId} ${row.stream}`, row.id]),
  )
  const changed: Schedule[] = []
  for (const [key, commissionId] of firsts) {
    const recurrence = recurrences.find(one => `${one.partnerId} ${one.stream}` === key)
    const kept = facts.schedules.find(one => one.commissionId === commissionId)
    const next = recurrence?.next ?? null
    if (!kept && !next) continue
    const schedule = {
      commissionId,
      dealId: facts.deal.id,
      nextInstallment: next?.installment ?? kept?.nextInstallment ?? 2,
      nextAt: next?.at ?? kept?.nextAt ?? now,
      endedAt: next ? null : (kept?.endedAt ?? now),
    }
    const same =
      kept &&
      kept.nextInstallment === schedule.nextInstallment &&
      kept.nextAt === schedule.nextAt &&
      kept.endedAt === schedule.endedAt
    if (!same) changed.push(schedule)
  }
  return changed
}

async function keepSchedules(work: Work, schedules: Schedule[]): Promise<void> {
  if (schedules.length === 0) return
  await work.tx.run(sql`
    INSERT INTO commission_schedules (commission_id, org_id, deal_id, next_installment, next_at, ended_at)
    SELECT value ->> 'commissionId', ${work.orgId}, value ->> 'dealId', value ->> 'nextInstallment', value ->> 'nextAt', value ->> 'endedAt'
    FROM json_each(${JSON.stringify(schedules)}) WHERE true
    ON CONFLICT (commission_id) DO UPDATE SET next_installment = excluded.next_installment, next_at = excluded.next_at, ended_at = excluded.ended_at`)
}
