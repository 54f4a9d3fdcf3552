import { DomainError } from './errors.ts'
import { must } from './must.ts'

/** An integer number of minor units (cents, yen, fils) and an ISO 4217 currency in upper case. Never one without the other. */
export interface Money {
  amount: number
  currency: string
}

/** The most one payout may be, in minor units; Stripe's amounts have at most eight digits. */
export const maxAmount = 99_999_999

// ISO 4217's minor units, committed: the runtime's own tables follow how people write amounts (Node 20 gives HUF and IDR no
// decimals), and differ between browsers, while an integer in the database must mean the same for ever.
const withoutDecimals = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '))
const withThreeDecimals = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '))

/** How many decimals a currency has: USD 2, JPY 0, KWD 3. Throws INVALID for what is no currency. */
export function currencyDecimals(currency: string): number {
  if (!isCurrency(currency)) throw new DomainError('INVALID', `“${currency}” is not a currency we know.`)
  return withoutDecimals.has(currency) ? 0 : withThreeDecimals.has(currency) ? 3 : 2
}

const known = new Set(Intl.supportedValuesOf('currency'))

export function isCurrency(currency: string): boolean {
  return known.has(currency)
}

/** `124000, 'USD'` → `1240.00`: plain digits, for files and form fields. */
export function decimalText(amount: number, currency: string): string {
  const decimals = currencyDecimals(currency)
  const digits = String(Math.abs(amount)).padStart(decimals + 1, '0')
  const sign = amount < 0 ? '-' : ''
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

const formats = new Map<string, Intl.NumberFormat>()

/** `124000, 'USD'` → `$1,240.00`, or `USD 1,240.00` with `code`. `amount` is in minor units. Negative ones carry a true minus. */
export function formatMoney(
  amount: number,
  currency: string,
  { locale = 'en-US', code = false }: { locale?: string; code?: boolean } = {},
): string {
  const key = `${locale} ${currency} ${code}`
  let format = formats.get(key)
  if (!format) {
    format = new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      currencyDisplay: code ? 'code' : 'symbol',
      minimumFractionDigits: currencyDecimals(currency),
      maximumFractionDigits: currencyDecimals(currency),
    })
    formats.set(key, format)
  }
  // Intl takes decimal strings exactly; a division would go through a float.
  return format.format(decimalText(amount, currency) as Intl.StringNumericLiteral).replace('-', '−')
}

/**
 * What a person typed, as minor units: `1,240.00`, `1240`, `1 240.00`, `$1,240`. Throws INVALID with a sentence for anything
 * that is not a positive amount written with at most the currency's decimals; nothing is ever rounded.
 */
export function parseMoney(text: string, currency: string): number {
  const amount = parseAmount(text, currency)
  checkAmount(amount, currency)
  return amount
}

/** The same for what is no payout: it may be zero, and as much as its caller allows. */
export function parseAmount(text: string, currency: string): number {
  const decimals = currencyDecimals(currency)
  const bare = text.trim().replace(/^[\p{Sc}]\s?/u, '')
  const example = decimals === 0 ? '1240' : `1240.${'0'.repeat(decimals)}`
  const match = /^(\d{1,3}(?:[,\u00a0\u202f ]\d{3})+|\d+)(?:\.(\d+))?$/.exec(bare)
  if (!match) throw new DomainError('INVALID', `“${text.trim()}” is not an amount. Write it like ${example}.`)
  const fraction = match[2] ?? ''
  if (fraction.length > decimals)
    throw new DomainError(
      'INVALID',
      decimals === 0
        ? `${currency} has no decimals.`
        : `${currency} has ${decimals} decimals, “${text.trim()}” has more.`,
    )
  const whole = must(match[1], 'the pattern has a whole part').replace(/\D/g, '')
  return Number(whole + fraction.padEnd(decimals, '0'))
}

/** Throws INVALID unless `amount` (minor units) is one that a payout may have. */
export function checkAmount(amount: number, currency: string): void {
  if (!Number.isSafeInteger(amount) || amount < 1)
    throw new DomainError('INVALID', 'The amount must be more than zero.')
  if (amount > maxAmount)
    throw new DomainError('INVALID', `The most one payout can be is ${formatMoney(maxAmount, currency)}. Split it.`)
  if (toStripeAmount(amount, currency) > maxAmount)
    throw new DomainError(
      'INVALID',
      'Stripe moves at most eight digits at once, and counts this currency in hundredths. Split it.',
    )
}

// Stripe's own list, not ISO's: ISK and UGX are sent with two decimals, MGA with none. Source: docs.stripe.com/currencies.
const stripeWithout = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '))
const stripeWithThree = new Set('BHD JOD KWD OMR TND'.split(' '))

function stripeDecimals(currency: string): number {
  return stripeWithout.has(currency) ? 0 : stripeWithThree.has(currency) ? 3 : 2
}

/**
 * Our minor units as Stripe writes them. Throws INVALID where Stripe could not take the amount: a third decimal other than 0
 * (KWD 5.124), or ariary cents.
 */
export function toStripeAmount(amount: number, currency: string): number {
  const ours = currencyDecimals(currency)
  const theirs = stripeDecimals(currency)
  if (theirs > ours) return amount * 10 ** (theirs - ours)
  const step = 10 ** (ours - theirs)
  if (amount % step !== 0)
    throw new DomainError(
      'INVALID',
      `${formatMoney(amount, currency)} can't be paid: Stripe takes no ${currency} below one.`,
    )
  if (ours === 3 && amount % 10 !== 0)
    throw new DomainError(
      'INVALID',
      `${formatMoney(amount, currency)} can't be paid: the third decimal must be 0 in ${currency}.`,
    )
  return amount / step
}

/** The inverse of `toStripeAmount`. */
export function fromStripeAmount(amount: number, currency: string): number {
  const ours = currencyDecimals(currency)
  const theirs = stripeDecimals(currency)
  return theirs > ours ? Math.round(amount / 10 ** (theirs - ours)) : amount * 10 ** (ours - theirs)
}

/** Sums by currency, in the order of first appearance; never across. */
export function sumByCurrency(items: Iterable<Money>): Money[] {
  const sums = new Map<string, number>()
  for (const { amount, currency } of items) sums.set(currency, (sums.get(currency) ?? 0) + amount)
  return [...sums].map(([currency, amount]) => ({ amount, currency }))
}
