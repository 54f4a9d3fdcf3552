import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import Papa from 'papaparse'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Database } from '#db/client.ts'
import { audit, payoutStatuses } from '#db/schema/index.ts'
import { benchAdmin, buildCompany } from '../bench/company.ts'
import { decimalText } from '../lib/money.ts'
import { asRole, callerFor, contextFor } from '../test/callers.ts'
import { aDatabase } from '../test/db.ts'
import { start, type TestDeps, testConfig, testDeps } from '../test/deps.ts'
import { aMember, anOrg, aPartner, aPayout } from '../test/factories.ts'
import type { SignedIn } from '../trpc.ts'
import { csvLine, decimalSql, textCell, textCellSql, withoutGuard } from './csv.ts'
import { exportPayouts, longestExportMs } from './export.ts'
import { filterSchema, sorts, statusLabels } from './rules.ts'

const formulas = [
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '＝1+1',
  '＋1',
  '－1',
  '＠x',
  '=cmd|"/c calc"!A1, "x"',
]
const harmless = ['Northwind', 'a=b', ' =1', "O'Brien", '1-2', 'Müller & Söhne', '', 'a@b.example']

function contextOf(deps: TestDeps): SignedIn {
  return contextFor(deps, benchAdmin) as unknown as SignedIn
}

async function textOf(chunks: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += chunk
  return text
}

async function rowsOf(deps: TestDeps, input: object = {}): Promise<Record<string, string>[]> {
  const { chunks } = await exportPayouts(contextOf(deps), filterSchema.parse(input))
  const { data, errors } = Papa.parse<Record<string, string>>(await textOf(chunks), { header: true, newline: '\r\n' })
  expect(errors.filter(error => error.code !== 'TooFewFields')).toEqual([])
  return data.slice(0, -1)
}

/** In a file, so that a snapshot and writes go on side by side. */
async function onDisk(): Promise<{ db: Database; wal: () => number }> {
  const folder = mkdtempSync(join(tmpdir(), 'remit-export-'))
  const db = await aDatabase(`file:${join(folder, 'export.db')}`)
  onTestFinished(async () => {
    await db.close()
    rmSync(folder, { recursive: true })
  })
  return { db, wal: () => statSync(join(folder, 'export.db-wal')).size }
}

async function aCompany(payouts: number, db?: Database): Promise<TestDeps> {
  const deps = await testDeps({ db })
  await buildCompany(deps.db, { payouts, partners: 7, now: start })
  return deps
}

test.each(formulas)('%j is text to a spreadsheet, and itself again when read back', text => {
  const cell = textCell(text)
  const [[shown = '']] = Papa.parse<[string]>(cell, { delimiter: ',', newline: '\r\n' }).data as [[string]]
  expect(shown).toBe(`'${text}`)
  expect(withoutGuard(shown)).toBe(text)
})

test.each(harmless)('%j stays as it is', text => expect(Papa.parse(textCell(text)).data.flat().join('')).toBe(text))

test('a NUL in front hides no formula', () => expect(textCell('\0=1')).toBe("'\0=1"))

test('the database writes cells and amounts exactly as the code does', async () => {
  const { db } = await testDeps()
  const texts = fc.oneof(
    fc.constantFrom(...formulas, ...harmless),
    fc.string({ unit: fc.constantFrom(...'=+-@\'",;\r\n\t ab＝é😀') }),
    fc.string(),
  )
  const property = fc.asyncProperty(
    texts.filter(text => !text.includes('\0')),
    fc.integer({ min: -99_999_999, max: 99_999_999 }),
    fc.constantFrom('USD', 'JPY', 'KWD'),
    async (text, amount, currency) => {
      const row = await db.read.get<{ cell: string; digits: string | number }>(sql`
        SELECT ${textCellSql(sql`t`)} AS cell, ${decimalSql(sql`a`, sql`c`, ['JPY', 'KWD', 'USD'])} AS digits
        FROM (SELECT ${text} AS t, ${amount} AS a, ${currency} AS c)`)
      expect(row?.cell).toBe(textCell(text))
      expect(String(row?.digits)).toBe(decimalText(amount, currency))
      const [cells] = Papa.parse<string[]>(csvLine([textCell(text), 'end']), { delimiter: ',', newline: '\r\n' }).data
      expect(cells?.[1]).toBe('end')
      if (!text.startsWith("'")) expect(withoutGuard(cells?.[0] ?? '')).toBe(text)
    },
  )
  await fc.assert(property, { numRuns: 500 })
})

test('a negative amount stays a number', () => {
  expect(csvLine([textCell('-12.50'), decimalText(-1250, 'USD')])).toBe("'-12.50,-12.50\r\n")
})

test('the export has exactly the rows of the list, in its order, whatever the filter', async () => {
  const deps = await aCompany(400)
  const api = await callerFor(deps, benchAdmin)
  const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
  const day = fc.constantFrom('2024-11-03', '2025-02-28', '2025-06-15', '2025-12-31', '2026-02-01')
  const filters = fc.record({
    status: option(fc.subarray([...payoutStatuses], { minLength: 1 })),
    partnerId: option(fc.constantFrom('par_000000', 'par_000003', 'par_999999')),
    period: option(fc.constantFrom('2025-02', '2025-12')),
    currency: option(fc.constantFrom('USD', 'EUR', 'JPY')),
    amountFrom: option(fc.integer({ min: 0, max: 400_000 })),
    amountTo: option(fc.integer({ min: 400_000, max: 900_000 })),
    createdFrom: option(day),
    paidTo: option(day),
    via: option(fc.constantFrom('stripe' as const, 'manual' as const)),
    q: option(fc.constantFrom('Smith', 'Partner', 'INV-00001', 'PO-000042', '7', 'P-00003', '100%', 'nobody')),
    sort: fc.constantFrom(...sorts),
  })
  const property = fc.asyncProperty(filters, async filter => {
    const listed = []
    let cursor: string | undefined
    do {
      const page = await api.payouts.list({ ...filter, cursor, limit: 100 })
      listed.push(...page.rows)
      cursor = page.next ?? undefined
    } while (cursor)
    const exported = await rowsOf(deps, filter)
    const facts = listed.map(row => ({
      Number: row.number,
      Id: row.id,
      Partner: row.partner.name,
      Status: statusLabels[row.status].label,
      Amount: decimalText(row.amount, row.currency),
      Reversed: decimalText(row.amountReversed, row.currency),
      Currency: row.currency,
      Period: row.period ?? '',
      Reference: row.reference ?? '',
      Created: `${new Date(row.createdAt).toISOString().slice(0, 19)}Z`,
      Paid: row.paidAt ? `${new Date(row.paidAt).toISOString().slice(0, 19)}Z` : '',
    }))
    expect(exported.map(row => Object.fromEntries(Object.keys(facts[0] ?? {}).map(name => [name, row[name]])))).toEqual(
      facts,
    )
  })
  await fc.assert(property, { numRuns: 120 })
})

test('pages of the export join without a gap or a repeat, ties included', async () => {
  const deps = await aCompany(5_000)
  for (const sort of sorts) {
    const ids = (await rowsOf(deps, { sort })).map(row => row.Id)
    const [{ count } = { count: 0 }] = await deps.db.read.all<{ count: number }>(
      sql`SELECT count(*) AS count FROM payouts WHERE ${sort.startsWith('paid') ? sql`paid_at IS NOT NULL` : sql`true`}`,
    )
    expect([sort, ids.length, new Set(ids).size]).toEqual([sort, count, count])
  }
})

test('every row says how it was paid, and that it was simulated', async () => {
  const deps = await aCompany(300)
  const simulated = await rowsOf(deps)
  expect(new Set(simulated.map(row => row.Simulated))).toEqual(new Set(['SIMULATED']))
  const manual = simulated.find(row => row['Paid via'] === 'Manual: Bank transfer')
  expect(manual).toMatchObject({ Status: 'Paid', Transfer: '', 'Payment reference': expect.stringMatching(/^SEPA /) })
  const { fileName, contentType } = await exportPayouts(contextOf(deps), filterSchema.parse({}))
  expect([fileName, contentType]).toEqual(['payouts-2026-03-02-SIMULATED.csv', 'text/csv; charset=utf-8'])

  const live = { ...deps, config: { ...testConfig(), PAYMENTS: 'stripe' as const } }
  const rows = await rowsOf(live)
  for (const row of rows) expect(row.Simulated).toBe(row['Paid via'] === 'Stripe' ? 'yes' : '')
  expect((await exportPayouts(contextOf(live), filterSchema.parse({}))).fileName).toBe('payouts-2026-03-02.csv')
})

test('who exported what is recorded before the first byte, and how much when it ends', async () => {
  const deps = await aCompany(30)
  const entries = () => deps.db.read.select({ action: audit.action, after: audit.after }).from(audit)
  const { chunks } = await exportPayouts(contextOf(deps), filterSchema.parse({ currency: 'USD' }))
  const filter = { currency: 'USD', sort: 'newest' }
  const asked = { action: 'payouts.export', after: { filter } }
  const parse = (rows: { action: string; after: unknown }[]) =>
    rows.map(({ action, after }) => ({ action, after: typeof after === 'string' ? JSON.parse(after) : after }))
  expect(parse(await entries())).toEqual([asked])
  const lines = (await textOf(chunks)).split('\r\n').length - 2
  expect(parse(await entries())).toEqual([
    asked,
    { action: 'payouts.exported', after: { rows: lines, complete: true } },
  ])
})

test('staff export, partners do not, and nobody gets another company’s rows', async () => {
  const deps = await aCompany(20)
  const org = await anOrg(deps)
  const own = await aPayout(deps, { partner: await aPartner(deps, { orgId: org.id }) })
  for (const role of ['owner', 'admin', 'manager', 'viewer'] as const) {
    const { api } = await asRole(deps, role, { org })
    const text = await textOf((await api.payouts.export({})).chunks)
    expect(Papa.parse<Record<string, string>>(text.trim(), { header: true }).data.map(row => row.Id)).toEqual([own.id])
  }
  const { api } = await asRole(deps, 'partner', { org })
  await expect(api.payouts.export({})).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('what changes while it runs is in the file as it was when it began', async () => {
  const { db } = await onDisk()
  const deps = await aCompany(4_500, db)
  const before = await rowsOf(deps, { sort: 'amount_asc' })
  const { chunks } = await exportPayouts(contextOf(deps), filterSchema.parse({ sort: 'amount_asc' }))
  let text = ''
  let changed = false
  for await (const chunk of chunks) {
    text += chunk
    if (changed || !chunk.startsWith('PO-')) continue
    changed = true
    // Moves rows both ways across the place that the export has reached.
    await db.write(tx =>
      tx.run(
        sql`UPDATE payouts SET amount = 1000000 - amount, version = version + 1 WHERE status = 'pending_approval'`,
      ),
    )
  }
  expect(changed).toBe(true)
  const rows = Papa.parse<Record<string, string>>(text.trim(), { header: true, newline: '\r\n' }).data
  expect(rows).toEqual(before)
  expect(await rowsOf(deps, { sort: 'amount_asc' })).not.toEqual(before)
})

test('a download that is broken off lets go of its snapshot', async () => {
  const { db, wal } = await onDisk()
  const deps = await aCompany(4_500, db)
  const { chunks } = await exportPayouts(contextOf(deps), filterSchema.parse({}))
  let whileOpen = 0
  let seen = 0
  for await (const _ of chunks) {
    if (++seen < 2) continue
    await db.write(tx => tx.run(sql`UPDATE organizations SET version = version + 1`))
    await db.checkpoint().catch(() => {})
    whileOpen = wal()
    break
  }
  expect(whileOpen).toBeGreaterThan(0)
  await db.checkpoint()
  expect(wal()).toBe(0)
  const [end] = await db.read.select({ after: audit.after }).from(audit).where(eq(audit.action, 'payouts.exported'))
  expect(JSON.stringify(end)).toContain('complete\\":false,\\"rows\\":2000')
})

test('a download that stalls is ended, and says so', async () => {
  const { db } = await onDisk()
  const deps = await aCompany(4_500, db)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { chunks } = await exportPayouts(contextOf(deps), filterSchema.parse({}))
  const iterator = chunks[Symbol.asyncIterator]()
  await iterator.next()
  await iterator.next()
  vi.advanceTimersByTime(longestExportMs)
  await expect(iterator.next()).rejects.toThrow(/took too long/)
})

test('60 MB leave without being held in memory', { timeout: 120_000 }, async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { db } = await onDisk()
  const deps = await aCompany(30_000, db)
  await db.write(tx => tx.run(sql`UPDATE payouts SET notes = hex(zeroblob(1000)), version = version + 1`))
  const used = () => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const { chunks } = await exportPayouts(contextOf(deps), filterSchema.parse({}))
  const before = used()
  const rss = process.memoryUsage().rss
  let bytes = 0
  let most = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    most = Math.max(most, used() - before)
  }
  expect(bytes).toBeGreaterThan(60e6)
  expect(most).toBeLessThan(20e6)
  expect(process.memoryUsage().rss - rss).toBeLessThan(200e6)
})

test('a statement’s lines sum to its total, in plain words, for the partner and for staff', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps, { name: '=Acme' })
  const partner = await aPartner(deps, { orgId: org.id, name: 'Northwind, Inc.' })
  const payout = await aPayout(deps, { partner, amount: 124_000, period: '2026-02', reference: '+INV-7' })
  await deps.db.write(async tx => {
    await tx.run(sql`UPDATE payout_lines SET amount = 125000 WHERE payout_id = ${payout.id}`)
    await tx.run(
      sql`INSERT INTO payout_lines (id, payout_id, position, description, amount, currency) VALUES ('pl_refund', ${payout.id}, 2, 'Refund, January', -1000, 'USD')`,
    )
  })
  const { api } = await asRole(deps, 'partner', { org, partner })
  const statement = await api.payouts.statement({ payoutId: payout.id })
  expect(statement).toMatchObject({ fileName: 'statement-PO-000001.csv', contentType: 'text/csv; charset=utf-8' })
  const text = await textOf(statement.chunks)
  expect(text.split('\r\n')).toEqual([
    'SIMULATED,No money moved',
    'Statement,PO-000001',
    "From,'=Acme",
    'To,"Northwind, Inc."',
    'Status,Pending approval: Waiting for someone to approve it',
    'Period,Feb 2026',
    "Reference,'+INV-7",
    'Created,2026-03-02T09:00:00Z',
    'Total,1240.00',
    'Currency,USD',
    '',
    'Line,Description,Amount,Currency',
    '1,Payout,1250.00,USD',
    '2,"Refund, January",-10.00,USD',
    'Total,,1240.00,USD',
    '',
  ])
  const viewer = await asRole(deps, 'viewer', { org })
  expect(await textOf((await viewer.api.payouts.statement({ payoutId: payout.id })).chunks)).toBe(text)
})

test('a statement is nobody else’s, and one that doesn’t add up is not given out', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const payout = await aPayout(deps, { partner: await aPartner(deps, { orgId: org.id }) })
  const sibling = await callerFor(deps, (await aMember(deps, { role: 'partner', org })).viewer)
  const stranger = await asRole(deps, 'owner')
  for (const api of [sibling, stranger.api])
    await expect(api.payouts.statement({ payoutId: payout.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await deps.db.write(tx => tx.run(sql`UPDATE payout_lines SET amount = amount + 1`))
  const { api } = await asRole(deps, 'owner', { org })
  await expect(api.payouts.statement({ payoutId: payout.id })).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
})

test('a payment made elsewhere is labelled as such on its statement', async () => {
  const deps = await testDeps({ config: { PAYMENTS: 'stripe' } })
  const org = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: org.id })
  const manual = { manualMethod: 'wise', manualReference: 'W-1', manualPaidOn: '2026-02-27' } as const
  const payout = await aPayout(deps, {
    partner,
    status: 'paid',
    paidVia: 'manual',
    transferId: null,
    simulated: false,
    ...manual,
  })
  const { api } = await asRole(deps, 'owner', { org })
  const text = await textOf((await api.payouts.statement({ payoutId: payout.id })).chunks)
  expect(text).toContain('Status,Paid: Paid outside Stripe\r\n')
  expect(text).toContain('Paid by,"Wise on 2026-02-27, reference W-1; recorded by hand"\r\n')
  expect(text).not.toContain('SIMULATED')
})
