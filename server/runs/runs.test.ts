import { eq, sql } from 'drizzle-orm'
import { expect, test, vi } from 'vitest'
import { commissions, payoutLines, payoutRunRows, payouts } from '#db/schema/index.ts'
import { compose } from '../email/compose.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner, type Org, type Partner } from '../test/factories.ts'
import { work } from '../work.ts'

// 2 March 2026: February is over.
const period = '2026-02'
const cutoff = Date.UTC(2026, 2, 1) - 1
const february = Date.UTC(2026, 1, 10)

async function aCompany(given: { partners?: Partial<Partner>[] } = {}) {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const { api, viewer } = await asRole(deps, 'admin', { org })
  const partners: Partner[] = []
  for (const values of given.partners ?? [{}]) partners.push(await aPartner(deps, { orgId: org.id, ...values }))
  return { deps, org, api, viewer, partners, partner: partners[0]! }
}

const earned = (
  deps: TestDeps,
  partner: Partner,
  amount: number,
  values: Partial<Parameters<typeof aCommission>[1]> = {},
) => aCommission(deps, { partner, amount, releaseAt: february, ...values })

const inDatabase = async (deps: TestDeps, partner: Partner) =>
  (await deps.db.read.select().from(commissions).where(eq(commissions.partnerId, partner.id))).sort(
    (a, b) => a.number - b.number,
  )

const payoutsOf = (deps: TestDeps, org: Org) =>
  deps.db.read.select().from(payouts).where(eq(payouts.orgId, org.id)).orderBy(payouts.number)

/** What the ledger says a partner is owed, by currency. */
async function payable(deps: TestDeps, partner: Partner): Promise<Record<string, number>> {
  const rows = await deps.db.read.all<{ currency: string; amount: number }>(sql`
    SELECT currency, sum(CASE WHEN credit = 'partner_payable' THEN amount WHEN debit = 'partner_payable' THEN -amount ELSE 0 END) AS amount
    FROM ledger_entries WHERE partner_id = ${partner.id} GROUP BY currency`)
  return Object.fromEntries(rows.map(row => [row.currency, row.amount]))
}

async function planned(
  company: Awaited<ReturnType<typeof aCompany>>,
  input: { programIds?: string[]; cutoff?: string } = {},
) {
  const { api } = company
  const run = await api.runs.plan({ period, ...input })
  return { run, ...(await api.runs.rows({ runId: run.id })) }
}

test('a plan creates nothing; its execution makes exactly what it showed, in one go', async () => {
  const company = await aCompany({ partners: [{ name: 'Alice' }, { name: 'Bob' }] })
  const { deps, org, api, partners, viewer } = company
  const [alice, bob] = partners as [Partner, Partner]
  const first = await earned(deps, alice, 30_000)
  const back = await earned(deps, alice, -5_000, { kind: 'reversal', originId: first.id })
  await earned(deps, bob, 12_000)
  await earned(deps, bob, 99_000, { releaseAt: cutoff + 1 })
  const { run, rows } = await planned(company)
  expect(run).toMatchObject({ number: 'RUN-000001', status: 'draft', version: 1 })
  expect(rows.map(row => [row.partner.name, row.amount, row.outcome, row.lineCount])).toEqual([
    ['Alice', 25_000, 'pay', 2],
    ['Bob', 12_000, 'pay', 1],
  ])
  expect(await payoutsOf(deps, org)).toEqual([])
  expect((await inDatabase(deps, alice)).map(one => one.status)).toEqual(['accrued', 'accrued'])

  const done = await api.runs.execute({ runId: run.id, digest: run.digest, version: run.version })
  expect(done).toMatchObject({ status: 'executed', payouts: 2, totals: [{ amount: 37_000, currency: 'USD' }] })
  const made = await payoutsOf(deps, org)
  expect(
    made.map(one => [one.partnerId, one.amount, one.status, one.source, one.runId, one.period, one.createdBy]),
  ).toEqual([
    [alice.id, 25_000, 'pending_approval', 'run', run.id, period, viewer.userId],
    [bob.id, 12_000, 'pending_approval', 'run', run.id, period, viewer.userId],
  ])
  expect((await inDatabase(deps, alice)).map(one => [one.status, one.payoutId])).toEqual([
    ['in_payout', made[0]?.id],
    ['in_payout', made[0]?.id],
  ])
  expect((await inDatabase(deps, bob)).map(one => one.status)).toEqual(['in_payout', 'accrued'])
  const lines = await deps.db.read
    .select()
    .from(payoutLines)
    .where(eq(payoutLines.payoutId, made[0]!.id))
    .orderBy(payoutLines.position)
  expect(lines.map(one => [one.commissionId, one.amount])).toEqual([
    [first.id, 30_000],
    [back.id, -5_000],
  ])
  // What the commissions booked is what is owed; the payout books nothing a second time.
  expect(await payable(deps, alice)).toEqual({ USD: 25_000 })
  const shown = await api.runs.get({ runId: run.id })
  expect(shown).toMatchObject({
    status: 'executed',
    payouts: [{ status: 'pending_approval', count: 2, amount: 37_000 }],
  })
  const audits = await api.audit.list({})
  expect(audits.rows.map(row => row.action)).toEqual(
    expect.arrayContaining(['runs.plan', 'runs.execute', 'payouts.create']),
  )
})

test('approvers get one mail a run, and whoever executed it can’t approve its payouts', async () => {
  const company = await aCompany({ partners: [{}, {}] })
  const { deps, org, api } = company
  for (const partner of company.partners) await earned(deps, partner, 10_000)
  const { run } = await planned(company)
  await api.runs.execute({ runId: run.id, digest: run.digest })
  const jobs = await deps.db.read.all<{ payload: string }>(
    sql`SELECT payload FROM outbox WHERE topic = 'email.send' AND payload ->> 'template' = 'approvalRequested'`,
  )
  expect(jobs.map(job => JSON.parse(job.payload).about)).toEqual([{ runId: run.id }])
  const notice = { to: { staffWith: 'payouts.approve' as const }, about: { runId: run.id } }
  expect((await compose(deps, org, 'approvalRequested', notice))?.message.props).toMatchObject({
    count: 2,
    totals: ['USD\u00a0200.00'],
    period: 'Feb 2026',
    reviewUrl: `http://127.0.0.1:3000/admin/payouts?status=pending_approval&runId=${run.id}`,
  })
  const made = await payoutsOf(deps, org)
  await expect(api.payouts.approve({ payoutId: made[0]!.id })).rejects.toThrow('You prepared this payout')
  const other = await asRole(deps, 'owner', { org })
  expect(await other.api.payouts.bulkApprove({ payoutIds: made.map(one => one.id) })).toMatchObject({
    approved: 2,
    skipped: [],
  })
  expect((await api.payouts.list({ runId: run.id })).rows).toHaveLength(2)
  expect((await api.payouts.list({ runId: 'run_other' })).rows).toEqual([])
})

test('anything else than what was shown aborts the whole run, and says who and what', async () => {
  const company = await aCompany({ partners: [{ name: 'Alice' }, { name: 'Bob' }, { name: 'Cora' }, { name: 'Dan' }] })
  const { deps, org, api, partners } = company
  const [alice, bob, cora, dan] = partners as [Partner, Partner, Partner, Partner]
  const first = await earned(deps, alice, 30_000)
  const second = await earned(deps, bob, 12_000)
  await earned(deps, cora, 7_000)
  await earned(deps, dan, 4_000)
  const { run } = await planned(company)
  // A refund, also after the cut-off; a dispute; an archived partner. Dan stays as he was.
  await earned(deps, alice, -10_000, { kind: 'reversal', originId: first.id, releaseAt: deps.clock.now() })
  await deps.db.write(tx =>
    tx.update(commissions).set({ disputedAt: deps.clock.now() }).where(eq(commissions.id, second.id)),
  )
  await api.partners.archive({ partnerId: cora.id })
  const before = await deps.db.read.all(sql`SELECT * FROM commissions`)
  const refused = api.runs.execute({ runId: run.id, digest: run.digest })
  await expect(refused).rejects.toMatchObject({ code: 'CONFLICT' })
  const message = await refused.catch((error: Error) => error.message.replaceAll('\u00a0', ' '))
  expect(message).toContain('Alice: USD 200.00 instead of USD 300.00.')
  expect(message).toContain('Bob: nothing is owed in USD any more.')
  expect(message).toContain('Cora: Cora is archived.')
  expect(message).not.toContain('Dan')
  expect(await payoutsOf(deps, org)).toEqual([])
  expect(await deps.db.read.all(sql`SELECT * FROM commissions`)).toEqual(before)

  const again = await api.runs.refresh({ runId: run.id, version: run.version })
  expect(again.version).toBe(2)
  await expect(api.runs.execute({ runId: run.id, digest: run.digest })).rejects.toThrow(
    'not the one that you looked at',
  )
  expect(await api.runs.execute({ runId: run.id, digest: again.digest })).toMatchObject({ payouts: 2 })
  expect((await payoutsOf(deps, org)).map(one => [one.partnerId, one.amount])).toEqual([
    [alice.id, 20_000],
    [dan.id, 4_000],
  ])
})

test('a run is executed once, however often it is asked and by whom', async () => {
  const company = await aCompany()
  const { deps, org, api, partner } = company
  await earned(deps, partner, 10_000)
  const { run } = await planned(company)
  const input = { runId: run.id, digest: run.digest, idempotencyKey: 'the same intent' }
  const both = await Promise.all([api.runs.execute(input), api.runs.execute(input)])
  expect(both[0]).toEqual(both[1])
  const owner = await asRole(deps, 'owner', { org })
  await expect(owner.api.runs.execute({ runId: run.id, digest: run.digest })).rejects.toThrow(
    /has moved on: .* executed it/,
  )
  expect(await payoutsOf(deps, org)).toHaveLength(1)
  await expect(
    deps.db.write(tx => tx.run(sql`UPDATE payout_runs SET status = 'draft', executed_at = NULL`)),
  ).rejects.toThrow()
})

test('two drafts of the same commissions: the second aborts, and the database alone would refuse it too', async () => {
  const company = await aCompany()
  const { deps, org, api, partner } = company
  const one = await earned(deps, partner, 10_000)
  const first = await planned(company)
  const second = await planned(company)
  const results = await Promise.allSettled([
    api.runs.execute({ runId: first.run.id, digest: first.run.digest }),
    api.runs.execute({ runId: second.run.id, digest: second.run.digest }),
  ])
  expect(results.map(result => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  const [made] = await payoutsOf(deps, org)
  expect(await payoutsOf(deps, org)).toHaveLength(1)
  await expect(
    deps.db.write(tx =>
      tx.insert(payoutLines).values({
        id: 'pl_twice',
        payoutId: made!.id,
        position: 9,
        description: 'again',
        amount: 1,
        currency: 'USD',
        commissionId: one.id,
      }),
    ),
  ).rejects.toThrow()
})

test('rows that are taken out stay out through a refresh, are not paid, and are in the next plan', async () => {
  const company = await aCompany({ partners: [{ name: 'Alice' }, { name: 'Bob' }] })
  const { deps, org, api, partners } = company
  const [alice, bob] = partners as [Partner, Partner]
  await earned(deps, alice, 10_000)
  await earned(deps, bob, 8_000)
  const { run, rows } = await planned(company)
  const out = await api.runs.include({ runId: run.id, version: 1, rowIds: [rows[0]!.id], included: false })
  expect(out).toMatchObject({ version: 2 })
  expect(out.digest).not.toBe(run.digest)
  await expect(api.runs.include({ runId: run.id, version: 1, all: true, included: true })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  const refreshed = await api.runs.refresh({ runId: run.id, version: 2 })
  expect((await api.runs.rows({ runId: run.id })).rows.map(row => row.included)).toEqual([false, true])
  expect((await api.runs.get({ runId: run.id })).totals).toMatchObject([
    { outcome: 'pay', count: 2, amount: 18_000, includedCount: 1, includedAmount: 8_000 },
  ])
  await api.runs.execute({ runId: run.id, digest: refreshed.digest })
  expect((await payoutsOf(deps, org)).map(one => one.partnerId)).toEqual([bob.id])
  const next = await planned(company)
  expect(next.rows.map(row => [row.partner.id, row.amount])).toEqual([[alice.id, 10_000]])
  const none = await api.runs.include({ runId: next.run.id, all: true, included: false })
  await expect(api.runs.execute({ runId: next.run.id, digest: none.digest })).rejects.toThrow('nothing to pay')
})

test('what rolls over or is blocked can’t be put in', async () => {
  const company = await aCompany()
  const { deps, api, partner } = company
  await earned(deps, partner, 1_000)
  await api.runs.setMinimum({ scope: 'partner', scopeId: partner.id, currency: 'USD', amount: 5_000 })
  const { run, rows } = await planned(company)
  expect(rows).toMatchObject([
    {
      outcome: 'rolls_over',
      amount: 1_000,
      included: false,
      reason: 'Below the minimum of USD\u00a050.00 for this partner: carried to the next run.',
    },
  ])
  await expect(api.runs.include({ runId: run.id, rowIds: [rows[0]!.id], included: true })).rejects.toThrow(
    'can’t be paid',
  )
  await expect(deps.db.write(tx => tx.update(payoutRunRows).set({ included: true }))).rejects.toThrow()
})

test('canceling and rejecting release the lines: they are in the next run again, and never before', async () => {
  const company = await aCompany({ partners: [{ name: 'Alice' }, { name: 'Bob' }] })
  const { deps, org, api, partners } = company
  const [alice, bob] = partners as [Partner, Partner]
  await earned(deps, alice, 10_000)
  await earned(deps, bob, 8_000)
  const { run } = await planned(company)
  await api.runs.execute({ runId: run.id, digest: run.digest })
  expect((await planned(company)).rows).toEqual([])
  const [first, second] = await payoutsOf(deps, org)
  await api.payouts.cancel({ payoutId: first!.id })
  const owner = await asRole(deps, 'owner', { org })
  await owner.api.payouts.reject({ payoutId: second!.id, reason: 'Not yet' })
  expect((await inDatabase(deps, alice)).map(one => [one.status, one.payoutId])).toEqual([['accrued', null]])
  const again = await planned(company)
  expect(again.rows.map(row => [row.partner.name, row.amount])).toEqual([
    ['Alice', 10_000],
    ['Bob', 8_000],
  ])
  await api.runs.execute({ runId: again.run.id, digest: again.run.digest })
  expect(await payoutsOf(deps, org)).toHaveLength(4)
})

test('what is carried is a pair: in this payout more, in the next as much less; canceled, both are free and sum to nothing', async () => {
  const company = await aCompany()
  const { deps, org, api, partner } = company
  await deps.db.write(tx => tx.run(sql`UPDATE programs SET debt_cap_bp = 5000, version = version + 1`))
  await earned(deps, partner, 30_000)
  // Of something that was paid long ago: what is taken back of an open line is netted with it whole.
  const old = await earned(deps, partner, 35_000, { kind: 'imported', status: 'paid' })
  const debt = await earned(deps, partner, -35_000, { kind: 'reversal', originId: old.id })
  const { run, rows } = await planned(company)
  expect(rows).toMatchObject([{ amount: 15_000, outcome: 'pay', lineCount: 3 }])
  await api.runs.execute({ runId: run.id, digest: run.digest })
  const booked = await inDatabase(deps, partner)
  const carried = booked.filter(one => one.kind === 'carry')
  expect(carried.map(one => [one.amount, one.status, one.originId])).toEqual([
    [20_000, 'in_payout', debt.id],
    [-20_000, 'accrued', debt.id],
  ])
  expect(carried[0]?.note).toContain('$200.00 of what is owed back')
  expect(carried[1]?.note).toContain('Carried from RUN-000001.')
  const [made] = await payoutsOf(deps, org)
  await api.payouts.cancel({ payoutId: made!.id })
  deps.clock.advance(60_000)
  // 30,000 − 35,000 + 20,000 − 20,000: the old pair says nothing, and a new one is made.
  const again = await planned(company)
  expect(again.rows).toMatchObject([{ amount: 15_000, outcome: 'pay', lineCount: 5 }])
  await api.runs.execute({ runId: again.run.id, digest: again.run.digest })
  expect((await payoutsOf(deps, org)).map(one => one.amount)).toEqual([15_000, 15_000])
  const all = await inDatabase(deps, partner)
  expect(all.reduce((sum, one) => sum + one.amount, 0)).toBe(35_000 - 5_000)
  expect(all.filter(one => one.status === 'accrued').map(one => one.amount)).toEqual([-20_000])
  expect(await payable(deps, partner)).toEqual({ USD: 35_000 - 5_000 })
})

test('conversions are booked once in each currency, and taken back when the payout is canceled or loses a line', async () => {
  const company = await aCompany({ partners: [{ currency: 'EUR', country: 'DE' }] })
  const { deps, org, api, partner } = company
  const owner = await asRole(deps, 'owner', { org })
  await owner.api.rates.add({ base: 'EUR', quote: 'USD', rate: '1.25', day: '2026-02-27' })
  await owner.api.rates.add({ base: 'EUR', quote: 'GBP', rate: '0.8', day: '2026-02-27' })
  await earned(deps, partner, 10_001, { currency: 'USD' })
  const pounds = await earned(deps, partner, 5_000, { currency: 'GBP' })
  await earned(deps, partner, 2_000, { currency: 'EUR' })
  await earned(deps, partner, -1_000, { currency: 'GBP', kind: 'reversal', originId: pounds.id })
  const { run, rows } = await planned(company)
  expect(rows).toMatchObject([{ currency: 'EUR', amount: 8_001 + 6_250 + 2_000 - 1_250, outcome: 'pay' }])
  const { lines } = await api.runs.lines({ runId: run.id, rowId: rows[0]!.id })
  expect(lines[0]).toMatchObject({
    conversion: {
      from: { amount: 10_001, currency: 'USD' },
      to: { amount: 8_001, currency: 'EUR' },
      rate: '0.8',
      day: '2026-02-27',
      source: 'manual',
    },
    commission: { kind: 'imported', explanation: expect.stringContaining('100.01') },
  })
  const owedBefore = await payable(deps, partner)
  expect(owedBefore).toEqual({ USD: 10_001, GBP: 4_000, EUR: 2_000 })
  await api.runs.execute({ runId: run.id, digest: run.digest })
  expect(await payable(deps, partner)).toEqual({ USD: 0, GBP: 0, EUR: 15_001 })
  const entries = await deps.db.read.all(
    sql`SELECT kind, currency, amount FROM ledger_entries WHERE kind LIKE 'conversion%' ORDER BY currency`,
  )
  expect(entries).toEqual([
    { kind: 'conversion_in', currency: 'EUR', amount: 13_001 },
    { kind: 'conversion_out', currency: 'GBP', amount: 4_000 },
    { kind: 'conversion_out', currency: 'USD', amount: 10_001 },
  ])
  const [made] = await payoutsOf(deps, org)
  const { releaseLine } = await import('../payouts/release-line.ts')
  await work(deps, { orgId: org.id, actor: { kind: 'user', id: made!.createdBy, name: 'A' } }, unit =>
    releaseLine(unit, pounds.id, 'disputed'),
  )
  expect(await payable(deps, partner)).toEqual({ USD: 0, GBP: 4_000, EUR: 10_001 })
  await api.payouts.cancel({ payoutId: made!.id })
  expect(await payable(deps, partner)).toEqual(owedBefore)
})

test('a missing rate blocks, and entering it clears', async () => {
  const company = await aCompany({ partners: [{ currency: 'EUR', country: 'DE' }] })
  const { deps, org, api, partner } = company
  await earned(deps, partner, 10_000, { currency: 'USD' })
  const { run, rows } = await planned(company)
  expect(rows).toMatchObject([
    {
      outcome: 'blocked',
      currency: 'USD',
      reason: expect.stringContaining('No USD→EUR rate on or up to 7 days before 28 Feb 2026'),
    },
  ])
  const owner = await asRole(deps, 'owner', { org })
  await owner.api.rates.add({ base: 'USD', quote: 'EUR', rate: '0.9', day: '2026-02-21' })
  const again = await api.runs.refresh({ runId: run.id })
  expect((await api.runs.rows({ runId: run.id })).rows).toMatchObject([
    { outcome: 'pay', currency: 'EUR', amount: 9_000 },
  ])
  // A fresher rate, entered after the plan, is another plan.
  await owner.api.rates.add({ base: 'USD', quote: 'EUR', rate: '0.91', day: '2026-02-27' })
  await expect(api.runs.execute({ runId: run.id, digest: again.digest })).rejects.toThrow('instead of')
})

test('a cut-off or a period to come, and a closed period, are refused with what to do', async () => {
  const company = await aCompany()
  const { deps, org, api, partner } = company
  await expect(api.runs.plan({ period: '2026-04' })).rejects.toThrow('Apr 2026 has not begun')
  await expect(api.runs.plan({ period, cutoff: '2026-03-03' })).rejects.toThrow('day to come')
  await earned(deps, partner, 10_000)
  await earned(deps, partner, 500, { releaseAt: Date.UTC(2026, 2, 2, 8) })
  const march = await api.runs.plan({ period: '2026-03' })
  // The month runs: the cut-off is this moment.
  expect((await api.runs.rows({ runId: march.id })).rows).toMatchObject([{ amount: 10_500 }])
  const early = await api.runs.plan({ period, cutoff: '2026-02-09' })
  expect((await api.runs.rows({ runId: early.id })).rows).toEqual([])
  await api.runs.discard({ runId: early.id })
  const { run } = await planned(company)
  await deps.db.write(tx =>
    tx.run(sql`INSERT INTO closed_periods VALUES (${org.id}, ${period}, (SELECT id FROM users LIMIT 1), 1)`),
  )
  await expect(api.runs.execute({ runId: run.id, digest: run.digest })).rejects.toThrow(
    'Feb 2026 is closed. The first open month is Mar 2026.',
  )
  await expect(api.runs.plan({ period })).rejects.toThrow('is closed')
})

test('what waits is listed with its dates; the cash needed is held against Stripe’s balance', async () => {
  const company = await aCompany({ partners: [{ name: 'Alice' }, { name: 'Bob' }] })
  const { deps, api, partners } = company
  const [alice, bob] = partners as [Partner, Partner]
  await earned(deps, alice, 10_000)
  await earned(deps, alice, 700, { releaseAt: cutoff + 5 })
  await earned(deps, bob, 900, { releaseAt: cutoff + 9 })
  await earned(deps, bob, 50, { disputedAt: february })
  const retrieve = vi.spyOn(deps.stripe.balance, 'retrieve')
  retrieve.mockResolvedValueOnce({ available: [{ amount: 4_000, currency: 'usd' }], pending: [] } as never)
  const { run } = await planned(company)
  const shown = await api.runs.get({ runId: run.id })
  expect(shown.waiting).toEqual([
    { what: 'held', currency: 'USD', count: 2, amount: 1_600, from: cutoff + 5, to: cutoff + 9 },
    { what: 'disputed', currency: 'USD', count: 1, amount: 50, from: february, to: february },
  ])
  expect(shown.funds).toEqual({
    answered: true,
    currencies: [{ currency: 'USD', needed: 10_000, available: 4_000, alsoWaiting: 0 }],
  })
  retrieve.mockRejectedValueOnce(new Error('no network'))
  expect((await api.runs.get({ runId: run.id })).funds).toEqual({
    answered: false,
    currencies: [{ currency: 'USD', needed: 10_000, available: null, alsoWaiting: 0 }],
  })
})

test('rows are filtered and paged; runs are listed with what they pay', async () => {
  const company = await aCompany({
    partners: Array.from({ length: 5 }, (_, index) => ({ name: `Partner ${'ABCDE'[index]}`, createdAt: 1 })),
  })
  const { deps, api, partners } = company
  for (const [index, partner] of partners.entries()) await earned(deps, partner, 1_000 * (index + 1))
  await api.runs.setMinimum({ scope: 'program', scopeId: `prg_${company.org.id}`, currency: 'USD', amount: 1_500 })
  const { run } = await planned(company)
  const first = await api.runs.rows({ runId: run.id, limit: 2 })
  expect(first.rows.map(row => row.amount)).toEqual([5_000, 4_000])
  const second = await api.runs.rows({ runId: run.id, limit: 2, cursor: first.next ?? '' })
  expect(second.rows.map(row => row.amount)).toEqual([3_000, 2_000])
  expect((await api.runs.rows({ runId: run.id, outcome: 'rolls_over' })).rows.map(row => row.amount)).toEqual([1_000])
  expect((await api.runs.rows({ runId: run.id, q: 'partner c' })).rows.map(row => row.amount)).toEqual([3_000])
  expect((await api.runs.rows({ runId: run.id, flagged: true })).rows).toHaveLength(4)
  expect((await api.runs.rows({ runId: run.id, currency: 'EUR' })).rows).toEqual([])
  expect((await api.runs.list({})).rows).toMatchObject([
    { number: 'RUN-000001', count: 4, amounts: [{ currency: 'USD', amount: 14_000 }] },
  ])
  expect((await api.runs.list({ status: 'executed' })).rows).toEqual([])
})

test('only the chosen programs are in a run, debts too; a foreign program is not found', async () => {
  const company = await aCompany()
  const { deps, org, api, partner } = company
  const other = `prg2_${org.id}`
  await deps.db.write(tx =>
    tx.run(
      sql`INSERT INTO programs (id, org_id, name, model, time_zone, created_at) VALUES (${other}, ${org.id}, 'Second', 'equal_split', 'UTC', 1)`,
    ),
  )
  await earned(deps, partner, 10_000)
  await earned(deps, partner, 2_000, { programId: other })
  const { run, rows } = await planned(company, { programIds: [other] })
  expect(rows.map(row => row.amount)).toEqual([2_000])
  expect((await api.runs.get({ runId: run.id })).programs).toEqual([{ id: other, name: 'Second' }])
  const stranger = await anOrg(deps)
  await expect(api.runs.plan({ period, programIds: [`prg_${stranger.id}`] })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('another organization’s run, rows and minimums don’t exist; a viewer prepares nothing', async () => {
  const company = await aCompany()
  const { deps, org, partner } = company
  await earned(deps, partner, 10_000)
  const { run, rows } = await planned(company)
  const stranger = await asRole(deps, 'owner')
  const gone = { code: 'NOT_FOUND' }
  await expect(stranger.api.runs.get({ runId: run.id })).rejects.toMatchObject(gone)
  await expect(stranger.api.runs.rows({ runId: run.id })).rejects.toMatchObject(gone)
  await expect(stranger.api.runs.lines({ runId: run.id, rowId: rows[0]!.id })).rejects.toMatchObject(gone)
  for (const call of ['refresh', 'discard'] as const)
    await expect(stranger.api.runs[call]({ runId: run.id })).rejects.toMatchObject(gone)
  await expect(stranger.api.runs.execute({ runId: run.id, digest: run.digest })).rejects.toMatchObject(gone)
  await expect(stranger.api.runs.include({ runId: run.id, all: true, included: false })).rejects.toMatchObject(gone)
  await expect(
    stranger.api.runs.setMinimum({ scope: 'partner', scopeId: partner.id, currency: 'USD', amount: 1 }),
  ).rejects.toMatchObject(gone)
  expect((await stranger.api.runs.list({})).rows).toEqual([])
  const own = await stranger.api.runs.plan({ period })
  await expect(stranger.api.runs.lines({ runId: own.id, rowId: rows[0]!.id })).rejects.toMatchObject(gone)
  const viewer = await asRole(deps, 'viewer', { org })
  await expect(viewer.api.runs.plan({ period })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect((await viewer.api.runs.get({ runId: run.id })).mayPrepare).toBe(false)
})

test('minimums are set, changed and removed, each recorded', async () => {
  const { api, partner, org } = await aCompany()
  const program = `prg_${org.id}`
  await api.runs.setMinimum({ scope: 'program', scopeId: program, currency: 'USD', amount: 5_000 })
  await api.runs.setMinimum({ scope: 'program', scopeId: program, currency: 'USD', amount: 6_000 })
  await api.runs.setMinimum({ scope: 'partner', scopeId: partner.id, currency: 'EUR', amount: 700 })
  expect(await api.runs.minimums({})).toEqual([
    { scope: 'program', scopeId: program, name: 'Partner program', currency: 'USD', amount: 6_000 },
    { scope: 'partner', scopeId: partner.id, name: partner.name, currency: 'EUR', amount: 700 },
  ])
  await api.runs.setMinimum({ scope: 'program', scopeId: program, currency: 'USD', amount: null })
  expect(await api.runs.minimums({ scope: 'program' })).toEqual([])
  expect((await api.audit.list({})).rows.filter(row => row.action === 'runs.setMinimum')).toHaveLength(4)
})

test('what is owed is read by its index, without looking at each commission', async () => {
  const { deps, org } = await aCompany()
  const { isCandidate } = await import('./facts.ts')
  const plan = await deps.db.read.all<{ detail: string }>(sql`
    EXPLAIN QUERY PLAN SELECT c.id FROM commissions c INDEXED BY commissions_open
    WHERE c.org_id = ${org.id} AND ${isCandidate({ orgId: org.id, now: 1, cutoffAt: 1, programIds: null })} AND (c.partner_id, c.currency, c.id) > ('a', 'b', 'c')
    ORDER BY c.partner_id, c.currency, c.id LIMIT 10`)
  expect(plan.map(step => step.detail).join('; ')).toMatch(
    /^SEARCH c USING INDEX commissions_open \(org_id=\? AND \(partner_id,currency,id\)>\(\?,\?,\?\)\); CORRELATED SCALAR SUBQUERY \d+; SEARCH o USING INDEX \w+ \(id=\?\)$/,
  )
})

test.each(['the run', 'the partner'])(
  'a dispute beside the execution, %s first: what is disputed is in no payout',
  async first => {
    const company = await aCompany()
    const { deps, org, api, partner } = company
    const one = await earned(deps, partner, 10_000)
    await earned(deps, partner, 3_000)
    const person = await asRole(deps, 'partner', { org, partner })
    const { run } = await planned(company)
    const execute = () => api.runs.execute({ runId: run.id, digest: run.digest })
    const dispute = () => person.api.disputes.open({ commissionId: one.id, reason: 'The deal was larger.' })
    const [a, b] = await Promise.allSettled(first === 'the run' ? [execute(), dispute()] : [dispute(), execute()])
    const [disputed, other] = await inDatabase(deps, partner)
    expect(disputed).toMatchObject({ status: 'accrued', payoutId: null, disputedAt: expect.any(Number) })
    if (first === 'the run') {
      expect([a.status, b.status]).toEqual(['fulfilled', 'fulfilled'])
      expect(await payoutsOf(deps, org)).toMatchObject([{ amount: 3_000, status: 'pending_approval' }])
      expect(other).toMatchObject({ status: 'in_payout' })
    } else {
      expect([a.status, b.status]).toEqual(['fulfilled', 'rejected'])
      expect(await payoutsOf(deps, org)).toEqual([])
    }
    expect(await payable(deps, partner)).toEqual({ USD: 13_000 })
  },
)
