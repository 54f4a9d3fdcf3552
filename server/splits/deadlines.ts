import { and, eq, lt, sql } from 'drizzle-orm'
import { dealSplits } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { system, type Work, work } from '../work.ts'
import { splitMachine } from './rules.ts'
import { change, invitedTo, target, tellPartner } from './service.ts'

/** Ends negotiations whose deadline has passed: the model decides. Safe to call as often as one likes. Returns how many ended. */
export async function expireSplits(deps: Deps): Promise<number> {
  const due = await deps.db.read
    .select({ id: dealSplits.id, orgId: dealSplits.orgId })
    .from(dealSplits)
    .where(and(sql`${dealSplits.status} IN ('open', 'accepted')`, lt(dealSplits.deadline, deps.clock.now())))
  let count = 0
  for (const { id, orgId } of due) if (await work(deps, { orgId, actor: system }, unit => expireOne(unit, id))) count++
  return count
}

/** Read again inside the change: it may have been withdrawn, or ended by another run. */
async function expireOne(unit: Work, splitId: string): Promise<boolean> {
  const [row] = await unit.tx
    .select()
    .from(dealSplits)
    .where(and(eq(dealSplits.id, splitId), eq(dealSplits.orgId, unit.orgId)))
  if (!row || !splitMachine.allows('expire', row.status) || row.deadline >= unit.at) return false
  await change(unit, row, { status: 'expired' })
  unit.audit({
    action: 'split.expired',
    target: target(row),
    before: { status: row.status },
    after: { status: 'expired' },
  })
  for (const partnerId of await invitedTo(unit, row)) tellPartner(unit, 'splitExpired', row, partnerId)
  return true
}
