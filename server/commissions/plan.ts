import type { CommissionKind, CommissionSnapshot, DealStage, RuleStream } from '#db/schema/index.ts'
import { groupBy } from '../lib/group.ts'
import { must } from '../lib/must.ts'
import { halfEven } from '../lib/shares.ts'

/** What a commission is for: everything of one deal with the same three is one sum, whatever rows it was booked in. */
export interface GroupKey {
  partnerId: string
  stream: RuleStream
  installment: number
}

/** A row that is booked. Disputes' rows are decisions that nothing calculates again; carries and imports are no part of the sum. */
export interface BookedRow extends GroupKey {
  id: string
  kind: CommissionKind
  /** What it corrects; of a dispute's row the line that was disputed. */
  originId: string | null
  /** minor units */
  amount: number
  /** UTC milliseconds; null: for ever. The first booking's counts. */
  clawbackUntil: number | null
  /** Of a dispute's row. */
  decided?: Decided | null
}

/** How much of the deal was taken back when a dispute was decided; absent: nothing. */
export type Decided = NonNullable<CommissionSnapshot['decided']>

/** What a group should come to before refunds, in minor units. */
export interface Target extends GroupKey {
  amount: number
  clawbackUntil: number | null
}

/** The deal as it is now; `amount` and refunds in minor units, times in UTC milliseconds. */
export interface Situation {
  /** `removed`: the import that made the deal was undone. */
  stage: DealStage | 'removed'
  amount: number
  refunds: readonly { id: string; amount: number; at: number }[]
  now: number
}

/**
 * A row to be booked. `originId` null: the group's own first booking, which is among the rows. `kept`: a correction stops short of
 * what is calculated, because a dispute took the rest away already.
 */
export type Difference = GroupKey & { originId: string | null; amount: number } & (
    | { kind: 'earned' }
    | { kind: 'adjustment'; booked: number; target: number; kept: boolean }
    | { kind: 'reversal'; taken: Taken }
  )

/** How a reversal came about. `of` is the gross commission, `before` what was taken back already. */
export interface Taken {
  because: 'refund' | 'lost' | 'reopened' | 'removed' | 'won_again' | 'corrected'
  refundIds: string[]
  of: number
  refunded: number
  before: number
  /** What refunds since their decision took of disputes' amounts, beside the share of `of`. */
  decided: Later[]
  /** Refunds that came after the clawback window, and take nothing back. */
  late: string[]
}

/** `amount` × `part` / `whole`: what of a decided amount later refunds took. Minor units. */
type Later = { amount: number; part: number; whole: number }

/**
 * The rows that bring what is booked to what should be: only differences, only new rows. Applied, and asked again, it answers nothing.
 *
 * The gross is the target and, on top, what disputes of it decided; only the calculated part is ever corrected, and never so far
 * that something would be owed back beyond what was earned. A won deal's commissions come to their gross, less what refunds take of it
 * (half-even, cumulative, so that no cent is lost between two partial refunds). A deal that is not won keeps its gross, and all of it
 * is taken back; won again, that is given back. Refunds after a commission's clawback window take nothing back; neither does a loss
 * or a reopening after it, but what was taken back in time stays so. A removed deal takes back everything.
 *
 * What a dispute decided is net: it stands as decided, whatever was refunded before. A later refund takes of it what it takes of what
 * was left of the deal then: a decision after a half was refunded loses half of it when another quarter is. What a dispute of
 * something taken back gave is not taken again, and not given twice.
 */
export function differences(
  booked: readonly BookedRow[],
  targets: readonly Target[],
  situation: Situation,
): Difference[] {
  const lines = new Map(booked.map(row => [row.id, row]))
  const rows = booked.flatMap(row => {
    if (row.kind !== 'dispute') return isCalculated(row.kind) ? [{ ...row, waives: false }] : []
    const about = disputedLine(row, lines)
    return about && isCalculated(about.kind) ? [{ ...row, waives: about.kind === 'reversal' && about.amount < 0 }] : []
  })
  const groups = groupBy(rows, nameOf)
  const wanted = new Map(targets.map(target => [nameOf(target), target]))
  if (wanted.size !== targets.length) throw new Error('a group has two targets')
  const names = new Set([...groups.keys(), ...(situation.stage === 'won' ? wanted.keys() : [])])
  return [...names].flatMap(name => groupDifferences(groups.get(name) ?? [], wanted.get(name), situation))
}

function nameOf({ partnerId, stream, installment }: GroupKey): string {
  return `${partnerId} ${stream} ${installment}`
}

/** A row of a group; `waives`: a dispute decided about a line that took something back. */
type GroupRow = BookedRow & { waives: boolean }

function groupDifferences(rows: GroupRow[], target: Target | undefined, situation: Situation): Difference[] {
  const { partnerId, stream, installment } = must(rows[0] ?? target, 'a group has rows or a target')
  const origin = rows.find(row => row.kind === 'earned')
  const group = { partnerId, stream, installment, originId: origin?.id ?? null }
  const booked = sum(rows.filter(row => row.kind === 'earned' || row.kind === 'adjustment'))
  const wanted = situation.stage === 'won' ? (target?.amount ?? 0) + keptBefore(rows) : booked
  const clawbackUntil = origin ? origin.clawbackUntil : (target?.clawbackUntil ?? null)
  const plan = planOf(rows, clawbackUntil, situation)
  const calculated = leastAllowed(wanted, booked, plan)
  const made: Difference[] = []
  if (!origin) {
    if (rows.length > 0) throw new Error(`${nameOf(group)} has corrections of nothing`)
    if (calculated === 0) return []
    made.push({ ...group, kind: 'earned', amount: calculated })
  } else if (calculated !== booked)
    made.push({
      ...group,
      kind: 'adjustment',
      amount: calculated - booked,
      booked,
      target: calculated,
      kept: calculated !== wanted,
    })
  const { amount, from, taken } = plan(calculated)
  if (amount === from) return made
  const corrected = origin !== undefined && calculated !== booked
  const { because: whole, ...facts } = taken
  const because = whole ?? (corrected ? 'corrected' : amount > from ? 'refund' : 'won_again')
  made.push({ ...group, kind: 'reversal', amount: from - amount, taken: { ...facts, because, before: from } })
  return made
}

function isCalculated(kind: CommissionKind): boolean {
  return kind === 'earned' || kind === 'adjustment' || kind === 'reversal'
}

/** The line that a dispute's row is about, maybe by way of another dispute; undefined where it is gone. */
function disputedLine(row: BookedRow, lines: ReadonlyMap<string, BookedRow>): BookedRow | undefined {
  let line: BookedRow | undefined = row
  while (line?.kind === 'dispute') line = line.originId === null ? undefined : lines.get(line.originId)
  return line
}

/** What is to be taken back of a calculated amount: `amount` in all, where `from` counts as taken already; `left` is what remains. */
interface TakenBack {
  amount: number
  from: number
  left: number
  taken: Omit<Taken, 'because' | 'before'> & { because: 'lost' | 'removed' | 'reopened' | null }
}

function planOf(
  rows: GroupRow[],
  clawbackUntil: number | null,
  situation: Situation,
): (calculated: number) => TakenBack {
  const disputes = rows.filter(row => row.kind === 'dispute')
  const decisions = disputes.filter(row => !row.waives)
  const waived = Math.max(0, sum(disputes.filter(row => row.waives)))
  const reversed = -sum(rows.filter(row => row.kind === 'reversal'))
  const standing = reversed - waived
  const taking = takingOf(decisions, clawbackUntil, situation)
  return calculated => {
    const gross = calculated + sum(decisions)
    const { amount, ...taken } = taking(calculated, gross, standing)
    // Between what reversals took and what of it still stands lies what disputes gave back: that is left as it was decided.
    const waives = waived > 0 && situation.stage !== 'removed'
    const from = waives && amount >= standing ? Math.min(amount, reversed) : standing
    return { amount, from, left: gross + waived - reversed + from - amount, taken }
  }
}

/** How much of a commission is to be taken back, all in all. */
function takingOf(decisions: GroupRow[], clawbackUntil: number | null, situation: Situation) {
  const { stage, amount: of } = situation
  const now = takenNow(situation, clawbackUntil)
  const late = situation.refunds.filter(refund => !isInTime(refund.at, clawbackUntil, stage)).map(refund => refund.id)
  const refundIds = situation.refunds.map(refund => refund.id).filter(id => !late.includes(id))
  return (calculated: number, gross: number, before: number) => {
    if (stage === 'removed' || now.all) {
      const kept = stage === 'removed' ? 0 : sum(decisions.filter(row => row.decided?.all))
      const all = { because: lossOf(stage), of: gross - kept, refunded: of, refundIds, late, decided: [] }
      return { ...all, amount: gross - kept }
    }
    const parts = decisions.map(row => ({ amount: row.amount, ...partSince(row, now) }))
    // What was decided before anything was refunded shares whatever is: the same part as the commission.
    const alike = parts.filter(({ part, whole }) => part === now.refunded && whole === of)
    const later = parts.filter(one => one.part > 0 && one.amount !== 0 && !alike.includes(one))
    const base = calculated + sum(alike)
    const share = roundedSum([{ amount: base, part: now.refunded, whole: Math.max(of, 1) }, ...later])
    const taken = { because: null, of: base, refunded: now.refunded, refundIds, late, decided: later }
    if (stage === 'won') return { ...taken, amount: share }
    // Lost after the window, or before it ended and looked at again since: what was taken back then stays taken back.
    return { ...taken, amount: Math.min(Math.max(share, before), gross) }
  }
}

function isInTime(at: number, clawbackUntil: number | null, stage: Situation['stage']): boolean {
  return stage === 'removed' || clawbackUntil === null || at <= clawbackUntil
}

/** How much of the deal counts as taken back from a commission. */
function takenNow({ stage, amount, refunds, now }: Situation, clawbackUntil: number | null): Omit<Decided, 'kept'> {
  const refunded = sum(refunds.filter(refund => isInTime(refund.at, clawbackUntil, stage)))
  return { refunded, of: amount, all: stage !== 'won' && isInTime(now, clawbackUntil, stage) }
}

/**
 * What a dispute of a group that is decided now should remember, so that it stands as decided: how much of the deal is taken back, and
 * what a correction left booked because earlier decisions had taken the rest. `target`: what is calculated now, in minor units.
 */
export function decidedNow(
  booked: readonly BookedRow[],
  group: GroupKey,
  target: number,
  situation: Situation,
): Decided {
  const rows = booked.filter(row => nameOf(row) === nameOf(group))
  const clawbackUntil = rows.find(row => row.kind === 'earned')?.clawbackUntil ?? null
  const calculated = sum(rows.filter(row => row.kind === 'earned' || row.kind === 'adjustment'))
  const kept = situation.stage === 'won' ? Math.max(0, calculated - target - keptBefore(rows)) : 0
  return { ...takenNow(situation, clawbackUntil), kept }
}

function keptBefore(rows: readonly BookedRow[]): number {
  return rows.reduce((total, row) => total + (row.decided?.kept ?? 0), 0)
}

/**
 * The part of what was left of the deal at a decision that was refunded since. Of a deal whose amount was corrected, the refunds of then
 * in proportion, rounded so that nothing is owed back for the rounding.
 */
function partSince({ decided, amount }: BookedRow, now: Omit<Decided, 'kept'>): { part: number; whole: number } {
  const { refunded, of, all } = decided ?? { refunded: 0, of: now.of, all: false }
  if (all) return { part: 0, whole: 1 }
  const exact = of === now.of || of === 0
  const scaled = exact
    ? 0
    : Number((BigInt(now.of) * BigInt(refunded) + (amount < 0 ? 0n : BigInt(of) - 1n)) / BigInt(of))
  const then = exact ? refunded : Math.min(scaled, now.of - 1)
  // Nothing was left then, or nothing was refunded since.
  return now.refunded <= then ? { part: 0, whole: 1 } : { part: now.refunded - then, whole: now.of - then }
}

/** Σ amount × part / whole, exactly, rounded half-even once. */
function roundedSum(terms: readonly Later[]): number {
  const exact = terms.reduce(
    (total, { amount, part, whole }) => ({
      numerator: total.numerator * BigInt(whole) + BigInt(amount) * BigInt(part) * total.denominator,
      denominator: total.denominator * BigInt(whole),
    }),
    { numerator: 0n, denominator: 1n },
  )
  return Number(halfEven(exact.numerator, exact.denominator))
}

/**
 * What is calculated, or as little more as it takes for nothing to be owed back: a dispute may have taken away already what a correction
 * would. What is booked is enough mostly; not where the deal's amount was corrected upwards, and with it the part that was refunded down.
 */
function leastAllowed(wanted: number, booked: number, plan: (calculated: number) => TakenBack): number {
  const enough = (calculated: number) => plan(calculated).left >= 0
  if (enough(wanted)) return wanted
  // A larger amount never leaves less.
  let low = wanted
  let high = Math.max(booked, wanted + 1)
  while (!enough(high) && high < maxAmount) [low, high] = [high, high * 2]
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    if (enough(middle)) high = middle
    else low = middle
  }
  return high
}

/** More than any commission, in minor units. */
const maxAmount = 999_999_999_999

function lossOf(stage: Situation['stage']): 'lost' | 'removed' | 'reopened' {
  return stage === 'lost' || stage === 'removed' ? stage : 'reopened'
}

function sum(rows: readonly { amount: number }[]): number {
  return rows.reduce((total, row) => total + row.amount, 0)
}
