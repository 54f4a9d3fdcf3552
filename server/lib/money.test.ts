import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  checkAmount,
  currencyDecimals,
  decimalText,
  formatMoney,
  fromStripeAmount,
  parseMoney,
  sumByCurrency,
  toStripeAmount,
} from './money.ts'

test.each([
  [124_000, 'USD', '$1,240.00'],
  [5, 'USD', '$0.05'],
  [-20_000, 'USD', '−$200.00'],
  [1_000, 'JPY', '¥1,000'],
  [5_120, 'KWD', 'KWD 5.120'],
  [99_999_999, 'EUR', '€999,999.99'],
  [0, 'GBP', '£0.00'],
])('%i minor units of %s read as %s', (amount, currency, text) => {
  expect(formatMoney(amount, currency).replace(/\u00a0/g, ' ')).toBe(text)
})

test('with a code the currency can not be mistaken', () => {
  expect(formatMoney(124_000, 'CAD', { code: true }).replace(/\u00a0/g, ' ')).toBe('CAD 1,240.00')
})

test.each([
  ['1240', 'USD', 124_000],
  ['1,240.5', 'USD', 124_050],
  ['1 240.50', 'EUR', 124_050],
  ['$1,240', 'USD', 124_000],
  ['€ 0.01', 'EUR', 1],
  ['1240', 'JPY', 1_240],
  ['5.12', 'KWD', 5_120],
])('%j in %s is %i minor units', (text, currency, amount) => {
  expect(parseMoney(text, currency)).toBe(amount)
})

test.each([
  ['', 'USD', /not an amount/],
  ['abc', 'USD', /not an amount/],
  ['-5', 'USD', /not an amount/],
  ['1e3', 'USD', /not an amount/],
  ['1,24', 'USD', /not an amount/],
  ['12,40.00', 'USD', /not an amount/],
  ['0x10', 'USD', /not an amount/],
  ['٣', 'USD', /not an amount/],
  ['0', 'USD', /more than zero/],
  ['0.001', 'USD', /USD has 2 decimals/],
  ['10.5', 'JPY', /no decimals/],
  ['1000000', 'USD', /Split it/],
  ['99999999999999999999', 'USD', /more than zero|Split it/],
  ['5.124', 'KWD', /third decimal/],
  ['5', 'XXQ', /not a currency/],
])('%j in %s is refused with a sentence', (text, currency, sentence) => {
  expect(() => parseMoney(text, currency)).toThrow(sentence)
})

test('what is written as digits reads back as the same amount, in every currency', () => {
  const currencies = Intl.supportedValuesOf('currency')
  fc.assert(
    fc.property(fc.constantFrom(...currencies), fc.integer({ min: 1, max: 99_999_990 }), (currency, raw) => {
      const step = currencyDecimals(currency) === 3 ? 10 : 1
      const amount = Math.max(step, raw - (raw % step))
      if (toStripeAmountOrNull(amount, currency) === null) return
      expect(parseMoney(decimalText(amount, currency), currency)).toBe(amount)
    }),
    { numRuns: 10_000 },
  )
})

function toStripeAmountOrNull(amount: number, currency: string): number | null {
  try {
    checkAmount(amount, currency)
    return toStripeAmount(amount, currency)
  } catch {
    return null
  }
}

test("Stripe's own decimals: krónur and shillings are sent with two, yen and ariary with none, and come back the same", () => {
  expect(toStripeAmount(10, 'ISK')).toBe(1_000)
  expect(toStripeAmount(500, 'UGX')).toBe(50_000)
  expect(toStripeAmount(1_000, 'JPY')).toBe(1_000)
  expect(toStripeAmount(1_000, 'MGA')).toBe(10)
  fc.assert(
    fc.property(
      fc.constantFrom('USD', 'ISK', 'UGX', 'JPY', 'MGA', 'KWD', 'HUF'),
      fc.integer({ min: 1, max: 900_000 }),
      (currency, raw) => {
        const amount = raw * 100
        expect(fromStripeAmount(toStripeAmount(amount, currency), currency)).toBe(amount)
      },
    ),
  )
})

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 100_000_000, 2 ** 53])(
  '%s is no amount of a payout',
  amount => {
    expect(() => checkAmount(amount, 'USD')).toThrow()
  },
)

test.each([
  [100_000_00, 'HUF', 'HUF 100,000.00', 10_000_000],
  [250_000_00, 'IDR', 'IDR 250,000.00', 25_000_000],
  [1_500_00, 'COP', 'COP 1,500.00', 150_000],
  [10_000, 'ISK', 'ISK 10,000', 1_000_000],
  [1_000, 'JPY', 'JPY 1,000', 1_000],
  [5_120, 'KWD', 'KWD 5.120', 5_120],
  [500_00, 'MGA', 'MGA 500.00', 500],
])('%i minor units of %s are %s, and %i on the wire', (amount, currency, text, wire) => {
  expect(formatMoney(amount, currency, { code: true }).replace(/\u00a0/g, ' ')).toBe(text)
  expect(toStripeAmount(amount, currency)).toBe(wire)
  expect(fromStripeAmount(wire, currency)).toBe(amount)
})

test('sums never mix currencies', () => {
  const sums = sumByCurrency([
    { amount: 100, currency: 'USD' },
    { amount: 5, currency: 'EUR' },
    { amount: 20, currency: 'USD' },
  ])
  expect(sums).toEqual([
    { amount: 120, currency: 'USD' },
    { amount: 5, currency: 'EUR' },
  ])
})
