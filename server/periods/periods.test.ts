import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { transition } from '../payouts/transition.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner, aPayout } from '../test/factories.ts'
import { system, work } from '../work.ts'

async function aCompany(zone = 'UTC') {
  const deps = await testDeps()
  const org = await anOrg(deps, { timeZone: zone })
  const { api } = await asRole(deps, 'admin', { org })
  const partner = await aPartner(deps, { orgId: org.id })
  return { deps, org, api, partner }
}

test('months are closed in order, once they are over, for good', async () => {
  const { deps, api, partner } = await aCompany()
  await aCommission(deps, { partner, period: '2025-12', amount: 100 })
  await aCommission(deps, { partner, period: '2026-02', amount: 200 })
  await expect(api.periods.close({ period: '2026-03' })).rejects.toThrow(
    'Mar 2026 is not over. It can be closed from Apr 2026 on.',
  )
  expect(await api.periods.close({ period: '2025-12' })).toEqual({
    period: '2025-12',
    warnings: [{ what: 'unpaid_commissions', count: 1, amounts: [{ currency: 'USD', amount: 100 }] }],
  })
  await expect(api.periods.close({ period: '2026-02' })).rejects.toThrow('close Jan 2026 first')
  await expect(api.periods.close({ period: '2025-12' })).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(api.periods.close({ period: '2025-11' })).rejects.toMatchObject({ code: 'CONFLICT' })
  await api.periods.close({ period: '2026-01' })
  await api.periods.close({ period: '2026-02' })
  const { rows } = await api.periods.list({})
  expect(rows.map(row => [row.period, row.status])).toEqual([
    ['2026-03', 'running'],
    ['2026-02', 'closed'],
    ['2026-01', 'closed'],
    ['2025-12', 'closed'],
  ])
  await expect(deps.db.write(tx => tx.run(sql`DELETE FROM closed_periods`))).rejects.toThrow()
  await expect(aCommission(deps, { partner, period: '2026-01' })).rejects.toThrow()
  expect((await api.audit.list({})).rows.filter(row => row.action === 'periods.close')).toHaveLength(3)
})

test('the month is the organization’s: in Honolulu it is still February', async () => {
  const { deps, api } = await aCompany('Pacific/Honolulu')
  deps.clock.set(Date.UTC(2026, 2, 1, 5))
  await expect(api.periods.close({ period: '2026-02' })).rejects.toThrow('is not over')
  deps.clock.set(Date.UTC(2026, 2, 1, 11))
  await api.periods.close({ period: '2026-02' })
})

test('a month is over when it is over in every program: deals are still won in its last hours', async () => {
  const { deps, org, api } = await aCompany('Asia/Tokyo')
  deps.clock.set(Date.UTC(2026, 1, 28, 20))
  await deps.db.write(tx =>
    tx.run(sql`UPDATE programs SET time_zone = 'America/Los_Angeles', version = version + 1 WHERE org_id = ${org.id}`),
  )
  await expect(api.periods.close({ period: '2026-02' })).rejects.toThrow('Feb 2026 is not over')
  deps.clock.set(Date.UTC(2026, 2, 1, 9))
  await api.periods.close({ period: '2026-02' })
})

test('a draft run keeps its month open until it is executed or discarded', async () => {
  const { api } = await aCompany()
  const run = await api.runs.plan({ period: '2026-02' })
  await expect(api.periods.close({ period: '2026-02' })).rejects.toThrow(
    'RUN-000001 is a draft of it. Execute or discard that run first.',
  )
  const { rows } = await api.periods.list({})
  expect(rows).toMatchObject([{ period: '2026-03', refusal: expect.stringContaining('not over') }])
  expect(await api.periods.get({ period: '2026-02' })).toMatchObject({ refusal: expect.stringContaining('RUN-000001') })
  await api.runs.discard({ runId: run.id })
  await api.periods.close({ period: '2026-02' })
})

test('a closed month takes no payouts: typed, edited or imported', async () => {
  const { api, partner } = await aCompany()
  const open = await api.payouts.create({ partnerId: partner.id, amount: 5_000, period: '2026-03' })
  const sheet = `partner email,amount,period\n${partner.email},12.00,2026-02\n${partner.email},13.00,2026-03\n`
  const before = await api.payouts.importDraft({ fileName: 'a.csv', text: sheet })
  expect(before.errors).toBe(0)
  await api.periods.close({ period: '2026-02' })
  const closed = 'Feb 2026 is closed. The first open month is Mar 2026.'
  await expect(api.payouts.create({ partnerId: partner.id, amount: 5_000, period: '2026-02' })).rejects.toThrow(closed)
  await expect(api.payouts.update({ payoutId: open.id, period: '2026-01' })).rejects.toThrow('Jan 2026 is closed')
  await api.payouts.update({ payoutId: open.id, amount: 6_000 })
  await expect(api.payouts.importCommit({ importId: before.importId, skipDuplicates: true })).rejects.toThrow(
    'Line 2, period: Feb 2026 is closed',
  )
  const after = await api.payouts.importDraft({ fileName: 'b.csv', text: sheet })
  expect(after.errors).toBe(1)
  expect(
    await api.payouts.importCommit({ importId: after.importId, skipDuplicates: true, skipErrors: true }),
  ).toMatchObject({ created: 1 })
})

test('totals of a month by currency: earned, corrected, taken back, paid; kept by the database', async () => {
  const { deps, api, partner } = await aCompany()
  const first = await aCommission(deps, { partner, amount: 30_000, period: '2026-02' })
  await aCommission(deps, { partner, amount: -4_000, kind: 'reversal', originId: first.id, period: '2026-02' })
  await aCommission(deps, { partner, amount: 700, kind: 'dispute', originId: first.id, period: '2026-02' })
  await aCommission(deps, { partner, amount: 900, kind: 'carry', originId: first.id, period: '2026-02' })
  await aCommission(deps, { partner, amount: -900, kind: 'carry', originId: first.id, period: '2026-02' })
  await aCommission(deps, { partner, amount: 55, currency: 'EUR', period: '2026-02' })
  expect((await api.periods.get({ period: '2026-02' })).totals).toEqual([
    { currency: 'EUR', accrued: 55, adjustments: 0, reversals: 0, paid: 0, paidBack: 0 },
    { currency: 'USD', accrued: 30_000, adjustments: 700, reversals: -4_000, paid: 0, paidBack: 0 },
  ])
  const kept = await deps.db.read.all(
    sql`SELECT period, currency, kind, count, amount FROM period_totals ORDER BY 1, 2, 3`,
  )
  const counted = await deps.db.read.all(
    sql`SELECT period, currency, kind, count(*) AS count, sum(amount) AS amount FROM commissions GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  )
  expect(kept).toEqual(counted)
})

test('a closed month keeps what was paid in it: a reversal counts in its own month, and names the month it came from', async () => {
  const { deps, org, api, partner } = await aCompany()
  const paid = await aPayout(deps, { partner, status: 'paid', amount: 10_000, paidAt: Date.UTC(2026, 1, 20) })
  await aPayout(deps, { partner, status: 'paid', amount: 500, paidAt: Date.UTC(2026, 1, 28, 23, 59) })
  await api.periods.close({ period: '2026-02' })
  const february = await api.periods.get({ period: '2026-02' })
  expect(february.totals).toMatchObject([{ currency: 'USD', paid: 10_500, paidBack: 0 }])
  deps.clock.advance(1)
  const reverse = (amountReversed: number, version: number, to: 'paid' | 'reversed') =>
    work(deps, { orgId: org.id, actor: system }, unit =>
      transition(unit, 'reverse', [{ id: paid.id, version, to, set: { amountReversed } }]),
    )
  await reverse(3_000, 1, 'paid')
  deps.clock.set(Date.UTC(2026, 3, 2))
  await reverse(10_000, 2, 'reversed')
  expect(await api.periods.get({ period: '2026-02' })).toEqual(february)
  expect((await api.periods.get({ period: '2026-03' })).totals).toMatchObject([{ paid: 0, paidBack: -3_000 }])
  const { rows } = await api.periods.list({})
  expect(rows.map(row => [row.period, row.totals.map(({ paid, paidBack }) => [paid, paidBack])])).toEqual([
    ['2026-04', [[0, -7_000]]],
    ['2026-03', [[0, -3_000]]],
    ['2026-02', [[10_500, 0]]],
  ])
  const april = await api.periods.reversals({ period: '2026-04' })
  expect(april.rows).toMatchObject([
    { payout: { id: paid.id }, partner: { id: partner.id }, amount: 7_000, currency: 'USD', originMonth: '2026-02' },
  ])
  expect((await api.periods.reversals({ period: '2026-02' })).rows).toEqual([])
  const stranger = await asRole(deps, 'owner')
  expect((await stranger.api.periods.reversals({ period: '2026-04' })).rows).toEqual([])
})

test('whatever the clock says, a closed month takes no payment and no reversal', async () => {
  const { deps, org, api, partner } = await aCompany()
  await api.periods.close({ period: '2026-02' })
  const january = Date.UTC(2026, 0, 5)
  const paid = await aPayout(deps, { partner, status: 'paid', amount: 900, paidAt: january })
  await work(deps, { orgId: org.id, actor: system }, unit =>
    transition({ ...unit, at: january }, 'reverse', [
      { id: paid.id, version: 1, to: 'paid', set: { amountReversed: 400 } },
    ]),
  )
  expect((await api.periods.list({})).rows.map(row => [row.period, row.totals])).toMatchObject([
    ['2026-03', [{ paid: 900, paidBack: -400 }]],
    ['2026-02', []],
  ])
})

test('many reversals of a month are read in pages', async () => {
  const { deps, api, partner } = await aCompany()
  for (const amount of [1, 2, 3]) await aPayout(deps, { partner, status: 'reversed', amount })
  const seen: number[] = []
  let cursor: string | undefined
  do {
    const page = await api.periods.reversals({ period: '2026-03', cursor, limit: 1 })
    seen.push(...page.rows.map(row => row.amount))
    cursor = page.next ?? undefined
  } while (cursor)
  expect(seen.sort()).toEqual([1, 2, 3])
})

test('payments are counted by UTC, so a month that is over in Tokyo waits until it is over there too', async () => {
  const { deps, org, api } = await aCompany('Asia/Tokyo')
  deps.clock.set(Date.UTC(2026, 1, 28, 20))
  await deps.db.write(tx =>
    tx.run(sql`UPDATE programs SET time_zone = 'Asia/Tokyo', version = version + 1 WHERE org_id = ${org.id}`),
  )
  await expect(api.periods.close({ period: '2026-02' })).rejects.toThrow('Feb 2026 is not over')
})

test('periods are each organization’s own, and only owners and admins close them', async () => {
  const { deps, org, api, partner } = await aCompany()
  await aCommission(deps, { partner, period: '2026-01' })
  await api.periods.close({ period: '2026-01' })
  const stranger = await asRole(deps, 'owner')
  expect((await stranger.api.periods.list({})).rows).toMatchObject([{ period: '2026-03', totals: [] }])
  expect(await stranger.api.periods.get({ period: '2026-01' })).toMatchObject({ status: 'open', totals: [] })
  for (const role of ['manager', 'viewer'] as const) {
    const member = await asRole(deps, role, { org })
    await expect(member.api.periods.close({ period: '2026-02' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect((await member.api.periods.list({})).rows[0]).not.toHaveProperty('refusal')
  }
})
