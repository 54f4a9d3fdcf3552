import { type RuleStream, ruleRematches, ruleStreams } from '#db/schema/index.ts'
import { must } from '../lib/must.ts'
import { dayOf } from '../lib/period.ts'
import type { Work } from '../work.ts'
import type { DealFacts } from './facts.ts'
import type { Rule } from './match.ts'
import { choose } from './target.ts'

/**
 * Matches the rules in force at a won deal's close again, for the deal as it is now, and keeps the answer for every partner that is
 * credited: from here on it decides, instead of what a partner was first booked by. Books nothing itself.
 * @returns the facts with these decisions
 */
export async function rematch(
  work: Work,
  facts: DealFacts,
  rules: readonly Rule[],
  reason: string,
): Promise<DealFacts> {
  const { deal, program, credits } = facts
  const run = must(facts.run, `deal ${deal.id} is won without an attribution`)
  const matched = {
    ...deal,
    amount: run.amount,
    currency: run.currency,
    closingDay: dayOf(must(deal.closedAt, `deal ${deal.id} is won on no day`), program.timeZone),
  }
  const decisions = credits.flatMap(({ partnerId }) => {
    const partner = must(
      run.partners.find(one => one.id === partnerId),
      `run ${run.id} credits ${partnerId}, which it did not see`,
    )
    return ruleStreams.map(stream => {
      const chosen = choose(rules, stream, matched, partner)
      return {
        ...{ id: work.id('rmt'), orgId: work.orgId, dealId: deal.id, partnerId, stream, reason },
        number: numberOf(facts, partnerId, stream),
        ruleVersionId: chosen?.rule?.id ?? null,
        defaultRateBp: chosen?.defaultRateBp ?? null,
        losing: chosen?.losing ?? [],
        createdBy: work.actor.id,
        createdAt: work.at,
      }
    })
  })
  if (decisions.length === 0) return facts
  await work.tx.insert(ruleRematches).values(decisions)
  work.audit({
    action: 'commissions.rematch',
    target: { type: 'deal', id: deal.id },
    after: {
      reason,
      decisions: decisions.map(({ partnerId, stream, ruleVersionId, defaultRateBp }) => ({
        ...{ partnerId, stream, ruleVersionId, defaultRateBp },
        before: facts.booked.find(
          row => row.partnerId === partnerId && row.stream === stream && row.kind === 'earned' && row.installment === 1,
        )?.ruleVersionId,
      })),
    },
  })
  return { ...facts, rematches: [...facts.rematches, ...decisions] }
}

function numberOf({ rematches }: DealFacts, partnerId: string, stream: RuleStream): number {
  return rematches.filter(row => row.partnerId === partnerId && row.stream === stream).length + 1
}
