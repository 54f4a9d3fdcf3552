import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { payoutStatuses } from '#db/schema/index.ts'
import { benchAdmin, buildCompany } from '../bench/company.ts'
import { decodeCursor, encodeCursor } from '../lib/page.ts'
import { asRole, callerFor } from '../test/callers.ts'
import { start, type TestDeps, testDeps } from '../test/deps.ts'
import { anOrg, aPartner, aPayout } from '../test/factories.ts'
import { orderOf, whereOf } from './list.ts'
import { filterSchema, type PayoutFilter, sorts } from './rules.ts'

type Row = {
  id: string
  number: number
  status: string
  amount: number
  currency: string
  period: string | null
  reference: string | null
  partner_id: string
  created_at: number
  paid_at: number | null
  paid_via: string | null
  partner: string
  email: string
  partner_reference: string | null
}

const scope = { orgId: benchAdmin.orgId, partnerId: null, timeZone: 'UTC' }
let deps: TestDeps
let all: Row[]

// Read only by all tests below, and so built once. Many rows share a moment and an amount: those are the hard ones.
beforeAll(async () => {
  deps = await testDeps()
  await buildCompany(deps.db, { payouts: 600, partners: 7, now: start, ties: 40, amounts: 9 })
  all = await deps.db.read.all<Row>(
    sql`SELECT p.*, r.name AS partner, r.email AS email, r.reference AS partner_reference FROM payouts p JOIN partners r ON r.id = p.partner_id`,
  )
})

async function listed(input: object, limit = 100): Promise<string[]> {
  const api = await callerFor(deps, benchAdmin)
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await api.payouts.list({ ...input, cursor, limit })
    expect(page.rows.length).toBeLessThanOrEqual(limit)
    ids.push(...page.rows.map(row => row.id))
    cursor = page.next ?? undefined
  } while (cursor)
  return ids
}

/** The list as a sentence would say it, over all rows in memory. */
function expected(filter: PayoutFilter): string[] {
  const day = 24 * 60 * 60_000
  const at = (date: string) => Date.parse(`${date}T00:00:00Z`)
  const text = filter.q?.toLowerCase()
  const column = filter.sort.startsWith('amount') ? 'amount' : filter.sort.startsWith('paid') ? 'paid_at' : 'created_at'
  const sign = filter.sort === 'newest' || filter.sort.endsWith('desc') ? -1 : 1
  return all
    .filter(
      row =>
        (!filter.status?.length || (filter.status as string[]).includes(row.status)) &&
        (!filter.partnerId || row.partner_id === filter.partnerId) &&
        (!filter.period || row.period === filter.period) &&
        (!filter.currency || row.currency === filter.currency) &&
        (filter.amountFrom === undefined || row.amount >= filter.amountFrom) &&
        (filter.amountTo === undefined || row.amount <= filter.amountTo) &&
        (!filter.createdFrom || row.created_at >= at(filter.createdFrom)) &&
        (!filter.createdTo || row.created_at < at(filter.createdTo) + day) &&
        (!filter.paidFrom || (row.paid_at ?? 0) >= at(filter.paidFrom)) &&
        (!filter.paidTo || (row.paid_at !== null && row.paid_at < at(filter.paidTo) + day)) &&
        (!filter.via || row.paid_via === filter.via) &&
        (column !== 'paid_at' || row.paid_at !== null) &&
        (!text ||
          [row.partner, row.email, row.partner_reference ?? ''].some(field => field.toLowerCase().includes(text)) ||
          row.reference?.startsWith(filter.q ?? '') ||
          row.id === filter.q ||
          row.number === Number(/^(?:po-?)?0*(\d{1,9})$/.exec(text)?.[1] ?? -1)),
    )
    .sort((a, b) => sign * ((a[column] ?? 0) - (b[column] ?? 0) || (a.id < b.id ? -1 : 1)))
    .map(row => row.id)
}

test.each(sorts.flatMap(sort => [1, 7, 100].map(limit => ({ sort, limit }))))(
  '$sort in pages of $limit shows each payout once, in order, ties too',
  async ({ sort, limit }) => {
    const filter = filterSchema.parse({ sort, ...(limit === 1 ? { period: '2025-12' } : {}) })
    const ids = await listed(filter, limit)
    expect(ids.length).toBeGreaterThan(10)
    expect(ids).toEqual(expected(filter))
  },
)

test('filters combine, and say what a sentence would', async () => {
  const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
  const day = fc.constantFrom('2024-12-01', '2025-02-28', '2025-06-15', '2025-12-31', '2026-02-01')
  const filters = fc
    .record({
      status: option(fc.subarray([...payoutStatuses])),
      partnerId: option(fc.constantFrom('par_000000', 'par_000003', 'par_999999')),
      period: option(fc.constantFrom('2025-02', '2025-12')),
      currency: option(fc.constantFrom('USD', 'EUR', 'JPY')),
      amountFrom: option(fc.constantFrom(0, 100, 103)),
      amountTo: option(fc.constantFrom(103, 105, 900_000)),
      createdFrom: option(day),
      createdTo: option(day),
      paidFrom: option(day),
      paidTo: option(day),
      via: option(fc.constantFrom('stripe' as const, 'manual' as const)),
      q: option(
        fc.constantFrom('Smith', 'PARTNER', 'INV-00001', 'po-42', 'PO-000042', '7', 'P-00003', '100%', '_', 'no such'),
      ),
      sort: fc.constantFrom(...sorts),
    })
    .filter(filter => filterSchema.safeParse(filter).success)
  const property = fc.asyncProperty(filters, async filter => {
    expect(await listed(filter)).toEqual(expected(filterSchema.parse(filter)))
  })
  await fc.assert(property, { numRuns: 250 })
})

test.each(['PO-000042', 'po-42', '42', '0042'])('%s finds payout 42', async q => {
  expect(await listed({ q })).toContain(all.find(row => row.number === 42)?.id)
})

test('search finds by reference, its beginning, id, and the partner’s name, email and reference', async () => {
  const own = all.find(row => row.reference)
  if (!own) throw new Error('no payout has a reference')
  expect(await listed({ q: own.reference ?? '' })).toEqual([own.id])
  expect(await listed({ q: own.id })).toEqual([own.id])
  const ofPartner = all.filter(row => row.partner_id === own.partner_id).length
  for (const q of [own.partner, own.email, own.partner_reference ?? '', own.email.toUpperCase()])
    expect(await listed({ q })).toHaveLength(ofPartner)
  expect(await listed({ q: 'INV-' })).toHaveLength(all.filter(row => row.reference).length)
  expect(await listed({ q: '   ' })).toHaveLength(all.length)
})

test('what a person types into the search is no pattern', async () => {
  for (const q of ['%', '_', 'Partner%1', '\\', "'", '"']) {
    const found = all.filter(row => row.partner.includes(q)).length
    expect([q, (await listed({ q })).length]).toEqual([q, found])
  }
})

test('a cursor that we did not write reads as the first page', async () => {
  const api = await callerFor(deps, benchAdmin)
  const first = await api.payouts.list({ limit: 5 })
  for (const cursor of ['', 'x', '%%%', btoa('[1]'), btoa('{"a":1}'), encodeCursor([1, 'x']).slice(0, -3)])
    expect((await api.payouts.list({ limit: 5, cursor })).rows).toEqual(first.rows)
  expect(decodeCursor(first.next ?? '')).toEqual([first.rows[4]?.createdAt, first.rows[4]?.id])
})

test('more than a hundred at once and ranges upside down are refused in words', async () => {
  const api = await callerFor(deps, benchAdmin)
  await expect(api.payouts.list({ limit: 101 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(api.payouts.list({ amountFrom: 2, amountTo: 1 })).rejects.toThrow(/upside down/)
  await expect(api.payouts.list({ createdFrom: '2026-02-30' })).rejects.toThrow(/does not exist/)
})

/** What SQLite means to do, for a page behind a cursor. */
async function planOf(input: object): Promise<string> {
  const filter = filterSchema.parse(input)
  const where = await whereOf(deps.db.read, scope, filter)
  const { after, orderBy } = orderOf(filter.sort, [1, 'pay_1'])
  const steps = await deps.db.read.all<{ detail: string }>(
    sql`EXPLAIN QUERY PLAN SELECT p.id AS id FROM payouts p WHERE ${where} AND ${after} ORDER BY ${orderBy} LIMIT 51`,
  )
  return steps.map(step => step.detail).join('\n')
}

test.each([
  [{}, 'payouts_by_created (org_id=? AND (created_at,id)<(?,?))'],
  [{ sort: 'oldest' }, 'payouts_by_created (org_id=? AND (created_at,id)>(?,?))'],
  [{ sort: 'amount_desc' }, 'payouts_by_amount (org_id=? AND (amount,id)<(?,?))'],
  [{ sort: 'amount_asc' }, 'payouts_by_amount (org_id=? AND (amount,id)>(?,?))'],
  [{ sort: 'paid_desc' }, 'payouts_by_paid (org_id=? AND paid_at>? AND (paid_at,id)<(?,?))'],
  [{ status: 'paid' }, 'payouts_by_status (org_id=? AND status=? AND (created_at,id)<(?,?))'],
  [{ partnerId: 'par_000003' }, 'payouts_by_partner (org_id=? AND partner_id=? AND (created_at,id)<(?,?))'],
  [{ period: '2025-12' }, 'payouts_by_period (org_id=? AND period=? AND (created_at,id)<(?,?))'],
])('%j is read from its index, without sorting', async (filter, step) => {
  const plan = await planOf(filter)
  expect(plan).toMatch(/^SEARCH p USING (COVERING )?INDEX /)
  expect(plan).toContain(step)
  expect(plan).not.toContain('TEMP B-TREE')
})

test('a partner sees its own payouts only, whatever it asks for', async () => {
  const own = await testDeps()
  const org = await anOrg(own)
  const partner = await aPartner(own, { orgId: org.id, name: 'Northwind' })
  const sibling = await aPartner(own, { orgId: org.id, name: 'Northwind Two' })
  const foreign = await aPartner(own, { orgId: (await anOrg(own)).id, name: 'Northwind' })
  const mine = await aPayout(own, { partner, reference: 'INV-1', createdAt: start })
  const theirs = await aPayout(own, { partner: sibling, reference: 'INV-2' })
  await aPayout(own, { partner: foreign, reference: 'INV-3' })
  const { api } = await asRole(own, 'partner', { org, partner })
  const ids = async (input: object) => (await api.payouts.list(input)).rows.map(row => row.id)
  expect(await ids({})).toEqual([mine.id])
  for (const q of ['Northwind', 'INV-', 'PO-', partner.email]) expect(await ids({ q })).not.toContain(theirs.id)
  expect(await ids({ q: 'Northwind' })).toEqual([mine.id])
  expect(await ids({ q: 'INV-' })).toEqual([mine.id])
  for (const q of [theirs.id, 'INV-2', 'PO-000002', sibling.email, 'Two'])
    expect([q, await ids({ q })]).toEqual([q, []])
  expect(await ids({ partnerId: sibling.id })).toEqual([])
  expect(await ids({ partnerId: foreign.id })).toEqual([])
  const behind = encodeCursor([start + 1e9, 'zzz'])
  expect(await ids({ cursor: behind })).toEqual([mine.id])
})
