import { sql } from 'drizzle-orm'
import type { Deps } from '../deps.ts'
import { syncPartner } from '../partners/sync.ts'
import { adoptIfFound } from '../payouts/transfer.ts'
import { sweep } from '../stripe/sweeper.ts'
import { readPayout } from '../test/factories.ts'
import { aCompany, aPayoutUntil, as, attemptOf, type Company, changeBank, send, settleAll } from './races-company.ts'
import { transfersOf } from './races-judge.ts'
import { statusIs } from './races-payouts.ts'
import { type Outcome, oneWins, onlyRefusals, type SetUp } from './races-run.ts'
import type { World } from './races-world.ts'

const broken = (outcomes: Outcome[]) =>
  outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [`it broke: ${outcome.reason.message}`] : []))

/** What is paid is what was approved, to where it was approved; or it was not sent, and says why. */
async function paidOrSaysWhy(deps: Deps, payout: { id: string; orgId: string }): Promise<string[]> {
  const now = await readPayout(deps, payout)
  if (now.status === 'paid' || now.status === 'pending_approval') return []
  if (now.status === 'failed' && now.failureMessage) return []
  return [`it is ${now.status}: ${now.failureMessage}`]
}

async function aTransferOnItsWay(
  company: Company,
): Promise<{ payout: { id: string; orgId: string }; attempt: string }> {
  const payout = await aPayoutUntil(company, 'processing')
  return { payout, attempt: await attemptOf(company.deps, payout) }
}

/** As after a process that sent and died: Stripe has the transfer, and we don't know. */
async function sentAndDied(world: World, { deps }: Company, attempt: string): Promise<void> {
  const [row] = await deps.db.read.all<{ request: string; key: string }>(
    sql`SELECT request, idempotency_key AS key FROM payout_attempts WHERE id = ${attempt}`,
  )
  await deps.stripe.transfers.create(JSON.parse(row?.request ?? '{}'), { idempotencyKey: row?.key })
  await deps.db.write(tx =>
    tx.run(
      sql`UPDATE payout_attempts SET state = 'sending', sends = 1, first_sent_at = ${world.clock.now()}, last_sent_at = ${world.clock.now()} WHERE id = ${attempt}`,
    ),
  )
}

/** Workers, webhooks and sweepers on one transfer, and people who change what it stands on. */
export const moneyRaces: Record<string, SetUp> = {
  'two workers on one attempt': async world => {
    const company = await aCompany(world)
    const { payout, attempt } = await aTransferOnItsWay(company)
    return {
      actors: { worker: deps => send(deps, attempt), 'another worker': deps => send(deps, attempt) },
      judge: async (outcomes, deps) => [
        ...broken(outcomes),
        ...(await statusIs(deps, payout, 'paid')),
        ...(transfersOf(world).length === 1 ? [] : ['not one transfer']),
      ],
    }
  },

  'the answer × the webhook': async world => {
    const company = await aCompany(world)
    const { payout, attempt } = await aTransferOnItsWay(company)
    return {
      actors: { worker: deps => send(deps, attempt), webhook: deps => settleAllButTransfers(world, deps) },
      afterwards: deps => settleAll(world, deps),
      judge: async (outcomes, deps) => {
        const now = await readPayout(deps, payout)
        return [
          ...broken(outcomes),
          ...(now.status === 'paid' && now.confirmedAt !== null
            ? []
            : [`it is ${now.status}, confirmed ${now.confirmedAt}`]),
        ]
      },
    }
  },

  'the answer × a webhook that was there first': async world => {
    const company = await aCompany(world)
    const { payout, attempt } = await aTransferOnItsWay(company)
    await sentAndDied(world, company, attempt)
    await world.deliver(company.deps)
    return {
      actors: {
        worker: deps => send(deps, attempt),
        webhook: deps => settleAllButTransfers(world, deps),
        sweeper: deps => adoptIfFound(deps, payout.orgId, payout.id),
      },
      judge: async (outcomes, deps) => [...broken(outcomes), ...(await statusIs(deps, payout, 'paid'))],
    }
  },

  'change of bank × send': async world => {
    const company = await aCompany(world)
    const { payout, attempt } = await aTransferOnItsWay(company)
    changeBank(company)
    return {
      actors: {
        worker: deps => send(deps, attempt),
        news: deps => syncPartner(deps, company.partner.id),
      },
      judge: async (outcomes, deps) => [
        ...broken(outcomes),
        ...(await paidOrSaysWhy(deps, payout)),
        // Stripe had the new bank before anybody looked, so nothing may leave on the strength of the old.
        ...(transfersOf(world).length === 0 ? [] : ['it was sent to a bank that nobody approved']),
      ],
    }
  },

  'change of bank × mark paid': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'approved')
    changeBank(company)
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.markPaid({ payoutId: payout.id }),
        news: deps => syncPartner(deps, company.partner.id),
        ben: async deps => (await as(deps, company.ben)).payouts.cancel({ payoutId: payout.id }),
      },
      afterwards: deps => settleAll(world, deps),
      judge: async (outcomes, deps) => [
        ...onlyRefusals(outcomes.filter((_, index) => index !== 1)),
        ...(await statusIs(deps, payout, 'failed', 'pending_approval', 'canceled')),
        ...(transfersOf(world).length === 0 ? [] : ['it was sent to a bank that nobody approved']),
      ],
    }
  },

  'approve × change of bank': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'pending_approval')
    const shown = await (await as(company.deps, company.ana)).payouts.get({ payoutId: payout.id })
    const digest = shown.staff?.digest
    changeBank(company)
    return {
      actors: {
        ana: async deps => (await as(deps, company.ana)).payouts.approve({ payoutId: payout.id, digest }),
        news: deps => syncPartner(deps, company.partner.id),
        'the same news': deps => syncPartner(deps, company.partner.id),
      },
      judge: async (outcomes, deps) => [
        ...onlyRefusals(outcomes),
        // Approved first, the change voids it; after the change, what was shown is not what would be approved.
        ...(await statusIs(deps, payout, 'pending_approval')),
      ],
    }
  },

  'send it back × mark it paid and send': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'approved')
    return {
      actors: {
        ben: async deps => (await as(deps, company.ben)).payouts.unapprove({ payoutId: payout.id }),
        'ana, then the worker': async deps => {
          await (await as(deps, company.ana)).payouts.markPaid({ payoutId: payout.id })
          return send(deps, await attemptOf(deps, payout))
        },
        cleo: async deps => (await as(deps, company.cleo)).payouts.approve({ payoutId: payout.id }),
      },
      judge: async (outcomes, deps) => {
        const sent = transfersOf(world).length
        return [
          ...onlyRefusals(outcomes),
          ...(await statusIs(deps, payout, ...(sent === 1 ? ['paid'] : ['pending_approval', 'approved']))),
        ]
      },
    }
  },

  'pause × send': async world => {
    const company = await aCompany(world)
    const { payout, attempt } = await aTransferOnItsWay(company)
    return {
      actors: {
        ben: async deps => (await as(deps, company.ben)).orgs.pauseTransfers({ reason: 'month end' }),
        worker: async deps => {
          const [before] = await pausedAt(deps)
          const result = await send(deps, attempt)
          return { pausedBefore: before, result }
        },
      },
      judge: async (outcomes, deps) => {
        const [, worker] = outcomes
        const began = worker?.status === 'fulfilled' ? (worker.value as { pausedBefore: number | null }) : null
        return [
          ...onlyRefusals(outcomes),
          ...(await statusIs(deps, payout, ...(began?.pausedBefore ? ['processing'] : ['processing', 'paid']))),
          ...(began?.pausedBefore && transfersOf(world).length > 0 ? ['it was sent while sending was paused'] : []),
        ]
      },
    }
  },

  'two sweepers': async world => {
    const company = await aCompany(world)
    const { payout, attempt } = await aTransferOnItsWay(company)
    await sentAndDied(world, company, attempt)
    await company.deps.db.write(tx => tx.run(sql`UPDATE outbox SET status = 'done' WHERE topic = 'payout.transfer'`))
    world.clock.advance(5 * 60_000)
    return {
      // As after a restart: a process remembers by its database when it last looked at reviews.
      actors: {
        sweeper: deps => sweep({ ...deps, db: { ...deps.db } }),
        'another sweeper': deps => sweep({ ...deps, db: { ...deps.db } }),
      },
      afterwards: deps => settleAll(world, deps),
      judge: async (outcomes, deps) => [...broken(outcomes), ...(await statusIs(deps, payout, 'paid'))],
    }
  },

  'a reversal × a further one': async world => {
    const company = await aCompany(world)
    const payout = await aPayoutUntil(company, 'paid')
    const { transferId } = await readPayout(company.deps, payout)
    const back = (amount: number) => company.deps.stripe.transfers.createReversal(transferId ?? '', { amount })
    await back(3_000)
    await world.deliver(company.deps)
    return {
      actors: {
        'news of the first': deps => settleAllButTransfers(world, deps),
        'the second': async deps => {
          await deps.stripe.transfers.createReversal(transferId ?? '', { amount: 1_500 })
          await settleAllButTransfers(world, deps)
        },
      },
      afterwards: deps => settleAll(world, deps),
      judge: async (outcomes, deps) => {
        const now = await readPayout(deps, payout)
        return [
          ...broken(outcomes),
          ...(now.status === 'paid' && now.amountReversed === 4_500
            ? []
            : [`${now.status}, ${now.amountReversed} reversed`]),
        ]
      },
    }
  },

  'the second release × a transfer that shows itself': async world => {
    const company = await aCompany(world)
    const { payout, attempt } = await aTransferOnItsWay(company)
    await sentAndDied(world, company, attempt)
    await company.deps.db.write(async tx => {
      await tx.run(sql`UPDATE payout_attempts SET state = 'unknown', was_unknown = 1 WHERE id = ${attempt}`)
      await tx.run(sql`UPDATE payouts SET needs_review = 1, version = version + 1 WHERE id = ${payout.id}`)
    })
    const release = async (deps: Deps, who: Company['ana']) =>
      (await as(deps, who)).payouts.release({ payoutId: payout.id, evidence: 'Looked at Stripe: nothing there.' })
    return {
      actors: {
        ana: deps => release(deps, company.ana),
        ben: deps => release(deps, company.ben),
        webhook: async deps => {
          await world.deliver(deps)
          await settleAllButTransfers(world, deps)
        },
      },
      judge: async (outcomes, deps) => [...onlyRefusals(outcomes), ...(await statusIs(deps, payout, 'paid'))],
    }
  },

  'the same attempt canceled × sent': async world => {
    const company = await aCompany(world)
    const { payout, attempt } = await aTransferOnItsWay(company)
    return {
      actors: {
        ben: async deps => (await as(deps, company.ben)).payouts.cancel({ payoutId: payout.id }),
        worker: deps => send(deps, attempt),
        manager: async deps => (await as(deps, company.manager)).payouts.update({ payoutId: payout.id, amount: 9_000 }),
      },
      judge: async (outcomes, deps) => [...oneWins(outcomes), ...(await statusIs(deps, payout, 'paid'))],
    }
  },
}

async function pausedAt(deps: Deps): Promise<(number | null)[]> {
  const rows = await deps.db.read.all<{ at: number | null }>(
    sql`SELECT transfers_paused_at AS at FROM organizations LIMIT 1`,
  )
  return rows.map(row => row.at)
}

/** What a process does that only hears webhooks. */
async function settleAllButTransfers(world: World, deps: Deps): Promise<void> {
  await world.deliver(deps)
  const { handleEvent } = await import('../stripe/events.ts')
  const rows = await deps.db.read.all<{ id: string }>(
    sql`SELECT id FROM stripe_events WHERE processed_at IS NULL AND type LIKE 'transfer.%' ORDER BY created_at, id`,
  )
  for (const { id } of rows) await handleEvent(deps, id)
}
