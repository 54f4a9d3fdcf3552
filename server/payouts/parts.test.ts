import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner, aPayout } from '../test/factories.ts'
import { work } from '../work.ts'
import { insertPayouts } from './service.ts'

test('a run’s payout names each commission with its sentence and its conversion; another’s payout shows none of it', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: org.id, currency: 'USD' })
  const owner = await asRole(deps, 'owner', { org })
  const own = await asRole(deps, 'partner', { org, partner })
  const sibling = await asRole(deps, 'partner', { org })
  const euros = await aCommission(deps, { partner, amount: 9_000, currency: 'EUR' })
  const dollars = await aCommission(deps, { partner, amount: 3_000 })
  const conversion = {
    from: { amount: 9_000, currency: 'EUR' },
    to: { amount: 9_750, currency: 'USD' },
    rate: '1.0833',
    day: '2026-02-27',
    source: 'ecb',
    rateIds: ['fx_1'],
  }
  const actor = { kind: 'user' as const, id: owner.user.id, name: owner.user.name }
  const payoutId = await work(deps, { orgId: org.id, actor }, async unit => {
    await unit.tx.run(sql`
      INSERT INTO payout_runs (id, org_id, number, status, period, cutoff_at, digest, planned_at, created_by, created_at)
      VALUES ('run_1', ${org.id}, 1, 'draft', '2026-02', ${unit.at}, 'd', ${unit.at}, ${owner.user.id}, ${unit.at})`)
    const lines = [
      { commissionId: euros.id, description: 'C-1', amount: 9_750, conversion },
      { commissionId: dollars.id, description: 'C-2', amount: 3_000, conversion: null },
    ]
    const [made] = await insertPayouts(unit, 'run', [
      { partnerId: partner.id, amount: 12_750, currency: 'USD', runId: 'run_1', lines },
    ])
    if (!made) throw new Error('nothing was made')
    return made.id
  })
  for (const api of [own.api, owner.api])
    expect((await api.payouts.get({ payoutId })).parts).toMatchObject([
      {
        commission: { id: euros.id, number: 'C-000001', amount: 9_000, currency: 'EUR' },
        tokens: [{ text: 'Imported as it was: €90.00' }],
        amount: 9_750,
        currency: 'USD',
        conversion: { rate: '1.0833', day: '2026-02-27' },
      },
      { commission: { id: dollars.id }, amount: 3_000, conversion: null },
    ])
  await expect(sibling.api.payouts.get({ payoutId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  // What was typed in is made of no commissions; what was closed still shows what it was of.
  const typed = await aPayout(deps, { partner })
  expect((await own.api.payouts.get({ payoutId: typed.id })).parts).toEqual([])
  await owner.api.payouts.reject({ payoutId, reason: 'Not yet' })
  expect((await own.api.payouts.get({ payoutId })).parts).toHaveLength(2)
})
