import type { CommissionSnapshot, RulePay } from '#db/schema/index.ts'
import { must } from '../lib/must.ts'
import { applyRate, halfEven, largestRemainder } from '../lib/shares.ts'

export type Step = CommissionSnapshot['steps'][number]

export interface Calculation {
  /** minor units of the deal's currency, never negative */
  amount: number
  steps: Step[]
}

/** What a partner was credited: basis points of 10,000, and minor units of the deal's `of`. */
export interface Credited {
  bp: number
  amount: number
  of: number
  /** All credits of the deal in their order, in basis points, and which of them this is: a flat amount's parts sum to it. */
  among?: { bps: readonly number[]; index: number }
}

/**
 * A commission, step by step, in minor units. Percent: of the credited amount, rounded half-even. Flat: the amount shared
 * by credit, largest remainder first, so that the partners' parts sum to it (alone, half-even). Brackets: each part of the credited amount at its own rate, summed exactly and rounded once, so
 * that cutting an amount into brackets of the same rate changes nothing. Then the floor, then the cap.
 * A credit of nothing earns nothing, and no floor lifts it; only a flat amount is paid for a deal of nothing.
 */
export function calculate(
  credited: Credited,
  rule: { pay: RulePay; floor: number | null; cap: number | null } | null,
  defaultRateBp: number | null,
): Calculation {
  if (!rule) {
    if (defaultRateBp === null) return { amount: 0, steps: [] }
    return percent(credited, defaultRateBp)
  }
  return bounded(paid(credited, rule.pay), rule)
}

function paid(credited: Credited, pay: RulePay): Calculation {
  if (pay.kind === 'percent') return percent(credited, pay.rateBp)
  if (pay.kind === 'flat') {
    const result = flatShare(pay.amount, credited)
    return { amount: result, steps: [{ op: 'flat', amount: pay.amount, bp: credited.bp, result }] }
  }
  const parts = bracketParts(credited.amount, pay.brackets)
  const result = parts.reduce((sum, part) => sum + part.result, 0)
  return { amount: result, steps: [creditStep(credited), { op: 'brackets', parts, result }] }
}

function flatShare(amount: number, { bp, among }: Credited): number {
  const uncredited = among ? 10_000 - among.bps.reduce((sum, one) => sum + one, 0) : -1
  if (!among || uncredited < 0) return applyRate(amount, bp)
  return must(largestRemainder(amount, [...among.bps, uncredited].map(BigInt))[among.index], 'a part for each share')
}

function percent(credited: Credited, rateBp: number): Calculation {
  const result = applyRate(credited.amount, rateBp)
  return { amount: result, steps: [creditStep(credited), { op: 'rate', bp: rateBp, of: credited.amount, result }] }
}

function creditStep({ bp, of, amount }: Credited): Step {
  return { op: 'credit', bp, of, result: amount }
}

/** The parts' results are differences of the rounded running sum: they sum to the whole, which is rounded once. */
function bracketParts(
  amount: number,
  brackets: { upTo: number | null; rateBp: number }[],
): { amount: number; bp: number; result: number }[] {
  const parts: { amount: number; bp: number; result: number }[] = []
  let below = 0
  let exact = 0n
  let rounded = 0
  for (const { upTo, rateBp } of brackets) {
    const end = upTo === null ? amount : Math.min(upTo, amount)
    if (end <= below) continue
    exact += BigInt(end - below) * BigInt(rateBp)
    const sum = Number(halfEven(exact, 10_000n))
    parts.push({ amount: end - below, bp: rateBp, result: sum - rounded })
    rounded = sum
    below = end
  }
  return parts
}

function bounded(calculation: Calculation, { floor, cap }: { floor: number | null; cap: number | null }): Calculation {
  let { amount } = calculation
  const steps = [...calculation.steps]
  const earns = amount > 0 || steps.some(step => step.op === 'credit' && step.result > 0)
  if (floor !== null && earns && amount < floor) {
    amount = floor
    steps.push({ op: 'floor', at: floor, result: amount })
  }
  if (cap !== null && amount > cap) {
    amount = cap
    steps.push({ op: 'cap', at: cap, result: amount })
  }
  return { amount, steps }
}
