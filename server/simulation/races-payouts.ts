import { sql } from 'drizzle-orm'
import { payouts } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { readPayout } from '../test/factories.ts'
import { aCompany, aPayoutUntil, as, attemptOf, settleAll } from './races-company.ts'
import { oneWins, onlyRefusals, type SetUp } from './races-run.ts'

export async function statusIs(
  deps: Deps,
  payout: { id: string; orgId: string },
  ...allowed: string[]
): Promise<string[]> {
  const { status } = await readPayout(deps, payout)
  return allowed.includes(status) ? [] : [`it ended as ${status}`]
}

/** People at work on one payout. */
export const payoutRaces: Record<string, SetUp> = {
  'approve × approve': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'pending_approval')
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.approve({ payoutId: payout.id }),
        ben: async deps => (await as(deps, company.ben)).payouts.approve({ payoutId: payout.id }),
        cleo: async deps => (await as(deps, company.cleo)).payouts.approve({ payoutId: payout.id }),
      },
      judge: async (outcomes, deps) => [...oneWins(outcomes), ...(await statusIs(deps, payout, 'approved'))],
    }
  },

  'approve × approve, where two have to': async world => {
    const company = await aCompany(world, { approvalsRequired: 2 })
    const payout = await aPayoutUntil(company, 'pending_approval')
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.approve({ payoutId: payout.id }),
        ben: async deps => (await as(deps, company.ben)).payouts.approve({ payoutId: payout.id }),
        'ana again': async deps => (await as(deps, company.ana)).payouts.approve({ payoutId: payout.id }),
      },
      judge: async (outcomes, deps) => {
        const won = outcomes.filter(({ status }) => status === 'fulfilled').length
        return [
          ...(won === 2 ? [] : [`${won} were told that they approved it`]),
          ...onlyRefusals(outcomes),
          ...(await statusIs(deps, payout, 'approved')),
        ]
      },
    }
  },

  'approve × edit': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'pending_approval')
    const shown = await (await as(company.deps, company.ana)).payouts.get({ payoutId: payout.id })
    return {
      actors: {
        ana: async deps =>
          (await as(deps, company.ana)).payouts.approve({ payoutId: payout.id, version: shown.version }),
        manager: async deps => (await as(deps, company.manager)).payouts.update({ payoutId: payout.id, amount: 9_000 }),
        ben: async deps => (await as(deps, company.ben)).payouts.list({}),
      },
      judge: async (outcomes, deps) => {
        const now = await readPayout(deps, payout)
        const approved = outcomes[0]?.status === 'fulfilled'
        return [
          ...onlyRefusals(outcomes),
          // Approving what was shown, then editing it: the edit voids the approval. The other way round the approval is refused.
          ...(now.status === 'pending_approval' && now.amount === 9_000
            ? []
            : [`it is ${now.status} at ${now.amount}`]),
          ...(approved || outcomes[1]?.status === 'fulfilled' ? [] : ['both were refused']),
        ]
      },
    }
  },

  'reject × approve of the second': async world => {
    const company = await aCompany(world, { approvalsRequired: 2 })
    const payout = await aPayoutUntil(company, 'pending_approval')
    await (await as(company.deps, company.ana)).payouts.approve({ payoutId: payout.id })
    return {
      actors: {
        ben: async deps => (await as(deps, company.ben)).payouts.approve({ payoutId: payout.id }),
        cleo: async deps => (await as(deps, company.cleo)).payouts.reject({ payoutId: payout.id, reason: 'Too much' }),
        ana: async deps => (await as(deps, company.ana)).payouts.get({ payoutId: payout.id }),
      },
      judge: async (outcomes, deps) => [
        ...oneWins(outcomes.slice(0, 2)),
        ...(await statusIs(deps, payout, outcomes[0]?.status === 'fulfilled' ? 'approved' : 'rejected')),
      ],
    }
  },

  'mark paid × mark paid': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'approved')
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.markPaid({ payoutId: payout.id }),
        ben: async deps => (await as(deps, company.ben)).payouts.markPaid({ payoutId: payout.id }),
        cleo: async deps => (await as(deps, company.cleo)).payouts.markPaid({ payoutId: payout.id }),
      },
      judge: async (outcomes, deps) => [...oneWins(outcomes), ...(await statusIs(deps, payout, 'processing'))],
    }
  },

  'mark paid × cancel': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'approved')
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.markPaid({ payoutId: payout.id }),
        ben: async deps => (await as(deps, company.ben)).payouts.cancel({ payoutId: payout.id }),
        cleo: async deps => (await as(deps, company.cleo)).payouts.get({ payoutId: payout.id }),
      },
      judge: async (outcomes, deps) => [
        ...oneWins(outcomes.slice(0, 2)),
        ...(await statusIs(deps, payout, outcomes[0]?.status === 'fulfilled' ? 'processing' : 'canceled')),
      ],
    }
  },

  'mark paid × edit': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'approved')
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.markPaid({ payoutId: payout.id }),
        manager: async deps => (await as(deps, company.manager)).payouts.update({ payoutId: payout.id, amount: 9_000 }),
        ben: async deps => (await as(deps, company.ben)).payouts.unapprove({ payoutId: payout.id }),
      },
      judge: async (outcomes, deps) => {
        const now = await readPayout(deps, payout)
        const amount = outcomes[1]?.status === 'fulfilled' ? 9_000 : 5_000
        return [
          ...onlyRefusals(outcomes),
          ...(now.amount === amount ? [] : [`it is ${now.amount}`]),
          ...(await statusIs(deps, payout, outcomes[0]?.status === 'fulfilled' ? 'processing' : 'pending_approval')),
        ]
      },
    }
  },

  'bulk mark paid × mark paid': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'approved')
    const other = await aPayoutUntil(company, 'approved', 7_000)
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.bulkMarkPaid({ payoutIds: [payout.id, other.id] }),
        ben: async deps => (await as(deps, company.ben)).payouts.markPaid({ payoutId: payout.id }),
        cleo: async deps => (await as(deps, company.cleo)).payouts.bulkMarkPaid({ payoutIds: [other.id, payout.id] }),
      },
      judge: async (outcomes, deps) => {
        const queued = outcomes.reduce(
          (sum, outcome) =>
            outcome.status === 'rejected' ? sum : sum + ((outcome.value as { queued?: number }).queued ?? 1),
          0,
        )
        return [
          ...onlyRefusals(outcomes),
          ...(queued === 2 ? [] : [`${queued} were said to be queued`]),
          ...(await statusIs(deps, payout, 'processing')),
          ...(await statusIs(deps, other, 'processing')),
        ]
      },
    }
  },

  'mark paid × a payment made elsewhere': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'approved')
    const manual = { method: 'wise' as const, reference: 'W-1', paidOn: '2026-03-01' }
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.markPaid({ payoutId: payout.id }),
        ben: async deps => (await as(deps, company.ben)).payouts.markPaid({ payoutId: payout.id, manual }),
        cleo: async deps => (await as(deps, company.cleo)).payouts.markPaid({ payoutId: payout.id, manual }),
      },
      judge: async (outcomes, deps) => [
        ...oneWins(outcomes),
        ...(await statusIs(deps, payout, outcomes[0]?.status === 'fulfilled' ? 'processing' : 'paid')),
      ],
    }
  },

  'the same key twice': async world => {
    const company = await aCompany(world)
    const { partner, manager } = company
    const create = async (deps: Deps, amount: number) =>
      (await as(deps, manager)).payouts.create({ partnerId: partner.id, amount, idempotencyKey: 'one intent' })
    return {
      actors: {
        once: deps => create(deps, 5_000),
        again: deps => create(deps, 5_000),
        'with another amount': deps => create(deps, 6_000),
      },
      judge: async (outcomes, deps) => {
        const made = await deps.db.read.select({ amount: payouts.amount }).from(payouts)
        const told = outcomes.flatMap(outcome =>
          outcome.status === 'fulfilled' ? [JSON.stringify(outcome.value)] : [],
        )
        return [
          ...onlyRefusals(outcomes),
          ...(made.length === 1 ? [] : [`${made.length} payouts were made`]),
          ...(new Set(told).size === 1 ? [] : ['the answers differ']),
          ...(told.length === (made[0]?.amount === 5_000 ? 2 : 1) ? [] : [`${told.length} were answered`]),
        ]
      },
    }
  },

  'resolve a reversal × resolve it otherwise': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'paid')
    const { transferId } = await readPayout(company.deps, payout)
    await company.deps.stripe.transfers.createReversal(transferId ?? '', { amount: 3_000 })
    await settleAll(world, company.deps)
    const decide = async (deps: Deps, who: typeof company.ana, decision: 'owed' | 'not_owed') =>
      (await as(deps, who)).payouts.decideReversal({ payoutId: payout.id, decision })
    return {
      actors: {
        ana: deps => decide(deps, company.ana, 'owed'),
        ben: deps => decide(deps, company.ben, 'not_owed'),
        cleo: deps => decide(deps, company.cleo, 'owed'),
      },
      judge: async (outcomes, deps) => {
        const again = await deps.db.read.select().from(payouts).where(sql`repays = ${payout.id}`)
        return [
          ...oneWins(outcomes),
          ...(again.length === (outcomes[1]?.status === 'fulfilled' ? 0 : 1) ? [] : [`${again.length} pay it again`]),
        ]
      },
    }
  },

  'archive the partner × mark paid': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'approved')
    return {
      actors: {
        manager: async deps => (await as(deps, company.manager)).partners.archive({ partnerId: company.partner.id }),
        ana: async deps => (await as(deps, company.ana)).payouts.markPaid({ payoutId: payout.id }),
        ben: async deps => (await as(deps, company.ben)).payouts.get({ payoutId: payout.id }),
      },
      judge: outcomes => onlyRefusals(outcomes),
    }
  },

  'release × release of the same person': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'processing')
    const attempt = await attemptOf(company.deps, payout)
    await company.deps.db.write(async tx => {
      await tx.run(
        sql`UPDATE payout_attempts SET state = 'unknown', was_unknown = 1, first_sent_at = ${world.clock.now() - 90_000_000}, last_sent_at = ${world.clock.now() - 90_000_000}, sends = 1 WHERE id = ${attempt}`,
      )
      await tx.run(sql`UPDATE payouts SET needs_review = 1, version = version + 1 WHERE id = ${payout.id}`)
    })
    const release = async (deps: Deps, who: typeof company.ana) =>
      (await as(deps, who)).payouts.release({ payoutId: payout.id, evidence: 'Looked at Stripe: nothing there.' })
    return {
      actors: {
        ana: deps => release(deps, company.ana),
        'ana again': deps => release(deps, company.ana),
        ben: deps => release(deps, company.ben),
      },
      judge: async (outcomes, deps) => {
        const won = outcomes.filter(({ status }) => status === 'fulfilled').length
        return [
          ...onlyRefusals(outcomes),
          ...(won === 2 ? [] : [`${won} releases counted`]),
          ...(await statusIs(deps, payout, 'failed')),
        ]
      },
    }
  },
}
