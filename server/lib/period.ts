import { z } from 'zod'
import { must } from './must.ts'

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a formatter costs a thousand times what using one does. */
function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`
  let format = formats.get(key)
  if (!format) {
    format = new Intl.DateTimeFormat(locale, options)
    formats.set(key, format)
  }
  return format
}

/** A calendar month like `2026-02`, in the organization's time zone. */
export const periodSchema = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'Write the period as a year and a month, like 2026-02.')
  .refine(period => period >= '2000-01' && period <= '2100-12', 'That period is too far away.')

/** `2026-02` → `Feb 2026`. Built from parts: `new Date('2026-02')` is a UTC midnight, and so January in the Americas. */
export function formatPeriod(period: string, locale = 'en-US'): string {
  const [year = 0, month = 1] = period.split('-').map(Number)
  return formatter(locale, { year: 'numeric', month: 'short', timeZone: 'UTC' }).format(
    new Date(Date.UTC(year, month - 1, 15)),
  )
}

/** The calendar day that `at` (UTC milliseconds) falls on, in a time zone: `2026-03-04`. */
export function dayOf(at: number, timeZone: string): string {
  // Swedes write dates as ISO does.
  return formatter('sv-SE', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone }).format(at)
}

/** The month that `at` (UTC milliseconds) falls in, in a time zone: `2026-03`. */
export function periodOf(at: number, timeZone: string): string {
  return dayOf(at, timeZone).slice(0, 7)
}

/** `at` (UTC milliseconds) as a date in a time zone: `4 Mar 2026`. */
export function formatDate(at: number, timeZone: string, locale = 'en-GB'): string {
  return formatter(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone }).format(at)
}

/** `at` (UTC milliseconds) as date and time in a time zone: `4 Mar 2026, 14:05`. */
export function formatDateTime(at: number, timeZone: string, locale = 'en-GB'): string {
  return formatter(locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(at)
}

/** The instant (UTC milliseconds) at which a calendar day like `2026-02-28` starts in a time zone. */
export function startOfDay(day: string, timeZone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`)
  // Two rounds: the first guess may lie on the other side of a change of the clocks.
  const first = utc - offsetAt(utc, timeZone)
  return utc - offsetAt(first, timeZone)
}

/** How far a zone is ahead of UTC at an instant, in milliseconds. */
function offsetAt(at: number, timeZone: string): number {
  const parts = formatter('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at)
  const part = (type: string) =>
    Number(
      must(
        parts.find(p => p.type === type),
        `a moment has a ${type}`,
      ).value,
    )
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  return local - Math.floor(at / 1000) * 1000
}

/** `period` + a number of months. */
export function shiftPeriod(period: string, months: number): string {
  const [year = 0, month = 1] = period.split('-').map(Number)
  const date = new Date(Date.UTC(year, month - 1 + months, 15))
  return date.toISOString().slice(0, 7)
}
