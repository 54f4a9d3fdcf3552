import { and, desc, eq, sql } from 'drizzle-orm'
import { audit, payouts } from '#db/schema/index.ts'
import { DomainError } from '../lib/errors.ts'
import type { Work } from '../work.ts'
import type { Payout } from './facts.ts'
import { followPayouts } from './lines.ts'
import { type PayoutAction, type PayoutStatus, payoutMachine, payoutNumber, statusLabels } from './rules.ts'

type Column = Exclude<keyof Payout, 'id' | 'orgId' | 'status' | 'version' | 'updatedAt'>

/** One payout's step: the version it was read at, where it goes, and what else changes with it. */
export interface Move {
  id: string
  version: number
  to: PayoutStatus
  set?: Partial<Pick<Payout, Column>>
}

/**
 * The only line that writes `payouts.status`. Moves many in one statement, each only from a status that the action allows and
 * only at the version that was read; raises every version by one. All moves of a call set the same columns.
 * @returns the ids that moved; what is missing was changed by someone else meanwhile
 */
export async function transition(work: Work, action: PayoutAction, moves: Move[]): Promise<Set<string>> {
  const columns = Object.keys(moves[0]?.set ?? {}) as Column[]
  const step = payoutMachine.table[action]
  const assignments = columns.map(column => sql`${sql.identifier(payouts[column].name)} = j.${sql.identifier(column)}`)
  const fields = columns.map(column => sql`value ->> ${`$.set.${column}`} AS ${sql.identifier(column)}`)
  // The plus signs keep the planner from walking all of an organization's payouts for each move: it looks each up by its id.
  const rows = await work.tx.all<{ id: string }>(sql`
    UPDATE payouts SET ${sql.join([sql`status = j.next`, sql`version = payouts.version + 1`, sql`updated_at = ${work.at}`, ...assignments], sql`, `)}
    FROM (SELECT ${sql.join([sql`value ->> '$.id' AS move`, sql`value ->> '$.version' AS seen`, sql`value ->> '$.to' AS next`, ...fields], sql`, `)}
          FROM json_each(${JSON.stringify(moves)})) AS j
    WHERE payouts.id = j.move AND +payouts.org_id = ${work.orgId} AND +payouts.version = j.seen
      AND +payouts.status IN (SELECT value FROM json_each(${JSON.stringify(step.from)}))
    RETURNING payouts.id AS id`)
  const moved = new Set(rows.map(row => row.id))
  await followPayouts(
    work,
    moves.filter(move => moved.has(move.id)),
  )
  return moved
}

/** `transition` for one payout; CONFLICT with what happened and by whom if someone was faster. */
export async function transitionOne(
  work: Work,
  action: PayoutAction,
  payout: Payout,
  to: PayoutStatus,
  set: Move['set'] = {},
): Promise<void> {
  const moved = await transition(work, action, [{ id: payout.id, version: payout.version, to, set }])
  if (!moved.has(payout.id)) throw await conflict(work, payout.id)
}

/** Refuses an action that the payout's status, or a newer version than the caller saw, doesn't allow. */
export async function expectStatus(
  work: Work,
  payout: Payout,
  action: PayoutAction,
  version: number | undefined,
): Promise<void> {
  if (!payoutMachine.allows(action, payout.status)) throw await conflict(work, payout.id)
  if (version !== undefined && version !== payout.version) throw await conflict(work, payout.id)
}

/** The sentence for the slower of two people. */
export async function conflict(work: Work, payoutId: string): Promise<DomainError> {
  const [now] = await work.tx
    .select({ status: payouts.status, number: payouts.number })
    .from(payouts)
    .where(and(eq(payouts.id, payoutId), eq(payouts.orgId, work.orgId)))
  const [last] = await work.tx
    .select({ actor: audit.actorName, action: audit.action })
    .from(audit)
    .where(and(eq(audit.orgId, work.orgId), eq(audit.targetType, 'payout'), eq(audit.targetId, payoutId)))
    .orderBy(desc(audit.seq))
    .limit(1)
  if (!now) return new DomainError('NOT_FOUND', "We couldn't find that payout.")
  const done = last ? `: ${last.actor} ${pastOf(last.action)}` : ''
  return new DomainError(
    'CONFLICT',
    `${payoutNumber(now.number)} has moved on${done}. It is ${statusLabels[now.status].label.toLowerCase()} now, and nothing was changed.`,
  )
}

function pastOf(action: string): string {
  const words: Record<string, string> = {
    'payouts.create': 'created it',
    'payouts.update': 'edited it',
    'payouts.approve': 'approved it',
    'payouts.reject': 'rejected it',
    'payouts.unapprove': 'sent it back for approval',
    'payouts.markPaid': 'marked it paid',
    'payouts.cancel': 'canceled it',
    'payouts.release': 'released it',
  }
  return words[action] ?? 'changed it'
}
