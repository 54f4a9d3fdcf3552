import fc from 'fast-check'
import { expect, test } from 'vitest'
import { halfEven } from '../lib/shares.ts'
import { calculate } from './calculate.ts'

const of = 1_000_000
const bounds = { floor: null, cap: null }

/** The design's table: deals of $10,000.00, credited amounts and the partners' default rates as it gives them. */
test.each([
  { model: 'equal_split, p1', bp: 5_000, amount: 500_000, rate: 1_000, pays: 50_000 },
  { model: 'equal_split, p2', bp: 5_000, amount: 500_000, rate: 2_000, pays: 100_000 },
  { model: 'first_touch', bp: 10_000, amount: 1_000_000, rate: 1_000, pays: 100_000 },
  { model: 'last_touch', bp: 10_000, amount: 1_000_000, rate: 2_000, pays: 200_000 },
  { model: 'time_decay, p1', bp: 3_333, amount: 333_333, rate: 1_000, pays: 33_333 },
  { model: 'time_decay, p2', bp: 6_667, amount: 666_667, rate: 2_000, pays: 133_333 },
  { model: 'role_based, p1: 61,538.5 goes to the even cent', bp: 6_154, amount: 615_385, rate: 1_000, pays: 61_538 },
  { model: 'role_based, p2', bp: 3_846, amount: 384_615, rate: 2_000, pays: 76_923 },
  { model: 'equal_split of three at 25 %', bp: 3_334, amount: 333_334, rate: 2_500, pays: 83_334 },
])('$model pays $pays', ({ bp, amount, rate, pays }) => {
  expect(calculate({ bp, amount, of }, null, rate).amount).toBe(pays)
  const rule = { ...bounds, pay: { kind: 'percent' as const, rateBp: rate } }
  expect(calculate({ bp, amount, of }, rule, 1).amount).toBe(pays)
})

test('without a rule and a default rate there is nothing, and nothing to say', () => {
  expect(calculate({ bp: 10_000, amount: of, of }, null, null)).toEqual({ amount: 0, steps: [] })
})

test('a flat amount is for the deal, shared by credit, also for a deal of nothing', () => {
  const rule = { ...bounds, pay: { kind: 'flat' as const, amount: 50_001 } }
  expect(calculate({ bp: 5_000, amount: 500_000, of }, rule, null).amount).toBe(25_000)
  expect(calculate({ bp: 10_000, amount: 0, of: 0 }, rule, null).amount).toBe(50_001)
})

test('the parts of a flat amount sum to it, and to no more than was credited', () => {
  const paid = (amount: number, bps: number[]) =>
    bps.map((bp, index) => {
      const rule = { ...bounds, pay: { kind: 'flat' as const, amount } }
      return calculate({ bp, amount: 0, of: 0, among: { bps, index } }, rule, null).amount
    })
  expect(paid(10_001, [5_000, 5_000])).toEqual([5_001, 5_000])
  expect(paid(100, [3_334, 3_333, 3_333])).toEqual([34, 33, 33])
  expect(paid(10_000, [2_500])).toEqual([2_500])
})

test('brackets are marginal, summed exactly and rounded once', () => {
  const rule = {
    ...bounds,
    pay: {
      kind: 'brackets' as const,
      brackets: [
        { upTo: 1_000_000, rateBp: 1_000 },
        { upTo: 2_500_000, rateBp: 1_250 },
        { upTo: null, rateBp: 1_500 },
      ],
    },
  }
  const at = (amount: number) => calculate({ bp: 10_000, amount, of: amount }, rule, null).amount
  expect(at(1_000_000)).toBe(100_000)
  expect(at(1_000_001)).toBe(100_000)
  expect(at(2_500_000)).toBe(287_500)
  expect(at(3_000_000)).toBe(362_500)
  // Each part alone would round 0.5 + 0.5 down to nothing.
  const halves = {
    ...bounds,
    pay: {
      kind: 'brackets' as const,
      brackets: [
        { upTo: 1, rateBp: 5_000 },
        { upTo: null, rateBp: 5_000 },
      ],
    },
  }
  expect(calculate({ bp: 10_000, amount: 2, of: 2 }, halves, null).amount).toBe(1)
})

test('the floor lifts what was credited, the cap bounds it, and a credit of nothing stays nothing', () => {
  const rule = { pay: { kind: 'percent' as const, rateBp: 1_000 }, floor: 5_000, cap: 60_000 }
  expect(calculate({ bp: 10_000, amount: 10_000, of: 10_000 }, rule, null).amount).toBe(5_000)
  expect(calculate({ bp: 10_000, amount: of, of }, rule, null).amount).toBe(60_000)
  expect(calculate({ bp: 10_000, amount: 0, of: 0 }, rule, null).amount).toBe(0)
  const { steps } = calculate({ bp: 10_000, amount: of, of }, rule, null)
  expect(steps.at(-1)).toEqual({ op: 'cap', at: 60_000, result: 60_000 })
})

test('a rate of 10^4 on 10^12 is exact, where a float is not', () => {
  const rule = { ...bounds, pay: { kind: 'percent' as const, rateBp: 3_333 } }
  expect(calculate({ bp: 10_000, amount: 999_999_999_999, of: 999_999_999_999 }, rule, null).amount).toBe(
    333_300_000_000,
  )
})

test('cutting into brackets of one rate changes nothing, and parts sum to the whole', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 999_999_999_999 }),
      fc.integer({ min: 0, max: 10_000 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 999_999_999_999 }), { maxLength: 6 }),
      (amount, rateBp, cuts) => {
        const brackets = [...cuts.sort((a, b) => a - b), null].map(upTo => ({ upTo, rateBp }))
        const cut = calculate(
          { bp: 10_000, amount, of: amount },
          { ...bounds, pay: { kind: 'brackets', brackets } },
          null,
        )
        expect(cut.amount).toBe(Number(halfEven(BigInt(amount) * BigInt(rateBp), 10_000n)))
        const step = cut.steps.at(-1)
        if (step?.op !== 'brackets') throw new Error('no brackets')
        expect(step.parts.reduce((sum, part) => sum + part.result, 0)).toBe(cut.amount)
        expect(step.parts.reduce((sum, part) => sum + part.amount, 0)).toBe(amount)
      },
    ),
    { numRuns: 10_000 },
  )
})
