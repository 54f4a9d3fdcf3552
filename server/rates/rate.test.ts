import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DomainError } from '../lib/errors.ts'
import { convert, rateFor, type StoredRate } from './rate.ts'
import { parseRate, rateText } from './rules.ts'

let count = 0
const rate = (
  base: string,
  quote: string,
  day: string,
  text: string,
  source: 'ecb' | 'manual' = 'ecb',
): StoredRate => ({
  id: `fx_${++count}`,
  base,
  quote,
  day,
  rateE8: parseRate(text),
  source,
})

test('a rate is found direct, inverse and over the euro, and says of which day and source it is', () => {
  const stored = [rate('EUR', 'USD', '2026-10-30', '1.0842'), rate('EUR', 'JPY', '2026-10-30', '163.45')]
  expect(rateFor(stored, 'EUR', 'USD', '2026-10-31')).toMatchObject({
    rate: '1.0842',
    day: '2026-10-30',
    source: 'ecb',
  })
  // 1 / 1.0842 = 0.92233905…
  expect(rateFor(stored, 'USD', 'EUR', '2026-10-31')).toMatchObject({ rate: '0.92233905', rateIds: [stored[0]?.id] })
  // 163.45 / 1.0842 = 150.75631…
  const crossed = rateFor(stored, 'USD', 'JPY', '2026-10-31')
  expect(crossed).toMatchObject({ rate: '150.75632', rateIds: [stored[0]?.id, stored[1]?.id] })
  expect(rateFor(stored, 'JPY', 'USD', '2026-10-31')?.rate).toBe('0.0066332212')
  expect(rateFor(stored, 'USD', 'USD', '2026-10-31')).toMatchObject({ rate: '1', rateIds: [] })
})

test('the latest day up to the one asked for is used, and nothing older than seven days', () => {
  const stored = [
    rate('EUR', 'USD', '2026-10-24', '1.01'),
    rate('EUR', 'USD', '2026-10-29', '1.02'),
    rate('EUR', 'USD', '2026-11-02', '1.03'),
  ]
  expect(rateFor(stored, 'EUR', 'USD', '2026-10-31')?.rate).toBe('1.02')
  expect(rateFor(stored.slice(0, 1), 'EUR', 'USD', '2026-10-31')?.rate).toBe('1.01')
  expect(rateFor(stored.slice(0, 1), 'EUR', 'USD', '2026-11-01')).toBeNull()
  expect(rateFor(stored.slice(2), 'EUR', 'USD', '2026-10-31')).toBeNull()
})

test('a manual rate beats the bank’s of the same day, also the other way round, and loses to a later one', () => {
  const bank = rate('EUR', 'USD', '2026-10-30', '1.08')
  const manual = rate('USD', 'EUR', '2026-10-30', '0.9', 'manual')
  expect(rateFor([bank, manual], 'USD', 'EUR', '2026-10-31')).toMatchObject({ rate: '0.9', source: 'manual' })
  expect(rateFor([bank, manual], 'EUR', 'USD', '2026-10-31')).toMatchObject({ rate: '1.1111111', source: 'manual' })
  const later = rate('EUR', 'USD', '2026-10-31', '1.09')
  expect(rateFor([bank, manual, later], 'EUR', 'USD', '2026-10-31')).toMatchObject({ rate: '1.09', source: 'ecb' })
})

test('a direct rate beats one over the euro unless that is of a later day; the day shown is the older leg’s', () => {
  const legs = [rate('EUR', 'USD', '2026-10-30', '1.1'), rate('EUR', 'GBP', '2026-10-29', '0.88')]
  const manual = rate('USD', 'GBP', '2026-10-29', '0.79', 'manual')
  expect(rateFor(legs, 'USD', 'GBP', '2026-10-31')).toMatchObject({ rate: '0.8', day: '2026-10-29' })
  expect(rateFor([...legs, manual], 'USD', 'GBP', '2026-10-31')?.rate).toBe('0.79')
  const fresh = rate('EUR', 'GBP', '2026-10-30', '0.88')
  expect(rateFor([...legs, fresh, manual], 'USD', 'GBP', '2026-10-31')?.rate).toBe('0.8')
})

test('conversion knows the currencies’ decimals and rounds half to even, on both sides of zero', () => {
  const half = { numerator: 1n, denominator: 2n }
  expect(convert(5, 'USD', 'EUR', half)).toBe(2)
  expect(convert(7, 'USD', 'EUR', half)).toBe(4)
  expect(convert(-5, 'USD', 'EUR', half)).toBe(-2)
  // $1,000.00 at 150.75632 is ¥150,756.32, in whole yen
  expect(convert(100_000, 'USD', 'JPY', { numerator: 15_075_632n, denominator: 100_000n })).toBe(150_756)
  expect(convert(150_756, 'JPY', 'KWD', { numerator: 2n, denominator: 1000n })).toBe(301_512)
  // Past what a number multiplies exactly.
  expect(convert(999_999_999_999, 'USD', 'EUR', { numerator: 92_233_905n, denominator: 100_000_000n })).toBe(
    922_339_049_999,
  )
})

test('whatever is stored, what is printed multiplies out: the rational is the text', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e14 }), fc.integer({ min: 1, max: 1e14 }), (a, b) => {
      const stored = [
        { id: 'a', base: 'EUR', quote: 'USD', day: '2026-10-30', rateE8: a, source: 'ecb' as const },
        { id: 'b', base: 'EUR', quote: 'JPY', day: '2026-10-30', rateE8: b, source: 'ecb' as const },
      ]
      for (const [from, to] of [
        ['EUR', 'USD'],
        ['USD', 'EUR'],
        ['USD', 'JPY'],
      ] as const) {
        const found = rateFor(stored, from, to, '2026-10-30')
        if (!found) throw new Error('no rate')
        const [whole = '', fraction = ''] = found.rate.split('.')
        expect(BigInt(whole + fraction) * found.denominator).toBe(found.numerator * 10n ** BigInt(fraction.length))
        // Eight significant places: at most five units in the ninth away from the exact rate.
        const exact =
          from === 'EUR'
            ? ([BigInt(a), 100_000_000n] as const)
            : to === 'EUR'
              ? ([100_000_000n, BigInt(a)] as const)
              : ([BigInt(b), BigInt(a)] as const)
        const difference = found.numerator * exact[1] - exact[0] * found.denominator
        const size = difference < 0n ? -difference : difference
        expect(size * 20_000_000n <= exact[0] * found.denominator).toBe(true)
      }
    }),
    { numRuns: 10_000 },
  )
})

test('rates are read and written as people do, and nothing is rounded', () => {
  expect(parseRate('1.0842')).toBe(108_420_000)
  expect(rateText(108_420_000)).toBe('1.0842')
  expect(rateText(parseRate('0.00000001'))).toBe('0.00000001')
  expect(rateText(parseRate('163'))).toBe('163')
  for (const bad of ['', '1,08', '-1', '0', '0.000000001', '1.123456789', 'abc', '1e3', '9999999'])
    expect(() => parseRate(bad), bad).toThrow(DomainError)
})
