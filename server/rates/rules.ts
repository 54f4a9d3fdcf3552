import { z } from 'zod'
import { DomainError } from '../lib/errors.ts'
import { idempotencyKey } from '../lib/inputs.ts'
import { isCurrency } from '../lib/money.ts'
import { maxPageSize } from '../lib/page.ts'
import { paragraph } from '../lib/text.ts'

/** A rate may be so many days older than the day it is wanted for: weekends and holidays have none. */
export const rateAgeDays = 7

export const rateSourceLabels = { ecb: 'European Central Bank', manual: 'Entered by hand' } as const
export type RateSource = keyof typeof rateSourceLabels

const currency = z.string().trim().toUpperCase().refine(isCurrency, 'That is not a currency we know.')

/** A day like `2026-02-28` that exists. */
export const calendarDay = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'Write the date like 2026-02-28.')
  .refine(text => {
    const date = new Date(`${text}T00:00:00Z`)
    return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  }, 'That day does not exist.')

const maxRateE8 = 100_000_000_000_000

/**
 * A rate as people write it, `1.0842`, times 10^8.
 * @throws DomainError INVALID for anything that is no positive number with at most eight decimals
 */
export function parseRate(text: string): number {
  const match = /^(\d{1,7})(?:\.(\d{1,8}))?$/.exec(text.trim())
  if (!match)
    throw new DomainError('INVALID', `“${text.trim()}” is not a rate. Write it like 1.0842, with at most 8 decimals.`)
  const rate = Number(match[1] + (match[2] ?? '').padEnd(8, '0'))
  if (rate < 1) throw new DomainError('INVALID', 'A rate is more than zero.')
  if (rate > maxRateE8) throw new DomainError('INVALID', 'A rate is at most 1,000,000. Enter it the other way round.')
  return rate
}

/** The inverse of `parseRate`, without zeros that say nothing: `108420000` → `1.0842`. */
export function rateText(rateE8: number): string {
  const digits = String(rateE8).padStart(9, '0')
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`.replace(/\.?0+$/, '')
}

/** One `base` is `rate` of `quote`. */
export const addRateInput = z
  .object({
    base: currency,
    quote: currency,
    rate: z.string({ error: 'Enter the rate.' }).trim().min(1, 'Enter the rate.').max(20, 'That is not a rate.'),
    day: calendarDay,
    note: paragraph(500, 'The note').optional(),
    idempotencyKey,
  })
  .strict()
  .refine(input => input.base !== input.quote, { path: ['quote'], message: 'Choose two different currencies.' })

/** The text of the bank's file, daily or history. Rates of days before `since` are left out; thirteen months back unless given. */
export const importRatesInput = z
  .object({
    // What is no character reads as the replacement character, as where a browser reads a file: nothing else could be hashed.
    text: z
      .string()
      .overwrite(text => text.toWellFormed())
      .min(1, 'The file is empty.')
      .max(5_000_000, 'The file is larger than 5 MB.'),
    since: calendarDay.optional(),
    /** Only counts, changes nothing. */
    dry: z.boolean().default(false),
    idempotencyKey,
  })
  .strict()

export const rateFilter = z
  .object({
    currency: currency.optional(),
    source: z.enum(Object.keys(rateSourceLabels) as [RateSource, ...RateSource[]]).optional(),
  })
  .strict()

export const listRatesInput = rateFilter
  .extend({
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(50),
  })
  .strict()
