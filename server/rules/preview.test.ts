import { expect, test } from 'vitest'
import {
  aCreditedDeal,
  aPublishedRule,
  book,
  type CreditFor,
  changeDeal,
  closedAt,
  type Deal,
  dayMs,
  rowsOf,
} from '../commissions/testing.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { blankWording, type Wording } from './rules.ts'

async function aWorld() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const author = await asRole(deps, 'manager', { org })
  const admin = await asRole(deps, 'admin', { org })
  const gold = await aPartner(deps, { orgId: org.id, tier: 'gold', name: 'Gold partner' })
  const plain = await aPartner(deps, { orgId: org.id, defaultRateBp: 500, name: 'Plain partner' })
  return { deps, org, author, admin, gold, plain }
}

async function draft(
  api: Awaited<ReturnType<typeof asRole>>['api'],
  but: Partial<Wording>,
  stream: 'base' | 'spiff' = 'base',
) {
  const wording = { ...blankWording('2026-01-01'), ...but }
  return api.rules.create({ name: `Rule ${JSON.stringify(but).length}`, stream, programId: null, wording })
}

async function total(deps: TestDeps, deals: Deal[], partnerId?: string): Promise<number> {
  const rows = (await Promise.all(deals.map(deal => rowsOf(deps, deal)))).flat()
  return rows.filter(row => !partnerId || row.partnerId === partnerId).reduce((sum, row) => sum + row.amount, 0)
}

test('what the preview says is what booking then does', async () => {
  const { deps, org, author, admin, gold, plain } = await aWorld()
  await aPublishedRule(deps, org.id, { priority: 50, conditions: { tiers: ['gold'] } })
  const shares = (a: number, b: number): CreditFor[] => [
    { partner: gold, bp: a, amount: a * 100 },
    { partner: plain, bp: b, amount: b * 100 },
  ]
  const deals: Deal[] = []
  for (let index = 0; index < 6; index++)
    deals.push(
      await aCreditedDeal(deps, org.id, shares(1_000 * index, 10_000 - 1_000 * index), {
        closedAt: closedAt - index * 3 * dayMs,
        type: index % 2 === 0 ? 'new' : 'renewal',
      }),
    )
  const { ruleVersionId } = await draft(author.api, {
    priority: 10,
    conditions: { dealTypes: ['new'] },
    currency: 'USD',
    pay: {
      kind: 'brackets',
      brackets: [
        { upTo: 300_000, rateBp: 800 },
        { upTo: null, rateBp: 1_300 },
      ],
    },
    cap: 90_000,
    months: 2,
  })
  const preview = await admin.api.rules.preview({ ruleVersionId })
  expect(preview).toMatchObject({ deals: 6, affected: 3 })
  await admin.api.rules.publish({ ruleVersionId })
  deps.clock.set(closedAt + 60 * dayMs)
  for (const deal of deals) await book(deps, deal)
  expect(preview.totals).toEqual([{ currency: 'USD', before: expect.any(Number), after: await total(deps, deals) }])
  for (const partner of preview.partners) expect(partner.after).toBe(await total(deps, deals, partner.id))
  expect(preview.partners).toHaveLength(2)
})

test('who gains and who loses, against the rules in force; a draft for later counts as if it were in force', async () => {
  const { deps, org, author, admin, gold, plain } = await aWorld()
  await aPublishedRule(deps, org.id, { priority: 50, conditions: { tiers: ['gold'] } })
  await aCreditedDeal(deps, org.id, [
    { partner: gold, bp: 5_000, amount: 500_000 },
    { partner: plain, bp: 5_000, amount: 500_000 },
  ])
  const { ruleVersionId } = await draft(author.api, { priority: 1, effectiveFrom: '2027-01-01' })
  expect(await admin.api.rules.preview({ ruleVersionId })).toEqual({
    deals: 1,
    affected: 1,
    totals: [{ currency: 'USD', before: 75_000 + 25_000, after: 50_000 + 50_000 }],
    partners: expect.arrayContaining([
      { id: gold.id, name: 'Gold partner', currency: 'USD', before: 75_000, after: 50_000 },
      { id: plain.id, name: 'Plain partner', currency: 'USD', before: 25_000, after: 50_000 },
    ]),
    gainers: 1,
    losers: 1,
    examples: [expect.objectContaining({ number: 'D-000001', before: 100_000, after: 100_000 })],
  })
})

test('currencies stay apart, and deals that are old, lost or removed do not count', async () => {
  const { deps, org, author, admin, plain } = await aWorld()
  const credit = [{ partner: plain, bp: 10_000, amount: 1_000_000 }]
  await aCreditedDeal(deps, org.id, credit)
  await aCreditedDeal(deps, org.id, credit, { currency: 'EUR' })
  await aCreditedDeal(deps, org.id, credit, { closedAt: deps.clock.now() - 91 * dayMs })
  await changeDeal(deps, await aCreditedDeal(deps, org.id, credit), { stage: 'lost' })
  await changeDeal(deps, await aCreditedDeal(deps, org.id, credit), { removedAt: 1 })
  const { ruleVersionId } = await draft(author.api, {})
  const preview = await admin.api.rules.preview({ ruleVersionId })
  expect(preview.deals).toBe(2)
  expect(preview.totals).toEqual([
    { currency: 'EUR', before: 50_000, after: 100_000 },
    { currency: 'USD', before: 50_000, after: 100_000 },
  ])
  expect(await deps.db.read.query.commissions.findMany()).toEqual([])
})

test('only a draft is previewed', async () => {
  const { author, admin } = await aWorld()
  const { ruleVersionId } = await draft(author.api, {})
  await admin.api.rules.publish({ ruleVersionId })
  await expect(admin.api.rules.preview({ ruleVersionId })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('deals that nothing pays for are listed with why, until a rule or a default rate does', async () => {
  const { deps, org, admin, gold, plain } = await aWorld()
  await aPublishedRule(deps, org.id, { conditions: { tiers: ['platinum'] }, name: 'Platinum' })
  const deal = await aCreditedDeal(deps, org.id, [
    { partner: gold, bp: 5_000, amount: 500_000 },
    { partner: plain, bp: 5_000, amount: 500_000 },
  ])
  await aCreditedDeal(deps, org.id, [{ partner: plain, bp: 10_000, amount: 1_000_000 }])
  await book(deps, deal)
  const list = await admin.api.rules.unmatched({})
  expect(list).toEqual({
    rows: [
      {
        deal: expect.objectContaining({ id: deal.id, number: 'D-000001' }),
        partners: [{ id: gold.id, name: 'Gold partner', amount: 500_000 }],
        why: [expect.objectContaining({ name: 'Platinum', why: 'For tier platinum; here it is gold.' })],
      },
    ],
    next: null,
  })
  await aPublishedRule(deps, org.id, { conditions: { tiers: ['gold'] } })
  expect((await admin.api.rules.unmatched({})).rows).toEqual([])
})
