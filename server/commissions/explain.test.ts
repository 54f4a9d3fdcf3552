import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CommissionSnapshot, RulePay } from '#db/schema/index.ts'
import { currencyDecimals } from '../lib/money.ts'
import { halfEven, largestRemainder } from '../lib/shares.ts'
import { calculate } from './calculate.ts'
import { type Explained, explain, explanationText } from './explain.ts'

const closedAt = Date.UTC(2026, 1, 10)

function aSnapshot(
  given: {
    deal: number
    bp: number
    amount: number
    pay: RulePay | null
    floor?: number | null
    cap?: number | null
    defaultRateBp?: number | null
    currency?: string
  },
  but: Partial<CommissionSnapshot> = {},
): CommissionSnapshot {
  const { deal, bp, amount, pay, floor = null, cap = null, defaultRateBp = null, currency = 'USD' } = given
  const { steps } = calculate({ bp, amount, of: deal }, pay && { pay, floor, cap }, defaultRateBp)
  return {
    currency,
    deal: { id: 'deal_1', number: 7, name: 'Rollout', amount: deal, closedAt },
    run: { id: 'run_1', number: 1, basis: 'model', model: 'role_weighted' },
    credit: { bp, amount, role: 'sourcer', reason: 'Sourced', touchIds: ['tch_1'] },
    rule: pay && {
      versionId: 'rv_4',
      ruleId: 'rule_1',
      name: 'Gold',
      number: 4,
      effectiveFrom: '2026-01-01',
      pay,
      floor,
      cap,
      months: 1,
    },
    defaultRateBp,
    losing: [],
    steps,
    installment: 1,
    ...but,
  }
}

const earned = (snapshot: CommissionSnapshot): Explained => ({ kind: 'earned', stream: 'base', amount: 0, snapshot })
const percent = (rateBp: number): RulePay => ({ kind: 'percent', rateBp })

test('the sentence of the design, each token linked to its record', () => {
  const row = earned(aSnapshot({ deal: 1_200_000, bp: 6_000, amount: 720_000, pay: percent(1_500), cap: 100_000 }))
  expect(explanationText(row)).toBe(
    '$12,000.00 × 60 % credit (sourced) = $7,200.00 × 15 % (Gold, rule v4 from 1 Jan 2026) = $1,080.00 → capped at $1,000.00',
  )
  expect(explain(row).filter(token => token.link)).toEqual([
    { text: '$12,000.00', link: { kind: 'deal', id: 'deal_1' } },
    { text: '60 % credit', link: { kind: 'run', id: 'run_1' } },
    { text: 'sourced', link: { kind: 'touch', id: 'tch_1' } },
    { text: '15 % (Gold, rule v4 from 1 Jan 2026)', link: { kind: 'rule', id: 'rv_4' } },
  ])
})

test.each<[string, Explained, string]>([
  [
    'a default rate',
    earned(aSnapshot({ deal: 1_000_000, bp: 10_000, amount: 1_000_000, pay: null, defaultRateBp: 1_250 })),
    '$10,000.00 × 100 % credit (sourced) = $10,000.00 × 12.5 % (default rate) = $1,250.00',
  ],
  [
    'a part that is rounded up so that all sum to the deal',
    earned(aSnapshot({ deal: 1_000_000, bp: 3_334, amount: 333_334, pay: percent(2_500) })),
    '$10,000.00 × 33.3334 % credit (sourced) = $3,333.34 × 25 % (Gold, rule v4 from 1 Jan 2026) = $833.34',
  ],
  [
    'a flat amount',
    earned(aSnapshot({ deal: 1_000_000, bp: 6_000, amount: 600_000, pay: { kind: 'flat', amount: 50_000 } })),
    '$500.00 a deal (Gold, rule v4 from 1 Jan 2026) × 60 % credit (sourced) = $300.00',
  ],
  [
    'brackets and a floor',
    earned(
      aSnapshot({
        deal: 1_000_000,
        bp: 6_000,
        amount: 600_000,
        pay: {
          kind: 'brackets',
          brackets: [
            { upTo: 500_000, rateBp: 1_000 },
            { upTo: null, rateBp: 1_500 },
          ],
        },
        floor: 70_000,
      }),
    ),
    '$10,000.00 × 60 % credit (sourced) = $6,000.00: $5,000.00 × 10 % + $1,000.00 × 15 % (Gold, rule v4 from 1 Jan 2026) = $650.00 → raised to the floor of $700.00',
  ],
  [
    'a spiff, agreed shares',
    {
      ...earned(
        aSnapshot(
          { deal: 1_000_000, bp: 5_000, amount: 500_000, pay: percent(200) },
          { run: { id: 'run_1', number: 2, basis: 'split', model: 'equal_split' } },
        ),
      ),
      stream: 'spiff',
    },
    '$10,000.00 × 50 % credit (agreed split) = $5,000.00 × 2 % (Gold, spiff v4 from 1 Jan 2026) = $100.00',
  ],
  [
    'a correction',
    {
      kind: 'adjustment',
      stream: 'base',
      amount: 15_000,
      snapshot: (() => {
        const snapshot = aSnapshot({ deal: 1_000_000, bp: 6_000, amount: 600_000, pay: percent(1_500) })
        return { ...snapshot, steps: [...snapshot.steps, { op: 'less_booked', booked: 75_000, result: 15_000 }] }
      })(),
    },
    '$10,000.00 × 60 % credit (sourced) = $6,000.00 × 15 % (Gold, rule v4 from 1 Jan 2026) = $900.00 − $750.00 booked before = $150.00',
  ],
  [
    'a partner that is credited no more',
    {
      kind: 'adjustment',
      stream: 'base',
      amount: -75_000,
      snapshot: aSnapshot(
        { deal: 1_000_000, bp: 0, amount: 0, pay: percent(1_500) },
        { steps: [{ op: 'less_booked', booked: 75_000, result: -75_000 }] },
      ),
    },
    'No longer credited: $0.00 − $750.00 booked before = −$750.00',
  ],
])('%s', (_, row, text) => {
  expect(explanationText(row)).toBe(text)
})

const taken = {
  op: 'refund' as const,
  refundIds: ['rf_1'],
  of: 108_000,
  refunded: 300_000,
  dealAmount: 1_200_000,
  before: 0,
  result: -27_000,
}

test.each<[string, Extract<CommissionSnapshot['steps'][number], { op: 'refund' }>, string]>([
  ['refund', { ...taken, because: 'refund' }, '$1,080.00 × $3,000.00 refunded of $12,000.00 = $270.00 → −$270.00'],
  [
    'a refund after a dispute was decided',
    { ...taken, because: 'refund', refunded: 600_000, decided: [{ amount: -30_000, part: 300_000, whole: 900_000 }] },
    '$1,080.00 × $6,000.00 refunded of $12,000.00 − $300.00 decided in a dispute × $3,000.00 of $9,000.00 left then = $270.00 → −$270.00',
  ],
  [
    'a second refund',
    { ...taken, because: 'refund', refunded: 600_000, before: 27_000 },
    '$1,080.00 × $6,000.00 refunded of $12,000.00 = $540.00 − $270.00 taken back before = $270.00 → −$270.00',
  ],
  [
    'a loss after a refund',
    { ...taken, because: 'lost', refunded: 1_200_000, before: 27_000, result: -81_000 },
    'The deal was lost: all of $1,080.00 − $270.00 taken back before = $810.00 → −$810.00',
  ],
  [
    'won again',
    { ...taken, because: 'won_again', refunded: 0, refundIds: [], before: 108_000, result: 108_000 },
    'The deal was won again: $0.00 to take back − $1,080.00 taken back before = −$1,080.00 → $1,080.00',
  ],
])('what %s takes back', (_, step, text) => {
  const snapshot = aSnapshot({ deal: 1_200_000, bp: 6_000, amount: 720_000, pay: percent(1_500) }, { steps: [step] })
  expect(explanationText({ kind: 'reversal', stream: 'base', amount: step.result, snapshot })).toBe(text)
})

test('a month of several says which', () => {
  const snapshot = aSnapshot({ deal: 1_000_000, bp: 10_000, amount: 1_000_000, pay: percent(100) })
  if (!snapshot.rule) throw new Error('no rule')
  const third = { ...snapshot, installment: 3, rule: { ...snapshot.rule, months: 12 } }
  expect(explanationText(earned(third))).toMatch(/^Month 3 of 12: \$10,000\.00 × 100 % credit/)
})

/** An amount as printed, back in minor units. */
function minor(text: string, currency: string): bigint {
  const decimals = currencyDecimals(currency)
  const [whole = '', fraction = ''] = text.replace(/[^\d.]/g, '').split('.')
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

/** A printed percentage as a fraction. */
function fraction(text: string): [bigint, bigint] {
  const [whole = '', decimals = ''] = text.split('.')
  return [BigInt(whole + decimals), 10n ** BigInt(decimals.length + 2)]
}

test('it multiplies out as printed, read back from the text by other arithmetic', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 999_999_999_999 }),
      fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 0, max: 10_000 }),
      fc.constantFrom('USD', 'JPY', 'KWD'),
      (deal, weights, rateBp, currency) => {
        const sizes = weights.map(BigInt)
        const bps = largestRemainder(10_000, sizes)
        const amounts = largestRemainder(deal, sizes)
        for (const [index, bp] of bps.entries()) {
          const amount = amounts[index] ?? 0
          const text = explanationText(earned(aSnapshot({ deal, bp, amount, pay: percent(rateBp), currency })))
          const parts = /^(.+) × (.+) % credit \(sourced\) ([=≈]) (.+) × (.+) % \(Gold.*\) = (.+)$/.exec(text)
          if (!parts) throw new Error(text)
          const [, of = '', share = '', sign = '', credited = '', rate = '', result = ''] = parts
          const [part, whole] = fraction(share)
          const product = halfEven(minor(of, currency) * part, whole)
          if (sign === '=') expect(product).toBe(minor(credited, currency))
          else {
            // Only amounts so small that one minor unit is more than what the share says.
            expect(deal).toBeLessThan(10_000)
            expect(product - minor(credited, currency)).toSatisfy((off: bigint) => off >= -1n && off <= 1n)
          }
          const [rated, of100] = fraction(rate)
          expect(halfEven(minor(credited, currency) * rated, of100)).toBe(minor(result, currency))
        }
      },
    ),
    { numRuns: 10_000 },
  )
})
