import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkInvariants } from '../invariants/check.ts'
import { releaseLine } from '../payouts/release-line.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { aCommission, aPartner, type Commission, type Partner } from '../test/factories.ts'
import { work } from '../work.ts'

const currencies = ['USD', 'EUR', 'GBP'] as const
const which = fc.nat({ max: 1_000 })
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('earn' as const),
      who: which,
      currency: fc.constantFrom(...currencies),
      amount: fc.integer({ min: 1, max: 90_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('refund' as const), who: which, percent: fc.integer({ min: 1, max: 100 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('run' as const), leaveOut: which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'reject' as const, 'approve' as const, 'pay' as const, 'release' as const),
      who: which,
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

async function aWorld() {
  const deps = await testDeps()
  const owner = await asRole(deps, 'owner')
  const { org, api } = owner
  await api.orgs.updateSettings({ creatorMayApprove: true })
  await deps.db.write(tx => tx.run(sql`UPDATE programs SET debt_cap_bp = 6000, version = version + 1`))
  await api.rates.add({ base: 'EUR', quote: 'USD', rate: '1.0842', day: '2026-02-27' })
  await api.rates.add({ base: 'EUR', quote: 'GBP', rate: '0.83711', day: '2026-02-27' })
  const partners = [
    await aPartner(deps, { orgId: org.id }),
    await aPartner(deps, { orgId: org.id, currency: 'EUR', country: 'DE' }),
    await aPartner(deps, { orgId: org.id, currency: 'GBP', country: 'GB', settlement: 'each' }),
  ]
  return { deps, org, api, partners, earned: [] as { one: Commission; left: number }[], viewer: owner.viewer }
}
type World = Awaited<ReturnType<typeof aWorld>>

const pick = <T>(items: readonly T[], at: number): T | undefined => items[at % Math.max(items.length, 1)]

async function take(world: World, move: Step): Promise<void> {
  const { deps, org, api, partners, earned, viewer } = world
  deps.clock.advance(1_000)
  const released = Date.UTC(2026, 1, 10)
  const payoutIn = async (statuses: string[], at: number) =>
    pick(
      await deps.db.read.all<{ id: string }>(
        sql`SELECT id FROM payouts WHERE status IN (SELECT value FROM json_each(${JSON.stringify(statuses)})) ORDER BY number`,
      ),
      at,
    )?.id
  switch (move.do) {
    case 'earn': {
      const partner = pick(partners, move.who) as Partner
      const one = await aCommission(deps, {
        partner,
        amount: move.amount,
        currency: move.currency,
        releaseAt: released,
      })
      earned.push({ one, left: move.amount })
      return
    }
    case 'refund': {
      const found = pick(earned, move.who)
      const amount = found ? Math.floor((found.left * move.percent) / 100) : 0
      if (!found || amount === 0) return
      found.left -= amount
      const partner = partners.find(one => one.id === found.one.partnerId) as Partner
      await aCommission(deps, {
        partner,
        amount: -amount,
        currency: found.one.currency,
        kind: 'reversal',
        originId: found.one.id,
        releaseAt: deps.clock.now(),
      })
      return
    }
    case 'run': {
      const run = await api.runs.plan({ period: '2026-02' })
      const { rows } = await api.runs.rows({ runId: run.id, outcome: 'pay', limit: 100 })
      if (rows.length === 0) return
      const out = pick(rows, move.leaveOut)
      const { digest } =
        out && move.leaveOut % 3 === 0 && rows.length > 1
          ? await api.runs.include({ runId: run.id, rowIds: [out.id], included: false })
          : run
      const sum = rows
        .filter(row => digest === run.digest || row.id !== out?.id)
        .reduce((total, row) => total + row.amount, 0)
      const done = await api.runs.execute({ runId: run.id, digest })
      expect(done.totals.reduce((total, one) => total + one.amount, 0)).toBe(sum)
      return
    }
    case 'release': {
      const [line] = await deps.db.read.all<{ id: string }>(sql`
        SELECT id FROM commissions WHERE status = 'in_payout' AND kind <> 'carry' ORDER BY number LIMIT 1 OFFSET ${move.who % 5}`)
      if (line)
        await work(deps, { orgId: org.id, actor: { kind: 'user', id: viewer.userId, name: viewer.name } }, unit =>
          releaseLine(unit, line.id, 'disputed'),
        )
      return
    }
    case 'approve': {
      const payoutId = await payoutIn(['pending_approval'], move.who)
      if (payoutId) await api.payouts.approve({ payoutId })
      return
    }
    case 'reject': {
      const payoutId = await payoutIn(['pending_approval'], move.who)
      if (payoutId) await api.payouts.reject({ payoutId, reason: 'No' })
      return
    }
    case 'cancel': {
      const payoutId = await payoutIn(['pending_approval', 'approved'], move.who)
      if (payoutId) await api.payouts.cancel({ payoutId })
      return
    }
    case 'pay': {
      const payoutId = await payoutIn(['approved'], move.who)
      if (payoutId)
        await api.payouts.markPaid({ payoutId, manual: { method: 'wise', reference: 'x', paidOn: '2026-03-01' } })
      return
    }
  }
}

test('no cent is lost, paid twice or made up: after any history, commissions = paid + in payout + open = the ledger', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 22 }), async moves => {
      const world = await aWorld()
      for (const move of moves) await take(world, move)
      const found = await checkInvariants(world.deps.db.read, { now: world.deps.clock.now() })
      await world.deps.db.close()
      expect(found).toEqual([])
    }),
    { numRuns: Number(process.env.HISTORIES ?? 40), endOnFailure: false },
  )
}, 240_000)
