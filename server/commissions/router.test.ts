import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner } from '../test/factories.ts'
import { bookDue } from './installments.ts'
import { pageStatement } from './list.ts'
import { aCreditedDeal, aPublishedRule, aRefund, book, closedAt, creditAgain, dayMs, rowsOf } from './testing.ts'

async function aWorld() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const admin = await asRole(deps, 'admin', { org })
  const partner = await aPartner(deps, { orgId: org.id, name: 'Northwind', tier: 'gold' })
  const other = await aPartner(deps, { orgId: org.id, name: 'Fabrikam' })
  await aPublishedRule(deps, org.id, { name: 'Everybody', holdingDays: 5, clawbackDays: 15, priority: 200 })
  await aPublishedRule(deps, org.id, {
    name: 'Gold',
    conditions: { tiers: ['gold'] },
    pay: { kind: 'percent', rateBp: 2_000 },
  })
  const deal = await aCreditedDeal(deps, org.id, [
    { partner, bp: 6_000, amount: 600_000 },
    { partner: other, bp: 4_000, amount: 400_000 },
  ])
  await book(deps, deal)
  return { deps, org, admin, partner, other, deal }
}

test('a list says what each line is, where it stands and why; filters and pages agree', async () => {
  const { admin, partner, other, deal } = await aWorld()
  const { rows } = await admin.api.commissions.list({})
  rows.sort((a, b) => (a.number < b.number ? 1 : -1))
  expect(rows.map(row => [row.partner.name, row.amount, row.state, row.deal?.number])).toEqual([
    ['Fabrikam', 60_000, 'payable', 'D-000001'],
    ['Northwind', 120_000, 'payable', 'D-000001'],
  ])
  expect(rows[1]?.text).toBe(
    '$10,000.00 × 60 % credit (sourced) = $6,000.00 × 20 % (Gold, rule v1 from 1 Jan 2026) = $1,200.00',
  )
  const numbers = async (filter: object) =>
    (await admin.api.commissions.list(filter)).rows
      .map(row => row.number)
      .sort()
      .reverse()
  expect(await numbers({ partnerId: other.id })).toEqual(['C-000002'])
  expect(await numbers({ q: 'north' })).toEqual(['C-000001'])
  expect(await numbers({ q: 'c-000002' })).toEqual(['C-000002'])
  expect(await numbers({ q: 'D-000001' })).toEqual(['C-000002', 'C-000001'])
  expect(await numbers({ q: 'nobody' })).toEqual([])
  expect(await numbers({ dealId: deal.id, state: 'payable,on_hold' })).toEqual(['C-000002', 'C-000001'])
  expect(await numbers({ state: 'paid' })).toEqual([])
  expect(await numbers({ kind: 'reversal' })).toEqual([])
  expect(
    await numbers({ period: '2026-02', currency: 'USD', programId: partner.orgId && `prg_${partner.orgId}` }),
  ).toHaveLength(2)
  const first = await admin.api.commissions.list({ limit: 1 })
  const second = await admin.api.commissions.list({ limit: 1, cursor: first.next ?? '' })
  expect([first.rows[0]?.number, second.rows[0]?.number].sort()).toEqual(['C-000001', 'C-000002'])
  expect(second.next).toBe(null)
})

test('one commission with all that explains it: losing rules, corrections, late refunds', async () => {
  const { deps, admin, partner, other, deal } = await aWorld()
  await aRefund(deps, deal, 100_000, closedAt + 10 * dayMs)
  await aRefund(deps, deal, 100_000, closedAt + 16 * dayMs)
  await creditAgain(deps, deal, [
    { partner, bp: 5_000, amount: 500_000 },
    { partner: other, bp: 5_000, amount: 500_000 },
  ])
  await book(deps, deal)
  const [line] = (await rowsOf(deps, deal)).filter(row => row.partnerId === other.id)
  const detail = await admin.api.commissions.get({ commissionId: line?.id ?? '' })
  expect(detail).toMatchObject({
    kind: 'earned',
    amount: 60_000,
    corrections: [
      { kind: 'adjustment', amount: 15_000 },
      { kind: 'reversal', amount: -7_500 },
    ],
    sum: 67_500,
    losing: [{ name: 'Gold', why: 'For tier gold; here it is registered.' }],
    lateRefunds: [{ amount: 100_000 }],
    origin: null,
    dispute: null,
  })
  const correction = await admin.api.commissions.get({ commissionId: detail.corrections[0]?.id ?? '' })
  expect(correction.origin?.id).toBe(line?.id)
})

test('a partner reads its own, with the sentence and without the rules that lost', async () => {
  const { deps, org, partner, other, deal } = await aWorld()
  const person = await asRole(deps, 'partner', { org, partner })
  const { rows } = await person.api.commissions.list({})
  expect(rows.map(row => row.number)).toEqual(['C-000001'])
  expect((await person.api.commissions.list({ partnerId: other.id })).rows).toEqual([])
  expect((await person.api.commissions.list({ q: 'Fabrikam' })).rows).toEqual([])
  const detail = await person.api.commissions.get({ commissionId: rows[0]?.id ?? '' })
  expect(detail).toMatchObject({ losing: [], dispute: { refusal: null } })
  expect(JSON.stringify(detail)).not.toContain('Fabrikam')
  const sibling = (await rowsOf(deps, deal)).find(row => row.partnerId === other.id)
  await expect(person.api.commissions.get({ commissionId: sibling?.id ?? '' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('the export is the list, a sentence a line, safe for spreadsheets; a partner gets its own', async () => {
  const { deps, org, admin, partner } = await aWorld()
  await deps.db.write(tx => tx.run(sql`UPDATE partners SET name = '=cmd()' WHERE id = ${partner.id}`))
  const person = await asRole(deps, 'partner', { org, partner })
  const read = async (api: typeof admin.api) => {
    const { chunks, fileName } = await api.commissions.export({})
    let text = ''
    for await (const chunk of chunks) text += chunk
    expect(fileName).toBe('commissions-2026-03-02-SIMULATED.csv')
    return text.trimEnd().split('\r\n').sort()
  }
  const lines = await read(admin.api)
  expect(lines).toHaveLength(3)
  expect(lines[0]).toContain(",'=cmd(),")
  expect(lines[0]).toContain(
    '"$10,000.00 × 60 % credit (sourced) = $6,000.00 × 20 % (Gold, rule v1 from 1 Jan 2026) = $1,200.00"',
  )
  expect(await read(person.api)).toHaveLength(2)
  const log = await deps.db.read.all<{ action: string }>(
    sql`SELECT action FROM audit WHERE target_type = 'export' ORDER BY seq`,
  )
  expect(log.map(row => row.action)).toEqual([
    'commissions.export',
    'commissions.exported',
    'commissions.export',
    'commissions.exported',
  ])
})

test('pages are read from an index, whatever the filter', async () => {
  const { deps, org, partner, deal } = await aWorld()
  const scope = { orgId: org.id, partnerId: null, now: 1 }
  const planOf = async (filter: object, own: string | null = null) => {
    const statement = await pageStatement(deps.db.read, { ...scope, partnerId: own }, filter, { limit: 50 })
    const plan = await deps.db.read.all<{ detail: string }>(sql`EXPLAIN QUERY PLAN ${statement}`)
    return plan.map(step => step.detail).join('\n')
  }
  expect(await planOf({})).toContain('commissions_by_created')
  expect(await planOf({}, partner.id)).toContain('commissions_by_partner')
  expect(await planOf({ state: ['paid'] })).toContain('commissions_by_status')
  expect(await planOf({ period: '2026-02' })).toContain('commissions_by_period')
  expect(await planOf({ dealId: deal.id })).toContain('commissions_by_deal')
  expect(await planOf({ payoutId: 'pay_1' })).toContain('commissions_by_payout')
  for (const filter of [{}, { state: ['paid'] }, { period: '2026-02' }])
    expect(await planOf(filter)).not.toContain('TEMP B-TREE')
})

test('months that came due are booked by the clock, all that are due, and each once', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: org.id })
  await aPublishedRule(deps, org.id, { months: 3 })
  const deals = []
  for (let index = 0; index < 3; index++) {
    const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
    await book(deps, deal)
    deals.push(deal)
  }
  expect(await bookDue(deps)).toBe(0)
  deps.clock.set(Date.UTC(2026, 2, 11))
  expect(await bookDue(deps)).toBe(3)
  expect(await bookDue(deps)).toBe(0)
  deps.clock.set(Date.UTC(2027, 0, 1))
  const both = await Promise.all([bookDue(deps), bookDue(deps)])
  expect(both[0] + both[1]).toBe(3)
  for (const deal of deals) expect(await rowsOf(deps, deal)).toHaveLength(3)
})

test('a deal that cannot be booked keeps no other waiting, and is logged', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: org.id })
  await aPublishedRule(deps, org.id, { months: 2 })
  const [bad, good] = [
    await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }]),
    await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }]),
  ]
  for (const deal of [bad, good]) await book(deps, deal)
  await creditAgain(deps, bad, [{ partner, bp: 10_000, amount: 1_000_000 }], { currency: 'EUR' })
  deps.clock.set(Date.UTC(2026, 2, 11))
  expect(await bookDue(deps)).toBe(1)
  expect(await rowsOf(deps, good)).toHaveLength(2)
  expect(deps.log.lines.map(line => line.message)).toEqual(['a month that came due could not be booked'])
})

test('an imported line explains itself too', async () => {
  const { deps, admin, partner } = await aWorld()
  const { id } = await aCommission(deps, { partner, amount: 4_200 })
  expect((await admin.api.commissions.get({ commissionId: id })).text).toBe('Imported as it was: $42.00')
})
