import { dayAfter } from '../deals/closing.ts'
import { maxDealAmount } from '../deals/rules.ts'
import { DomainError } from '../lib/errors.ts'
import { currencyDecimals, isCurrency } from '../lib/money.ts'
import { startOfDay as computeStart } from '../lib/period.ts'
import { emailAddress } from '../lib/text.ts'
import { countries } from '../partners/rules.ts'
import { symbolOf } from '../payouts/import-rows.ts'
import { type ImportOptions, plain } from './rules.ts'

export function invalid(message: string): DomainError {
  return new DomainError('INVALID', message)
}

/** `USD`, or the option where the cell is empty. */
export function readCurrency(text: string, fallback: string): string {
  const currency = (text || fallback).trim().toUpperCase()
  if (!currency) throw invalid('It is missing. Choose one for rows that don’t say.')
  if (!isCurrency(currency)) throw invalid(`“${text}” is not a currency we know. Write it like USD.`)
  return currency
}

const negative = /^(\p{Sc}?)\s?[-−–]\s?(.*)$|^\((.*)\)$/u

/**
 * Minor units; negative where `signed` allows it. Nothing is rounded, and nothing that could mean two amounts is read as one of
 * them.
 */
export function readAmount(
  text: string,
  currency: string,
  { decimal, unit }: Pick<ImportOptions, 'decimal' | 'unit'>,
  { signed = false, zero = false }: { signed?: boolean; zero?: boolean } = {},
): number {
  if (!text) throw invalid('It is missing.')
  const sign = negative.exec(text)
  if (sign && !signed) throw invalid(`“${text}” is negative, and nothing here can be.`)
  const size = sign ? `${sign[1] ?? ''}${sign[2] ?? sign[3] ?? ''}` : text
  const symbol = /\p{Sc}/u.exec(size)?.[0]
  if (symbol && symbol !== symbolOf(currency)) throw invalid(`“${text}” is not in ${currency}.`)
  const bare = size
    .replace(/\p{Sc}/u, '')
    .replace(new RegExp(`^${currency}\\s?|\\s?${currency}$`, 'i'), '')
    .trim()
  const amount = unit === 'minor' ? minorUnits(bare, text) : majorUnits(bare, text, currency, decimal)
  if (amount > maxDealAmount) throw invalid(`“${text}” is more than an amount can be here.`)
  if (amount === 0 && !zero) throw invalid('It is zero.')
  return sign && amount !== 0 ? -amount : amount
}

function minorUnits(bare: string, text: string): number {
  if (!/^\d{1,15}$/.test(bare))
    throw invalid(`“${text}” is not a whole number of cents. Say that amounts are not in cents.`)
  return Number(bare)
}

function majorUnits(bare: string, text: string, currency: string, decimal: '.' | ','): number {
  const decimals = currencyDecimals(currency)
  const group = decimal === '.' ? ',' : '\\.'
  const match = new RegExp(`^(\\d{1,3}(?:[${group}\\u00a0\\u202f '’]\\d{3})+|\\d+)(?:[${decimal}](\\d+))?$`).exec(bare)
  const example = decimals === 0 ? '1240' : `1240${decimal}${'0'.repeat(decimals)}`
  if (!match) {
    const other = /^[\d.,\u00a0\u202f '’]+$/.test(bare)
    throw invalid(
      `“${text}” is not an amount. Write it like ${example}${other ? `, or choose the other decimal mark than “${decimal}”` : ''}.`,
    )
  }
  if (decimals === 3 && new RegExp(`^\\d{1,3}[${group}]\\d{3}$`).test(bare))
    throw invalid(`“${text}” could mean two amounts in ${currency}. Write it with three decimals.`)
  const fraction = match[2] ?? ''
  if (fraction.length > decimals)
    throw invalid(
      decimals === 0
        ? `${currency} has no decimals, “${text}” has.`
        : `${currency} has ${decimals} decimals, “${text}” has more.`,
    )
  const digits = (match[1] ?? '').replace(/\D/g, '') + fraction.padEnd(decimals, '0')
  if (digits.length > 15) throw invalid(`“${text}” is more than an amount can be here.`)
  return Number(digits)
}

/** Basis points: `15`, `15%` and `15.00 %` are 1,500. Fractions of one are refused: they could mean 0.15 or 15 percent. */
export function readPercent(text: string, { decimal }: Pick<ImportOptions, 'decimal'>): number {
  const match = new RegExp(`^(\\d{1,3})(?:[${decimal}](\\d+))?\\s?(%?)$`).exec(text)
  if (!match) throw invalid(`“${text}” is not a percentage. Write it like 15 or 15%.`)
  const [, whole = '', fraction = '', sign] = match
  if (fraction.length > 2 && /[1-9]/.test(fraction.slice(2))) throw invalid(`“${text}” has more than two decimals.`)
  const bp = Number(whole) * 100 + Number(fraction.slice(0, 2).padEnd(2, '0'))
  if (!sign && bp > 0 && bp <= 100 && fraction !== '')
    throw invalid(
      `“${text}” could mean ${text} percent or ${Number(bp)} percent. Write 15 or 15% for fifteen percent, and 0.5% for half of one.`,
    )
  if (bp > 10_000) throw invalid(`“${text}” is more than 100 %.`)
  return bp
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const starts = new Map<string, number>()

/** A file's days repeat, and asking Intl for one costs more than all else in a row. */
function startOfDay(day: string, timeZone: string): number {
  const key = `${day} ${timeZone}`
  const known = starts.get(key)
  if (known !== undefined) return known
  if (starts.size > 5_000) starts.clear()
  const start = computeStart(day, timeZone)
  starts.set(key, start)
  return start
}

interface Day {
  day: string
  /** Milliseconds after midnight; null for a date alone. */
  time: number | null
  /** Minutes ahead of UTC, where the text says so. */
  offset: number | null
}

/**
 * A moment, in UTC milliseconds. A date alone is its day's start in `timeZone`, or with `end` its last moment. `03/04/2026` is refused
 * until the order of day and month is chosen.
 */
export function readMoment(
  text: string,
  { dateOrder }: Pick<ImportOptions, 'dateOrder'>,
  { timeZone, end = false }: { timeZone: string; end?: boolean },
): number {
  const { day, time, offset } = readDay(text, dateOrder)
  if (!exists(day)) throw invalid(`“${text}” is a day that does not exist.`)
  if (day < '2000-01-01' || day > '2100-12-31') throw invalid(`“${text}” is too far away.`)
  if (time === null) return end ? startOfDay(dayAfter(day), timeZone) - 1 : startOfDay(day, timeZone)
  if (offset !== null) return Date.parse(`${day}T00:00:00Z`) + time - offset * 60_000
  // Between the day's two midnights a clock may have been changed; then its times are an hour off, which no rule notices.
  return Math.min(startOfDay(day, timeZone) + time, startOfDay(dayAfter(day), timeZone) - 1)
}

function readDay(text: string, order: ImportOptions['dateOrder']): Day {
  const iso =
    /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?$/i.exec(
      text,
    )
  if (iso) {
    const [, year, month, date, hour, minute, second, zone] = iso
    return { day: `${year}-${month}-${date}`, time: timeOf(text, hour, minute, second), offset: offsetOf(zone) }
  }
  const numeric = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s?([ap]m)?)?$/i.exec(
    text,
  )
  if (numeric) {
    const [, first = '', mark, second = '', year = '', hour, minute, seconds, half] = numeric
    // With points between, the day always comes first.
    const dayFirst = dayComesFirst(text, Number(first), Number(second), mark === '.' ? 'dmy' : order)
    const [date, month] = dayFirst ? [first, second] : [second, first]
    return {
      day: isoDay(year.length === 2 ? `20${year}` : year, month, date),
      time: timeOf(text, hour, minute, seconds, half),
      offset: null,
    }
  }
  const worded =
    /^(?:(\d{1,2})\.?\s+([a-z]{3})[a-z]*\.?,?\s+(\d{4})|([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4}))$/i.exec(
      text,
    )
  if (worded) {
    const [, day1, month1, year1, month2, day2, year2] = worded
    const month = months.indexOf((month1 ?? month2 ?? '').toLowerCase()) + 1
    if (month > 0)
      return { day: isoDay(year1 ?? year2 ?? '', String(month), day1 ?? day2 ?? ''), time: null, offset: null }
  }
  throw invalid(`“${text}” is not a date. Write it like 2026-03-04.`)
}

function dayComesFirst(text: string, first: number, second: number, order: ImportOptions['dateOrder']): boolean {
  if (order !== '') return order === 'dmy'
  if (first > 12) return true
  if (second > 12 || first === second) return false
  throw invalid(
    `“${text}” could be ${first} ${monthName(second)} or ${second} ${monthName(first)}. Choose the order of day and month.`,
  )
}

function monthName(month: number): string {
  const name = months[month - 1] ?? ''
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function isoDay(year: string, month: string, date: string): string {
  return `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`
}

function exists(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}

function timeOf(text: string, hour?: string, minute?: string, second?: string, half?: string): number | null {
  if (hour === undefined) return null
  let hours = Number(hour)
  if (half) {
    if (hours < 1 || hours > 12) throw invalid(`“${text}” has no time that exists.`)
    hours = (hours % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)
  }
  const [minutes, seconds] = [Number(minute ?? 0), Number(second ?? 0)]
  if (hours > 23 || minutes > 59 || seconds > 59) throw invalid(`“${text}” has no time that exists.`)
  return ((hours * 60 + minutes) * 60 + seconds) * 1000
}

function offsetOf(zone: string | undefined): number | null {
  if (!zone) return null
  if (/^(Z|UTC)$/i.test(zone)) return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** One of our own words: by its key or its label, in any case and punctuation, or by what else people call it. */
export function readWord<T extends string>(
  text: string,
  words: Record<T, string | { label: string }>,
  others: Record<string, T> = {},
): T {
  const wanted = plain(text)
  for (const [key, word] of Object.entries(words) as [T, string | { label: string }][]) {
    const label = typeof word === 'string' ? word : word.label
    if (plain(key) === wanted || plain(label) === wanted) return key
  }
  const other = others[wanted]
  if (other !== undefined) return other
  const labels = Object.values<string | { label: string }>(words).map(word =>
    typeof word === 'string' ? word : word.label,
  )
  throw invalid(`“${text}” is none of ${labels.join(', ')}.`)
}

/** A country's code, by code or English name. */
export function readCountry(text: string): string {
  const wanted = plain(text)
  const found = countries.find(({ code, name }) => code.toLowerCase() === wanted || plain(name) === wanted)
  const short: Record<string, string> = { usa: 'US', uk: 'GB', unitedstatesofamerica: 'US' }
  const code = found?.code ?? short[wanted]
  if (!code) throw invalid(`“${text}” is not a country we know. Write its code, like US.`)
  return code
}

export function readEmail(text: string): string {
  const parsed = emailAddress.safeParse(text)
  if (!parsed.success) throw invalid(`“${text.slice(0, 80)}” is not an email address.`)
  return parsed.data
}
