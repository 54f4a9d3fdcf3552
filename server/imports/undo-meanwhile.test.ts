import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { Tx } from '#db/client.ts'
import { commissions, deals, ledgerEntries, partners, touches } from '#db/schema/index.ts'
import { aPayout } from '../test/factories.ts'
import { runImport } from './job.ts'
import { aCompany, type Company, imported, problemsOf, runJobs } from './testing.ts'

const dealFile =
  'name,amount,currency,stage,close date,external id\nA,1000,USD,won,2026-02-20,O-1\nB,2000,USD,won,2026-02-21,O-2\nC,3000,USD,open,,O-3\n'
const touchFile =
  'deal,partner,type,date\nO-1,P-001,referral,2026-02-01\nO-2,P-001,demo,2026-02-02\nO-2,P-002,demo,2026-02-03\n'

/** A run that is executed, and paid if so said, takes all that the partner is owed. */
async function paidOut({ deps }: Company, partner: Company['northwind'], status: 'in_payout' | 'paid') {
  const payout = await aPayout(deps, { partner, status: status === 'paid' ? 'paid' : 'pending_approval' })
  await deps.db.write(async tx => {
    await tx.run(
      sql`UPDATE commissions SET status = 'in_payout', payout_id = ${payout.id}, version = version + 1 WHERE partner_id = ${partner.id} AND status = 'accrued'`,
    )
    if (status === 'paid')
      await tx.run(sql`UPDATE commissions SET status = 'paid', version = version + 1 WHERE payout_id = ${payout.id}`)
  })
}

const says = { in_payout: /is in PO-\d{6}\.$/, paid: /was paid with PO-\d{6}\.$/ }

test.each(['in_payout', 'paid'] as const)(
  'an imported commission that is %s since the undo began stays, what came in as paid goes',
  async status => {
    const company = await aCompany()
    const { api, deps, northwind } = company
    const { importId } = await imported(
      company,
      'commissions',
      'partner,amount,currency,date,status,id\nP-001,30,USD,2025-11-19,paid,R-1\nP-001,45.50,USD,2026-01-10,unpaid,R-2\nP-002,8,USD,2026-01-22,unpaid,R-3\n',
    )
    await api.imports.undo({ importId })
    await paidOut(company, northwind, status)
    await runJobs(deps)
    expect(await api.imports.get({ importId })).toMatchObject({ status: 'undone', kept: 1, done: 1 })
    expect(await problemsOf(company, importId)).toEqual([
      { line: 3, status: 'done', problem: expect.stringMatching(says[status]) },
    ])
    const rows = await deps.db.read.select().from(commissions).orderBy(commissions.number)
    expect(rows.slice(3).map(({ amount, kind, status, originId }) => ({ amount, kind, status, originId }))).toEqual([
      { amount: -3_000, kind: 'imported', status: 'paid', originId: rows[0]?.id },
      { amount: -800, kind: 'reversal', status: 'accrued', originId: rows[2]?.id },
    ])
    expect(rows.map(row => row.externalRef)).toEqual([null, 'R-2', null, null, null])
    const voided = await deps.db.read.select().from(ledgerEntries).where(sql`kind = 'imported_payment_void'`)
    expect(voided.map(entry => entry.amount)).toEqual([3_000])
  },
)

test('a commission that is disputed since the undo began stays', async () => {
  const company = await aCompany()
  const { api, deps } = company
  const { importId } = await imported(
    company,
    'commissions',
    'partner,amount,currency,date,status\nP-001,30,USD,2026-01-19,unpaid\n',
  )
  await api.imports.undo({ importId })
  await deps.db.write(tx => tx.run(sql`UPDATE commissions SET disputed_at = 1, version = version + 1`))
  await runJobs(deps)
  expect(await api.imports.get({ importId })).toMatchObject({ status: 'undone', kept: 1, done: 1 })
  expect(await problemsOf(company, importId)).toEqual([
    { line: 2, status: 'done', problem: 'It stays: Northwind Advisory disputes C-000001.' },
  ])
  expect(await deps.db.read.select().from(commissions)).toHaveLength(1)
})

test.each(['in_payout', 'paid'] as const)(
  'a deal whose commission is %s since the undo began stays with all its commissions',
  async status => {
    const company = await aCompany()
    const { api, deps, brightpath } = company
    const { importId } = await imported(company, 'deals', dealFile)
    await imported(company, 'touches', touchFile)
    await api.imports.undo({ importId })
    await paidOut(company, brightpath, status)
    await runJobs(deps)
    expect(await api.imports.get({ importId })).toMatchObject({ status: 'undone', kept: 1, done: 1 })
    expect(await problemsOf(company, importId)).toEqual([
      { line: 3, status: 'done', problem: expect.stringMatching(says[status]) },
    ])
    const left = await deps.db.read.select().from(deals).where(sql`removed_at IS NULL`)
    expect(left.map(deal => deal.externalRef)).toEqual(['O-2'])
    const taken = await deps.db.read.select().from(commissions).where(sql`kind = 'reversal'`)
    expect(taken.map(row => row.amount)).toEqual([-10_000])
    expect(taken.every(row => row.dealId !== left[0]?.id)).toBe(true)
  },
)

test.each(['in_payout', 'paid'] as const)(
  'the touches of a deal whose commission is %s since the undo began stay, and it is not attributed anew',
  async status => {
    const company = await aCompany()
    const { api, deps, brightpath } = company
    await imported(company, 'deals', dealFile)
    const { importId } = await imported(company, 'touches', touchFile)
    await api.imports.undo({ importId })
    await paidOut(company, brightpath, status)
    await runJobs(deps)
    expect(await api.imports.get({ importId })).toMatchObject({ status: 'undone', kept: 2, done: 2 })
    expect(await problemsOf(company, importId)).toEqual(
      [3, 4].map(line => ({ line, status: 'done', problem: expect.stringMatching(says[status]) })),
    )
    expect(await deps.db.read.select().from(touches).where(sql`removed_at IS NULL`)).toHaveLength(2)
    const rows = await deps.db.read.select().from(commissions).orderBy(commissions.number)
    expect(rows.map(row => row.amount)).toEqual([10_000, 10_000, 15_000, -10_000])
  },
)

const many = Array.from({ length: 30 }, (_, index) => `O-${index}`)
const manyDeals = `name,amount,currency,stage,close date,external id\n${many.map(ref => `${ref},1000,USD,won,2026-02-20,${ref}`).join('\n')}\n`
const manyTouches = `deal,partner,type,date\n${many.map(ref => `${ref},P-001,demo,2026-01-15`).join('\n')}\nO-0,P-002,demo,2026-01-16\n`

/** One chunk of the undo, and no more, counting what it asks the database. */
async function oneChunk({ deps, org, manager }: Company, importId: string): Promise<number> {
  let chunks = 0
  let statements = 0
  const counting = (tx: Tx) =>
    new Proxy(tx, {
      get(target, name) {
        if (['all', 'run', 'select', 'insert', 'update', 'delete'].includes(String(name))) statements++
        const value = Reflect.get(target, name) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const dying: typeof deps = {
    ...deps,
    db: {
      ...deps.db,
      write: fn => {
        if (chunks++ > 0) throw new Error('the process was killed')
        return deps.db.write(tx => fn(counting(tx)))
      },
    },
  }
  await expect(runImport(dying, { importId, orgId: org.id, userId: manager.user.id })).rejects.toThrow('was killed')
  return statements
}

test('a deal loses its touches and their commissions in one transaction, wherever in the file they are', async () => {
  const company = await aCompany()
  const { api, deps, northwind, brightpath } = company
  await imported(company, 'deals', manyDeals)
  const { importId } = await imported(company, 'touches', manyTouches)
  const [first] = await deps.db.read.select().from(deals).where(sql`external_ref = 'O-0'`)
  const ofFirst = async (partnerId: string) => {
    const rows = await deps.db.read.select().from(commissions).where(sql`deal_id = ${first!.id}`)
    return rows.filter(row => row.partnerId === partnerId).reduce((sum, row) => sum + row.amount, 0)
  }
  expect([await ofFirst(northwind.id), await ofFirst(brightpath.id)]).toEqual([5_000, 7_500])
  await api.imports.undo({ importId })
  await oneChunk(company, importId)
  expect(await api.imports.get({ importId })).toMatchObject({ status: 'undoing', done: 6 })
  expect([await ofFirst(northwind.id), await ofFirst(brightpath.id)]).toEqual([0, 0])
  // A run in between pays the rest, which stays.
  await paidOut(company, northwind, 'paid')
  await runJobs(deps)
  expect(await api.imports.get({ importId })).toMatchObject({ status: 'undone', kept: 5, done: 5 })
  expect(await deps.db.read.select().from(touches).where(sql`removed_at IS NULL`)).toHaveLength(5)
})

test('deals are taken back 25 in a transaction, with as many statements as for one', async () => {
  const company = await aCompany()
  const { api, deps } = company
  const { importId } = await imported(company, 'deals', manyDeals)
  await imported(company, 'touches', manyTouches)
  await api.imports.undo({ importId })
  expect(await oneChunk(company, importId)).toBeLessThan(60)
  expect(await deps.db.read.select().from(deals).where(sql`removed_at IS NOT NULL`)).toHaveLength(25)
  await runJobs(deps)
  expect(await api.imports.get({ importId })).toMatchObject({ status: 'undone', kept: 0, done: 0 })
  const rows = await deps.db.read.select().from(commissions)
  expect(rows).toHaveLength(62)
  expect(rows.reduce((sum, row) => sum + row.amount, 0)).toBe(0)
})

test('a partner who registered a deal or was credited with one stays; with a deal that is gone it goes', async () => {
  const company = await aCompany()
  const { api, deps } = company
  const { importId } = await imported(
    company,
    'partners',
    'name,email,country,reference\nCredited,c@b.example,US,F-1\nRegistered,r@b.example,US,F-2\nFree,f@b.example,US,F-3\n',
  )
  const ofDeals = await imported(company, 'deals', dealFile)
  const others = await imported(company, 'deals', 'name,amount,currency,stage\nD,5,USD,open\n')
  await imported(company, 'touches', 'deal,partner,type,date\nO-1,F-1,demo,2026-02-01\n')
  await deps.db.write(async tx => {
    await tx.run(sql`UPDATE touches SET removed_at = 1, version = version + 1`)
    await tx.run(
      sql`UPDATE deals SET registered_by = (SELECT id FROM partners WHERE name = 'Registered'), version = version + 1 WHERE import_id = ${ofDeals.importId}`,
    )
    await tx.run(
      sql`UPDATE deals SET registered_by = (SELECT id FROM partners WHERE name = 'Free'), version = version + 1 WHERE import_id = ${others.importId}`,
    )
  })
  expect(await deps.db.read.select().from(commissions)).toEqual([])
  await api.imports.undo({ importId: others.importId })
  await runJobs(deps)
  await api.imports.undo({ importId })
  await runJobs(deps)
  expect(await api.imports.get({ importId })).toMatchObject({ status: 'undone', kept: 2, done: 2 })
  const left = await deps.db.read.select().from(partners).where(sql`reference IN ('F-1', 'F-2', 'F-3')`)
  expect(left.map(partner => partner.name).sort()).toEqual(['Credited', 'Registered'])
})
