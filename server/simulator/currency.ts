import { invalid } from './errors.ts'

const ZERO_DECIMAL = [
  'bif',
  'clp',
  'djf',
  'gnf',
  'jpy',
  'kmf',
  'krw',
  'mga',
  'pyg',
  'rwf',
  'vnd',
  'vuv',
  'xaf',
  'xof',
  'xpf',
]
const THREE_DECIMAL = ['bhd', 'jod', 'kwd', 'omr', 'tnd']
const TWO_DECIMAL = [
  ...['aed', 'all', 'amd', 'ang', 'ars', 'aud', 'azn', 'bam', 'bdt', 'bgn', 'bob', 'brl', 'cad', 'chf', 'cny', 'cop'],
  ...['crc', 'czk', 'dkk', 'dop', 'dzd', 'egp', 'eur', 'gbp', 'gel', 'ghs', 'gtq', 'hkd', 'huf', 'idr', 'ils', 'inr'],
  ...['isk', 'kes', 'lkr', 'mad', 'mop', 'mxn', 'myr', 'ngn', 'nok', 'nzd', 'pen', 'php', 'pkr', 'pln', 'qar', 'ron'],
  ...['rsd', 'sar', 'sek', 'sgd', 'thb', 'try', 'twd', 'tzs', 'uah', 'ugx', 'usd', 'uyu', 'zar'],
]
const SUPPORTED = new Set([...ZERO_DECIMAL, ...THREE_DECIMAL, ...TWO_DECIMAL])

/** Sent with two decimals although the currency has none: the last two digits must be zero. */
const WHOLE_UNITS_ONLY = new Set(['isk', 'ugx'])

/** Largest amount the simulator takes, in minor units. */
const LARGEST = 999_999_999_999

/** Invented, constant rates: millionths of a unit for one US dollar. */
const PER_DOLLAR: Record<string, number> = {
  aud: 1_520_000,
  cad: 1_370_000,
  chf: 880_000,
  eur: 920_000,
  gbp: 790_000,
  jpy: 150_000_000,
  nok: 10_600_000,
  pln: 3_980_000,
  sek: 10_400_000,
  usd: 1_000_000,
}

const CURRENCY_OF: Record<string, string> = {
  AU: 'aud',
  CA: 'cad',
  CH: 'chf',
  GB: 'gbp',
  JP: 'jpy',
  NO: 'nok',
  PL: 'pln',
  SE: 'sek',
  US: 'usd',
}

/** An account's default currency when none was asked for: the country's, else the euro. */
export function currencyOfCountry(country: string): string {
  return CURRENCY_OF[country] ?? 'eur'
}

/** The currency in lower case. Throws an ApiError for one that Stripe does not know. */
export function readCurrency(text: string): string {
  const currency = text.toLowerCase()
  if (!SUPPORTED.has(currency)) throw invalid(`Invalid currency: ${text}.`, { param: 'currency' })
  return currency
}

/** Throws an ApiError unless the amount (minor units) is positive, not too large and payable in this currency. */
export function checkAmount(amount: number, currency: string, param = 'amount'): void {
  if (amount < 1) {
    throw invalid('This value must be greater than or equal to 1.', { code: 'parameter_invalid_integer', param })
  }
  if (amount > LARGEST)
    throw invalid(`The amount must be no more than ${LARGEST}.`, { code: 'amount_too_large', param })
  const step = WHOLE_UNITS_ONLY.has(currency) ? 100 : THREE_DECIMAL.includes(currency) ? 10 : 1
  if (amount % step !== 0) {
    throw invalid(`Amounts in ${currency.toUpperCase()} must be divisible by ${step}.`, {
      code: 'parameter_invalid_integer',
      param,
    })
  }
}

/** Converts minor units at the simulator's constant rate, rounding down; null when there is no rate for the pair. */
export function convert(amount: number, from: string, to: string): { amount: number; rate: number } | null {
  if (from === to) return { amount, rate: 1 }
  const fromRate = PER_DOLLAR[from]
  const toRate = PER_DOLLAR[to]
  if (!fromRate || !toRate) return null
  const numerator = BigInt(amount) * BigInt(toRate) * 10n ** BigInt(decimals(to))
  const denominator = BigInt(fromRate) * 10n ** BigInt(decimals(from))
  return { amount: Number(numerator / denominator), rate: toRate / fromRate }
}

function decimals(currency: string): number {
  return ZERO_DECIMAL.includes(currency) ? 0 : THREE_DECIMAL.includes(currency) ? 3 : 2
}
