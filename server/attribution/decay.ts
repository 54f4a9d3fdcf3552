/** Binary places of the fixed point numbers below. */
const places = 96n
const one = 1n << places

/** ln 2 = Σ 1 / (k · 2^k), with 32 places to spare while it is summed. */
const ln2 =
  Array.from({ length: 128 }, (_, index) => BigInt(index + 1)).reduce(
    (sum, k) => sum + (1n << (places + 32n - k)) / k,
    0n,
  ) >> 32n

/**
 * 2^40 · 2^(−age / halfLife), rounded to the nearest integer (a half goes up); both in whole milliseconds. In integers throughout, so
 * that every engine of today and later gives the same weight: what `2 ** x` answers is each engine's own choice. What is rounded is
 * within 2^−45 of the true value, so the result is within 0.5 + 2^−45 of it; whole half-lives are exact.
 */
export function decayWeight(age: number, halfLife: number): bigint {
  const whole = BigInt(age) / BigInt(halfLife)
  const rest = BigInt(age) % BigInt(halfLife)
  if (whole > 41n) return 0n
  const shift = places - 40n + whole
  return (halving((ln2 * rest) / BigInt(halfLife)) + (1n << (shift - 1n))) >> shift
}

/** e^−z by its series, for 0 ≤ z < 1; each term is cut off by less than 2^−96, and some thirty of them count. */
function halving(z: bigint): bigint {
  let sum = 0n
  let sign = 1n
  let term = one
  for (let n = 1n; term > 0n; n += 1n) {
    sum += sign * term
    term = ((term * z) >> places) / n
    sign = -sign
  }
  return sum
}
