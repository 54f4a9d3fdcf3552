import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PayoutStatus, payoutStatuses } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg, aPartner, aPayout, aUser, type Payout } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { payoutMachine } from './rules.ts'
import { transition } from './transition.ts'
import { readMonths, readStats } from './view.ts'

interface Total {
  org_id: string
  partner_id: string
  currency: string
  status: string
  count: number
  amount: number
  reversed: number
}

/** What the kept rows should be, counted anew. */
async function recount(deps: Deps): Promise<{ totals: Total[]; months: object[] }> {
  const each = (groups: string, from: string) =>
    `SELECT org_id, '' AS partner_id, ${groups} ${from} UNION ALL SELECT org_id, partner_id, ${groups} ${from}, partner_id`
  const totals = each(
    'currency, status, count(*) AS count, sum(amount) AS amount, sum(amount_reversed) AS reversed',
    'FROM payouts GROUP BY org_id, currency, status',
  )
  const months = each(
    "currency, strftime('%Y-%m', paid_at / 1000, 'unixepoch') AS month, count(*) AS count, sum(amount) AS amount",
    'FROM payouts WHERE paid_at IS NOT NULL GROUP BY org_id, currency, month',
  )
  return {
    totals: await deps.db.read.all<Total>(sql.raw(`SELECT * FROM (${totals}) ORDER BY 1, 2, 3, 4`)),
    months: await deps.db.read.all<object>(sql.raw(`SELECT * FROM (${months}) ORDER BY 1, 2, 3, 4`)),
  }
}

async function kept(deps: Deps): Promise<{ totals: Total[]; months: object[] }> {
  return {
    totals: await deps.db.read.all<Total>(sql`SELECT * FROM payout_totals WHERE count > 0 ORDER BY 1, 2, 3, 4`),
    months: await deps.db.read.all<object>(
      sql`SELECT org_id, partner_id, currency, month, count, amount FROM payout_months WHERE count > 0 ORDER BY 1, 2, 3, 4`,
    ),
  }
}

/** The columns that the schema wants set with each status; a manual payment, since it needs no transfer. */
function columnsFor(to: PayoutStatus, payout: Payout): Partial<Payout> {
  const approved = { approvedAt: 1, approvedDigest: 'd', destination: 'acct_1' }
  const manual = { manualMethod: 'wise', manualReference: 'W', manualPaidOn: '2026-03-02' } as const
  switch (to) {
    case 'pending_approval':
      return { approvedAt: null, approvedDigest: null, destination: null, failureMessage: null }
    case 'approved':
      return approved
    case 'paid':
      return payout.paidAt === null
        ? { paidVia: 'manual', paidAt: payout.createdAt, ...manual }
        : { amountReversed: Math.floor((payout.amount + payout.amountReversed) / 2) }
    case 'reversed':
      return { amountReversed: payout.amount }
    case 'rejected':
      return { rejectReason: 'No.' }
    case 'failed':
      return { failureMessage: 'No.' }
    default:
      return {}
  }
}

const actions = Object.keys(payoutMachine.table) as (keyof typeof payoutMachine.table)[]

test('the kept totals are what a GROUP BY would count, after any walk through the table of transitions', async () => {
  const steps = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom(...actions), fc.nat(), fc.integer({ min: 1, max: 9_999 })),
    {
      minLength: 20,
      maxLength: 60,
    },
  )
  const property = fc.asyncProperty(steps, async walk => {
    const deps = await testDeps()
    const [createdBy, approvedBy] = [(await aUser(deps)).id, (await aUser(deps)).id]
    const orgs = [await anOrg(deps), await anOrg(deps)]
    const partners = []
    for (const { id: orgId } of orgs)
      for (const currency of ['USD', 'JPY', 'USD']) partners.push(await aPartner(deps, { orgId, currency }))
    let payouts: Payout[] = []
    for (const [index, partner] of [...partners, ...partners].entries()) {
      deps.clock.advance(20 * 24 * 60 * 60_000)
      const status = payoutStatuses[index % payoutStatuses.length]
      payouts.push(await aPayout(deps, { partner, status, createdBy, approvedBy }))
    }
    for (const [pick, action, end, amount] of walk) {
      const payout = payouts[pick % payouts.length]
      const { to } = payoutMachine.table[action]
      const target: PayoutStatus | undefined = to[end % to.length]
      if (!payout || !target || !payoutMachine.allows(action, payout.status)) continue
      if (payout.status === 'paid' && target === 'paid' && columnsFor(target, payout).amountReversed === payout.amount)
        continue
      const scope = { orgId: payout.orgId, actor: system }
      await work(deps, scope, unit =>
        transition(unit, action, [
          { id: payout.id, version: payout.version, to: target, set: columnsFor(target, payout) },
        ]),
      )
      if (target === 'pending_approval')
        await deps.db.write(tx =>
          tx.run(sql`UPDATE payouts SET amount = ${amount}, version = version + 1 WHERE id = ${payout.id}`),
        )
      payouts = (await deps.db.read.query.payouts.findMany({
        orderBy: (table, { asc }) => asc(table.id),
      })) satisfies Payout[]
    }
    expect(await kept(deps)).toEqual(await recount(deps))
    // Each reversal is in some month, once.
    const [sums] = await deps.db.read.all<object>(sql`
      SELECT (SELECT sum(amount_reversed) FROM payouts) AS payouts, (SELECT sum(reversed) FROM payout_months WHERE partner_id = '') AS months,
        (SELECT sum(reversed) FROM payout_months WHERE partner_id <> '') AS partners, (SELECT sum(amount) FROM payout_reversals) AS rows`)
    expect(new Set(Object.values(sums ?? {}))).toHaveProperty('size', 1)
  })
  await fc.assert(property, { numRuns: 25 })
})

test('a refused change leaves the totals as they were', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const payout = await aPayout(deps, { partner: await aPartner(deps, { orgId: org.id }) })
  const before = await kept(deps)
  const change = work(deps, { orgId: org.id, actor: system }, async unit => {
    await transition(unit, 'cancel', [{ id: payout.id, version: 1, to: 'canceled' }])
    throw new Error('and then it went wrong')
  })
  await expect(change).rejects.toThrow('went wrong')
  expect(await kept(deps)).toEqual(before)
})

test('stats and months never add across currencies; stats are net of what was taken back, and months say both', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const usd = await aPartner(deps, { orgId: org.id })
  const jpy = await aPartner(deps, { orgId: org.id, currency: 'JPY' })
  await aPayout(deps, { partner: usd, status: 'paid', amount: 10_000, amountReversed: 2_500 })
  await aPayout(deps, { partner: usd, status: 'reversed', amount: 4_000 })
  await aPayout(deps, { partner: usd, amount: 700 })
  await aPayout(deps, { partner: usd, status: 'rejected', amount: 9 })
  await aPayout(deps, { partner: jpy, status: 'paid', amount: 5_000 })
  const stats = await readStats(deps.db.read, org.id, null)
  expect(stats).toMatchObject({
    total: {
      count: 3,
      amounts: expect.arrayContaining([
        { currency: 'JPY', amount: 5_000 },
        { currency: 'USD', amount: 8_200 },
      ]),
    },
    paid: {
      count: 2,
      amounts: [
        { currency: 'JPY', amount: 5_000 },
        { currency: 'USD', amount: 7_500 },
      ],
    },
    reversed: { count: 1, amounts: [{ currency: 'USD', amount: 6_500 }] },
    rejected: { count: 1, amounts: [{ currency: 'USD', amount: 9 }] },
  })
  expect((await readStats(deps.db.read, org.id, jpy.id)).total).toEqual({
    count: 1,
    amounts: [{ currency: 'JPY', amount: 5_000 }],
  })
  const months = await readMonths(deps.db.read, org.id, null, deps.clock.now(), 2)
  expect(months).toEqual({
    periods: ['2026-02', '2026-03'],
    currencies: [
      { currency: 'JPY', paid: [0, 5_000], reversed: [0, 0] },
      { currency: 'USD', paid: [0, 14_000], reversed: [0, 6_500] },
    ],
  })
})
