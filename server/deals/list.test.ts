import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { dealTotals } from '#db/schema/index.ts'
import { asRole } from '../test/callers.ts'
import { start, testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { pageStatement } from './list.ts'
import { type DealFilter, dealFilter, dealSorts } from './rules.ts'
import { aDeal, aProgram, day } from './testing.ts'

/** Five deals, one an hour: open, won by Acme, won by nobody, lost, and one of Bolt's in euros in another program. */
async function aList() {
  const deps = await testDeps({ now: start - 10 * day })
  const org = await anOrg(deps)
  const { api } = await asRole(deps, 'manager', { org })
  const [first] = (await api.programs.list({})).rows
  const second = await aProgram(deps, org)
  const [acme, bolt] = [
    await aPartner(deps, { orgId: org.id, name: 'Acme' }),
    await aPartner(deps, { orgId: org.id, name: 'Bolt' }),
  ]
  const programId = first!.id
  const make = async (name: string, values: Parameters<typeof aDeal>[2]) => {
    const deal = await aDeal(deps, org, { programId, name, ...values })
    deps.clock.advance(60 * 60_000)
    return deal
  }
  const touch = (partner: typeof acme) => ({ touches: [{ partner, daysAgo: 1 }] })
  await make('Open', { amount: 100, accountName: 'Northwind', accountDomain: 'northwind.example', product: 'Suite' })
  await make('Won', { amount: 300, won: true, externalRef: 'CRM-7', contactEmail: 'jo@fourth.example', ...touch(acme) })
  await make('Nobody', { amount: 200, won: true, territory: 'EMEA' })
  const lost = await make('Lost', { amount: 500 })
  await api.deals.lose({ dealId: lost.id })
  await make('Other', { amount: 400, currency: 'EUR', programId: second.id, ...touch(bolt) })
  const names = async (filter: object) => (await api.deals.list(filter)).rows.map(({ name }) => name)
  return { deps, org, api, acme, bolt, second, names }
}

test('each filter leaves what it says', async () => {
  const { names, acme, bolt, second } = await aList()
  expect(await names({})).toEqual(['Other', 'Lost', 'Nobody', 'Won', 'Open'])
  expect(await names({ stage: 'won' })).toEqual(['Nobody', 'Won'])
  expect(await names({ unattributed: true })).toEqual(['Nobody'])
  expect(await names({ programId: second.id })).toEqual(['Other'])
  expect(await names({ partnerId: acme.id })).toEqual(['Won'])
  expect(await names({ partnerId: bolt.id })).toEqual(['Other'])
  expect(await names({ product: 'suite' })).toEqual(['Open'])
  expect(await names({ territory: 'EMEA' })).toEqual(['Nobody'])
  expect(await names({ currency: 'EUR' })).toEqual(['Other'])
  expect(await names({ amountFrom: 200, amountTo: 300 })).toEqual(['Nobody', 'Won'])
  expect(await names({ createdFrom: '2026-02-21' })).toEqual([])
  expect(await names({ createdTo: '2026-02-20', sort: 'oldest' })).toEqual(['Open', 'Won', 'Nobody', 'Lost', 'Other'])
  expect(await names({ closedFrom: '2026-02-20', closedTo: '2026-02-20', sort: 'closed_asc' })).toEqual([
    'Won',
    'Nobody',
    'Lost',
  ])
})

test('search finds a part of the name or the account, and the number, reference, domain and contact as written', async () => {
  const { names } = await aList()
  expect(await names({ q: 'thwi' })).toEqual(['Other', 'Lost', 'Nobody', 'Won', 'Open'])
  expect(await names({ q: 'obod' })).toEqual(['Nobody'])
  expect(await names({ q: 'D-000002' })).toEqual(['Won'])
  expect(await names({ q: 'CRM-7' })).toEqual(['Won'])
  expect(await names({ q: 'Northwind.example' })).toEqual(['Open'])
  expect(await names({ q: 'jo@fourth.example' })).toEqual(['Won'])
  expect(await names({ q: '100%' })).toEqual([])
})

test('pages of every order hold each deal once', async () => {
  const { api } = await aList()
  for (const sort of dealSorts) {
    const seen: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await api.deals.list({ sort, limit: 2, cursor })
      seen.push(...page.rows.map(({ name }) => name))
      if (!page.next) break
      cursor = page.next
    }
    const whole = (await api.deals.list({ sort })).rows.map(({ name }) => name)
    expect(seen, sort).toEqual(whole)
    expect(whole).toHaveLength(sort.startsWith('closed') ? 3 : 5)
  }
})

test('a row says who is credited, with most first; a deal that isn’t won credits nobody', async () => {
  const { api, acme, deps, org, second } = await aList()
  const [won] = (await api.deals.list({ q: 'CRM-7' })).rows
  expect(won).toMatchObject({ creditedCount: 1, credited: [{ partnerId: acme.id, name: 'Acme', bp: 10_000 }] })
  const many = await Promise.all([1, 2, 3, 4].map(() => aPartner(deps, { orgId: org.id })))
  const touches = many.map(partner => ({ partner, daysAgo: 1 }))
  const shared = await aDeal(deps, org, { programId: second.id, touches, won: true })
  const row = (await api.deals.list({})).rows.find(({ id }) => id === shared.id)
  expect(row?.creditedCount).toBe(4)
  expect(row?.credited).toHaveLength(3)
  await api.deals.reopen({ dealId: shared.id, reason: 'Not signed.' })
  expect((await api.deals.list({})).rows[0]).toMatchObject({ creditedCount: 0, credited: [] })
})

test('upside-down ranges and unknown fields are refused', async () => {
  const { api } = await aList()
  await expect(api.deals.list({ amountFrom: 2, amountTo: 1 })).rejects.toThrow('The amount range is upside down.')
  await expect(api.deals.list({ createdFrom: '2026-02-30' })).rejects.toThrow('That day does not exist.')
  await expect(api.deals.list({ orgId: 'other' } as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('the kept totals are what counting would say, after every kind of change', async () => {
  const { deps, api } = await aList()
  const [open] = (await api.deals.list({ stage: 'open' })).rows
  await api.deals.update({ dealId: open!.id, amount: 4_200 })
  const counted = await deps.db.read.all(sql`
    SELECT org_id AS orgId, stage, currency, count(*) AS count, sum(amount) AS amount, sum(stage = 'won' AND credited = 0) AS uncredited
    FROM deals WHERE removed_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
  const kept = await deps.db.read
    .select()
    .from(dealTotals)
    .orderBy(dealTotals.orgId, dealTotals.stage, dealTotals.currency)
  expect(kept.filter(({ count }) => count > 0)).toEqual(counted)
  expect(await api.deals.counts()).toMatchObject({
    all: 5,
    unattributed: 1,
    open: { count: 2 },
    won: { count: 2, amounts: [{ amount: 500, currency: 'USD' }] },
  })
})

test('every list runs along an index, without sorting all of an organization’s deals', async () => {
  const { deps, org, bolt } = await aList()
  const scope = { orgId: org.id, timeZone: 'UTC' }
  const planOf = async (filter: Partial<DealFilter>) => {
    const statement = await pageStatement(deps.db.read, scope, dealFilter.parse(filter), { limit: 50 })
    const rows = await deps.db.read.all<{ detail: string }>(sql`EXPLAIN QUERY PLAN ${statement}`)
    return rows.map(row => row.detail).join('\n')
  }
  const plans: [Partial<DealFilter>, string][] = [
    [{}, 'deals_by_created'],
    [{ stage: 'won' }, 'deals_by_stage'],
    [{ unattributed: true }, 'deals_unattributed'],
    [{ sort: 'amount_desc' }, 'deals_by_amount'],
    [{ sort: 'closed_desc' }, 'deals_by_closed'],
    [{ sort: 'closed_asc', closedFrom: '2026-01-01' }, 'deals_by_closed'],
  ]
  for (const [filter, index] of plans) {
    const plan = await planOf(filter)
    expect(plan, JSON.stringify(filter)).toContain(index)
    expect(plan, JSON.stringify(filter)).not.toContain('TEMP B-TREE')
  }
  // What is gathered by id is looked up by id; its few rows may be sorted.
  for (const filter of [{ partnerId: bolt.id }, { q: 'x' }]) {
    const plan = await planOf(filter)
    expect(plan, JSON.stringify(filter)).toMatch(/SEARCH d USING INDEX sqlite_autoindex_deals_1 \(id=\?\)/)
  }
})
