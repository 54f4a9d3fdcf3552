import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decayWeight } from './decay.ts'

const runs = { numRuns: 10_000 }
const day = 86_400_000
const halfLives = fc.integer({ min: 1, max: 3_650 }).map(days => days * day)

test('whole half-lives are exact, down to the half that rounds up and what is less than it', () => {
  for (let halvings = 0; halvings <= 40; halvings++)
    expect(decayWeight(halvings * 7 * day, 7 * day)).toBe(1n << BigInt(40 - halvings))
  expect(decayWeight(41 * 7 * day, 7 * day)).toBe(1n)
  expect(decayWeight(41 * 7 * day + 1, 7 * day)).toBe(0n)
  expect(decayWeight(42 * 7 * day, 7 * day)).toBe(0n)
  expect(decayWeight(Number.MAX_SAFE_INTEGER, 1)).toBe(0n)
})

test('weights that every engine must give, to the last digit', () => {
  // 2^40 / √2, 2^40 / ∛2, 2^40 · 2^(−6/7): from a table of 60 digits, rounded.
  expect(decayWeight(1, 2)).toBe(777_472_127_994n)
  expect(decayWeight(1, 3)).toBe(872_682_957_291n)
  expect(decayWeight(6 * day, 7 * day)).toBe(606_979_629_195n)
})

test('it is the nearest integer, proved without roots: (2w − 1)^n ≤ 2^(41n − k) ≤ (2w + 1)^n', () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.integer({ min: 1, max: 50 }), (k, n) => {
      const weight = decayWeight(k, n)
      const exponent = 41 * n - k
      const power = (base: bigint) => base ** BigInt(n)
      // Both sides times 2^−exponent where that is negative, to stay whole.
      const [left, right] = exponent >= 0 ? [1n, 1n << BigInt(exponent)] : [1n << BigInt(-exponent), 1n]
      expect(weight === 0n || power(2n * weight - 1n) * left <= right).toBe(true)
      expect(power(2n * weight + 1n) * left >= right).toBe(true)
    }),
    runs,
  )
})

test('it differs from the floating formula that it replaces by one at most, and hardly ever', () => {
  let different = 0
  fc.assert(
    fc.property(fc.nat(50 * 365 * day), halfLives, (age, halfLife) => {
      const floating = BigInt(Math.round(2 ** (40 - age / halfLife)))
      const difference = decayWeight(age, halfLife) - floating
      expect(difference >= -1n && difference <= 1n).toBe(true)
      if (difference !== 0n) different++
    }),
    runs,
  )
  expect(different).toBeLessThan(100)
})

test('an older touch never weighs more', () => {
  fc.assert(
    fc.property(fc.nat(50 * 365 * day), fc.nat(day), halfLives, (age, more, halfLife) => {
      expect(decayWeight(age + more, halfLife) <= decayWeight(age, halfLife)).toBe(true)
    }),
    runs,
  )
})
