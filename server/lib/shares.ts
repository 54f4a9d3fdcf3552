// Parts of whole minor units. All arithmetic is BigInt: a deal of 10^12 times a weight of 10^6 is past what a number holds.

/**
 * Splits `total` (minor units or basis points) by integer weights, so that the parts sum to exactly `total`: each gets its
 * whole part, and what is left goes, one by one, to the largest remainders. Equal remainders: to the earlier index, so the
 * caller's order decides ties. A negative total is split like the positive one. All weights zero (or none): all parts are zero.
 * @throws RangeError for a negative weight, or a total that is no safe integer.
 */
export function largestRemainder(total: number, weights: readonly bigint[]): number[]
export function largestRemainder(total: bigint, weights: readonly bigint[]): bigint[]
export function largestRemainder(total: number | bigint, weights: readonly bigint[]): number[] | bigint[] {
  if (typeof total === 'bigint') return split(total, weights)
  return split(integer(total), weights).map(Number)
}

function split(total: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.some(weight => weight < 0n)) throw new RangeError('A weight is negative.')
  const sum = weights.reduce((a, b) => a + b, 0n)
  if (sum === 0n) return weights.map(() => 0n)
  const size = total < 0n ? -total : total
  const parts = weights.map(weight => (size * weight) / sum)
  const remainders = weights.map(weight => (size * weight) % sum)
  // Remainders sum to `left` × `sum` and each is less than `sum`: fewer than `left` non-zero ones can't be, so a zero weight gets none.
  const left = Number(size - parts.reduce((a, b) => a + b, 0n))
  const byRemainder = remainders.map((remainder, index) => ({ remainder, index }))
  byRemainder.sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
  for (const { index } of byRemainder.slice(0, left)) parts[index]! += 1n
  return total < 0n ? parts.map(part => -part) : parts
}

/**
 * `numerator / denominator`, rounded to the nearest integer; a half goes to the even one, on both sides of zero alike.
 * @throws RangeError unless the denominator is positive.
 */
export function halfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError('The denominator must be positive.')
  const size = numerator < 0n ? -numerator : numerator
  const floor = size / denominator
  const twice = (size % denominator) * 2n
  const up = twice > denominator || (twice === denominator && floor % 2n === 1n)
  const rounded = up ? floor + 1n : floor
  return numerator < 0n ? -rounded : rounded
}

/**
 * `amount` (minor units, also negative) times a rate in basis points, rounded half-even to the minor unit.
 * @throws RangeError where an argument or the result is no safe integer.
 */
export function applyRate(amount: number, bp: number): number {
  return shareOf(amount, bp, 10_000)
}

/**
 * `amount` (minor units, also negative) times `part / whole`, rounded half-even: a refund's share of a commission.
 * @throws RangeError where an argument or the result is no safe integer, or `whole` is not positive.
 */
export function shareOf(amount: number, part: number, whole: number): number {
  const share = Number(halfEven(integer(amount) * integer(part), integer(whole)))
  if (!Number.isSafeInteger(share)) throw new RangeError('The result is too large.')
  return share
}

function integer(value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no safe integer.`)
  return BigInt(value)
}
