import { type SQL, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asRole } from '../test/callers.ts'
import { aDatabase } from '../test/db.ts'
import { testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner } from '../test/factories.ts'
import { stateSql } from './list.ts'
import { endStatement, openTotals, type PendingGroup, pendingTotals, sliceStatement } from './pending.ts'
import { commissionStates, stateOf } from './rules.ts'
import { dayMs } from './testing.ts'

async function aWorld() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const admin = await asRole(deps, 'admin', { org })
  const partner = await aPartner(deps, { orgId: org.id, name: 'Northwind' })
  return { deps, org, admin, partner, now: deps.clock.now() }
}

test('what a partner is owed, per currency: each row in one sum, with the next release dates', async () => {
  const { deps, admin, partner, now } = await aWorld()
  const add = (but: Partial<Parameters<typeof aCommission>[1]>) => aCommission(deps, { partner, ...but })
  const first = await add({ amount: 10_000 })
  await add({ amount: 5_000 })
  await add({ amount: -2_000, kind: 'reversal', originId: first.id })
  await add({ amount: 700, releaseAt: now + dayMs })
  await add({ amount: 300, releaseAt: now + dayMs })
  await add({ amount: 40, releaseAt: now + 9 * dayMs })
  await add({ amount: 9_000, disputedAt: 1 })
  await add({ amount: 80_000, status: 'paid' })
  await add({ amount: 1_234, currency: 'EUR' })
  const { rows, next } = await admin.api.commissions.calculatePending({ partnerId: partner.id })
  expect(next).toBe(null)
  expect(rows).toEqual([
    {
      partner: { id: partner.id, name: 'Northwind' },
      currencies: [
        {
          ...{ currency: 'EUR', payable: 1_234, debts: 0, onHold: 0, disputed: 0, inPayout: 0, lines: 1 },
          ...{ nextRelease: null, releases: [] },
        },
        {
          ...{ currency: 'USD', payable: 15_000, debts: -2_000, onHold: 1_040, disputed: 9_000, inPayout: 0, lines: 7 },
          nextRelease: now + dayMs,
          releases: [
            { at: now + dayMs, amount: 1_000 },
            { at: now + 9 * dayMs, amount: 40 },
          ],
        },
      ],
    },
  ])
  deps.clock.advance(dayMs)
  const later = (await admin.api.commissions.calculatePending({ partnerId: partner.id })).rows[0]?.currencies[1]
  expect(later).toMatchObject({ payable: 16_000, onHold: 40 })
})

test('partners come page by page, each once and whole', async () => {
  const { deps, org, admin } = await aWorld()
  const names = new Set<string>()
  for (let index = 0; index < 5; index++) {
    const partner = await aPartner(deps, { orgId: org.id })
    names.add(partner.id)
    for (const currency of ['USD', 'EUR', 'USD']) await aCommission(deps, { partner, currency, amount: 100 })
  }
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await admin.api.commissions.calculatePending({ limit: 2, cursor })
    for (const row of page.rows) {
      seen.push(row.partner.id)
      expect(row.currencies.map(one => [one.currency, one.payable])).toEqual([
        ['EUR', 100],
        ['USD', 200],
      ])
    }
    cursor = page.next ?? undefined
  } while (cursor)
  expect(seen).toHaveLength(5)
  expect(new Set(seen)).toEqual(names)
  expect(await admin.api.commissions.totals({})).toMatchObject([
    { currency: 'EUR', payable: 500, partners: 5, lines: 5 },
    { currency: 'USD', payable: 1_000, partners: 5, lines: 10 },
  ])
})

test('slices of any size come to the same sums as adding up in JavaScript', async () => {
  const deps = await testDeps({ db: await aDatabase() })
  const org = await anOrg(deps)
  const people = [await aPartner(deps, { orgId: org.id }), await aPartner(deps, { orgId: org.id })]
  const by = 'system'
  const rowOf = fc.record({
    partner: fc.constantFrom(0, 1),
    currency: fc.constantFrom('USD', 'EUR'),
    amount: fc.integer({ min: -999_999_999_999, max: 999_999_999_999 }).filter(amount => amount !== 0),
    status: fc.constantFrom('accrued' as const, 'in_payout' as const, 'paid' as const),
    releaseAt: fc.constantFrom(50, 100, 150),
    disputedAt: fc.constantFrom(null, 7),
  })
  const payoutId = 'pay_any'
  await deps.db.script('PRAGMA foreign_keys = OFF')
  await fc.assert(
    fc.asyncProperty(fc.array(rowOf, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), async (rows, size) => {
      const orgId = deps.ids.id('org')
      const full = rows.map((row, number) => ({
        ...row,
        id: deps.ids.id('com'),
        number,
        partnerId: people[row.partner]?.id ?? '',
        disputedAt: row.status === 'in_payout' ? null : row.disputedAt,
        payoutId: row.status === 'accrued' ? null : payoutId,
      }))
      const outcome = await deps.db
        .write(async tx => {
          // Rows that no use case could make, put in beneath the triggers, and taken back with the transaction.
          await tx.run(sql`DROP TRIGGER commissions_start`)
          await tx.run(sql`PRAGMA defer_foreign_keys = ON`)
          await tx.run(sql`
            INSERT INTO commissions (id, org_id, number, partner_id, program_id, kind, stream, amount, currency, status, period, release_at, disputed_at, payout_id, snapshot, created_by, created_at, updated_at)
            SELECT value ->> 'id', ${orgId}, value ->> 'number', value ->> 'partnerId', 'prg', 'imported', 'base', value ->> 'amount', value ->> 'currency', value ->> 'status', '2026-02',
              value ->> 'releaseAt', value ->> 'disputedAt', value ->> 'payoutId', '{}', ${by}, 1, 1 FROM json_each(${JSON.stringify(full)})`)
          const groups: PendingGroup[] = []
          for await (const group of pendingTotals(tx, orgId, { now: 100, size })) groups.push(group)
          const states: Record<string, string[]> = {}
          for (const state of commissionStates) {
            const found = await tx.all<{ id: string }>(
              sql`SELECT c.id AS id FROM commissions c WHERE org_id = ${orgId} AND ${stateSql(state, 100)} ORDER BY id`,
            )
            states[state] = found.map(row => row.id)
          }
          throw new Kept({ groups, states })
        })
        .catch((error: unknown) => {
          if (error instanceof Kept) return error.value
          throw error
        })
      const expected = new Map<string, Record<string, number>>()
      for (const row of full) {
        if (row.status === 'paid') continue
        const state = stateOf(row, 100)
        const sum = expected.get(`${row.partnerId} ${row.currency}`) ?? {}
        const field = state === 'payable' && row.amount < 0 ? 'debts' : state
        sum[field] = (sum[field] ?? 0) + row.amount
        expected.set(`${row.partnerId} ${row.currency}`, sum)
      }
      expect(
        Object.fromEntries(
          outcome.groups.map(group => [
            `${group.partnerId} ${group.currency}`,
            [group.payable, group.debts, group.onHold, group.disputed, group.inPayout],
          ]),
        ),
      ).toEqual(
        Object.fromEntries(
          [...expected].map(([key, sum]) => [
            key,
            [sum.payable, sum.debts, sum.on_hold, sum.disputed, sum.in_payout].map(value => value ?? 0),
          ]),
        ),
      )
      for (const state of commissionStates)
        expect(outcome.states[state]).toEqual(
          full
            .filter(row => stateOf(row, 100) === state)
            .map(row => row.id)
            .sort(),
        )
    }),
    { numRuns: 300 },
  )
})

class Kept extends Error {
  readonly value: { groups: PendingGroup[]; states: Record<string, string[]> }
  constructor(value: Kept['value']) {
    super('taken back')
    this.value = value
  }
}

test('a slice reads one index and no table, from where the last one ended', async () => {
  const { deps, org } = await aWorld()
  const key = { partnerId: 'par', currency: 'USD', id: 'com' }
  const planOf = async (statement: SQL) => {
    const plan = await deps.db.read.all<{ detail: string }>(sql`EXPLAIN QUERY PLAN ${statement}`)
    return plan.map(step => step.detail)
  }
  const index = 'SEARCH commissions USING COVERING INDEX commissions_open'
  const behind = '(partner_id,currency,id)>(?,?,?) AND (partner_id,currency,id)<(?,?,?)'
  expect(await planOf(sliceStatement(org.id, { now: 1 }, null, null))).toEqual([`${index} (org_id=?)`])
  expect(await planOf(sliceStatement(org.id, { now: 1 }, key, key))).toEqual([`${index} (org_id=? AND ${behind})`])
  expect(await planOf(sliceStatement(org.id, { now: 1, afterPartner: 'par' }, null, null))).toEqual([
    `${index} (org_id=? AND partner_id>?)`,
  ])
  expect(await planOf(endStatement(org.id, { now: 1 }, key, 20))).toEqual([
    `${index} (org_id=? AND (partner_id,currency,id)>(?,?,?))`,
  ])
  const own = await planOf(sliceStatement(org.id, { now: 1, partnerId: 'par' }, key, key))
  expect(own).toEqual([`${index} (org_id=? AND partner_id=? AND (currency,id)>(?,?) AND (currency,id)<(?,?))`])
})

test('a partner sees its own, and no sibling exists for it', async () => {
  const { deps, org, partner } = await aWorld()
  await aCommission(deps, { partner, amount: 100 })
  const sibling = await asRole(deps, 'partner', { org })
  await expect(sibling.api.commissions.calculatePending({ partnerId: partner.id })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await expect(sibling.api.commissions.totals({ partnerId: partner.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await openTotals(deps.db, sibling.viewer, deps.clock.now())).toEqual([])
})
