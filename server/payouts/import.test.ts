import { readFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import Papa from 'papaparse'
import { expect, test } from 'vitest'
import { audit, outbox, payoutImports, payoutLines, payouts } from '#db/schema/index.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { anOrg, aPartner, aPayout } from '../test/factories.ts'
import { maxImportBytes, readSpreadsheet } from './spreadsheet.ts'

async function aCompany() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const add = (name: string, email: string, currency: string, reference: string) =>
    aPartner(deps, { orgId: org.id, name, email, currency, reference })
  const partners = {
    northwind: await add('Northwind Advisory', 'partnerships@northwind-advisory.example', 'USD', 'P-001'),
    brightpath: await add('Brightpath Consulting', 'billing@brightpath.example', 'USD', 'P-002'),
    lumen: await add('Atelier Lumen', 'compta@atelier-lumen.example', 'EUR', 'P-003'),
    hafenblick: await add('Hafenblick Systems', 'rechnung@hafenblick.example', 'EUR', 'P-004'),
    thistle: await add('Thistle & Co', 'accounts@thistleandco.example', 'GBP', 'P-005'),
    cedar: await add('Cedar Point Labs', 'finance@cedarpoint.example', 'USD', 'P-006'),
  }
  const manager = await asRole(deps, 'manager', { org })
  return { deps, org, manager, api: manager.api, ...partners }
}

type Company = Awaited<ReturnType<typeof aCompany>>

const sample = (name: string) => readFileSync(new URL(`../../docs/samples/${name}`, import.meta.url), 'utf8')
const csv = (...lines: string[]) => `partner email,amount,currency,period,reference,notes\n${lines.join('\n')}\n`
const northwind = 'partnerships@northwind-advisory.example'

async function draftOf({ api }: Company, text: string) {
  const draft = await api.payouts.importDraft({ fileName: 'february.csv', text })
  return { ...draft, ...(await api.payouts.importShow({ importId: draft.importId })) }
}

async function count(deps: TestDeps): Promise<number> {
  const [row] = await deps.db.read.all<{ count: number }>(sql`SELECT count(*) AS count FROM payouts`)
  return row?.count ?? 0
}

test('the sample file is imported whole: a dry run first, then every payout at once', async () => {
  const company = await aCompany()
  const { deps, api, manager } = company
  const draft = await draftOf(company, sample('payouts.csv'))
  expect(draft.summary).toMatchObject({
    rows: 8,
    ok: 8,
    errors: 0,
    duplicates: 0,
    warnings: 0,
    committed: null,
    sameFile: null,
    totals: [
      { currency: 'USD', amount: 2_214_550 },
      { currency: 'EUR', amount: 313_240 },
      { currency: 'GBP', amount: 64_025 },
    ],
  })
  expect(await count(deps)).toBe(0)
  expect(await deps.db.read.select().from(outbox)).toEqual([])

  const { importId, version } = draft.summary
  const done = await api.payouts.importCommit({ importId, version, skipDuplicates: true })
  expect(done).toEqual({ created: 8, skipped: [] })
  const rows = await deps.db.read.select().from(payouts).orderBy(payouts.number)
  expect(rows[2]).toMatchObject({
    status: 'pending_approval',
    partnerId: company.brightpath.id,
    amount: 487_500,
    currency: 'USD',
    period: '2026-02',
    reference: 'BP-1187',
    notes: 'Implementation referrals, Q1 part 1',
    source: 'import',
    importId,
    createdBy: manager.user.id,
  })
  expect(await deps.db.read.select().from(payoutLines)).toHaveLength(8)
  const entries = await deps.db.read.select({ action: audit.action }).from(audit)
  expect(entries.map(entry => entry.action)).toEqual([
    'payouts.importDraft',
    ...Array.from({ length: 8 }, () => 'payouts.create'),
    'payouts.import',
  ])
  const notices = await deps.db.read.select({ payload: outbox.payload }).from(outbox)
  expect(notices.map(notice => notice.payload)).toEqual([
    {
      template: 'approvalRequested',
      eventId: importId,
      to: { staffWith: 'payouts.approve', except: manager.user.id },
      about: { importId },
    },
  ])
  const { summary } = await api.payouts.importShow({ importId })
  expect(summary.committed).toEqual({ at: deps.clock.now(), created: 8 })
})

const errors: [row: string, error: RegExp | string][] = [
  [',10,USD,2026-02,R-1,', 'Line 2, partner: It doesn’t say who is paid.'],
  [
    'x@y.example,10,USD,,,',
    'Line 2, partner: There is no partner with the email “x@y.example”. Add the partner first.',
  ],
  [`${northwind},,USD,,,`, 'Line 2, amount: It is missing.'],
  [`${northwind},abc,USD,,,`, 'Line 2, amount: “abc” is not an amount. Write it like 1240.00.'],
  [`${northwind},0,USD,,,`, 'Line 2, amount: The amount must be more than zero.'],
  [`${northwind},-5.00,USD,,,`, /^Line 2, amount: “-5.00” is negative\. A payout is more than zero/],
  [`${northwind},−5.00,USD,,,`, /is negative/],
  [`${northwind},(5.00),USD,,,`, /“\(5.00\)” is negative/],
  [`${northwind},-$5.00,USD,,,`, /is negative/],
  [`${northwind},$-5.00,USD,,,`, /is negative/],
  [`${northwind},1.005,USD,,,`, 'Line 2, amount: USD has 2 decimals, “1.005” has more.'],
  [`${northwind},"1.240,00",USD,,,`, /“1\.240,00” is not an amount/],
  [`${northwind},"12,50",USD,,,`, /“12,50” is not an amount/],
  [`${northwind},1e3,USD,,,`, /“1e3” is not an amount/],
  [`${northwind},€10,USD,,,`, 'Line 2, amount: “€10” is not in USD.'],
  [`${northwind},1000000,USD,,,`, /The most one payout can be is \$999,999\.99/],
  [`${northwind},99999999999999999999,USD,,,`, /more than zero|most one payout/],
  [`${northwind},10,EUR,,,`, 'Line 2, currency: Northwind Advisory is paid in USD, not in EUR.'],
  [`${northwind},10,XXQ,,,`, 'Line 2, currency: “XXQ” is not a currency we know. Write it like USD.'],
  [`${northwind},10,USD,2026-13,,`, 'Line 2, period: “2026-13” is not a month. Write it like 2026-02.'],
  [`${northwind},10,USD,Smarch 2026,,`, /“Smarch 2026” is not a month/],
  [`${northwind},10,USD,,${'r'.repeat(65)},`, 'Line 2, reference: The reference can have at most 64 characters.'],
  [`${northwind},10,USD,,,${'n'.repeat(2001)}`, 'Line 2, notes: The note can have at most 2000 characters.'],
  [`${northwind},10,USD,,a\u202eb,`, /Line 2, reference: .*characters that can't be used/],
  [`${northwind},10,USD,,,fine,what is this`, /^Line 2 has more cells than the header has columns/],
  [`${northwind},1,240.00,USD,2026-02,R-1,n`, /^Line 2 has more cells/],
]

test.each(errors)('%s is refused in words', async (row, error) => {
  const company = await aCompany()
  const { rows, summary } = await draftOf(company, csv(row))
  const [first] = rows[0]?.errors ?? []
  if (typeof error === 'string') expect(rows[0]?.errors).toContain(error)
  else expect(first).toMatch(error)
  expect(summary).toMatchObject({ ok: 0, errors: 1 })
  const commit = company.api.payouts.importCommit({
    importId: summary.importId,
    skipDuplicates: true,
    skipErrors: true,
  })
  await expect(commit).rejects.toThrow(/nothing to import/)
  expect(await count(company.deps)).toBe(0)
})

test('every error of a row is said, each with its column', async () => {
  const { rows } = await draftOf(await aCompany(), csv('', `${northwind},x,USD,soon,,`))
  expect(rows.map(row => [row.line, row.errors])).toEqual([
    [3, [expect.stringMatching(/^Line 3, amount: /), expect.stringMatching(/^Line 3, period: /)]],
  ])
})

test('an archived partner, a name that two have, and columns that name two partners are refused', async () => {
  const company = await aCompany()
  const { deps, org } = company
  await aPartner(deps, { orgId: org.id, name: 'thistle & co', email: 'other@thistle.example' })
  await aPartner(deps, { orgId: org.id, name: 'Gone', email: 'gone@gone.example', archivedAt: 1 })
  const { rows } = await draftOf(
    company,
    'Partner,Partner e-mail,Partner ref.,Amount\nGone,,,5\nThistle & Co,,,5\nNorthwind Advisory,billing@brightpath.example,,5\n,,P-999,5\n',
  )
  expect(rows.flatMap(row => row.errors)).toEqual([
    'Line 2, partner: Gone is archived. Restore the partner first.',
    'Line 3, partner: Several partners are called “Thistle & Co”. Use the email address instead.',
    'Line 4, partner: The columns name two partners, Brightpath Consulting and Northwind Advisory.',
    'Line 5, partner: There is no partner with the reference “P-999”. Add the partner first.',
  ])
})

test('another company’s partner is no partner', async () => {
  const company = await aCompany()
  const other = await anOrg(company.deps)
  await aPartner(company.deps, { orgId: other.id, email: 'theirs@other.example' })
  const { rows } = await draftOf(company, csv('theirs@other.example,5,USD,,,'))
  expect(rows[0]).toMatchObject({ partnerId: null, errors: [expect.stringMatching(/There is no partner/)] })
})

test.each([
  ['a name', 'partner,amount', 'northwind advisory,5'],
  ['an email in capitals', 'E-mail,Amount', 'Partnerships@Northwind-Advisory.EXAMPLE,5'],
  ['a reference', 'Partner Reference,AMOUNT', 'P-001,5'],
  ['whatever fits', 'Partner,Amount', 'P-001,5'],
  ['all of them', 'Partner,partner_email,Partner-Reference,Amount', `Northwind Advisory,${northwind},P-001,5`],
])('a partner is found by %s', async (_, header, row) => {
  const company = await aCompany()
  const { rows } = await draftOf(company, `${header}\n${row}\n`)
  expect(rows).toMatchObject([{ partnerId: company.northwind.id, amount: 500, currency: 'USD', errors: [] }])
})

test.each([
  ['semicolons', 'partner email;amount;notes\r\nbilling@brightpath.example;1240.00;a, b, c, d\r\n'],
  ['tabs', 'partner email\tamount\tnotes\nbilling@brightpath.example\t1240.00\ta, b, c, d\n'],
  ['pipes', 'partner email|amount|notes\nbilling@brightpath.example|1240.00|a, b, c, d'],
  ['a byte order mark', '\ufeffpartner email,amount,notes\nbilling@brightpath.example,"1,240.00","a, b, c, d"\n'],
  [
    'Excel’s own first line',
    '\ufeffsep=;\r\npartner email;amount;notes\r\nbilling@brightpath.example;1240;a, b, c, d\r\n',
  ],
  ['old line ends', 'partner email,amount,notes\rbilling@brightpath.example,$1240,"a, b, c, d"\r'],
  ['other columns between', 'no,notes,x,amount,partner email\n1,"a, b, c, d",,"1,240.00",billing@brightpath.example\n'],
])('a file with %s is read', async (_, text) => {
  const { rows } = await draftOf(await aCompany(), text)
  expect(rows).toMatchObject([{ line: 2, amount: 124_000, currency: 'USD', notes: 'a, b, c, d', errors: [] }])
})

test.each([
  ['2026-02', '2026-02'],
  ['Feb-26', '2026-02'],
  ['Feb 2026', '2026-02'],
  ['february 2026', '2026-02'],
  ['02/2026', '2026-02'],
  ['2026/02', '2026-02'],
  ['', null],
])('the period %j reads as %j', async (text, period) => {
  const { rows } = await draftOf(await aCompany(), csv(`${northwind},5,,${text},,`))
  expect(rows).toMatchObject([{ period, errors: [] }])
})

test('yen have no decimals, dinars three, and neither is guessed at', async () => {
  const company = await aCompany()
  await aPartner(company.deps, { orgId: company.org.id, email: 'jp@jp.example', currency: 'JPY' })
  await aPartner(company.deps, { orgId: company.org.id, email: 'kw@kw.example', currency: 'KWD' })
  const { rows } = await draftOf(
    company,
    csv('jp@jp.example,1240,,,,', 'jp@jp.example,12.40,,,,', 'kw@kw.example,1.240,,,,', 'kw@kw.example,"1,240",,,,'),
  )
  expect(rows.map(row => row.amount)).toEqual([1240, null, 1240, null])
  expect(rows[1]?.errors).toEqual(['Line 3, amount: JPY has no decimals.'])
  expect(rows[3]?.errors[0]).toMatch(/could mean two amounts in KWD/)
})

test.each([
  ['', /The file is empty/],
  ['\n\n', /The file is empty/],
  ['partner email,amount\n', /a header, but no rows/],
  ['amount,currency\n5,USD\n', /No column says who is paid\..*The columns found: amount, currency\./],
  ['partner email,total paid\na@b.example,5\n', /No column says how much\..*partner email, total paid/],
  ['email,partner email,amount\na,b,5\n', /Two columns could both be the partner email: “email” and “partner email”/],
  ['partner email,Amount,Commission\na,1,2\n', /Two columns could both be the amount: “Amount” and “Commission”/],
  ['partner email,amount\n"a@b.example,5\nx@y.example,6\n', /Line 2: a quotation mark is opened and not closed/],
  ['PK\u0003\u0004\u0014\0', /This is an Excel workbook/],
  ['p\0a\0r\0t\0', /not UTF-8/],
  ['partner email,amount\nM\ufffdller,5\n', /not UTF-8/],
])('the file %j is refused as a whole, saying what to mend', async (text, sentence) => {
  const company = await aCompany()
  const draft = company.api.payouts.importDraft({ fileName: 'x.csv', text })
  await expect(draft).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringMatching(sentence) })
  expect(await company.deps.db.read.select().from(payoutImports)).toEqual([])
})

test('too large a file and too many rows are refused with the limit', () => {
  const rows = (count: number) => `partner email,amount\n${'a@b.example,5\n'.repeat(count)}`
  expect(readSpreadsheet(rows(10_000)).rows).toHaveLength(10_000)
  expect(() => readSpreadsheet(rows(10_001))).toThrow(/10,001 rows; at most 10,000/)
  expect(() => readSpreadsheet('é'.repeat(maxImportBytes / 2 + 1))).toThrow(/larger than 5 MB/)
})

test('the same partner and reference is a duplicate, in the file and of a live payout; the same amount and period a question', async () => {
  const company = await aCompany()
  const { deps, northwind: partner, brightpath } = company
  await aPayout(deps, { partner, reference: 'R-1', amount: 999 })
  await aPayout(deps, { partner, reference: 'R-2', status: 'rejected' })
  await aPayout(deps, { partner, amount: 7_700, period: '2026-01', status: 'paid' })
  await aPayout(deps, { partner, amount: 8_800, period: '2026-01', status: 'canceled' })
  await aPayout(deps, { partner: brightpath, reference: 'R-3' })
  const { rows, summary } = await draftOf(
    company,
    csv(
      `${northwind},10,,2026-02,R-1,`, // a live payout has it
      `${northwind},11,,2026-02,R-2,`, // only a rejected one has it
      `${northwind},12,,2026-02,R-3,`, // another partner has it
      `${northwind},13,,2026-02,R-3,`, // line 4 has it
      `${northwind},77,,2026-01,R-4,`, // paid already?
      `${northwind},88,,2026-01,R-5,`, // only a canceled one
      `${northwind},88,,2026-01,,`, // line 7?
      `${northwind},88,,2026-03,,`,
    ),
  )
  expect(rows.map(row => row.duplicate)).toEqual([
    'PO-000001 already pays Northwind Advisory for the reference “R-1”.',
    null,
    null,
    'Line 4 already has the reference “R-3” for Northwind Advisory.',
    null,
    null,
    null,
    null,
  ])
  expect(rows.map(row => row.warnings[0] ?? null)).toEqual([
    null,
    null,
    null,
    null,
    expect.stringMatching(/USD.77\.00 for Jan 2026 from PO-000003, too/),
    null,
    expect.stringMatching(/USD.88\.00 for Jan 2026 from line 7, too/),
    null,
  ])
  expect(summary).toMatchObject({
    rows: 8,
    ok: 6,
    errors: 0,
    duplicates: 2,
    warnings: 2,
    totals: [{ currency: 'USD', amount: 36_400 }],
    duplicateTotals: [{ currency: 'USD', amount: 2_300 }],
  })
  const done = await company.api.payouts.importCommit({ importId: summary.importId, skipDuplicates: true })
  expect(done.created).toBe(6)
  expect(done.skipped).toEqual([
    { line: 2, reason: rows[0]?.duplicate },
    { line: 5, reason: rows[3]?.duplicate },
  ])
})

test('duplicates that were seen are created for whoever insists', async () => {
  const company = await aCompany()
  const { summary } = await draftOf(company, csv(`${northwind},10,,,R-1,`, `${northwind},10,,,R-1,`))
  const done = await company.api.payouts.importCommit({ importId: summary.importId, skipDuplicates: false })
  expect(done).toEqual({ created: 2, skipped: [] })
})

test('two people who import the same file pay nobody twice, whatever they chose', async () => {
  const company = await aCompany()
  const { api } = company
  const [first, second] = [await draftOf(company, sample('payouts.csv')), await draftOf(company, sample('payouts.csv'))]
  await api.payouts.importCommit({ importId: first.importId, skipDuplicates: false })
  const insisting = api.payouts.importCommit({ importId: second.importId, skipDuplicates: false })
  await expect(insisting).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/line 2 became a duplicate: PO-000001 already pays .* 7 rows more/),
  })
  const skipping = api.payouts.importCommit({ importId: second.importId, skipDuplicates: true })
  await expect(skipping).rejects.toThrow(/every row is wrong or a duplicate/)
  expect(await count(company.deps)).toBe(8)
  const { summary } = await api.payouts.importShow({ importId: second.importId })
  expect(summary.sameFile).toEqual({ importId: first.importId, committedAt: company.deps.clock.now() })
})

test('one key is one import, with the same answer; another key, or none, is told so', async () => {
  const company = await aCompany()
  const { api, deps } = company
  const { importId } = await draftOf(company, sample('payouts.csv'))
  const intent = { importId, skipDuplicates: true, idempotencyKey: 'key-for-february' }
  const answer = await api.payouts.importCommit(intent)
  expect(await api.payouts.importCommit(intent)).toEqual(answer)
  for (const again of [
    { ...intent, idempotencyKey: 'another-key' },
    { importId, skipDuplicates: true },
  ])
    await expect(api.payouts.importCommit(again)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/committed already/),
    })
  await expect(api.payouts.importCommit({ ...intent, skipDuplicates: false })).rejects.toThrow(/with other input/)
  expect(await count(deps)).toBe(8)
})

test('the same upload twice with one key is one draft', async () => {
  const { api, deps } = await aCompany()
  const upload = { fileName: 'a.csv', text: sample('payouts.csv'), idempotencyKey: 'upload-0001' }
  const first = await api.payouts.importDraft(upload)
  expect(await api.payouts.importDraft(upload)).toEqual(first)
  expect(await deps.db.read.select().from(payoutImports)).toHaveLength(1)
})

test('wrong rows stop the import unless they are left out on purpose', async () => {
  const company = await aCompany()
  const { api } = company
  const { summary, rows } = await draftOf(company, sample('payouts-with-errors.csv'))
  expect(summary).toMatchObject({ rows: 8, ok: 2, errors: 5, duplicates: 1 })
  const commit = { importId: summary.importId, skipDuplicates: true }
  await expect(api.payouts.importCommit(commit)).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringMatching(/^5 rows can’t be imported\. Line 4, amount: “-50\.00” is negative/),
  })
  expect(await count(company.deps)).toBe(0)
  const done = await api.payouts.importCommit({ ...commit, skipErrors: true })
  expect(done.created).toBe(2)
  expect(done.skipped.map(row => row.line)).toEqual([3, 4, 6, 7, 8, 9])
  expect(done.skipped.at(-1)?.reason).toBe(rows.at(-1)?.errors[0])
})

test('a partner that changed since the draft stops its rows', async () => {
  const company = await aCompany()
  const { deps, api } = company
  const { importId } = await draftOf(company, sample('payouts.csv'))
  await deps.db.write(async tx => {
    await tx.run(sql`UPDATE partners SET archived_at = 1 WHERE id = ${company.lumen.id}`)
    await tx.run(sql`UPDATE partners SET currency = 'CHF' WHERE id = ${company.hafenblick.id}`)
  })
  await expect(api.payouts.importCommit({ importId, skipDuplicates: true })).rejects.toThrow(
    /^2 rows can’t be imported\. Line 5, partner: Atelier Lumen was archived meanwhile\./,
  )
  const done = await api.payouts.importCommit({ importId, skipDuplicates: true, skipErrors: true })
  expect(done).toMatchObject({
    created: 6,
    skipped: [{ line: 5 }, { line: 6, reason: expect.stringMatching(/is paid in CHF now, not in EUR/) }],
  })
})

test('when one row breaks a rule of the database, none is created and the draft stays', async () => {
  const company = await aCompany()
  const { deps, api } = company
  const { importId } = await draftOf(company, sample('payouts.csv'))
  await deps.db.write(tx =>
    tx.run(
      sql`UPDATE payout_imports SET rows = json_set(rows, '$[7].notes', hex(zeroblob(1001))) WHERE id = ${importId}`,
    ),
  )
  const before = await deps.db.read.select().from(audit)
  await expect(api.payouts.importCommit({ importId, skipDuplicates: true })).rejects.toMatchObject({
    code: 'INTERNAL_SERVER_ERROR',
  })
  expect(await count(deps)).toBe(0)
  expect(await deps.db.read.select().from(audit)).toEqual(before)
  expect((await api.payouts.importShow({ importId })).summary.committed).toBeNull()
  const created = await api.payouts.create({ partnerId: company.northwind.id, amount: 100 })
  expect(created.number).toBe('PO-000001')
})

test('an amount changed behind our back is caught before it becomes a payout', async () => {
  const company = await aCompany()
  const { importId } = await draftOf(company, sample('payouts.csv'))
  await company.deps.db.write(tx =>
    tx.run(sql`UPDATE payout_imports SET rows = json_set(rows, '$[0].amount', -1) WHERE id = ${importId}`),
  )
  const commit = company.api.payouts.importCommit({ importId, skipDuplicates: true })
  await expect(commit).rejects.toThrow(/Line 2.*must be more than zero/)
})

test('the rows that failed come back as a file with reasons, which can be mended and uploaded', async () => {
  const company = await aCompany()
  const { importId } = await draftOf(
    company,
    csv(`${northwind},5,,,OK,`, 'billing@brightpath.example,-5,,,=BAD(),"two\nlines, ""quoted"""', 'x@y.example,6,,,,'),
  )
  const file = await company.api.payouts.importErrors({ importId })
  expect(file).toMatchObject({ fileName: 'february-errors.csv', contentType: 'text/csv; charset=utf-8' })
  let text = ''
  for await (const piece of file.chunks) text += piece
  const { data } = Papa.parse<Record<string, string>>(text.trim(), { header: true, newline: '\r\n' })
  expect(data).toHaveLength(2)
  expect(data[0]).toMatchObject({
    Line: '3',
    Partner: 'Brightpath Consulting',
    Amount: '-5',
    Reference: "'=BAD()",
    Notes: 'two\nlines, "quoted"',
    Reason: expect.stringMatching(/^Line 3, amount: “-5” is negative/),
  })
  const { rows } = await draftOf(company, text.replace(',-5,', ',5,'))
  expect(rows[0]).toMatchObject({ partner: 'Brightpath Consulting', amount: 500, reference: '=BAD()', errors: [] })
  expect(rows[1]?.errors[0]).toMatch(/no partner with the name, email or reference “x@y.example”/)
})

test('rows come in pages, all of them or those with a problem', async () => {
  const company = await aCompany()
  const lines = Array.from(
    { length: 250 },
    (_, index) => `${northwind},${index % 100 === 0 ? 'x' : index},,,R-${index},`,
  )
  const { importId, next, rows } = await draftOf(company, csv(...lines))
  const seen = rows.map(row => row.line)
  for (let cursor = next; cursor; ) {
    const page = await company.api.payouts.importShow({ importId, cursor })
    seen.push(...page.rows.map(row => row.line))
    cursor = page.next
  }
  expect(seen).toEqual(lines.map((_, index) => index + 2))
  const problems = await company.api.payouts.importShow({ importId, only: 'problems' })
  expect(problems.rows.map(row => row.line)).toEqual([2, 102, 202])
})

test('only those who prepare may import, and only their own company’s', async () => {
  const company = await aCompany()
  const { deps, org } = company
  const { importId } = await draftOf(company, sample('payouts.csv'))
  const commit = { importId, skipDuplicates: true }
  for (const role of ['viewer', 'partner'] as const) {
    const { api } = await asRole(deps, role, { org })
    const calls = [
      api.payouts.importDraft({ fileName: 'a.csv', text: sample('payouts.csv') }),
      api.payouts.importShow({ importId }),
      api.payouts.importCommit(commit),
      api.payouts.importErrors({ importId }),
    ]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'FORBIDDEN' })
  }
  const { api } = await asRole(deps, 'owner')
  const calls = [
    api.payouts.importShow({ importId }),
    api.payouts.importCommit(commit),
    api.payouts.importErrors({ importId }),
  ]
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await count(deps)).toBe(0)
})

test('who imported a payout can’t approve it', async () => {
  const company = await aCompany()
  const { deps, org } = company
  const admin = await asRole(deps, 'admin', { org })
  const draft = await admin.api.payouts.importDraft({ fileName: 'a.csv', text: sample('payouts.csv') })
  await admin.api.payouts.importCommit({ importId: draft.importId, skipDuplicates: true })
  const { rows } = await admin.api.payouts.list({ importId: draft.importId })
  const ids = rows.map(row => row.id)
  expect(await admin.api.payouts.bulkApprove({ payoutIds: ids })).toMatchObject({ approved: 0 })
  const second = await asRole(deps, 'owner', { org })
  expect(await second.api.payouts.bulkApprove({ payoutIds: ids })).toEqual({ approved: 8, skipped: [] })
})

test('ten thousand rows are one import', { timeout: 60_000 }, async () => {
  const company = await aCompany()
  const lines = Array.from({ length: 10_000 }, (_, index) => `${northwind},${1 + index}.25,,2026-02,R-${index},`)
  const { summary } = await draftOf(company, csv(...lines))
  expect(summary).toMatchObject({ ok: 10_000, warnings: 0, duplicates: 0 })
  const done = await company.api.payouts.importCommit({ importId: summary.importId, skipDuplicates: true })
  expect(done.created).toBe(10_000)
  expect(await count(company.deps)).toBe(10_000)
})
