import { and, asc, eq, isNotNull } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { dailyLimits, type LimitedAct } from '#db/schema/index.ts'
import { windowMs } from '../payouts/limits.ts'
import type { Work } from '../work.ts'

/** The most that one person may approve, or send, within 24 hours; `amount` in minor units. */
export interface DailyLimit {
  act: LimitedAct
  currency: string
  amount: number
}

/** The limits that hold, by act and currency. */
export async function readDailyLimits(db: Drizzle | Tx, orgId: string): Promise<DailyLimit[]> {
  const rows = await db
    .select({ act: dailyLimits.act, currency: dailyLimits.currency, amount: dailyLimits.amount })
    .from(dailyLimits)
    .where(and(eq(dailyLimits.orgId, orgId), isNotNull(dailyLimits.amount)))
    .orderBy(asc(dailyLimits.act), asc(dailyLimits.currency))
  return rows.map(row => ({ ...row, amount: row.amount ?? 0 }))
}

/**
 * Makes these the limits. One that is raised or taken away is so at once for everybody but whoever did it, who is bound by the
 * earlier one for another day: a single person with the owner's password can't lift their own limit and use it.
 */
export async function writeDailyLimits(work: Work, wanted: DailyLimit[]): Promise<void> {
  const known = await work.tx.select().from(dailyLimits).where(eq(dailyLimits.orgId, work.orgId))
  const keyOf = ({ act, currency }: Pick<DailyLimit, 'act' | 'currency'>) => `${act} ${currency}`
  const before = new Map(known.map(row => [keyOf(row), row]))
  const after = new Map(wanted.map(row => [keyOf(row), row.amount]))
  for (const { act, currency } of new Map([...known, ...wanted].map(row => [keyOf(row), row])).values()) {
    const key = keyOf({ act, currency })
    const was = before.get(key)
    const amount = after.get(key) ?? null
    if (amount === (was?.amount ?? null)) continue
    const raised = was?.amount != null && (amount === null || amount > was.amount)
    const set = { amount, ...(raised ? raiseOf(work, was, was.amount ?? 0) : {}) }
    await work.tx
      .insert(dailyLimits)
      .values({ orgId: work.orgId, act, currency, ...set })
      .onConflictDoUpdate({ target: [dailyLimits.orgId, dailyLimits.act, dailyLimits.currency], set })
  }
}

/** Raised in several steps by the same person, it still is raised from where it began. */
function raiseOf(work: Work, was: typeof dailyLimits.$inferSelect, from: number) {
  const again = was.raisedBy === work.actor.id && was.raisedAt !== null && work.at < was.raisedAt + windowMs
  return {
    raisedFrom: again ? Math.min(from, was.raisedFrom ?? from) : from,
    raisedBy: work.actor.id,
    raisedAt: work.at,
  }
}
