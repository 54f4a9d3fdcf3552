import type { CommissionKind, DealStage, RuleStream } from '#db/schema/index.ts'
import { groupBy } from '../lib/group.ts'
import { shareOf } from '../lib/shares.ts'

/** What a commission is for: everything of one deal with the same three is one sum, whatever rows it was booked in. */
export interface GroupKey {
  partnerId: string
  stream: RuleStream
  installment: number
}

/** A row that is booked. Rows of other kinds (disputes, carries) stand on their own and are no part of the sum. */
export interface BookedRow extends GroupKey {
  id: string
  kind: CommissionKind
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

/** A row to be booked. `originId` null: the group's own first booking, which is among the rows. */
export type Difference = GroupKey & { originId: string | null; amount: number } & (
    | { kind: 'earned' }
    | { kind: 'adjustment'; booked: number; target: number }
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
 * A won deal's commissions come to the targets, less round(gross × refunds / deal) that was taken back (half-even, cumulative, so
 * that no cent is lost between two partial refunds). A deal that is not won keeps its gross, and all of it is taken back; won
 * again, that is given back. Refunds after a commission's clawback window take nothing back; neither does a loss or a reopening
 * after it, but what was taken back in time stays so. A removed deal takes back everything.
 */
export function differences(
  booked: readonly BookedRow[],
  targets: readonly Target[],
  situation: Situation,
): Difference[] {
  const rows = booked.filter(row => row.kind === 'earned' || row.kind === 'adjustment' || row.kind === 'reversal')
  const groups = groupBy(rows, nameOf)
  const wanted = new Map(targets.map(target => [nameOf(target), target]))
  if (wanted.size !== targets.length) throw new Error('a group has two targets')
  const names = new Set([...groups.keys(), ...(situation.stage === 'won' ? wanted.keys() : [])])
  return [...names].flatMap(name => groupDifferences(groups.get(name) ?? [], wanted.get(name), situation))
}

function nameOf({ partnerId, stream, installment }: GroupKey): string {
  return `${partnerId} ${stream} ${installment}`
}

function groupDifferences(rows: BookedRow[], target: Target | undefined, situation: Situation): Difference[] {
  const key = rows[0] ?? target
  if (!key) return []
  const { partnerId, stream, installment } = key
  const origin = rows.find(row => row.kind === 'earned')
  const group = { partnerId, stream, installment, originId: origin?.id ?? null }
  const booked = sum(rows.filter(row => row.kind !== 'reversal'))
  const gross = situation.stage === 'won' ? (target?.amount ?? 0) : booked
  const made: Difference[] = []
  if (!origin) {
    if (rows.length > 0) throw new Error(`${nameOf(group)} has corrections of nothing`)
    if (gross === 0) return []
    made.push({ ...group, kind: 'earned', amount: gross })
  } else if (gross !== booked)
    made.push({ ...group, kind: 'adjustment', amount: gross - booked, booked, target: gross })
  const before = -sum(rows.filter(row => row.kind === 'reversal'))
  const clawbackUntil = origin ? origin.clawbackUntil : (target?.clawbackUntil ?? null)
  const { amount, all, ...taken } = takenBack(gross, before, clawbackUntil, situation)
  if (amount === before) return made
  const corrected = origin !== undefined && gross !== booked
  const because = all ? lossOf(situation.stage) : corrected ? 'corrected' : amount > before ? 'refund' : 'won_again'
  made.push({
    ...group,
    kind: 'reversal',
    amount: before - amount,
    taken: { ...taken, because, of: gross, before },
  })
  return made
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
  return { ...facts, amount: Math.max(share, before) }
}

function lossOf(stage: Situation['stage']): 'lost' | 'removed' | 'reopened' {
  return stage === 'lost' || stage === 'removed' ? stage : 'reopened'
}

function sum(rows: readonly { amount: number }[]): number {
  return rows.reduce((total, row) => total + row.amount, 0)
}
