import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commissionSchedules, type commissions, ledgerEntries } from '#db/schema/index.ts'
import { formatMoney } from '../lib/money.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { anOrg, aPartner, aUser } from '../test/factories.ts'
import { explanationText } from './explain.ts'
import {
  aCreditedDeal,
  aPublishedRule,
  aRefund,
  book,
  changeDeal,
  closedAt,
  creditAgain,
  dayMs,
  rowsOf,
} from './testing.ts'

type Row = typeof commissions.$inferSelect

async function aWorld(partnerBut: Parameters<typeof aPartner>[1] | object = {}) {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: org.id, tier: 'gold', ...partnerBut })
  return { deps, org, partner }
}

function amounts(rows: Row[]) {
  return rows.map(row => [row.kind, row.amount])
}

/** What the ledger says is owed for these rows. */
async function owed(deps: TestDeps, rows: Row[]): Promise<number> {
  const ids = new Set(rows.map(row => row.id))
  const entries = (await deps.db.read.select().from(ledgerEntries)).filter(entry => ids.has(entry.commissionId ?? ''))
  expect(entries).toHaveLength(rows.length)
  return entries.reduce((sum, { credit, amount }) => sum + (credit === 'partner_payable' ? amount : -amount), 0)
}

test('a won deal is booked once, with its rule, its snapshot, its dates, and the ledger', async () => {
  const { deps, org, partner } = await aWorld()
  const rule = await aPublishedRule(deps, org.id, {
    name: 'Gold',
    holdingDays: 30,
    clawbackDays: 60,
    cap: 80_000,
    currency: 'USD',
  })
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 6_000, amount: 600_000 }])
  expect(await book(deps, deal)).toEqual({ booked: 1 })
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  const [row, ...rest] = await rowsOf(deps, deal)
  expect(rest).toEqual([])
  expect(row).toMatchObject({
    number: 1,
    kind: 'earned',
    stream: 'base',
    amount: 80_000,
    currency: 'USD',
    status: 'accrued',
    period: '2026-02',
    originPeriod: null,
    ruleVersionId: rule.id,
    runId: deal.currentRunId,
    releaseAt: closedAt + 30 * dayMs,
    clawbackUntil: closedAt + 60 * dayMs,
  })
  if (!row) throw new Error('nothing was booked')
  expect(explanationText(row)).toBe(
    '$10,000.00 × 60 % credit (sourced) = $6,000.00 × 15 % (Gold, rule v1 from 1 Jan 2026) = $900.00 → capped at $800.00',
  )
  expect(await owed(deps, [row])).toBe(80_000)
})

test('two partners share a flat amount to the cent, and each sentence multiplies out', async () => {
  const { deps, org, partner } = await aWorld()
  const other = await aPartner(deps, { orgId: org.id })
  await aPublishedRule(deps, org.id, { name: 'Flat', currency: 'USD', pay: { kind: 'flat', amount: 10_001 } })
  const deal = await aCreditedDeal(deps, org.id, [
    { partner, bp: 5_000, amount: 500_000 },
    { partner: other, bp: 5_000, amount: 500_000 },
  ])
  await book(deps, deal)
  const rows = await rowsOf(deps, deal)
  expect(rows.map(row => row.amount)).toEqual([5_001, 5_000])
  expect(rows.map(explanationText)).toEqual([
    '$100.01 a deal (Flat, rule v1 from 1 Jan 2026) × 50.005 % credit (sourced) = $50.01',
    '$100.01 a deal (Flat, rule v1 from 1 Jan 2026) × 50 % credit (sourced) = $50.00',
  ])
})

test('without a rule the default rate pays and is shown as such; without that, nothing', async () => {
  const { deps, org, partner } = await aWorld({ defaultRateBp: 1_000 })
  const other = await aPartner(deps, { orgId: org.id })
  const deal = await aCreditedDeal(deps, org.id, [
    { partner, bp: 5_000, amount: 500_000 },
    { partner: other, bp: 5_000, amount: 500_000 },
  ])
  await book(deps, deal)
  const rows = await rowsOf(deps, deal)
  expect(rows.map(row => [row.partnerId, row.amount, row.ruleVersionId])).toEqual([[partner.id, 50_000, null]])
  expect(explanationText(rows[0]!)).toContain('× 10 % (default rate)')
})

test('a spiff comes on top of the base', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id)
  await aPublishedRule(deps, org.id, { stream: 'spiff', currency: 'USD', pay: { kind: 'flat', amount: 10_000 } })
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  expect((await rowsOf(deps, deal)).map(row => [row.stream, row.amount])).toEqual([
    ['base', 150_000],
    ['spiff', 10_000],
  ])
})

test('a correction books the difference by the rule of then; a new partner gets the rule of now', async () => {
  const { deps, org, partner } = await aWorld()
  const first = await aPublishedRule(deps, org.id)
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  deps.clock.advance(dayMs)
  const second = await aPublishedRule(deps, org.id, {
    ruleId: first.ruleId,
    number: 2,
    pay: { kind: 'percent', rateBp: 3_000 },
  })
  await aPublishedRule(deps, org.id, { stream: 'spiff', pay: { kind: 'percent', rateBp: 100 } })
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  const late = await aPartner(deps, { orgId: org.id })
  await creditAgain(deps, deal, [
    { partner, bp: 5_000, amount: 500_000 },
    { partner: late, bp: 5_000, amount: 500_000 },
  ])
  await book(deps, deal)
  const rows = await rowsOf(deps, deal)
  const of = (id: string) => rows.filter(row => row.partnerId === id)
  expect(amounts(of(partner.id))).toEqual([
    ['earned', 150_000],
    ['adjustment', -75_000],
  ])
  expect(of(partner.id)[1]).toMatchObject({ ruleVersionId: first.id, originId: of(partner.id)[0]?.id })
  expect(of(late.id).map(row => [row.stream, row.amount, row.ruleVersionId])).toEqual([
    ['base', 150_000, second.id],
    ['spiff', 5_000, expect.any(String)],
  ])
  expect(await owed(deps, rows)).toBe(75_000 + 155_000)
})

test('partial refunds take back their share, linked, so that it meets its commission in the same run', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id, { holdingDays: 10 })
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  await aRefund(deps, deal, 333_333)
  await book(deps, deal)
  await aRefund(deps, deal, 333_333)
  await book(deps, deal)
  const rows = await rowsOf(deps, deal)
  expect(amounts(rows)).toEqual([
    ['earned', 150_000],
    ['reversal', -50_000],
    ['reversal', -50_000],
  ])
  expect(rows[1]).toMatchObject({
    originId: rows[0]?.id,
    releaseAt: rows[0]?.releaseAt,
    period: '2026-03',
    note: expect.stringContaining('$3,333.33 of $10,000.00'),
  })
  expect(explanationText(rows[2]!)).toBe(
    '$1,500.00 × $6,666.66 refunded of $10,000.00 = $1,000.00 − $500.00 taken back before = $500.00 → −$500.00',
  )
  expect(await owed(deps, rows)).toBe(50_000)
})

test('of what was paid already, a refund is owed back from now on', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id)
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  const by = (await aUser(deps)).id
  await deps.db.write(async tx => {
    await tx.run(sql`INSERT INTO payouts (id, org_id, partner_id, number, status, amount, currency, source, created_by, created_at, updated_at)
      VALUES ('pay_1', ${org.id}, ${partner.id}, 1, 'pending_approval', 150000, 'USD', 'demo', ${by}, 1, 1)`)
    await tx.run(sql`UPDATE commissions SET status = 'in_payout', payout_id = 'pay_1'`)
  })
  await aRefund(deps, deal, 500_000)
  await book(deps, deal)
  expect((await rowsOf(deps, deal))[1]).toMatchObject({ amount: -75_000, releaseAt: deps.clock.now() })
})

test('a refund after the clawback window takes nothing back, and the note of one in time says so', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id, { clawbackDays: 20 })
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  await aRefund(deps, deal, 100_000, closedAt + 21 * dayMs)
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  await aRefund(deps, deal, 200_000, closedAt + 5 * dayMs)
  await book(deps, deal)
  const [, reversal] = await rowsOf(deps, deal)
  expect(reversal).toMatchObject({ amount: -30_000, period: '2026-02' })
  expect(reversal?.note).toBe(
    'The customer got $2,000.00 of $10,000.00 back. This part of the commission is taken back. The refund of $1,000.00 on 3 Mar 2026 takes nothing back: refunds count until 2 Mar 2026.',
  )
})

test('a deal that is lost gives all back; won again, it is given again', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id)
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  await changeDeal(deps, deal, { stage: 'lost' })
  await book(deps, deal)
  await changeDeal(deps, deal, { stage: 'open', closedAt: null })
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  await changeDeal(deps, deal, { stage: 'won', closedAt })
  await book(deps, deal)
  const rows = await rowsOf(deps, deal)
  expect(amounts(rows)).toEqual([
    ['earned', 150_000],
    ['reversal', -150_000],
    ['reversal', 150_000],
  ])
  expect(await owed(deps, rows)).toBe(150_000)
})

test('what belongs to a closed month is booked in the first open one, with its origin', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id)
  const by = (await aUser(deps)).id
  await deps.db.write(tx => tx.run(sql`INSERT INTO closed_periods VALUES (${org.id}, '2026-03', ${by}, 1)`))
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  expect((await rowsOf(deps, deal))[0]).toMatchObject({ period: '2026-04', originPeriod: '2026-02' })
})

test('a recurring commission comes month by month, and stops when the deal is lost', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id, { months: 4, holdingDays: 5 })
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  const schedule = async () => (await deps.db.read.select().from(commissionSchedules))[0]
  expect(await schedule()).toMatchObject({ nextInstallment: 2, nextAt: Date.UTC(2026, 2, 10), endedAt: null })
  deps.clock.set(Date.UTC(2026, 3, 15))
  await book(deps, deal)
  expect((await rowsOf(deps, deal)).map(row => [row.installment, row.amount, row.period, row.releaseAt])).toEqual([
    [1, 150_000, '2026-02', closedAt + 5 * dayMs],
    [2, 150_000, '2026-03', Date.UTC(2026, 2, 15)],
    [3, 150_000, '2026-04', Date.UTC(2026, 3, 15)],
  ])
  expect(explanationText((await rowsOf(deps, deal))[2]!)).toMatch(/^Month 3 of 4: /)
  await changeDeal(deps, deal, { stage: 'lost' })
  await book(deps, deal)
  expect(await schedule()).toMatchObject({ endedAt: deps.clock.now() })
  deps.clock.set(Date.UTC(2026, 4, 15))
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  const rows = await rowsOf(deps, deal)
  expect(rows.reduce((sum, row) => sum + row.amount, 0)).toBe(0)
  expect(await owed(deps, rows)).toBe(0)
})

test('a deal that was given back whole earns no further months', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id, { months: 3 })
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  await aRefund(deps, deal, 1_000_000)
  await book(deps, deal)
  deps.clock.set(Date.UTC(2026, 5, 1))
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  expect(amounts(await rowsOf(deps, deal))).toEqual([
    ['earned', 150_000],
    ['reversal', -150_000],
  ])
})

test("another organization's deal does not exist", async () => {
  const { deps, org, partner } = await aWorld({ defaultRateBp: 1_000 })
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  const other = await anOrg(deps)
  expect(await book(deps, { ...deal, orgId: other.id })).toEqual({ booked: 0 })
  expect(await rowsOf(deps, deal)).toEqual([])
})

test('two refunds at once take back once each', async () => {
  const { deps, org, partner } = await aWorld()
  await aPublishedRule(deps, org.id)
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  await Promise.all([
    aRefund(deps, deal, 400_000).then(() => book(deps, deal)),
    aRefund(deps, deal, 600_000).then(() => book(deps, deal)),
  ])
  const rows = await rowsOf(deps, deal)
  expect(rows.reduce((sum, row) => sum + row.amount, 0)).toBe(0)
})

test('a hundred and fifty partners on one deal, each with a row of its own', async () => {
  const { deps, org } = await aWorld()
  await aPublishedRule(deps, org.id)
  const partners = []
  for (let index = 0; index < 150; index++) partners.push(await aPartner(deps, { orgId: org.id }))
  const deal = await aCreditedDeal(
    deps,
    org.id,
    partners.map((partner, index) => ({ partner, bp: index < 100 ? 67 : 66, amount: index < 100 ? 6_667 : 6_666 })),
  )
  expect(await book(deps, deal)).toEqual({ booked: 150 })
})

const step = fc.oneof(
  fc.record({ what: fc.constant('credit' as const), bp: fc.integer({ min: 0, max: 10_000 }) }),
  fc.record({ what: fc.constant('refund' as const), part: fc.integer({ min: 1, max: 600 }) }),
  fc.record({ what: fc.constant('lose' as const) }),
  fc.record({ what: fc.constant('win' as const) }),
  fc.record({ what: fc.constant('days' as const), days: fc.integer({ min: 1, max: 40 }) }),
)

test('whatever happens to a deal, rows and ledger agree, asking again books nothing, and nobody owes more than was earned', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.integer({ min: 1, max: 4 }), async (steps, months) => {
      const { deps, org, partner } = await aWorld()
      const other = await aPartner(deps, { orgId: org.id, defaultRateBp: 777 })
      await aPublishedRule(deps, org.id, { months, conditions: { tiers: ['gold'] }, clawbackDays: 60 })
      const shares = (bp: number) =>
        [
          { partner, bp, amount: bp * 100 },
          { partner: other, bp: 10_000 - bp, amount: 1_000_000 - bp * 100 },
        ].filter(credit => credit.bp > 0)
      const deal = await aCreditedDeal(deps, org.id, shares(6_000))
      let stage: 'won' | 'lost' = 'won'
      let refunded = 0
      for (const one of [{ what: 'days' as const, days: 1 }, ...steps]) {
        if (one.what === 'credit' && stage === 'won') await creditAgain(deps, deal, shares(one.bp))
        if (one.what === 'refund' && stage === 'won') {
          const part = Math.floor(((1_000_000 - refunded) * one.part) / 1_000)
          if (part > 0) await aRefund(deps, deal, part)
          refunded += part
        }
        if (one.what === 'lose' || one.what === 'win') {
          stage = one.what === 'win' ? 'won' : 'lost'
          await changeDeal(deps, deal, { stage })
        }
        if (one.what === 'days') deps.clock.advance(one.days * dayMs)
        await book(deps, deal)
        expect(await book(deps, deal)).toEqual({ booked: 0 })
        const rows = await rowsOf(deps, deal)
        const sum = rows.reduce((total, row) => total + row.amount, 0)
        expect(await owed(deps, rows)).toBe(sum)
        for (const id of [partner.id, other.id])
          expect(
            rows.filter(row => row.partnerId === id).reduce((total, row) => total + row.amount, 0),
          ).toBeGreaterThanOrEqual(0)
        for (const row of rows) expect(explanationText(row).endsWith(formatMoney(row.amount, 'USD'))).toBe(true)
      }
    }),
    { numRuns: 25 },
  )
}, 120_000)
