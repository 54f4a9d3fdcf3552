import { and, eq, gt, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { authorizations, dailyLimits, type LimitedAct } from '#db/schema/index.ts'
import { formatMoney } from '../lib/money.ts'
import { formatDateTime } from '../lib/period.ts'
import type { Work } from '../work.ts'
import type { Blocker } from './blockers.ts'
import type { Payout } from './facts.ts'

/** Limits hold for any 24 hours, wherever they begin: there is no midnight to wait for (milliseconds). */
export const windowMs = 24 * 60 * 60_000

const verbs: Record<LimitedAct, string> = { approve: 'approve', pay: 'send' }

type Counted = Pick<Payout, 'id' | 'amount' | 'currency'>

/** What one person may still approve, or send. */
export interface Allowance {
  /** What stands against this payout, and what clears it; null if nothing does. */
  refuses(payout: Counted): Blocker | null
  /** Counts it: the next ones have less left. */
  count(payout: Counted): void
}

/**
 * What a person has left of the organization's limits, from what they answered for within the last 24 hours: every payout, whether it
 * was voided since or not, once, at the largest amount they answered for. Splitting a payout, or approving it again, changes nothing.
 * Inside the transaction that approves, since only there nobody else can be faster.
 */
export async function readAllowance(
  db: Drizzle | Tx,
  who: { orgId: string; userId: string; now: number; timeZone: string },
  act: LimitedAct,
): Promise<Allowance> {
  const { orgId, userId, now, timeZone } = who
  const limits = await db
    .select()
    .from(dailyLimits)
    .where(and(eq(dailyLimits.orgId, orgId), eq(dailyLimits.act, act)))
  const used = limits.length === 0 ? [] : await answeredFor(db, who, act)
  const own = limits.flatMap(limit => {
    const { amount, since } = boundBy(limit, userId, now)
    if (amount === null) return []
    const counted = new Map(used.filter(one => one.currency === limit.currency).map(one => [one.payoutId, one]))
    return [{ currency: limit.currency, amount, since, counted, total: sumOf(counted.values()) }]
  })
  const byCurrency = new Map(own.map(limit => [limit.currency, limit]))
  const costOf = (payout: Counted) =>
    Math.max(0, payout.amount - (byCurrency.get(payout.currency)?.counted.get(payout.id)?.amount ?? 0))

  return {
    refuses(payout) {
      const limit = byCurrency.get(payout.currency)
      const excess = limit ? limit.total + costOf(payout) - limit.amount : 0
      if (!limit || excess <= 0) return null
      const money = (amount: number) => formatMoney(amount, payout.currency, { code: true })
      const most = `One person may ${verbs[act]} at most ${money(limit.amount)} within 24 hours`
      const blocker = (message: string, label: string, who: Blocker['clears']['who'], until?: number): Blocker => ({
        ...{ code: 'daily_limit', message, clears: { who, label, to: who === 'admin' ? 'settings' : null } },
        ...(until === undefined ? {} : { until }),
      })
      if (limit.since !== null && payout.amount > limit.amount)
        return blocker(
          `You raised this limit yourself: for you the earlier one, ${money(limit.amount)} within 24 hours, holds until ${formatDateTime(limit.since, timeZone)}.`,
          `Another ${act === 'approve' ? 'approver' : 'person'} can ${verbs[act]} it now`,
          'approver',
          limit.since,
        )
      if (payout.amount > limit.amount)
        return blocker(`${most}, and this is more.`, 'An owner can raise the limit under Settings', 'admin')
      const until = freeAt([...limit.counted.values()], excess, payout.id)
      return blocker(
        `${most}, and you have ${act === 'approve' ? 'approved' : 'sent'} ${money(limit.total)} of it.`,
        `Another ${act === 'approve' ? 'approver' : 'person'} can ${verbs[act]} it, or you after ${formatDateTime(until, timeZone)}`,
        'approver',
        until,
      )
    },
    count(payout) {
      const limit = byCurrency.get(payout.currency)
      if (!limit) return
      limit.total += costOf(payout)
      const amount = Math.max(payout.amount, limit.counted.get(payout.id)?.amount ?? 0)
      limit.counted.set(payout.id, { payoutId: payout.id, currency: payout.currency, amount, last: now })
    },
  }
}

/** Writes down what somebody answers for: `readAllowance` counts exactly these rows. Amounts in minor units. */
export async function recordAuthorizations(work: Work, act: LimitedAct, payouts: Counted[]): Promise<void> {
  if (payouts.length === 0) return
  const rows = payouts.map(({ id, amount, currency }) => ({ id: work.id('aut'), payoutId: id, amount, currency }))
  await work.tx.run(sql`
    INSERT INTO authorizations (id, org_id, user_id, act, payout_id, amount, currency, at)
    SELECT value ->> 'id', ${work.orgId}, ${work.actor.id}, ${act}, value ->> 'payoutId', value ->> 'amount', value ->> 'currency', ${work.at}
    FROM json_each(${JSON.stringify(rows)})`)
}

interface Answered {
  payoutId: string
  currency: string
  amount: number
  /** When they last answered for it: from a day after that it no longer counts. */
  last: number
}

function answeredFor(
  db: Drizzle | Tx,
  { orgId, userId, now }: { orgId: string; userId: string; now: number },
  act: LimitedAct,
): Promise<Answered[]> {
  return db
    .select({
      payoutId: authorizations.payoutId,
      currency: authorizations.currency,
      amount: sql<number>`max(${authorizations.amount})`,
      last: sql<number>`max(${authorizations.at})`,
    })
    .from(authorizations)
    .where(
      and(
        eq(authorizations.orgId, orgId),
        eq(authorizations.userId, userId),
        eq(authorizations.act, act),
        gt(authorizations.at, now - windowMs),
      ),
    )
    .groupBy(authorizations.payoutId, authorizations.currency)
}

/** What holds for this person: whoever raised a limit has the new one a day later, so nobody lifts their own at will. */
function boundBy(
  limit: typeof dailyLimits.$inferSelect,
  userId: string,
  now: number,
): { amount: number | null; since: number | null } {
  const { amount, raisedBy, raisedFrom, raisedAt } = limit
  const raisedLately = raisedBy === userId && raisedFrom !== null && raisedAt !== null && now < raisedAt + windowMs
  if (!raisedLately || (amount !== null && amount <= raisedFrom)) return { amount, since: null }
  return { amount: raisedFrom, since: raisedAt + windowMs }
}

/** When so much of what counts now no longer does (UTC milliseconds). */
function freeAt(counted: Answered[], excess: number, payoutId: string): number {
  let freed = 0
  // What was counted of this payout itself is replaced, and frees nothing.
  const others = counted.filter(one => one.payoutId !== payoutId).sort((a, b) => a.last - b.last)
  for (const one of others) {
    freed += one.amount
    if (freed >= excess) return one.last + windowMs
  }
  throw new Error('a payout within the limit has to fit once everything else is forgotten')
}

function sumOf(rows: Iterable<Answered>): number {
  let sum = 0
  for (const { amount } of rows) sum += amount
  return sum
}
