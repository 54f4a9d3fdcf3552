import { sql } from 'drizzle-orm'
import { commissions, payouts } from '#db/schema/index.ts'
import { aDeal } from '../deals/testing.ts'
import { aCommission } from '../test/factories.ts'
import { aCompany, as, type Company } from './races-company.ts'
import { oneWins, onlyRefusals, type SetUp } from './races-run.ts'

// 2 March 2026: February is over.
const period = '2026-02'
const february = Date.UTC(2026, 1, 10)

async function aPlannedRun(company: Company) {
  const { deps, partner, manager } = company
  await aCommission(deps, { partner, amount: 30_000, releaseAt: february, period })
  return (await as(deps, manager)).runs.plan({ period })
}

/** What is owed, while somebody is about to pay it. */
export const commissionRaces: Record<string, SetUp> = {
  'execute a run × execute it': async world => {
    const company = await aCompany(world)
    const run = await aPlannedRun(company)
    const input = { runId: run.id, digest: run.digest }
    return {
      actors: {
        manager: async deps => (await as(deps, company.manager)).runs.execute(input),
        ana: async deps => (await as(deps, company.ana)).runs.execute(input),
        ben: async deps => (await as(deps, company.ben)).runs.discard({ runId: run.id }),
      },
      judge: async (outcomes, deps) => {
        const made = await deps.db.read.select().from(payouts)
        return [
          ...oneWins(outcomes),
          ...(made.length === (outcomes[2]?.status === 'fulfilled' ? 0 : 1)
            ? []
            : [`${made.length} payouts were made`]),
        ]
      },
    }
  },

  'execute one run × execute another of the same lines': async world => {
    const company = await aCompany(world)
    const first = await aPlannedRun(company)
    const second = await (await as(company.deps, company.ana)).runs.plan({ period })
    return {
      actors: {
        manager: async deps =>
          (await as(deps, company.manager)).runs.execute({ runId: first.id, digest: first.digest }),
        ana: async deps => (await as(deps, company.ana)).runs.execute({ runId: second.id, digest: second.digest }),
        ben: async deps => (await as(deps, company.ben)).runs.refresh({ runId: first.id }),
      },
      judge: async (outcomes, deps) => {
        const made = await deps.db.read.select().from(payouts)
        return [...onlyRefusals(outcomes), ...(made.length === 1 ? [] : [`${made.length} payouts were made`])]
      },
    }
  },

  'execute a run × refund': async world => {
    const company = await aCompany(world)
    const { deps, org, manager, partner } = company
    await deps.db.write(tx => tx.run(sql`UPDATE partners SET default_rate_bp = 1000 WHERE id = ${partner.id}`))
    const deal = await aDeal(deps, org, { touches: [{ partner, daysAgo: 14 }], won: true })
    const run = await (await as(deps, manager)).runs.plan({ period: '2026-03' })
    const owed = await deps.db.read.select().from(commissions)
    if (owed.length !== 1) throw new Error(`${owed.length} commissions were booked`)
    return {
      actors: {
        manager: async deps => (await as(deps, manager)).runs.execute({ runId: run.id, digest: run.digest }),
        ana: async deps =>
          (await as(deps, company.ana)).deals.refund({ dealId: deal.id, amount: 500_000, reason: 'Half of it' }),
        ben: async deps =>
          (await as(deps, company.ben)).deals.refund({ dealId: deal.id, amount: 200_000, reason: 'More' }),
      },
      judge: async (outcomes, deps) => {
        const [made] = await deps.db.read.select().from(payouts)
        const [net] = await deps.db.read.all<{ amount: number }>(sql`SELECT sum(amount) AS amount FROM commissions`)
        return [
          ...onlyRefusals(outcomes),
          ...(made === undefined || made.amount === 100_000 ? [] : [`the run paid ${made.amount}`]),
          ...(net?.amount === 30_000 ? [] : [`${net?.amount} is owed in all`]),
        ]
      },
    }
  },

  'dispute × execute a run': async world => {
    const company = await aCompany(world)
    const run = await aPlannedRun(company)
    const [line] = await company.deps.db.read.select().from(commissions)
    const commissionId = line?.id ?? ''
    return {
      actors: {
        person: async deps => (await as(deps, company.person)).disputes.open({ commissionId, reason: 'Too little' }),
        manager: async deps => (await as(deps, company.manager)).runs.execute({ runId: run.id, digest: run.digest }),
        'the person again': async deps =>
          (await as(deps, company.person)).disputes.open({ commissionId, reason: 'Too little' }),
      },
      judge: async (outcomes, deps) => {
        const [now] = await deps.db.read.select().from(commissions)
        const executed = outcomes[1]?.status === 'fulfilled'
        const live = await deps.db.read.all(sql`SELECT 1 FROM payouts WHERE status NOT IN ('rejected', 'canceled')`)
        const disputed = [outcomes[0], outcomes[2]].some(outcome => outcome?.status === 'fulfilled')
        return [
          ...onlyRefusals(outcomes),
          ...(disputed || executed ? [] : ['nobody was let through']),
          ...(disputed && live.length > 0 ? ['it is disputed, and paid all the same'] : []),
          ...(now?.status === 'accrued' || executed ? [] : [`the line is ${now?.status}`]),
        ]
      },
    }
  },

  'close a month × a late commission': async world => {
    const company = await aCompany(world)
    const { deps, org, partner } = company
    await deps.db.write(tx => tx.run(sql`UPDATE partners SET default_rate_bp = 1000 WHERE id = ${partner.id}`))
    const deal = await aDeal(deps, org, { touches: [{ partner, daysAgo: 40 }] })
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).periods.close({ period }),
        manager: async deps => (await as(deps, company.manager)).deals.win({ dealId: deal.id, closedOn: '2026-02-20' }),
        ben: async deps => (await as(deps, company.ben)).periods.close({ period }),
      },
      judge: async (outcomes, deps) => {
        const [line] = await deps.db.read.select().from(commissions)
        return [
          ...oneWins([outcomes[0]!, outcomes[2]!]),
          ...(outcomes[1]?.status === 'fulfilled' ? [] : [`the deal was refused: ${outcomes[1]?.reason}`]),
          ...(line?.amount === 100_000 ? [] : [`it booked ${line?.amount}`]),
        ]
      },
    }
  },
}
