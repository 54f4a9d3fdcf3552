import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, commissions, deals, ledgerEntries, partners, payouts, touches } from '#db/schema/index.ts'
import { asRole } from '../test/callers.ts'
import { aPayout } from '../test/factories.ts'
import { aCompany, type Company, imported, runJobs } from './testing.ts'

const dealFile =
  'name,amount,currency,stage,close date,external id\nA,1000,USD,won,2026-02-20,O-1\nB,2000,USD,won,2026-02-21,O-2\nC,3000,USD,open,,O-3\n'
const touchFile =
  'deal,partner,type,date\nO-1,P-001,referral,2026-02-01\nO-2,P-001,demo,2026-02-02\nO-2,P-002,demo,2026-02-03\n'

async function undo({ api, deps }: Company, importId: string) {
  await api.imports.undo({ importId })
  await runJobs(deps)
  return api.imports.get({ importId })
}

/** By partner: what the commission rows come to, and what the ledger says is owed; minor units. */
async function owed({ deps }: Company, partnerId: string) {
  const rows = await deps.db.read.select().from(commissions).where(sql`partner_id = ${partnerId}`)
  const entries = await deps.db.read.select().from(ledgerEntries).where(sql`partner_id = ${partnerId}`)
  const open = rows.filter(row => row.status !== 'paid').reduce((sum, row) => sum + row.amount, 0)
  const ledger = entries.reduce(
    (sum, { debit, credit, amount }) =>
      sum + (credit === 'partner_payable' ? amount : 0) - (debit === 'partner_payable' ? amount : 0),
    0,
  )
  return { open, ledger }
}

/** A payout with these commissions in it, as a run makes one. */
async function inPayout(company: Company, partnerId: string, status: 'in_payout' | 'paid') {
  const { deps, northwind, brightpath } = company
  const partner = partnerId === northwind.id ? northwind : brightpath
  const payout = await aPayout(deps, { partner, status: status === 'paid' ? 'paid' : 'pending_approval' })
  await deps.db.write(async tx => {
    await tx.run(
      sql`UPDATE commissions SET status = 'in_payout', payout_id = ${payout.id}, version = version + 1 WHERE partner_id = ${partnerId} AND status = 'accrued'`,
    )
    if (status === 'paid')
      await tx.run(sql`UPDATE commissions SET status = 'paid', version = version + 1 WHERE payout_id = ${payout.id}`)
  })
  return payout
}

test('deals go with their commissions, and the mended file can come in again', async () => {
  const company = await aCompany()
  const { api, deps, northwind, brightpath } = company
  const one = await imported(company, 'deals', dealFile)
  const second = await imported(company, 'touches', touchFile)
  expect(await owed(company, northwind.id)).toEqual({ open: 20_000, ledger: 20_000 })
  const undone = await undo(company, one.importId)
  expect(undone).toMatchObject({ status: 'undone', done: 0, kept: 0, undoneAt: deps.clock.now() })
  expect((await deps.db.read.select().from(deals)).every(deal => deal.removedAt !== null)).toBe(true)
  for (const partner of [northwind, brightpath]) expect(await owed(company, partner.id)).toEqual({ open: 0, ledger: 0 })
  const kinds = (await deps.db.read.select().from(commissions)).map(row => row.kind).sort()
  expect(kinds).toEqual(['earned', 'earned', 'earned', 'reversal', 'reversal', 'reversal'])
  expect((await deps.db.read.select().from(audit)).filter(entry => entry.action === 'imports.undone')).toHaveLength(1)
  await expect(api.imports.undo({ importId: one.importId })).rejects.toThrow(/is undone now/)

  expect(await imported(company, 'deals', dealFile)).toMatchObject({ done: 3, duplicates: 0 })
  // Their touches hang on deals that are gone; as a file they can come in again, too.
  await undo(company, second.importId)
  expect(await imported(company, 'touches', touchFile)).toMatchObject({ done: 3, duplicates: 0 })
  expect(await owed(company, northwind.id)).toEqual({ open: 20_000, ledger: 20_000 })
})

test('touches go, and won deals are attributed without them', async () => {
  const company = await aCompany()
  const { deps, northwind, brightpath } = company
  await imported(company, 'deals', dealFile)
  await imported(company, 'touches', 'deal,partner,type,date\nO-2,P-001,demo,2026-02-02\n')
  expect(await owed(company, northwind.id)).toEqual({ open: 20_000, ledger: 20_000 })
  const more = await imported(company, 'touches', 'deal,partner,type,date\nO-2,P-002,demo,2026-02-03\n')
  expect(await owed(company, northwind.id)).toEqual({ open: 10_000, ledger: 10_000 })
  expect(await undo(company, more.importId)).toMatchObject({ status: 'undone' })
  expect(await owed(company, northwind.id)).toEqual({ open: 20_000, ledger: 20_000 })
  expect(await owed(company, brightpath.id)).toEqual({ open: 0, ledger: 0 })
  expect((await deps.db.read.select().from(touches)).filter(touch => touch.removedAt !== null)).toHaveLength(1)
})

test('nothing goes from under money: what is in a payout must leave it first, what was paid stays', async () => {
  const company = await aCompany()
  const { api, deps, northwind } = company
  const ofDeals = await imported(company, 'deals', dealFile)
  const ofTouches = await imported(company, 'touches', touchFile)
  const payout = await inPayout(company, northwind.id, 'in_payout')
  for (const importId of [ofDeals.importId, ofTouches.importId]) {
    await expect(api.imports.undo({ importId })).rejects.toThrow(
      /This import can’t be undone\. C-\d{6} of Northwind Advisory, for D-\d{6}, is in PO-\d{6}\. Reject or cancel that payout first\./,
    )
    expect((await api.imports.get({ importId })).undoRefusal).toMatch(/is in PO-/)
  }
  await deps.db.write(tx =>
    tx.run(sql`UPDATE commissions SET status = 'paid', version = version + 1 WHERE payout_id = ${payout.id}`),
  )
  await expect(api.imports.undo({ importId: ofDeals.importId })).rejects.toThrow(/was paid with PO-.*can’t be undone/)
  expect((await deps.db.read.select().from(deals)).every(deal => deal.removedAt === null)).toBe(true)
})

test('imported commissions are taken back by linked rows, unpaid and paid alike, and their references are free again', async () => {
  const company = await aCompany()
  const { api, deps, northwind } = company
  const file =
    'partner,amount,currency,date,status,id\nP-001,30,USD,2025-11-19,paid,R-1\nP-001,45.50,USD,2026-01-10,unpaid,R-2\nP-001,-8,USD,2026-02-22,unpaid,R-3\nP-001,-2,USD,2025-12-01,paid,R-4\n'
  const one = await imported(company, 'commissions', file)
  expect(await owed(company, northwind.id)).toEqual({ open: 3_750, ledger: 3_750 })
  expect(await undo(company, one.importId)).toMatchObject({ status: 'undone', done: 0 })
  expect(await owed(company, northwind.id)).toEqual({ open: 0, ledger: 0 })
  const rows = await deps.db.read.select().from(commissions).orderBy(commissions.number)
  expect(rows.slice(4).map(({ amount, kind, status, originId }) => ({ amount, kind, status, originId }))).toEqual([
    { amount: -3_000, kind: 'imported', status: 'paid', originId: rows[0]?.id },
    { amount: -4_550, kind: 'reversal', status: 'accrued', originId: rows[1]?.id },
    { amount: 800, kind: 'reversal', status: 'accrued', originId: rows[2]?.id },
    { amount: 200, kind: 'imported', status: 'paid', originId: rows[3]?.id },
  ])
  expect(await imported(company, 'commissions', file)).toMatchObject({ done: 4, duplicates: 0 })
  expect(await owed(company, northwind.id)).toEqual({ open: 3_750, ledger: 3_750 })

  await inPayout(company, northwind.id, 'paid')
  const [latest] = (await api.imports.list({})).rows
  await expect(api.imports.undo({ importId: latest!.importId })).rejects.toThrow(
    /C-\d{6} of Northwind Advisory was paid/,
  )
})

test('a disputed commission holds its import', async () => {
  const company = await aCompany()
  const { api, deps } = company
  const one = await imported(
    company,
    'commissions',
    'partner,amount,currency,date,status\nP-001,30,USD,2026-01-19,unpaid\n',
  )
  await deps.db.write(tx => tx.run(sql`UPDATE commissions SET disputed_at = 1, version = version + 1`))
  await expect(api.imports.undo({ importId: one.importId })).rejects.toThrow(
    'Northwind Advisory disputes C-000001. Resolve the dispute first.',
  )
})

test('partners that nothing uses go, the others stay and are counted', async () => {
  const company = await aCompany()
  const { api, deps } = company
  const file = 'name,email,country,reference\nFree,free@b.example,US,F-1\nUsed,used@b.example,US,F-2\n'
  const one = await imported(company, 'partners', file)
  await imported(company, 'commissions', 'partner,amount,currency,date,status\nF-2,30,USD,2026-01-19,unpaid\n')
  expect(await undo(company, one.importId)).toMatchObject({ status: 'undone', kept: 1, done: 1 })
  const left = await deps.db.read.select().from(partners).where(sql`name IN ('Free', 'Used')`).orderBy(partners.name)
  expect(left).toMatchObject([
    { name: 'Free', archivedAt: deps.clock.now(), reference: null },
    { name: 'Used', archivedAt: null, reference: 'F-2' },
  ])
  expect((await api.imports.rows({ importId: one.importId, only: 'problems' })).rows).toMatchObject([
    { line: 3, status: 'done', problem: 'It stays: it is in use.' },
  ])
  expect(await imported(company, 'partners', file)).toMatchObject({ done: 1, duplicates: 1 })
})

test('payouts that wait are canceled; one that was approved holds the import', async () => {
  const company = await aCompany()
  const { api, deps, org } = company
  const one = await imported(
    company,
    'payouts',
    'partner,amount,currency,reference\nP-001,64,USD,B-1\nP-002,9,USD,B-2\n',
  )
  const admin = await asRole(deps, 'admin', { org })
  const [first] = await deps.db.read.select().from(payouts).orderBy(payouts.number)
  await admin.api.payouts.approve({ payoutId: first!.id })
  await expect(api.imports.undo({ importId: one.importId })).rejects.toThrow(
    'PO-000001 is approved. Send it back for approval, or cancel it, first.',
  )
  await admin.api.payouts.unapprove({ payoutId: first!.id })
  expect(await undo(company, one.importId)).toMatchObject({ status: 'undone', kept: 0 })
  expect((await deps.db.read.select().from(payouts)).map(payout => payout.status)).toEqual(['canceled', 'canceled'])
  expect(await imported(company, 'payouts', 'partner,amount,currency,reference\nP-001,64,USD,B-1\n')).toMatchObject({
    done: 1,
  })
})
