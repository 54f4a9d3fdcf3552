import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import {
  attributionCredits,
  attributionRuns,
  commissionRules,
  commissionSchedules,
  commissions,
  deals,
  programs,
  refunds,
  ruleRematches,
  ruleVersions,
} from '#db/schema/index.ts'
import { groupBy } from '../lib/group.ts'
import type { Rule } from './match.ts'

/** All that a deal's commissions follow from, and what is booked of them. */
export interface DealFacts {
  deal: typeof deals.$inferSelect
  program: { timeZone: string }
  /** Null until it is won for the first time. */
  run: typeof attributionRuns.$inferSelect | null
  credits: (typeof attributionCredits.$inferSelect)[]
  refunds: { id: string; amount: number; at: number }[]
  booked: (typeof commissions.$inferSelect)[]
  schedules: (typeof commissionSchedules.$inferSelect)[]
  /** Decisions to match the rules again, the newest last. */
  rematches: (typeof ruleRematches.$inferSelect)[]
}

interface Scope {
  tx: Drizzle | Tx
  orgId: string
}

/** Reads many deals in a handful of statements. Foreign and unknown ids are left out. */
export async function readDeals({ tx, orgId }: Scope, dealIds: readonly string[]): Promise<DealFacts[]> {
  const ids = sql`(SELECT value FROM json_each(${JSON.stringify(dealIds)}))`
  const found = await tx
    .select({ deal: deals, timeZone: programs.timeZone, run: attributionRuns })
    .from(deals)
    .innerJoin(programs, eq(programs.id, deals.programId))
    .leftJoin(attributionRuns, eq(attributionRuns.id, deals.currentRunId))
    .where(and(inArray(deals.id, ids), eq(deals.orgId, orgId)))
  const runIds = JSON.stringify(found.flatMap(row => row.run?.id ?? []))
  const credits = await tx
    .select()
    .from(attributionCredits)
    .where(sql`${attributionCredits.runId} IN (SELECT value FROM json_each(${runIds}))`)
    .orderBy(attributionCredits.runId, attributionCredits.position)
  const given = await tx
    .select({ id: refunds.id, dealId: refunds.dealId, amount: refunds.amount, at: refunds.at })
    .from(refunds)
    .where(sql`${refunds.dealId} IN ${ids}`)
    .orderBy(refunds.dealId, refunds.at, refunds.id)
  const booked = await tx
    .select()
    .from(commissions)
    .where(
      and(
        sql`${commissions.dealId} IN ${ids}`,
        sql`+${commissions.orgId} = ${orgId}`,
        inArray(commissions.kind, ['earned', 'adjustment', 'reversal', 'dispute']),
      ),
    )
    .orderBy(commissions.dealId, commissions.createdAt, commissions.number)
  const schedules = await tx.select().from(commissionSchedules).where(sql`${commissionSchedules.dealId} IN ${ids}`)
  const rematches = await tx
    .select()
    .from(ruleRematches)
    .where(sql`${ruleRematches.dealId} IN ${ids}`)
    .orderBy(ruleRematches.dealId, ruleRematches.number)
  const byDeal = {
    rematches: groupBy(rematches, row => row.dealId),
    credits: groupBy(credits, row => row.dealId),
    refunds: groupBy(given, row => row.dealId),
    booked: groupBy(booked, row => row.dealId),
    schedules: groupBy(schedules, row => row.dealId),
  }
  return found.map(({ deal, timeZone, run }) => ({
    deal,
    program: { timeZone },
    run,
    credits: byDeal.credits.get(deal.id) ?? [],
    refunds: byDeal.refunds.get(deal.id) ?? [],
    booked: byDeal.booked.get(deal.id) ?? [],
    schedules: byDeal.schedules.get(deal.id) ?? [],
    rematches: byDeal.rematches.get(deal.id) ?? [],
  }))
}

/** Every published version of the organization's rules; which one governs a day is `matchRules`' business. */
export async function readRules({ tx, orgId }: Scope): Promise<Rule[]> {
  const rows = await tx
    .select({ version: ruleVersions, rule: commissionRules })
    .from(ruleVersions)
    .innerJoin(commissionRules, eq(commissionRules.id, ruleVersions.ruleId))
    .where(and(eq(ruleVersions.orgId, orgId), eq(ruleVersions.status, 'published')))
  return rows.map(({ version, rule }) => toRule(version, rule))
}

/** A version with its rule's name; one that isn't published counts as published at `publishedAt` (UTC milliseconds). */
export function toRule(
  version: typeof ruleVersions.$inferSelect,
  rule: Pick<typeof commissionRules.$inferSelect, 'name' | 'stream' | 'programId'>,
  publishedAt = 0,
): Rule {
  const { name, stream, programId } = rule
  return { ...version, name, stream, programId, publishedAt: version.publishedAt ?? publishedAt }
}
