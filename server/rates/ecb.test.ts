import { expect, test } from 'vitest'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { parseEcb } from './ecb.ts'

const daily = `Date, USD, JPY, BGN, CZK, DKK, GBP, HUF, PLN, RON, SEK, CHF, ISK, NOK, TRY, AUD, BRL, CAD, CNY, HKD, IDR, ILS, INR, KRW, MXN, MYR, NZD, PHP, SGD, THB, ZAR,
27 February 2026, 1.0412, 156.23, 1.9558, 24.955, 7.4588, 0.82718, 400.1, 4.1418, 4.9768, 11.139, 0.9363, 144.9, 11.7065, 37.9855, 1.6659, 6.0505, 1.5031, 7.5812, 8.0977, 17149.05, 3.7313, 90.9875, 1520.27, 21.2959, 4.6417, 1.8489, 60.247, 1.3993, 35.589, 19.2207,
`
const history = `Date,USD,JPY,BGN,CYP,CZK,
2026-02-27,1.0412,156.23,1.9558,N/A,24.955,
2026-02-26,1.0487,156.41,1.9558,N/A,24.922,
1999-01-04,1.1789,133.73,N/A,0.58231,35.107,
`

test('the bank’s daily file: one line, a date in words, a comma at the end', () => {
  const { rates, refused } = parseEcb(daily)
  expect(refused).toEqual([])
  expect(rates).toHaveLength(30)
  expect(rates[0]).toEqual({ quote: 'USD', day: '2026-02-27', rateE8: 104_120_000 })
  expect(rates.find(rate => rate.quote === 'IDR')?.rateE8).toBe(1_714_905_000_000)
})

test('the history: days as ISO dates, N/A where a currency had none', () => {
  const { rates, refused } = parseEcb(`\uFEFF${history.replaceAll('\n', '\r\n')}`)
  expect(refused).toEqual([])
  expect(rates).toHaveLength(4 + 4 + 3)
  expect(rates.at(-1)).toEqual({ quote: 'CZK', day: '1999-01-04', rateE8: 3_510_700_000 })
})

test('what is no such file is refused, and what can’t be read in one is named with its line', () => {
  expect(() => parseEcb('partner,amount\na,1\n')).toThrow('European Central Bank')
  const { rates, refused } = parseEcb('Date,USD,JPY,\n2026-02-30,1,1,\n2026-02-27,1.0x,156.23,\n')
  expect(rates).toEqual([{ quote: 'JPY', day: '2026-02-27', rateE8: 15_623_000_000 }])
  expect(refused).toEqual(['Line 2: “2026-02-30” is not a date.', expect.stringContaining('Line 3, USD: “1.0x”')])
})

test('half a character in a file breaks no import: with a key it is refused like any other file that is not the bank’s', async () => {
  const { api } = await asRole(await testDeps(), 'admin')
  const text = 'Date,U\ud800D,\n'
  await expect(api.rates.importEcb({ text, idempotencyKey: 'an import of rates' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
})

test('importing counts first, adds once, and never changes what is stored', async () => {
  const deps = await testDeps()
  const { api, org } = await asRole(deps, 'admin')
  const dry = await api.rates.importEcb({ text: history, dry: true })
  expect(dry).toMatchObject({
    added: 8,
    known: 0,
    older: 3,
    refusedCount: 0,
    dry: true,
    days: { first: '2026-02-26', last: '2026-02-27' },
  })
  expect((await api.rates.list({})).rows).toEqual([])
  expect(await api.rates.importEcb({ text: history })).toMatchObject({ added: 8, dry: false })
  expect(await api.rates.importEcb({ text: daily })).toMatchObject({ added: 26, known: 4 })
  const changed = await api.rates.importEcb({ text: history.replace('1.0412', '1.0413') })
  expect(changed).toMatchObject({ added: 0, known: 7, refusedCount: 1 })
  expect(changed.refused[0]).toBe(
    'USD of 2026-02-27 is 1.0413 in the file and 1.0412 here; a stored rate never changes.',
  )
  const { rows } = await api.rates.list({ currency: 'USD' })
  expect(rows.map(row => [row.day, row.rate])).toEqual([
    ['2026-02-27', '1.0412'],
    ['2026-02-26', '1.0487'],
  ])
  // A day to come: somebody's clock, or a made-up file.
  expect(await api.rates.importEcb({ text: daily.replace('27 February', '27 March') })).toMatchObject({
    added: 0,
    refusedCount: 30,
  })
  await expect(deps.db.write(tx => tx.run(`UPDATE fx_rates SET rate_e8 = 1`))).rejects.toThrow()
  const other = await asRole(deps, 'owner')
  expect(other.org.id).not.toBe(org.id)
  expect((await other.api.rates.list({})).rows).toEqual([])
})

test('rates are entered by hand, a day’s once; pages run from the newest day', async () => {
  const deps = await testDeps()
  const { api } = await asRole(deps, 'owner')
  for (const day of ['2026-02-24', '2026-02-25', '2026-02-26'])
    await api.rates.add({ base: 'USD', quote: 'EUR', rate: '0.92', day, note: 'Treasury' })
  await expect(api.rates.add({ base: 'USD', quote: 'EUR', rate: '0.93', day: '2026-02-26' })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  await expect(api.rates.add({ base: 'USD', quote: 'EUR', rate: '0.93', day: '2026-03-03' })).rejects.toThrow(
    'still to come',
  )
  await expect(api.rates.add({ base: 'USD', quote: 'EUR', rate: '0,93', day: '2026-03-01' })).rejects.toThrow(
    'not a rate',
  )
  await expect(api.rates.add({ base: 'USD', quote: 'USD', rate: '1', day: '2026-03-01' })).rejects.toThrow(
    'two different',
  )
  const first = await api.rates.list({ limit: 2 })
  expect(first.rows.map(row => row.day)).toEqual(['2026-02-26', '2026-02-25'])
  const second = await api.rates.list({ limit: 2, cursor: first.next ?? '' })
  expect(second.rows.map(row => row.day)).toEqual(['2026-02-24'])
  expect(second.next).toBeNull()
  const viewer = await asRole(deps, 'viewer')
  await expect(viewer.api.rates.add({ base: 'USD', quote: 'EUR', rate: '1', day: '2026-02-01' })).rejects.toMatchObject(
    { code: 'FORBIDDEN' },
  )
})
