import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commissions, partners, payouts } from '#db/schema/index.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { presetMapping, presets } from './presets.ts'
import { fields } from './rules.ts'
import { imported } from './testing.ts'

const fixture = (name: string) => readFileSync(new URL(`../../e2e/fixtures/${name}`, import.meta.url), 'utf8')

test('every preset maps fields that exist, cites where it is from, and there is one per tool and kind', () => {
  for (const { id, kind, columns, source, says } of presets) {
    const known = new Set(fields[kind].map(field => field.key))
    expect(Object.keys(columns).filter(field => !known.has(field))).toEqual([])
    expect(source).toMatch(/^https:\/\//)
    expect(says.length).toBeGreaterThan(20)
    expect(presetMapping(presets.find(preset => preset.id === id)!, [])).toEqual({})
  }
  expect(presets.map(preset => `${preset.tool} ${preset.kind}`).sort()).toEqual(
    ['FirstPromoter', 'PartnerStack', 'Rewardful', 'Tolt']
      .flatMap(tool => ['commissions', 'partners', 'payouts'].map(kind => `${tool} ${kind}`))
      .sort(),
  )
})

const tools: [
  tool: string,
  options: Record<string, string>,
  expected: { partners: number; amounts: [number, string][]; payouts: number },
][] = [
  [
    'rewardful',
    {},
    {
      partners: 3,
      amounts: [
        [3_000, 'paid'],
        [4_550, 'accrued'],
        [1_225, 'accrued'],
        [-800, 'accrued'],
      ],
      payouts: 1,
    },
  ],
  [
    'partnerstack',
    {},
    {
      partners: 2,
      amounts: [
        [12_000, 'paid'],
        [8_840, 'accrued'],
        [3_300, 'accrued'],
      ],
      payouts: 0,
    },
  ],
  [
    'firstpromoter',
    {},
    {
      partners: 2,
      amounts: [
        [1_470, 'paid'],
        [4_900, 'accrued'],
        [-1_470, 'accrued'],
      ],
      payouts: 1,
    },
  ],
  [
    'tolt',
    { unit: 'minor' },
    {
      partners: 2,
      amounts: [
        [980, 'paid'],
        [1_470, 'accrued'],
      ],
      payouts: 0,
    },
  ],
]

test.each(tools)(
  '%s: partners, commissions and payouts come in, and every row matches to the cent',
  async (tool, options, expected) => {
    const deps = await testDeps()
    const org = await anOrg(deps)
    const company = { deps, ...(await asRole(deps, 'manager', { org })) }
    const given = (kind: string) => ({ preset: `${tool}-${kind}`, fileName: `${tool}.csv` })
    const usd = { country: 'US', currency: 'USD' }
    const people = await imported(company, 'partners', fixture(`${tool}-partners.csv`), usd, given('partners'))
    expect(people).toMatchObject({
      done: expected.partners,
      errors: 0,
      preset: { id: `${tool}-partners`, verified: false },
    })

    const earned = await imported(
      company,
      'commissions',
      fixture(`${tool}-commissions.csv`),
      options,
      given('commissions'),
    )
    expect(earned).toMatchObject({ errors: 0, duplicates: 0, preset: { id: `${tool}-commissions` } })
    const rows = await deps.db.read.select().from(commissions).orderBy(commissions.number)
    expect(rows.map(row => [row.amount, row.status])).toEqual(expected.amounts)
    const report = await company.api.imports.report({ importId: earned.importId })
    expect(report).toMatchObject({
      rows: rows.length,
      matched: rows.length,
      nothing: earned.rows - rows.length,
      differences: [],
    })
    expect(report.sums.every(sum => sum.file === sum.database)).toBe(true)

    const paid = await imported(company, 'payouts', fixture(`${tool}-payouts.csv`), options, given('payouts'))
    expect(paid).toMatchObject({ errors: 0, duplicates: 0 })
    expect(await deps.db.read.select().from(payouts)).toHaveLength(expected.payouts)
    // What the other tool paid is what came in as paid.
    expect(await company.api.imports.report({ importId: paid.importId })).toMatchObject({
      rows: paid.rows,
      matched: paid.rows,
      differences: [],
      partners: [{ partner: expect.stringContaining('Mira Okafor') }],
    })
    expect(await deps.db.read.select().from(partners)).toHaveLength(expected.partners)
  },
)

test('a report says what didn’t come in, and where the file and the database differ', async () => {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const company = { deps, ...(await asRole(deps, 'manager', { org })) }
  const people = await imported(company, 'partners', 'name,email,country\nA,a@b.example,US\n')
  const one = await imported(
    company,
    'commissions',
    'email,amount,currency,date,status,id\na@b.example,10.10,USD,2026-01-01,paid,1\nnobody@b.example,5,USD,2026-01-01,paid,2\na@b.example,2,EUR,2026-01-01,unpaid,3\na@b.example,10.10,USD,2026-01-01,paid,1\n',
  )
  const report = await company.api.imports.report({ importId: one.importId })
  expect(report).toEqual({
    rows: 4,
    matched: 2,
    nothing: 0,
    sums: [
      { currency: 'EUR', file: 200, database: 200 },
      { currency: 'USD', file: 2_520, database: 1_010 },
    ],
    differences: [
      { line: 3, why: expect.stringMatching(/There is no partner .*nobody@b\.example/) },
      { line: 5, why: 'Line 2 is the same.' },
    ],
    differencesInAll: 2,
    partners: [],
  })
  const payout = await imported(company, 'payouts', 'email,amount,currency,status\na@b.example,11,USD,paid\n')
  expect(await company.api.imports.report({ importId: payout.importId })).toMatchObject({
    rows: 1,
    matched: 0,
    partners: [{ partner: 'A', currency: 'USD', file: 1_100, database: 1_010 }],
  })
  await expect(company.api.imports.report({ importId: people.importId })).rejects.toThrow(
    /Only imports of commissions and/,
  )
})
