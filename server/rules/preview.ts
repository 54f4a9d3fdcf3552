import { setImmediate as nextTurn } from 'node:timers/promises'
import { and, asc, eq, gt, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import {
  attributionCredits,
  attributionRuns,
  commissionRules,
  deals,
  programs,
  ruleVersions,
} from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { calculate } from '../commissions/calculate.ts'
import { readRules, toRule } from '../commissions/facts.ts'
import type { Rule } from '../commissions/match.ts'
import { choose } from '../commissions/target.ts'
import { dealNumber } from '../deals/rules.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { dayOf } from '../lib/period.ts'

const dayMs = 24 * 60 * 60_000
export const previewDays = 90
/** Deals of one read. */
const pageSize = 300
/** So many partners and deals are shown; the totals are of all. */
const shown = 100

/** In minor units of a currency: what the rules in force pay, and what they would with the draft. */
export interface Change {
  currency: string
  before: number
  after: number
}

export interface Preview {
  /** Won deals of the last 90 days that were looked at, and how many of them would pay something else. */
  deals: number
  affected: number
  totals: Change[]
  /** Who gains most and who loses most first; those with no difference are left out. */
  partners: (Change & { id: string; name: string })[]
  gainers: number
  losers: number
  /** The deals with the largest differences, of one currency each. */
  examples: (Change & { id: string; number: string; name: string })[]
}

/**
 * What a draft would have paid on the deals won in the last 90 days, against the rules in force then: by the same functions that
 * book, writing nothing. The draft counts as in force on all of these days, whenever it is to begin. A recurring rule counts with all
 * its months. Nothing of this is paid: what is booked stays booked.
 */
export async function previewDraft(db: Drizzle, viewer: Viewer, ruleVersionId: string, now: number): Promise<Preview> {
  const [found] = await db
    .select({ version: ruleVersions, rule: commissionRules })
    .from(ruleVersions)
    .innerJoin(commissionRules, eq(commissionRules.id, ruleVersions.ruleId))
    .where(and(eq(ruleVersions.id, ruleVersionId), eq(ruleVersions.orgId, viewer.orgId)))
  if (!found) throw notFound('rule')
  if (found.version.status !== 'draft')
    throw new DomainError('INVALID', 'Only a draft can be previewed: this version is published or discarded.')
  const draft = { ...toRule(found.version, found.rule, now), effectiveFrom: '0001-01-01', effectiveTo: null }
  const published = await readRules({ tx: db, orgId: viewer.orgId })
  const sums = new Sums()
  for await (const page of wonDeals(db, viewer.orgId, draft.programId, now - previewDays * dayMs)) {
    for (const deal of page) sums.add(deal, changesOf(deal, draft.stream, published, [...published, draft]))
    await nextTurn()
  }
  return sums.preview()
}

export interface CreditedDeal {
  deal: typeof deals.$inferSelect
  timeZone: string
  run: Pick<typeof attributionRuns.$inferSelect, 'id' | 'amount' | 'currency' | 'partners'>
  credits: { partnerId: string; bp: number; amount: number }[]
}

/** Won deals with their current attribution, from the first that closed after `since` (UTC milliseconds), page by page. */
export async function* wonDeals(
  db: Drizzle,
  orgId: string,
  programId: string | null,
  since: number,
): AsyncGenerator<CreditedDeal[]> {
  let after = { at: since, id: '' }
  for (;;) {
    const rows = await db
      .select({
        deal: deals,
        timeZone: programs.timeZone,
        run: {
          id: attributionRuns.id,
          amount: attributionRuns.amount,
          currency: attributionRuns.currency,
          partners: attributionRuns.partners,
        },
      })
      .from(deals)
      .innerJoin(programs, eq(programs.id, deals.programId))
      .innerJoin(attributionRuns, eq(attributionRuns.id, deals.currentRunId))
      .where(
        and(
          eq(deals.orgId, orgId),
          isNotNull(deals.closedAt),
          isNull(deals.removedAt),
          sql`+${deals.stage} = 'won'`,
          after.id === ''
            ? gt(deals.closedAt, after.at)
            : sql`(${deals.closedAt}, ${deals.id}) > (${after.at}, ${after.id})`,
          programId === null ? undefined : sql`+${deals.programId} = ${programId}`,
        ),
      )
      .orderBy(asc(deals.closedAt), asc(deals.id))
      .limit(pageSize)
    const credits = await creditsOf(
      db,
      rows.map(row => row.run.id),
    )
    yield rows.map(row => ({ ...row, credits: credits.get(row.run.id) ?? [] }))
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = { at: last.deal.closedAt ?? 0, id: last.deal.id }
  }
}

export async function creditsOf(db: Drizzle, runIds: string[]) {
  const rows = await db
    .select({
      runId: attributionCredits.runId,
      partnerId: attributionCredits.partnerId,
      bp: attributionCredits.bp,
      amount: attributionCredits.amount,
    })
    .from(attributionCredits)
    .where(sql`${attributionCredits.runId} IN (SELECT value FROM json_each(${JSON.stringify(runIds)}))`)
    .orderBy(attributionCredits.runId, attributionCredits.position)
  return groupBy(rows, row => row.runId)
}

interface PartnerChange {
  partnerId: string
  name: string
  before: number
  after: number
}

function changesOf(one: CreditedDeal, stream: Rule['stream'], before: Rule[], after: Rule[]): PartnerChange[] {
  const { deal, run, credits, timeZone } = one
  const partners = new Map(run.partners.map(partner => [partner.id, partner]))
  const matched = {
    ...deal,
    amount: run.amount,
    currency: run.currency,
    closingDay: dayOf(deal.closedAt ?? 0, timeZone),
  }
  const bps = credits.map(credit => credit.bp)
  return credits.flatMap(({ partnerId, bp, amount }, index) => {
    const partner = partners.get(partnerId)
    if (!partner) return []
    const earned = (rules: Rule[]) => {
      const chosen = choose(rules, stream, matched, partner)
      if (!chosen) return 0
      return (
        calculate({ bp, amount, of: run.amount, among: { bps, index } }, chosen.rule, chosen.defaultRateBp).amount *
        (chosen.rule?.months ?? 1)
      )
    }
    return [{ partnerId, name: partner.name, before: earned(before), after: earned(after) }]
  })
}

class Sums {
  #deals = 0
  #affected = 0
  readonly #totals = new Map<string, Change>()
  readonly #partners = new Map<string, Preview['partners'][number]>()
  #examples: Preview['examples'] = []

  add({ deal, run: { currency } }: CreditedDeal, changes: PartnerChange[]): void {
    this.#deals++
    let before = 0
    let after = 0
    for (const change of changes) {
      before += change.before
      after += change.after
      const key = `${change.partnerId} ${currency}`
      const partner = this.#partners.get(key) ?? {
        id: change.partnerId,
        name: change.name,
        currency,
        before: 0,
        after: 0,
      }
      partner.before += change.before
      partner.after += change.after
      this.#partners.set(key, partner)
    }
    const total = this.#totals.get(currency) ?? { currency, before: 0, after: 0 }
    total.before += before
    total.after += after
    this.#totals.set(currency, total)
    if (!changes.some(change => change.before !== change.after)) return
    this.#affected++
    this.#examples.push({ id: deal.id, number: dealNumber(deal.number), name: deal.name, currency, before, after })
    if (this.#examples.length > 4 * shown) this.#examples = largest(this.#examples, shown)
  }

  preview(): Preview {
    const changed = [...this.#partners.values()].filter(partner => partner.before !== partner.after)
    return {
      deals: this.#deals,
      affected: this.#affected,
      totals: [...this.#totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)),
      partners: largest(changed, shown),
      gainers: changed.filter(partner => partner.after > partner.before).length,
      losers: changed.filter(partner => partner.after < partner.before).length,
      examples: largest(this.#examples, 10),
    }
  }
}

function largest<T extends Change>(changes: T[], count: number): T[] {
  return [...changes].sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before)).slice(0, count)
}
