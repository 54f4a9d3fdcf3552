import { expect, test } from 'vitest'
import { partnerTypeLabels } from '../partners/rules.ts'
import { readAmount, readCountry, readMoment, readPercent, readWord } from './cells.ts'

const point = { decimal: '.', unit: 'major' } as const
const comma = { decimal: ',', unit: 'major' } as const
const cents = { decimal: '.', unit: 'minor' } as const

const amounts: [text: string, currency: string, options: typeof point | typeof comma | typeof cents, amount: number][] =
  [
    ['1240', 'USD', point, 124_000],
    ['1,240.50', 'USD', point, 124_050],
    ['$1,240.50', 'USD', point, 124_050],
    ['USD 1,240.50', 'USD', point, 124_050],
    ['1240.5', 'USD', point, 124_050],
    ['1.240,50', 'EUR', comma, 124_050],
    ['1 240,50 €', 'EUR', comma, 124_050],
    ['12,50', 'EUR', comma, 1_250],
    ['1,240', 'JPY', point, 1_240],
    ['5.125', 'KWD', point, 5_125],
    ['124050', 'USD', cents, 124_050],
    ['-5.00', 'USD', point, -500],
    ['−5.00', 'USD', point, -500],
    ['-$5.00', 'USD', point, -500],
    ['$-5.00', 'USD', point, -500],
    ['(5.00)', 'USD', point, -500],
    ['9,999,999,999.99', 'USD', point, 999_999_999_999],
  ]

test.each(amounts)('%s in %s is %#', (text, currency, options, amount) => {
  expect(readAmount(text, currency, options, { signed: true })).toBe(amount)
})

const noAmounts: [text: string, currency: string, options: typeof point | typeof comma | typeof cents, why: RegExp][] =
  [
    ['', 'USD', point, /missing/],
    ['abc', 'USD', point, /not an amount/],
    ['12,50', 'USD', point, /not an amount.*other decimal mark/],
    ['1.240,50', 'USD', point, /other decimal mark/],
    ['1.005', 'USD', point, /has 2 decimals/],
    ['1.5', 'JPY', point, /no decimals/],
    ['1,234', 'KWD', point, /two amounts/],
    ['€5', 'USD', point, /not in USD/],
    ['12.40', 'USD', cents, /whole number of cents/],
    ['1e3', 'USD', point, /not an amount/],
    ['--5', 'USD', point, /not an amount/],
    ['10,000,000,000.00', 'USD', point, /more than an amount can be/],
    ['99999999999999999999', 'USD', point, /more than an amount can be/],
    ['0.00', 'USD', point, /zero/],
  ]

test.each(noAmounts)('%j in %s is refused', (text, currency, options, why) => {
  expect(() => readAmount(text, currency, options, { signed: true })).toThrow(why)
})

test('a negative amount is refused where nothing can be negative', () => {
  expect(() => readAmount('-5', 'USD', point)).toThrow(/negative/)
})

test('a percentage is in percent: fractions, which could mean two rates, are refused', () => {
  const read = (text: string) => readPercent(text, point)
  expect([read('15'), read('15%'), read('15.00 %'), read('7.5'), read('0.5%'), read('0'), read('100')]).toEqual([
    1_500, 1_500, 1_500, 750, 50, 0, 10_000,
  ])
  expect(() => read('0.15')).toThrow(/could mean 0\.15 percent or 15 percent/)
  expect(() => read('.15')).toThrow(/not a percentage/)
  expect(() => read('1.00')).toThrow(/could mean/)
  expect(() => read('101')).toThrow(/more than 100/)
  expect(() => read('12.345')).toThrow(/more than two decimals/)
  expect(() => read('-5')).toThrow(/not a percentage/)
})

const at = (text: string, dateOrder: '' | 'dmy' | 'mdy' = '', end = false) =>
  new Date(readMoment(text, { dateOrder }, { timeZone: 'Europe/Berlin', end })).toISOString()

test('a date is a day in the program’s time zone, and a moment is a moment', () => {
  expect(at('2026-03-04')).toBe('2026-03-03T23:00:00.000Z')
  expect(at('2026-03-04', '', true)).toBe('2026-03-04T22:59:59.999Z')
  expect(at('2026-07-04')).toBe('2026-07-03T22:00:00.000Z')
  expect(at('2026-03-04T10:30:00Z')).toBe('2026-03-04T10:30:00.000Z')
  expect(at('2026-03-04 10:30:00 UTC')).toBe('2026-03-04T10:30:00.000Z')
  expect(at('2026-03-04T10:30:00.123+02:00')).toBe('2026-03-04T08:30:00.000Z')
  expect(at('2026-03-04 10:30')).toBe('2026-03-04T09:30:00.000Z')
  expect(at('4 Mar 2026')).toBe('2026-03-03T23:00:00.000Z')
  expect(at('March 4, 2026')).toBe('2026-03-03T23:00:00.000Z')
  expect(at('04.03.2026')).toBe('2026-03-03T23:00:00.000Z')
})

test('03/04/2026 is asked about, and read as chosen', () => {
  expect(() => at('03/04/2026')).toThrow('“03/04/2026” could be 3 Apr or 4 Mar. Choose the order of day and month.')
  expect(at('03/04/2026', 'dmy')).toBe('2026-04-02T22:00:00.000Z')
  expect(at('03/04/2026', 'mdy')).toBe('2026-03-03T23:00:00.000Z')
  expect(at('3/4/26 2:05 PM', 'mdy')).toBe('2026-03-04T13:05:00.000Z')
  expect(at('25/04/2026')).toBe('2026-04-24T22:00:00.000Z')
  expect(() => at('25/04/2026', 'mdy')).toThrow(/does not exist/)
})

test.each(['yesterday', '2026-02-30', '31/31/2026', '1899-01-01', '2026-13-01', '12:30', '4 Smarch 2026'])(
  '%s is no date',
  text => {
    expect(() => at(text)).toThrow(/not a date|does not exist|too far away/)
  },
)

test('words are read by key, by label, by what else people say', () => {
  expect(readWord('Integrator', partnerTypeLabels)).toBe('integrator')
  expect(readWord('RESELLER', partnerTypeLabels)).toBe('reseller')
  expect(readWord('si', partnerTypeLabels, { si: 'integrator' })).toBe('integrator')
  expect(() => readWord('friend', partnerTypeLabels)).toThrow(
    '“friend” is none of Reseller, Referrer, Affiliate, Integrator.',
  )
  expect([readCountry('de'), readCountry('Germany'), readCountry('USA')]).toEqual(['DE', 'DE', 'US'])
  expect(() => readCountry('Atlantis')).toThrow(/not a country/)
})
