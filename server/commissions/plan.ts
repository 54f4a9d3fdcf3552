import type { CommissionKind, DealStage, RuleStream } from '#db/schema/index.ts'
import { groupBy } from '../lib/group.ts'
import { shareOf } from '../lib/shares.ts'

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
}

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
  /** Refunds that came after the clawback window, and take nothing back. */
  late: string[]
}

/**
 * The rows that bring what is booked to what should be: only differences, only new rows. Applied, and asked again, it answers nothing.
 *
 * The gross is the target and, on top, what disputes of it decided, never below nothing; only the calculated part is ever corrected.
 * A won deal's commissions come to their gross, less round(gross × refunds / deal) that was taken back (half-even, cumulative, so
 * that no cent is lost between two partial refunds). A deal that is not won keeps its gross, and all of it is taken back; won
 * again, that is given back. Refunds after a commission's clawback window take nothing back; neither does a loss or a reopening
 * after it, but what was taken back in time stays so. A removed deal takes back everything. What a dispute of something taken back
 * gave is not taken again, and not given twice.
 */
export function differences(
  booked: readonly BookedRow[],
  targets: readonly Target[],
  situation: Situation,
): Difference[] {
  const lines = new Map(booked.map(row => [row.id, row]))
  const rows = booked.flatMap(row => {
    if (row.kind !== 'dispute') return isCalculated(row.kind) ? [{ ...row, about: row.kind }] : []
    const about = disputedKind(row, lines)
    return about !== null && isCalculated(about) ? [{ ...row, about }] : []
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

/** A row of a group; `about` is its own kind, or that of the line which a dispute's row decided about. */
type GroupRow = BookedRow & { about: CommissionKind }

function groupDifferences(rows: GroupRow[], target: Target | undefined, situation: Situation): Difference[] {
  const key = rows[0] ?? target
  if (!key) return []
  const { partnerId, stream, installment } = key
  const origin = rows.find(row => row.kind === 'earned')
  const group = { partnerId, stream, installment, originId: origin?.id ?? null }
  const disputes = rows.filter(row => row.kind === 'dispute')
  // Less than nothing given back is something taken away: of the whole, as a decision about any other line.
  const waived = Math.max(0, sum(disputes.filter(row => row.about === 'reversal')))
  const decided = sum(disputes) - waived
  const booked = sum(rows.filter(row => row.kind === 'earned' || row.kind === 'adjustment'))
  const wanted = situation.stage === 'won' ? (target?.amount ?? 0) : booked
  const calculated = Math.max(wanted, -decided)
  const gross = calculated + decided
  const made: Difference[] = []
  if (!origin) {
    if (rows.length > 0) throw new Error(`${nameOf(group)} has corrections of nothing`)
    if (gross === 0) return []
    made.push({ ...group, kind: 'earned', amount: gross })
  } else if (calculated !== booked)
    made.push({
      ...group,
      kind: 'adjustment',
      amount: calculated - booked,
      booked,
      target: calculated,
      kept: calculated !== wanted,
    })
  const reversed = -sum(rows.filter(row => row.kind === 'reversal'))
  const standing = reversed - waived
  const clawbackUntil = origin ? origin.clawbackUntil : (target?.clawbackUntil ?? null)
  const { amount, all, ...taken } = takenBack(gross, standing, clawbackUntil, situation)
  // Between what reversals took and what of it still stands lies what disputes gave back: that is left as it was decided.
  const waives = waived > 0 && situation.stage !== 'removed'
  const from = waives && amount >= standing ? Math.min(amount, reversed) : standing
  if (amount === from) return made
  const corrected = origin !== undefined && calculated !== booked
  const because = all ? lossOf(situation.stage) : corrected ? 'corrected' : amount > from ? 'refund' : 'won_again'
  made.push({
    ...group,
    kind: 'reversal',
    amount: from - amount,
    taken: { ...taken, because, of: gross, before: from },
  })
  return made
}

function isCalculated(kind: CommissionKind): boolean {
  return kind === 'earned' || kind === 'adjustment' || kind === 'reversal'
}

/** What kind of line a dispute's row is about, maybe by way of another dispute; null where that is not the deal's. */
function disputedKind(row: BookedRow, lines: ReadonlyMap<string, BookedRow>): CommissionKind | null {
  let line: BookedRow | undefined = row
  while (line?.kind === 'dispute') line = line.originId === null ? undefined : lines.get(line.originId)
  return line?.kind ?? null
}

/** How much of a gross commission is to be taken back, all in all. */
function takenBack(
  gross: number,
  before: number,
  clawbackUntil: number | null,
  { stage, amount, refunds, now }: Situation,
): { amount: number; all: boolean; refunded: number; refundIds: string[]; late: string[] } {
  const inTime = (at: number) => stage === 'removed' || clawbackUntil === null || at <= clawbackUntil
  const counted = refunds.filter(refund => inTime(refund.at))
  const late = refunds.filter(refund => !inTime(refund.at)).map(refund => refund.id)
  const refunded = sum(counted)
  const share = refunded === 0 ? 0 : shareOf(gross, refunded, amount)
  const facts = { all: false, refunded, refundIds: counted.map(refund => refund.id), late }
  if (stage === 'won') return { ...facts, amount: share }
  if (inTime(now)) return { ...facts, all: true, amount: gross, refunded: amount }
  // Lost after the window, or before it ended and looked at again since: what was taken back then stays taken back.
  return { ...facts, amount: Math.min(Math.max(share, before), gross) }
}

function lossOf(stage: Situation['stage']): 'lost' | 'removed' | 'reopened' {
  return stage === 'lost' || stage === 'removed' ? stage : 'reopened'
}

function sum(rows: readonly { amount: number }[]): number {
  return rows.reduce((total, row) => total + row.amount, 0)
}
