import { sql } from 'drizzle-orm'
import type { Conversion } from '#db/schema/index.ts'
import { bookDeals } from '../commissions/book.ts'
import { system, work } from '../work.ts'
import type { World } from './world.ts'

/** What rows alone can't show, since it is wrong in the same way everywhere: reckoned or read here on its own. */
export async function judgeDecisions(world: World): Promise<string[]> {
  return [
    ...(await judgeReleases(world)),
    ...(await judgePauses(world)),
    ...(await judgeHolds(world)),
    ...(await judgeDestinations(world)),
    ...(await judgeDisputes(world)),
    ...(await judgeConversions(world)),
    ...(await judgeEarnings(world)),
    ...(await judgeDeals(world)),
  ]
}

/** That no money moved is two people's word. */
async function judgeReleases({ db }: World): Promise<string[]> {
  const rows = await db.read.all<{ number: number; people: number }>(sql`
    SELECT p.number AS number, (SELECT count(DISTINCT r.user_id) FROM payout_releases r WHERE r.attempt_id = a.id) AS people
    FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id WHERE a.failure_code = 'released'`)
  return rows
    .filter(row => row.people < 2)
    .map(row => `payout ${row.number} was released by ${row.people} people, not by two`)
}

/** Nothing is sent for the first time while its company has stopped sending. The clock stands still for much: only times between count. */
async function judgePauses({ db }: World): Promise<string[]> {
  const entries = await db.read.all<{ org: string; action: string; at: number }>(sql`
    SELECT org_id AS org, action, at FROM audit
    WHERE action IN ('orgs.pauseTransfers', 'payout.incident', 'orgs.resumeTransfers') ORDER BY org_id, seq`)
  const sent = await db.read.all<{ org: string; number: number; at: number }>(sql`
    SELECT a.org_id AS org, p.number AS number, a.first_sent_at AS at
    FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id WHERE a.first_sent_at IS NOT NULL`)
  const since = new Map<string, number>()
  const problems: string[] = []
  const judge = (org: string, from: number, to: number) => {
    for (const one of sent)
      if (one.org === org && one.at > from && one.at < to)
        problems.push(`payout ${one.number} was sent while transfers were paused`)
  }
  for (const { org, action, at } of entries) {
    const from = since.get(org)
    if (action !== 'orgs.resumeTransfers') since.set(org, from ?? at)
    else if (from !== undefined) {
      judge(org, from, at)
      since.delete(org)
    }
  }
  for (const [org, from] of since) judge(org, from, Number.POSITIVE_INFINITY)
  return problems
}

/** Nothing is sent for the first time between a change of where it goes and the end of the hold. */
async function judgeHolds({ db }: World): Promise<string[]> {
  const rows = await db.read.all<{ number: number }>(sql`
    SELECT p.number AS number FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id JOIN partners r ON r.id = p.partner_id
    WHERE a.first_sent_at > r.destination_changed_at AND a.first_sent_at < r.hold_until`)
  return rows.map(row => `payout ${row.number} was sent while its partner was on hold`)
}

/** What was approved for one bank account is not sent to another, and does not stay approved. The clock may stand still: the log's order counts. */
async function judgeDestinations({ db }: World): Promise<string[]> {
  const rows = await db.read.all<{ number: number; what: string }>(sql`
    WITH relied AS (
      SELECT org_id, target_id AS payout_id, seq, 'sent' AS what FROM audit WHERE action = 'payouts.markPaid' AND after ->> '$.via' = 'stripe'
      UNION ALL SELECT org_id, id, 9007199254740991, 'still approved' FROM payouts WHERE status = 'approved')
    SELECT DISTINCT p.number AS number, u.what AS what FROM relied u JOIN payouts p ON p.id = u.payout_id
    JOIN audit s ON s.org_id = p.org_id AND s.target_type = 'partner' AND s.target_id = p.partner_id
    WHERE s.action = 'partner.synced' AND s.before ->> '$.destination' IS NOT s.after ->> '$.destination'
      AND s.seq < u.seq AND s.seq > (
        SELECT max(a.seq) FROM audit a WHERE a.org_id = p.org_id AND a.target_id = p.id AND a.seq < u.seq
          AND a.action = 'payouts.approve' AND a.after ->> '$.status' = 'approved')`)
  return rows.map(({ number, what }) => `payout ${number} is ${what} by an approval for another bank account`)
}

/** What a partner disputes goes into no payout before somebody has decided; a debt does, or whoever owes it could put it off. */
async function judgeDisputes({ db }: World): Promise<string[]> {
  const rows = await db.read.all<{ payout: number; commission: number }>(sql`
    SELECT p.number AS payout, c.number AS commission FROM payout_lines l
    JOIN payouts p ON p.id = l.payout_id JOIN commissions c ON c.id = l.commission_id AND c.amount > 0
    JOIN audit m ON m.org_id = p.org_id AND m.target_id = p.id AND m.action = 'payouts.create'
    JOIN disputes d ON d.commission_id = c.id
    JOIN audit o ON o.org_id = p.org_id AND o.target_id = d.id AND o.action = 'disputes.open' AND o.seq < m.seq
    WHERE NOT EXISTS (SELECT 1 FROM audit e WHERE e.org_id = p.org_id AND e.target_id = d.id AND e.seq < m.seq
      AND e.action IN ('disputes.resolve', 'disputes.withdraw'))`)
  return rows.map(row => `payout ${row.payout} took commission ${row.commission} while it was disputed`)
}

const decimals = (currency: string) => (currency === 'JPY' ? 0 : 2)

/** The rate that is printed beside a line multiplies out. */
async function judgeConversions({ db }: World): Promise<string[]> {
  const rows = await db.read.all<{ number: number; conversion: string }>(sql`
    SELECT p.number AS number, l.conversion AS conversion FROM payout_lines l JOIN payouts p ON p.id = l.payout_id
    WHERE l.conversion IS NOT NULL`)
  return rows.flatMap(({ number, conversion }) => {
    const { from, to, rate } = JSON.parse(conversion) as Conversion
    const due = from.amount * Number(rate) * 10 ** (decimals(to.currency) - decimals(from.currency))
    if (Math.abs(to.amount - due) <= 0.5 + Math.abs(due) * 1e-9) return []
    return `payout ${number} has ${from.amount} ${from.currency} at ${rate} as ${to.amount} ${to.currency}`
  })
}

/** The one rule that both companies have: an eighth of what a partner is credited. */
const rate = 0.125

interface Earned {
  deal: string
  stage: string
  amount: number
  refunded: number
  partner: string
  credit: number
  booked: number
}

/** Credit comes to the deal, and commissions to an eighth of it, less the part that was refunded; where nobody decided otherwise. */
async function judgeEarnings({ db }: World): Promise<string[]> {
  const shared = await db.read.all<{ deal: string; amount: number; credited: number }>(sql`
    SELECT d.number || ' of ' || o.name AS deal, r.amount AS amount, sum(c.amount) AS credited
    FROM deals d JOIN organizations o ON o.id = d.org_id JOIN attribution_runs r ON r.id = d.current_run_id
    JOIN attribution_credits c ON c.run_id = r.id GROUP BY d.id HAVING sum(c.amount) <> r.amount OR sum(c.bp) <> 10000`)
  const earned = await db.read.all<Earned>(sql`
    SELECT d.number || ' of ' || o.name AS deal, d.stage AS stage, d.amount AS amount, d.refunded AS refunded, p.name AS partner,
      coalesce((SELECT c.amount FROM attribution_credits c WHERE c.run_id = d.current_run_id AND c.partner_id = p.id), 0) AS credit,
      coalesce((SELECT sum(m.amount) FROM commissions m WHERE m.deal_id = d.id AND m.partner_id = p.id), 0) AS booked
    FROM deals d JOIN organizations o ON o.id = d.org_id JOIN partners p ON p.org_id = d.org_id
    WHERE NOT EXISTS (SELECT 1 FROM commissions m WHERE m.deal_id = d.id AND m.kind = 'dispute')`)
  return [
    ...shared.map(one => `deal ${one.deal} is of ${one.amount}, and ${one.credited} of it is credited`),
    ...earned.flatMap(({ deal, stage, amount, refunded, partner, credit, booked }) => {
      const due = stage === 'won' ? credit * rate * (1 - refunded / Math.max(amount, 1)) : 0
      // Earned and taken back are each rounded to a cent.
      if (Math.abs(booked - due) <= 1) return []
      return [`${partner} has ${booked} for deal ${deal}, and should have ${due}`]
    }),
  ]
}

/** Deals are booked to the end: asked again, nothing is missing and nothing too much. */
async function judgeDeals({ db, desk, companies }: World): Promise<string[]> {
  const problems: string[] = []
  for (const { org } of companies) {
    const deals = await db.read.all<{ id: string }>(sql`SELECT id FROM deals WHERE org_id = ${org.id} ORDER BY id`)
    if (deals.length === 0) continue
    const ids = deals.map(deal => deal.id)
    const { booked } = await work(desk.deps, { orgId: org.id, actor: system }, unit => bookDeals(unit, ids, 'a look'))
    if (booked > 0)
      problems.push(`the deals of ${org.name} wanted ${booked} more commissions when they were looked at again`)
  }
  return problems
}
