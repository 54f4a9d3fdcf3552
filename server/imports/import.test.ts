import { readFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, commissions, deals, importRows, ledgerEntries, partners, payouts, touches } from '#db/schema/index.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { aCompany, checked, imported, problemsOf, runJobs, upload } from './testing.ts'

const fixture = (name: string) => readFileSync(new URL(`../../e2e/fixtures/${name}`, import.meta.url), 'utf8')
const sample = (name: string) => readFileSync(new URL(`../../docs/samples/${name}`, import.meta.url), 'utf8')

async function anEmptyCompany() {
  const deps = await testDeps()
  const org = await anOrg(deps, { timeZone: 'Europe/Berlin' })
  return { deps, ...(await asRole(deps, 'manager', { org })) }
}

test('a month comes in from three files: partners, their deals, and what they did for them; won deals pay commissions', async () => {
  const company = await anEmptyCompany()
  const { deps } = company
  const ofPartners = await imported(company, 'partners', fixture('partners.csv'))
  expect(ofPartners).toMatchObject({ status: 'committed', rows: 12, done: 12, errors: 0, duplicates: 0 })
  const [thistle] = await deps.db.read.select().from(partners).where(sql`reference = 'P-005'`)
  expect(thistle).toMatchObject({
    name: 'Thistle & Co',
    type: 'affiliate',
    tier: 'registered',
    class: 'partner',
    country: 'GB',
    currency: 'GBP',
    defaultRateBp: 800,
  })

  const ofDeals = await imported(company, 'deals', fixture('deals.csv'))
  expect(ofDeals).toMatchObject({ status: 'committed', rows: 60, done: 60, errors: 0, duplicates: 0 })
  const rows = await deps.db.read.select().from(deals)
  const won = rows.filter(deal => deal.stage === 'won')
  expect(ofDeals.attributed).toBe(won.length)
  expect(won.every(deal => deal.currentRunId !== null)).toBe(true)
  const totals = ofDeals.totals.filter(total => total.what === 'won').reduce((sum, total) => sum + total.amount, 0)
  expect(totals).toBe(won.reduce((sum, deal) => sum + deal.amount, 0))
  expect(await deps.db.read.select().from(commissions)).toEqual([])

  const ofTouches = await imported(company, 'touches', fixture('touches.csv'))
  expect(ofTouches).toMatchObject({ status: 'committed', rows: 150, done: 150, errors: 0, duplicates: 0 })
  const booked = await deps.db.read.select().from(commissions)
  expect(booked.length).toBeGreaterThan(20)
  expect(new Set(booked.map(row => row.kind))).toEqual(new Set(['earned']))
  // Once per deal, whichever of the import's chunks its touches were in.
  const runs = await deps.db.read.all<{ most: number }>(
    sql`SELECT max(n) AS most FROM (SELECT count(*) AS n FROM attribution_runs GROUP BY deal_id)`,
  )
  expect(runs[0]?.most).toBe(2)
  const log = await deps.db.read.select({ action: audit.action }).from(audit)
  expect(log.filter(entry => entry.action === 'imports.committed')).toHaveLength(3)
  expect(log.filter(entry => entry.action === 'deals.create')).toHaveLength(60)
})

test('the samples people are given can be imported as they are', async () => {
  const company = await anEmptyCompany()
  for (const kind of ['partners', 'deals', 'touches', 'commissions'] as const) {
    const done = await imported(company, kind, sample(`${kind}.csv`))
    expect(done).toMatchObject({ kind, status: 'committed', errors: 0, duplicates: 0, missing: [] })
    expect(done.done).toBe(done.rows)
  }
})

const deal =
  'name,account,amount,currency,stage,close date,opened,type,registered by,external id,domain,contact email\n'
const wrong: [row: string, problem: RegExp][] = [
  [',Alder,10,USD,,,,,,,,', /^Deal name: It is missing\.$/],
  [`${'x'.repeat(201)},Alder,10,USD,,,,,,,,`, /Deal name: .*at most 200 characters/],
  ['A,Alder,,USD,,,,,,,,', /^Amount: It is missing\.$/],
  ['A,Alder,abc,USD,,,,,,,,', /^Amount: “abc” is not an amount/],
  ['A,Alder,-5,USD,,,,,,,,', /^Amount: “-5” is negative/],
  ['A,Alder,10.005,USD,,,,,,,,', /^Amount: USD has 2 decimals/],
  ['A,Alder,10,XXQ,,,,,,,,', /^Currency: “XXQ” is not a currency/],
  ['A,Alder,10,USD,maybe,,,,,,,', /^Stage: “maybe” is none of Open, Won, Lost/],
  ['A,Alder,10,USD,won,,,,,,,', /^Close date: A won deal needs the day/],
  ['A,Alder,10,USD,won,03/04/2026,,,,,,', /^Close date: .*Choose the order of day and month/],
  ['A,Alder,10,USD,won,2026-03-09,,,,,,', /^Close date: The close date can’t be in the future/],
  ['A,Alder,10,USD,won,2026-02-30,,,,,,', /^Close date: .*does not exist/],
  ['A,Alder,10,USD,,,soon,,,,,', /^Opened: “soon” is not a date/],
  ['A,Alder,10,USD,,,,gift,,,,', /^Type: “gift” is none of/],
  ['A,Alder,10,USD,,,,,nobody@x.example,,,', /^Registering partner: There is no partner/],
  [`A,Alder,10,USD,,,,,,${'r'.repeat(121)},,`, /^External reference: .*at most 120 characters/],
  ['A,Alder,10,USD,,,,,,,not a domain,', /^Domain: Write the domain like example\.com/],
  ['A,Alder,10,USD,,,,,,,,nobody', /^Contact email: “nobody” is not an email address/],
  ['A,Alder,1,240.00,USD,,,,,,,,,', /more cells than the header|is not a currency/],
  ['A,Alder,abc,USD,maybe,,,,,,,', /Amount: .* Stage: /],
]

test.each(wrong)('a deal like %s is refused in words, and the others come in', async (row, problem) => {
  const company = await aCompany()
  const one = await checked(company, 'deals', `${deal}${row}\nFine,Alder,10,USD,,,,,,,,\n`)
  expect(one).toMatchObject({ status: 'ready', checked: 2, errors: 1 })
  const [first] = await problemsOf(company, one.importId)
  expect(first?.problem).toMatch(problem)
  await expect(company.api.imports.commit({ importId: one.importId })).rejects.toThrow(/1 row can’t be imported/)
  await company.api.imports.commit({ importId: one.importId, skipErrors: true })
  await runJobs(company.deps)
  expect(await company.deps.db.read.select({ name: deals.name }).from(deals)).toEqual([{ name: 'Fine' }])
})

test('touches, partners, commissions and payouts say what is wrong with them, too', async () => {
  const company = await aCompany()
  await imported(company, 'deals', 'name,amount,currency,external id\nA,10,USD,O-1\n')
  const touch = await checked(
    company,
    'touches',
    'deal,partner,type,date,role,weight\nO-9,P-001,demo,2026-02-01,,\nO-1,P-999,demo,2026-02-01,,\nO-1,P-001,dance,2026-02-01,,\nO-1,P-001,demo,2026-05-01,,\nO-1,P-001,demo,2026-02-01,boss,\nO-1,P-001,demo,2026-02-01,,-1\nD-000001,P-001,demo,2026-02-01,closer,7\n',
  )
  expect((await problemsOf(company, touch.importId)).map(row => row.problem)).toEqual([
    'Deal: There is no deal with the reference or number “O-9”. Import the deals first.',
    'Partner: There is no partner with the name, email or reference “P-999”. Add the partner first.',
    expect.stringMatching(/^Type: “dance” is none of Referral, /),
    'Date: A touch can’t be in the future: 1 May 2026 is after tomorrow.',
    'Role: “boss” is none of Sourcer, Influencer, Implementer, Closer.',
    'Weight: “-1” is not a whole number. 0 leaves the touch out.',
  ])
  expect(touch).toMatchObject({ checked: 7, errors: 6 })

  const partner = await checked(
    company,
    'partners',
    'name,email,country,rate,tier\n,a@b.example,US,,\nA,nobody,US,,\nB,b@b.example,Atlantis,,\nC,c@b.example,US,0.15,\nD,d@b.example,US,,diamond\nE,accounts@thistleandco.example,GB,,\n',
  )
  expect(await problemsOf(company, partner.importId)).toMatchObject([
    { status: 'error', problem: 'Name: It is missing.' },
    { status: 'error', problem: 'Email: “nobody” is not an email address.' },
    { status: 'error', problem: 'Country: “Atlantis” is not a country we know. Write its code, like US.' },
    { status: 'error', problem: expect.stringMatching(/Default rate: “0\.15” could mean 0\.15 percent or 15 percent/) },
    { status: 'error', problem: expect.stringMatching(/Tier: “diamond” is none of/) },
    { status: 'duplicate', problem: 'Thistle & Co has this email address already.' },
  ])

  const commission = await checked(
    company,
    'commissions',
    'partner,amount,currency,date,status\nP-001,0,USD,2026-02-01,paid\nP-001,5,USD,,paid\nP-001,5,USD,2026-02-01,perhaps\nP-001,5,,2026-02-01,\n',
    { currency: '', status: '' },
  )
  expect((await problemsOf(company, commission.importId)).map(row => row.problem)).toEqual([
    'Amount: It is zero.',
    'Date: It is missing.',
    'Status: “perhaps” is neither paid nor unpaid.',
    'Status: It is missing. Choose whether rows that don’t say were paid.',
  ])

  const payout = await checked(
    company,
    'payouts',
    'partner,amount,currency,status\nP-001,5,EUR,unpaid\nP-001,1000000,USD,unpaid\nP-001,-5,USD,unpaid\n',
  )
  expect((await problemsOf(company, payout.importId)).map(row => row.problem)).toEqual([
    'Currency: Northwind Advisory is paid in USD, not in EUR.',
    expect.stringMatching(/The most one payout can be is \$999,999\.99/),
    'Amount: “-5” is negative, and nothing here can be.',
  ])
})

test('a row is imported once: by its reference, and without one by all it says, in a file and between files', async () => {
  const company = await aCompany()
  const file =
    'name,amount,currency,stage,close date,external id\nA,10,USD,won,2026-02-01,O-1\nB,20,USD,open,,\nB,20,USD,open,,\nA2,11,USD,open,,O-1\nB,20,USD,open,,O-2\n'
  const first = await imported(company, 'deals', file)
  expect(first).toMatchObject({ done: 3, duplicates: 2, errors: 0 })
  expect(await problemsOf(company, first.importId)).toEqual([
    { line: 4, status: 'duplicate', problem: 'Line 3 is the same.' },
    { line: 5, status: 'duplicate', problem: 'Line 2 is the same.' },
  ])
  const second = await checked(company, 'deals', file.replace('B,20,USD,open,,O-2', 'C,30,USD,open,,'))
  expect(second).toMatchObject({ checked: 5, duplicates: 4 })
  expect(second.sameFile).toBeNull()
  expect((await problemsOf(company, second.importId))[0]?.problem).toMatch(
    /D-000001 has the external reference “O-1” already/,
  )
  await company.api.imports.commit({ importId: second.importId })
  await runJobs(company.deps)
  expect(await company.deps.db.read.select().from(deals)).toHaveLength(4)

  const money =
    'partner,amount,currency,date,status,customer\nP-001,5,USD,2026-02-01,paid,Alder\nP-001,5,USD,2026-02-01,paid,Birch\n'
  expect(await imported(company, 'commissions', money)).toMatchObject({ done: 2, duplicates: 0 })
  const again = await checked(company, 'commissions', money)
  expect(again).toMatchObject({ duplicates: 2, sameFile: { at: company.deps.clock.now() } })
  await expect(company.api.imports.commit({ importId: again.importId })).rejects.toThrow(/nothing to import/)
})

test('what was checked and what is committed are the same: a world that changed in between leaves rows out', async () => {
  const company = await aCompany()
  const { api, deps, northwind, manager } = company
  const one = await checked(
    company,
    'commissions',
    'partner,amount,currency,date,status,id\nP-001,5,USD,2026-02-01,unpaid,X-1\nP-002,6,USD,2026-02-01,unpaid,X-2\nP-002,7,USD,2026-02-01,unpaid,X-3\n',
  )
  await api.partners.archive({ partnerId: northwind.id })
  await imported(company, 'commissions', 'partner,amount,currency,date,status,id\nP-002,9,USD,2026-02-01,unpaid,X-3\n')
  await api.imports.commit({ importId: one.importId })
  await runJobs(deps)
  expect(await api.imports.get({ importId: one.importId })).toMatchObject({
    status: 'committed',
    done: 1,
    errors: 1,
    duplicates: 1,
  })
  expect(await problemsOf(company, one.importId)).toMatchObject([
    { line: 2, status: 'error', problem: expect.stringMatching(/Northwind Advisory is archived/) },
    { line: 4, status: 'duplicate', problem: expect.stringMatching(/already|imported as the same/) },
  ])
  expect(manager.viewer.role).toBe('manager')
})

test('unpaid commissions are owed from their release on, paid ones are history; the ledger agrees with both', async () => {
  const company = await aCompany()
  const { deps, northwind } = company
  await imported(
    company,
    'commissions',
    'partner,amount,currency,date,status,due date,customer,id,note\nP-001,30.00,USD,2025-11-19,paid,,Alder,R-1,first\nP-001,45.50,USD,2026-01-10,unpaid,2026-02-09,Birch,R-2,\nP-001,-8,USD,2026-02-22,unpaid,,Birch,R-3,refund\nP-001,-2,USD,2025-12-01,paid,,Alder,R-4,\n',
  )
  const rows = await deps.db.read.select().from(commissions).orderBy(commissions.number)
  expect(rows).toMatchObject([
    { kind: 'imported', amount: 3_000, status: 'paid', period: '2025-11', note: 'Alder: first', payoutId: null },
    { kind: 'imported', amount: 4_550, status: 'accrued', period: '2026-01', releaseAt: Date.UTC(2026, 1, 8, 23) },
    { kind: 'imported', amount: -800, status: 'accrued', period: '2026-02', externalRef: 'R-3' },
    { kind: 'imported', amount: -200, status: 'paid', period: '2025-12' },
  ])
  expect(rows[1]?.snapshot.steps).toEqual([{ op: 'fixed', result: 4_550 }])
  expect(await payable(deps, northwind.id)).toBe(4_550 - 800)
})

/** What the ledger says is owed to a partner, in minor units. */
async function payable(deps: Awaited<ReturnType<typeof testDeps>>, partnerId: string): Promise<number> {
  const entries = await deps.db.read.select().from(ledgerEntries).where(sql`partner_id = ${partnerId}`)
  return entries.reduce(
    (sum, { debit, credit, amount }) =>
      sum + (credit === 'partner_payable' ? amount : 0) - (debit === 'partner_payable' ? amount : 0),
    0,
  )
}

test('unpaid payouts wait for approval; paid ones make nothing; money that is owed already is asked about', async () => {
  const company = await aCompany()
  const { api, deps } = company
  await imported(company, 'commissions', 'partner,amount,currency,date,status\nP-001,64,USD,2026-01-10,unpaid\n')
  const one = await checked(
    company,
    'payouts',
    'partner,amount,currency,status,paid at,reference,period\nP-001,30.00,USD,paid,2026-01-02,B-1,\nP-001,64.00,USD,due,,B-2,2026-01\nP-002,9.00,USD,voided,,B-3,\n',
  )
  expect(one).toMatchObject({ errors: 0, nothing: 2, warnings: 1 })
  expect((await problemsOf(company, one.importId)).map(row => row.problem)).toEqual([
    expect.stringMatching(/paid elsewhere/),
    expect.stringMatching(/owed USD\s64\.00 in commissions already.*paid twice/),
    expect.stringMatching(/Nothing is owed/),
  ])
  await api.imports.commit({ importId: one.importId })
  await runJobs(deps)
  expect(await deps.db.read.select().from(payouts)).toMatchObject([
    { amount: 6_400, status: 'pending_approval', reference: 'B-2', period: '2026-01', source: 'import' },
  ])
})

test('the failed rows come back as a file that can be mended, with nothing in it that a spreadsheet would run', async () => {
  const company = await aCompany()
  const one = await checked(
    company,
    'deals',
    'name,account,amount,currency,note\n"=HYPERLINK(""http://x"")","+1, Ltd",abc,USD,@cmd\nB,C,-12.50,USD,fine\n',
  )
  const file = await company.api.imports.failed({ importId: one.importId })
  let text = ''
  for await (const piece of file.chunks) text += piece
  expect(file.fileName).toBe('deals-left-out.csv')
  const [header, first, second] = text.split('\r\n')
  expect(header).toBe('name,account,amount,currency,note,Line,Reason')
  expect(first).toMatch(/^"'=HYPERLINK\(""http:\/\/x""\)","'\+1, Ltd",abc,USD,'@cmd,2,/)
  expect(second).toMatch(/^B,C,-12\.50,USD,fine,3,/)

  // Mended, it goes in again: the guards are taken back, the last two columns mean nothing.
  const mended = await checked(company, 'deals', text.replace('abc', '10').replace('-12.50', '12.50'))
  expect(mended).toMatchObject({ errors: 0, checked: 2 })
  await company.api.imports.commit({ importId: mended.importId })
  await runJobs(company.deps)
  expect(await company.deps.db.read.select({ name: deals.name }).from(deals).orderBy(deals.number)).toEqual([
    { name: '=HYPERLINK("http://x")' },
    { name: 'B' },
  ])
})

test('a mapping is remembered for the same headers, proposed for others, and refused where it can’t be', async () => {
  const company = await aCompany()
  const { api } = company
  const odd = 'Wer,Wieviel,Wann,Was\nP-001,5,2026-02-01,paid\n'
  const importId = await upload(company, 'commissions', odd)
  const proposed = await api.imports.get({ importId })
  expect(proposed).toMatchObject({ mapping: {}, missing: ['Partner', 'Amount', 'Date'], status: 'mapping' })
  await expect(api.imports.check({ importId })).rejects.toThrow('Choose a column for: Partner, Amount, Date.')
  const mapping = { partner: 'Wer', amount: 'Wieviel', date: 'Wann', status: 'Was', made: 'up', note: 'gone' }
  await expect(
    api.imports.saveMapping({ importId, mapping: { ...mapping, note: 'Was' }, options: {} }),
  ).rejects.toThrow('The column “Was” is chosen twice.')
  await api.imports.saveMapping({ importId, mapping, options: {} })
  await expect(api.imports.saveMapping({ importId, mapping, options: {}, version: 1 })).rejects.toThrow(/changed while/)
  const again = await upload(company, 'commissions', odd.toUpperCase())
  expect((await api.imports.get({ importId: again })).mapping).toEqual({
    partner: 'WER',
    amount: 'WIEVIEL',
    date: 'WANN',
    status: 'WAS',
  })
})

test('another organization’s imports, partners and deals don’t exist', async () => {
  const deps = await testDeps()
  const mine = await aCompany({ deps })
  const theirs = await imported(mine, 'deals', 'name,amount,currency,external id\nSecret,10,USD,O-1\n')
  const stranger = await asRole(deps, 'owner')
  const other = { deps, api: stranger.api }
  await expect(stranger.api.imports.get({ importId: theirs.importId })).rejects.toThrow(/couldn't find/)
  await expect(stranger.api.imports.undo({ importId: theirs.importId })).rejects.toThrow(/couldn't find/)
  expect((await stranger.api.imports.list({})).rows).toEqual([])
  const one = await checked(other, 'touches', 'deal,partner,type,date\nO-1,P-001,demo,2026-02-01\n')
  expect((await problemsOf(other, one.importId))[0]?.problem).toMatch(/no deal .* Partner: There is no partner/)
  expect(await imported(other, 'deals', 'name,amount,currency,external id\nSecret,10,USD,O-1\n')).toMatchObject({
    done: 1,
  })
})

test('an import that made nothing can be thrown away, and leaves nothing behind', async () => {
  const company = await aCompany()
  const one = await checked(company, 'deals', 'name,amount,currency\nA,10,USD\n')
  await company.api.imports.discard({ importId: one.importId })
  expect((await company.api.imports.list({})).rows).toEqual([])
  expect(await company.deps.db.read.select().from(importRows)).toEqual([])
  const done = await imported(company, 'deals', 'name,amount,currency\nA,10,USD\n')
  await expect(company.api.imports.discard({ importId: done.importId })).rejects.toThrow(/is imported now/)
})

test('a file that breaks off, or can’t be read to its end, leaves nothing behind', async () => {
  const company = await aCompany()
  const text = `name,amount,currency\n${'A,10,USD\n'.repeat(2_500)}"B,10,USD\n`
  await expect(upload(company, 'deals', text)).rejects.toThrow(/Line 2502: a quotation mark/)
  async function* broken() {
    yield new TextEncoder().encode(`name,amount,currency\n${'A,10,USD\n'.repeat(2_500)}`)
    throw new Error('the connection was lost')
  }
  await expect(company.api.imports.upload({ kind: 'deals', fileName: 'a.csv', bytes: broken() })).rejects.toThrow()
  expect(await company.deps.db.read.select().from(importRows)).toEqual([])
  expect((await company.api.imports.list({})).rows).toEqual([])
})

test('the same form sent twice is one import', async () => {
  const company = await aCompany()
  const send = () =>
    company.api.imports.upload({
      kind: 'deals',
      fileName: 'a.csv',
      bytes: bytes('name,amount,currency\nA,10,USD\n'),
      idempotencyKey: 'key-12345',
    })
  expect(await send()).toEqual(await send())
  expect((await company.api.imports.list({})).rows).toHaveLength(1)
  expect(await company.deps.db.read.select().from(importRows)).toHaveLength(1)
})

async function* bytes(text: string) {
  yield new TextEncoder().encode(text)
}

test('touches of a deal that is won attribute it anew, and pay', async () => {
  const company = await aCompany()
  await imported(company, 'deals', 'name,amount,currency,stage,close date,external id\nA,1000,USD,won,2026-02-20,O-1\n')
  await imported(
    company,
    'touches',
    'deal,partner,type,date\nO-1,P-001,referral,2026-02-01\nO-1,P-002,demo,2026-02-20\n',
  )
  const rows = await company.deps.db.read.select().from(commissions)
  // Equal split, at the partners' own rates of 10 and 15 percent.
  expect(rows.map(row => [row.partnerId, row.amount]).sort()).toEqual(
    [
      [company.northwind.id, 5_000],
      [company.brightpath.id, 7_500],
    ].sort(),
  )
  expect(await company.deps.db.read.select().from(touches)).toHaveLength(2)
})
