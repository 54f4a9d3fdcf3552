import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import type { LosingRule } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { readDeals, readRules } from '../commissions/facts.ts'
import { matchRules, type Rule } from '../commissions/match.ts'
import { choose } from '../commissions/target.ts'
import { dealNumber } from '../deals/rules.ts'
import { type Cursor, decodeCursor, encodeCursor, type Page } from '../lib/page.ts'
import { dayOf } from '../lib/period.ts'

/** A won deal with partners that get nothing, because no rule and no default rate matched. Amounts in minor units. */
export interface Unmatched {
  deal: { id: string; number: string; name: string; amount: number; currency: string; closedAt: number }
  /** `amount`: what was credited. */
  partners: { id: string; name: string; amount: number }[]
  /** For the first of them: the rules of the program, and why each does not apply. */
  why: LosingRule[]
}

/** Won deals of one read, and reads of one page: a page looks at so many deals at most. */
const slice = 500
const slices = 20

/**
 * Won deals credited to partners that nothing pays for, the latest close first. A page may be short though more follow: `next` tells.
 * Only what was never booked is listed, and a rate of 0 % is a rule that matched.
 */
export async function listUnmatched(
  db: Drizzle,
  viewer: Viewer,
  { cursor, limit }: { cursor?: string; limit: number },
): Promise<Page<Unmatched>> {
  const scope = { tx: db, orgId: viewer.orgId }
  const rules = await readRules(scope)
  const rows: Unmatched[] = []
  let behind = decodeCursor(cursor)
  for (let read = 0; read < slices; read++) {
    const candidates = await db.all<Candidate>(sliceStatement(viewer.orgId, behind))
    const unpaid = candidates.filter(candidate => candidate.unpaid === 1)
    const facts = new Map(
      (
        await readDeals(
          scope,
          unpaid.map(one => one.id),
        )
      ).map(one => [one.deal.id, one]),
    )
    for (const candidate of candidates) {
      behind = [candidate.closedAt, candidate.id]
      const one = facts.get(candidate.id)
      const row = one && unmatchedOf(one, rules)
      if (row) rows.push(row)
      if (rows.length === limit) return { rows, next: encodeCursor(behind) }
    }
    if (candidates.length < slice) return { rows, next: null }
    await nextTurn()
  }
  return { rows, next: behind && encodeCursor(behind) }
}

interface Candidate {
  id: string
  closedAt: number
  /** Whether somebody with credit has no base commission. */
  unpaid: 0 | 1
}

function sliceStatement(orgId: string, behind: Cursor | null) {
  return sql`
    SELECT d.id AS id, d.closed_at AS closedAt, d.stage = 'won' AND EXISTS (
      SELECT 1 FROM attribution_credits c WHERE c.run_id = d.current_run_id AND c.bp > 0 AND NOT EXISTS (
        SELECT 1 FROM commissions k WHERE k.deal_id = d.id AND k.partner_id = c.partner_id AND k.stream = 'base' AND k.kind = 'earned')) AS unpaid
    FROM deals d
    WHERE d.org_id = ${orgId} AND d.closed_at IS NOT NULL AND d.removed_at IS NULL
      AND ${behind ? sql`(d.closed_at, d.id) < (${behind[0]}, ${behind[1]})` : sql`true`}
    ORDER BY d.closed_at DESC, d.id DESC LIMIT ${slice}`
}

function unmatchedOf(
  { deal, run, credits, booked, program }: Awaited<ReturnType<typeof readDeals>>[number],
  rules: readonly Rule[],
): Unmatched | null {
  if (!run || deal.closedAt === null) return null
  const closingDay = dayOf(deal.closedAt, program.timeZone)
  const matched = { ...deal, amount: run.amount, currency: run.currency, closingDay }
  const paid = new Set(booked.filter(row => row.kind === 'earned' && row.stream === 'base').map(row => row.partnerId))
  const partners = credits.flatMap(credit => {
    const partner = run.partners.find(seen => seen.id === credit.partnerId)
    if (!partner || paid.has(partner.id) || choose(rules, 'base', matched, partner)) return []
    return [{ partner, amount: credit.amount }]
  })
  const [first] = partners
  if (!first) return null
  return {
    deal: {
      id: deal.id,
      number: dealNumber(deal.number),
      name: deal.name,
      amount: run.amount,
      currency: run.currency,
      closedAt: deal.closedAt,
    },
    partners: partners.slice(0, 20).map(({ partner, amount }) => ({ id: partner.id, name: partner.name, amount })),
    why: matchRules(rules, 'base', matched, first.partner).losing,
  }
}
