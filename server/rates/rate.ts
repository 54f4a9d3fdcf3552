import { currencyDecimals } from '../lib/money.ts'
import { halfEven } from '../lib/shares.ts'
import { rateAgeDays, rateText } from './rules.ts'

/** A stored rate: one of `base` is `rateE8` / 10^8 of `quote`. */
export interface StoredRate {
  id: string
  base: string
  quote: string
  /** `2026-02-27` */
  day: string
  rateE8: number
  source: 'ecb' | 'manual'
}

/** An exact rate: one of the currency asked from is `numerator / denominator` of the one asked to. */
export interface Rational {
  numerator: bigint
  denominator: bigint
}

export interface FoundRate extends Rational {
  /** The rational as decimal text: what is printed multiplies out. */
  rate: string
  /** The day of the stored rate; of the older one where two were used. */
  day: string
  source: string
  rateIds: string[]
}

const one = 100_000_000n
const significant = 8

/** The day that lies `days` before another, both like `2026-02-27`. */
export function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10)
}

/**
 * The rate from one currency to another on a day, from the stored ones: direct, inverse, or over the euro, whichever is of the latest
 * day; null where none is at most `rateAgeDays` old. Of the same day a manual rate beats the bank's, and a direct one beats a
 * computed one. A computed rate is rounded to eight significant places before it is used, so that what is printed multiplies out.
 */
export function rateFor(rates: readonly StoredRate[], from: string, to: string, day: string): FoundRate | null {
  if (from === to) return { numerator: 1n, denominator: 1n, rate: '1', day, source: '', rateIds: [] }
  const oldest = daysBefore(day, rateAgeDays)
  const usable = rates.filter(rate => rate.day <= day && rate.day >= oldest)
  const direct = between(usable, from, to)
  const crossed = from === 'EUR' || to === 'EUR' ? null : overEuro(usable, from, to)
  const best = direct && crossed ? (crossed.day > direct.day ? crossed : direct) : (direct ?? crossed)
  return best && finish(best)
}

interface Leg extends Rational {
  day: string
  used: StoredRate[]
}

function between(rates: readonly StoredRate[], from: string, to: string): Leg | null {
  let best: StoredRate | null = null
  for (const rate of rates) {
    const fits = (rate.base === from && rate.quote === to) || (rate.base === to && rate.quote === from)
    if (fits && (best === null || beats(rate, best, from))) best = rate
  }
  if (!best) return null
  const stored = BigInt(best.rateE8)
  const isDirect = best.base === from
  return {
    numerator: isDirect ? stored : one,
    denominator: isDirect ? one : stored,
    day: best.day,
    used: [best],
  }
}

function beats(a: StoredRate, b: StoredRate, from: string): boolean {
  if (a.day !== b.day) return a.day > b.day
  if (a.source !== b.source) return a.source === 'manual'
  if (a.base !== b.base) return a.base === from
  return a.id > b.id
}

function overEuro(rates: readonly StoredRate[], from: string, to: string): Leg | null {
  const first = between(rates, from, 'EUR')
  const second = between(rates, 'EUR', to)
  if (!first || !second) return null
  return {
    numerator: first.numerator * second.numerator,
    denominator: first.denominator * second.denominator,
    day: first.day < second.day ? first.day : second.day,
    used: [...first.used, ...second.used],
  }
}

function finish(leg: Leg): FoundRate {
  const { day, used } = leg
  const [first] = used
  const source = [...new Set(used.map(rate => rate.source))].sort().join(', ')
  const rateIds = used.map(rate => rate.id)
  // A stored rate in its own direction is exact as it is written.
  if (used.length === 1 && first && leg.denominator === one && leg.numerator === BigInt(first.rateE8))
    return {
      numerator: leg.numerator,
      denominator: leg.denominator,
      rate: rateText(first.rateE8),
      day,
      source,
      rateIds,
    }
  return { ...rounded(leg), day, source, rateIds }
}

/** Half-even to eight significant places, as text and as the number that the text says. */
function rounded({ numerator, denominator }: Rational): Rational & { rate: string } {
  // The power of ten of its first digit: from the lengths it is right or one too large.
  const guess = String(numerator).length - String(denominator).length
  const [up, down] = guess < 0 ? [10n ** BigInt(-guess), 1n] : [1n, 10n ** BigInt(guess)]
  const exponent = numerator * up < denominator * down ? guess - 1 : guess
  const places = Math.max(0, significant - 1 - exponent)
  const scale = 10n ** BigInt(places)
  const value = halfEven(numerator * scale, denominator)
  const digits = String(value).padStart(places + 1, '0')
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '')
  return { numerator: value, denominator: scale, rate: text }
}

/** `amount` (minor units of `from`, also negative) in minor units of `to`, rounded half-even once. */
export function convert(amount: number, from: string, to: string, rate: Rational): number {
  const up = 10n ** BigInt(currencyDecimals(to))
  const down = 10n ** BigInt(currencyDecimals(from))
  return Number(halfEven(BigInt(amount) * rate.numerator * up, rate.denominator * down))
}
