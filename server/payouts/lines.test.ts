import { eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type Conversion, commissions, ledgerEntries, payoutLines } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { postConversions } from '../runs/ledger.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner, aUser, type Commission, type Org, type Partner } from '../test/factories.ts'
import { type Actor, work } from '../work.ts'
import { releaseLine } from './release-line.ts'
import { insertPayouts, type NewLine } from './service.ts'

/** A payout of a run, of the given commissions; with euros they are converted at 0.9. */
async function aRunPayout(deps: Deps, org: Org, partner: Partner, parts: Commission[], rate?: { to: string }) {
  const { id, name } = await aUser(deps)
  const actor: Actor = { kind: 'user', id, name }
  const currency = rate?.to ?? partner.currency
  const conversionOf = (part: Commission): Conversion | null =>
    rate
      ? {
          from: { amount: part.amount, currency: part.currency },
          to: { amount: (part.amount * 9) / 10, currency },
          rate: '0.9',
          day: '2026-02-27',
          source: 'manual',
          rateIds: ['fx_1'],
        }
      : null
  const lines = parts.map(
    (part): NewLine => ({
      commissionId: part.id,
      description: `C-${part.number}`,
      amount: conversionOf(part)?.to.amount ?? part.amount,
      conversion: conversionOf(part),
    }),
  )
  return work(deps, { orgId: org.id, actor }, async unit => {
    const runId = unit.id('run')
    await unit.tx.run(sql`
      INSERT INTO payout_runs (id, org_id, number, status, period, cutoff_at, digest, planned_at, created_by, created_at)
      VALUES (${runId}, ${org.id}, 1, 'draft', '2026-02', ${unit.at}, 'd', ${unit.at}, ${id}, ${unit.at})`)
    const amount = lines.reduce((sum, line) => sum + line.amount, 0)
    const [made] = await insertPayouts(unit, 'run', [{ partnerId: partner.id, amount, currency, runId, lines }])
    if (!made) throw new Error('nothing was made')
    if (rate)
      await postConversions(unit, [
        {
          payoutId: made.id,
          partnerId: partner.id,
          seq: 1,
          conversions: lines.flatMap(line => line.conversion ?? []),
        },
      ])
    return made.id
  })
}

async function balances(deps: Deps, account: string): Promise<Record<string, number>> {
  const rows = await deps.db.read.select().from(ledgerEntries)
  const sums: Record<string, number> = {}
  for (const { debit, credit, amount, currency } of rows)
    sums[currency] = (sums[currency] ?? 0) + (credit === account ? amount : 0) - (debit === account ? amount : 0)
  return sums
}

const statuses = async (deps: Deps) =>
  (await deps.db.read.select().from(commissions).orderBy(commissions.number)).map(row => row.status)

async function aCompany() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: org.id })
  const owner = await asRole(deps, 'owner', { org })
  return { deps, org, partner, api: owner.api }
}

test('a run’s payout is of commissions that are owed already: its approval books nothing, and paying it pays them', async () => {
  const { deps, org, partner, api } = await aCompany()
  const parts = [
    await aCommission(deps, { partner, amount: 9_000 }),
    await aCommission(deps, { partner, amount: 3_000 }),
  ]
  const id = await aRunPayout(deps, org, partner, parts)
  expect(await statuses(deps)).toEqual(['in_payout', 'in_payout'])
  await api.payouts.approve({ payoutId: id })
  expect(await balances(deps, 'partner_payable')).toEqual({ USD: 12_000 })
  await api.payouts.markPaid({
    payoutId: id,
    manual: { method: 'bank_transfer', reference: 'X1', paidOn: '2026-01-05' },
  })
  expect(await statuses(deps)).toEqual(['paid', 'paid'])
  expect(await balances(deps, 'partner_payable')).toEqual({ USD: 0 })
})

test('the amount of a run’s payout is its lines’ sum, and can’t be typed over; notes can', async () => {
  const { deps, org, partner, api } = await aCompany()
  const id = await aRunPayout(deps, org, partner, [await aCommission(deps, { partner, amount: 9_000 })])
  await expect(api.payouts.update({ payoutId: id, amount: 9_001 })).rejects.toThrow(/sum of its commissions/)
  await api.payouts.update({ payoutId: id, notes: 'March as agreed' })
  expect((await api.payouts.get({ payoutId: id })).lines).toMatchObject([{ amount: 9_000 }])
})

test.each(['reject', 'cancel'] as const)('to %s a run’s payout frees its commissions for the next one', async how => {
  const { deps, org, partner, api } = await aCompany()
  const part = await aCommission(deps, { partner, amount: 9_000 })
  const id = await aRunPayout(deps, org, partner, [part])
  if (how === 'reject') await api.payouts.reject({ payoutId: id, reason: 'Not yet' })
  else {
    await api.payouts.approve({ payoutId: id })
    await api.payouts.cancel({ payoutId: id })
  }
  expect(await deps.db.read.select().from(commissions)).toMatchObject([{ status: 'accrued', payoutId: null }])
  expect(await balances(deps, 'partner_payable')).toEqual({ USD: 9_000 })
  // The closed payout still says what it was of, and the next one takes the commission again.
  expect((await api.payouts.get({ payoutId: id })).lines).toHaveLength(1)
  await aRunPayoutAgain(deps, org, partner, part)
  expect(await statuses(deps)).toEqual(['in_payout'])
})

async function aRunPayoutAgain(deps: Deps, org: Org, partner: Partner, part: Commission) {
  const [run] = await deps.db.read.all<{ id: string }>(sql`SELECT id FROM payout_runs`)
  const { id, name } = await aUser(deps)
  return work(deps, { orgId: org.id, actor: { kind: 'user', id, name } }, unit =>
    insertPayouts(unit, 'run', [
      {
        partnerId: partner.id,
        amount: part.amount,
        currency: part.currency,
        runId: run?.id ?? null,
        lines: [{ commissionId: part.id, description: 'again', amount: part.amount, conversion: null }],
      },
    ]),
  )
}

test('a commission is in one live payout at most, in the service and in the database', async () => {
  const { deps, org, partner } = await aCompany()
  const part = await aCommission(deps, { partner, amount: 9_000 })
  const id = await aRunPayout(deps, org, partner, [part])
  await expect(aRunPayoutAgain(deps, org, partner, part)).rejects.toThrow()
  await expect(
    deps.db.write(tx =>
      tx.run(sql`INSERT INTO payout_lines (id, payout_id, position, description, amount, currency, commission_id)
                 VALUES ('pl_x', ${id}, 9, 'twice', 1, 'USD', ${part.id})`),
    ),
  ).rejects.toThrow()
  expect(await deps.db.read.select().from(payoutLines)).toHaveLength(1)
})

test('a disputed line leaves its payout, which shrinks and waits for approval again; the conversion of it is undone', async () => {
  const { deps, org, partner, api } = await aCompany()
  const parts = [
    await aCommission(deps, { partner, amount: 9_000 }),
    await aCommission(deps, { partner, amount: 3_000 }),
  ]
  const id = await aRunPayout(deps, org, partner, parts, { to: 'EUR' })
  expect(await balances(deps, 'partner_payable')).toEqual({ USD: 0, EUR: 10_800 })
  await api.payouts.approve({ payoutId: id })
  const actor: Actor = { kind: 'user', id: (await aUser(deps)).id, name: 'Partner' }
  const [, second] = parts
  const free = await work(deps, { orgId: org.id, actor }, unit => releaseLine(unit, second?.id ?? '', 'disputed'))
  expect(free).toBe(true)
  expect(await api.payouts.get({ payoutId: id })).toMatchObject({ status: 'pending_approval', amount: 8_100 })
  expect(await statuses(deps)).toEqual(['in_payout', 'accrued'])
  expect(await balances(deps, 'partner_payable')).toEqual({ USD: 3_000, EUR: 8_100 })
  // The last line's going leaves nothing to pay.
  await work(deps, { orgId: org.id, actor }, unit => releaseLine(unit, parts[0]?.id ?? '', 'disputed'))
  expect(await api.payouts.get({ payoutId: id })).toMatchObject({ status: 'canceled' })
  expect(await balances(deps, 'partner_payable')).toEqual({ USD: 12_000, EUR: 0 })
})

test('an approval that a leaving line voids is on record before what follows from it', async () => {
  const { deps, org, partner, api } = await aCompany()
  const only = await aCommission(deps, { partner, amount: 9_000 })
  const id = await aRunPayout(deps, org, partner, [only])
  await api.payouts.approve({ payoutId: id })
  const actor: Actor = { kind: 'user', id: (await aUser(deps)).id, name: 'Partner' }
  await work(deps, { orgId: org.id, actor }, unit => releaseLine(unit, only.id, 'The partner disputes it.'))
  const { rows } = await api.audit.list({})
  expect(rows.filter(row => row.target.id === id).map(row => row.action)).toEqual([
    'payouts.cancel',
    'payouts.unapprove',
    'payouts.approve',
    'payouts.create',
  ])
})

test('a disputed line leaves with what takes it back; nothing more is paid for its going', async () => {
  const { deps, org, partner, api } = await aCompany()
  const own = await aCommission(deps, { partner, amount: 9_000 })
  const back = await aCommission(deps, { partner, amount: -4_000, kind: 'reversal', originId: own.id })
  const other = await aCommission(deps, { partner, amount: 2_000 })
  const id = await aRunPayout(deps, org, partner, [own, back, other])
  const actor: Actor = { kind: 'user', id: (await aUser(deps)).id, name: 'Partner' }
  await work(deps, { orgId: org.id, actor }, unit => releaseLine(unit, own.id, 'disputed'))
  expect(await api.payouts.get({ payoutId: id })).toMatchObject({ amount: 2_000 })
  expect(await statuses(deps)).toEqual(['accrued', 'accrued', 'in_payout'])
})

test('a payout with a carried part is canceled rather than paid without the line it was reckoned with', async () => {
  const { deps, org, partner, api } = await aCompany()
  const own = await aCommission(deps, { partner, amount: 5_000 })
  const second = await aCommission(deps, { partner, amount: 5_000 })
  const debt = await aCommission(deps, { partner, amount: -8_000, kind: 'reversal', originId: own.id })
  const carry = await aCommission(deps, { partner, amount: 3_000, kind: 'carry', originId: debt.id })
  const id = await aRunPayout(deps, org, partner, [own, second, debt, carry])
  const actor: Actor = { kind: 'user', id: (await aUser(deps)).id, name: 'Partner' }
  await work(deps, { orgId: org.id, actor }, unit => releaseLine(unit, second.id, 'disputed'))
  expect(await api.payouts.get({ payoutId: id })).toMatchObject({ status: 'canceled' })
  expect(await statuses(deps)).toEqual(['accrued', 'accrued', 'accrued', 'accrued'])
})

test('a line of a payout that is being sent stays until that is over', async () => {
  const { deps, org, partner } = await aCompany()
  const part = await aCommission(deps, { partner, amount: 5_000 })
  const payoutId = await aRunPayout(deps, org, partner, [part])
  await deps.db.write(async tx => {
    for (const status of ['approved', 'processing'])
      await tx.run(sql`
        UPDATE payouts SET status = ${status}, approved_digest = 'd', approved_at = 1, version = version + 1 WHERE id = ${payoutId}`)
  })
  const { id, name } = await aUser(deps)
  const actor: Actor = { kind: 'user', id, name }
  await expect(
    work(deps, { orgId: org.id, actor }, unit => releaseLine(unit, part.id, 'disputed')),
  ).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('being sent just now') })
})

test('a line of a payout that is paid stays; one in none has nothing to leave', async () => {
  const { deps, org, partner, api } = await aCompany()
  const part = await aCommission(deps, { partner, amount: 9_000 })
  const actor: Actor = { kind: 'user', id: (await aUser(deps)).id, name: 'Partner' }
  const release = () => work(deps, { orgId: org.id, actor }, unit => releaseLine(unit, part.id, 'disputed'))
  expect(await release()).toBe(false)
  const id = await aRunPayout(deps, org, partner, [part])
  await api.payouts.approve({ payoutId: id })
  await api.payouts.markPaid({
    payoutId: id,
    manual: { method: 'bank_transfer', reference: 'X1', paidOn: '2026-01-05' },
  })
  expect(await release()).toBe(false)
  expect(await deps.db.read.select().from(commissions).where(eq(commissions.id, part.id))).toMatchObject([
    { status: 'paid', payoutId: id },
  ])
})
