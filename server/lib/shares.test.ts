import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyRate, halfEven, largestRemainder, shareOf } from './shares.ts'

const weightList = fc.array(fc.bigInt({ min: 0n, max: 1_000_000_000_000n }), { maxLength: 12 })
const total = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })
const sumOf = (parts: readonly bigint[]) => parts.reduce((a, b) => a + b, 0n)

test.each<[number, number[], number[]]>([
  [1_000_000, [1, 1, 1], [333_334, 333_333, 333_333]],
  [1_000_000, [40, 25], [615_385, 384_615]],
  [10_000, [1, 2], [3_333, 6_667]],
  [-100, [1, 1, 1], [-34, -33, -33]],
  [1, [0, 1, 1], [0, 1, 0]],
  [5, [0, 0], [0, 0]],
  [5, [], []],
  [0, [3, 4], [0, 0]],
])('%i by weights %j is %j', (whole, weights, parts) => {
  expect(largestRemainder(whole, weights.map(BigInt))).toEqual(parts)
})

test('one minor unit among 1,500, and a billion among 7, come out exact', () => {
  const cent = largestRemainder(1, Array<bigint>(1_500).fill(1n))
  expect(cent[0]).toBe(1)
  expect(cent.slice(1).every(part => part === 0)).toBe(true)
  const billion = largestRemainder(100_000_000_000, Array<bigint>(7).fill(1n))
  expect(billion).toEqual([...Array(5).fill(14_285_714_286), ...Array(2).fill(14_285_714_285)])
})

test('parts sum to the whole, each is within one of its quota, and a zero weight gets nothing', () => {
  fc.assert(
    fc.property(total, weightList, (whole, weights) => {
      const parts = largestRemainder(whole, weights)
      const sum = sumOf(weights)
      expect(sumOf(parts)).toBe(sum === 0n ? 0n : whole)
      parts.forEach((part, index) => {
        const weight = weights[index]!
        if (weight === 0n) expect(part).toBe(0n)
        else {
          const off = part * sum - whole * weight
          expect(off < sum && off > -sum).toBe(true)
        }
      })
    }),
    { numRuns: 10_000 },
  )
})

test('a larger weight never gets less, and of equal weights the earlier never gets less', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), weightList, (whole, weights) => {
      const parts = largestRemainder(whole, weights)
      for (let i = 0; i < weights.length; i++)
        for (let j = i + 1; j < weights.length; j++) {
          if (weights[i]! >= weights[j]!) expect(parts[i]! >= parts[j]!).toBe(true)
          else expect(parts[i]! <= parts[j]!).toBe(true)
        }
    }),
    { numRuns: 10_000 },
  )
})

test.each<[number, number, number]>([
  [5, 2, 2],
  [7, 2, 4],
  [-5, 2, -2],
  [-7, 2, -4],
  [6, 4, 2],
  [10, 4, 2],
  [11, 4, 3],
  [9, 4, 2],
  [0, 3, 0],
])('%i / %i is %i, a half going to the even side', (numerator, denominator, rounded) => {
  expect(halfEven(BigInt(numerator), BigInt(denominator))).toBe(BigInt(rounded))
})

test('half-even is the nearest integer, the same on both sides of zero', () => {
  fc.assert(
    fc.property(total, fc.bigInt({ min: 1n, max: 1_000n }), (numerator, denominator) => {
      const rounded = halfEven(numerator, denominator)
      const off = (rounded * denominator - numerator) * 2n
      expect(off <= denominator && off >= -denominator).toBe(true)
      if (off === denominator || off === -denominator) expect(rounded % 2n).toBe(0n)
      expect(halfEven(-numerator, denominator)).toBe(-rounded)
    }),
    { numRuns: 10_000 },
  )
})

test.each([
  [615_385, 1_000, 61_538],
  [333_334, 2_500, 83_334],
  [333_333, 1_000, 33_333],
  [-615_385, 1_000, -61_538],
  [1_000_000_000_000, 10_000, 1_000_000_000_000],
  [999_999_999_999, 3_333, 333_300_000_000],
  [100, 0, 0],
])('%i at %i basis points is %i', (amount, bp, commission) => {
  expect(applyRate(amount, bp)).toBe(commission)
})

test('a share of nothing, of all, and of a third', () => {
  expect(shareOf(72_000, 0, 500)).toBe(0)
  expect(shareOf(72_000, 500, 500)).toBe(72_000)
  expect(shareOf(100, 1, 3)).toBe(33)
  expect(shareOf(1_000_000_000_000, 999_999_999_999, 1_000_000_000_000)).toBe(999_999_999_999)
})

test('what has no exact answer throws', () => {
  expect(() => largestRemainder(10, [1n, -1n])).toThrow(RangeError)
  expect(() => largestRemainder(1.5, [1n])).toThrow(RangeError)
  expect(() => largestRemainder(2 ** 53, [1n])).toThrow(RangeError)
  expect(() => halfEven(1n, 0n)).toThrow(RangeError)
  expect(() => halfEven(1n, -2n)).toThrow(RangeError)
  expect(() => applyRate(Number.NaN, 100)).toThrow(RangeError)
  expect(() => applyRate(100, 12.5)).toThrow(RangeError)
  expect(() => shareOf(1, 1, 0)).toThrow(RangeError)
  expect(() => shareOf(2 ** 52, 4, 1)).toThrow(RangeError)
})
