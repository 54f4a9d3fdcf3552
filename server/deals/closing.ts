import { DomainError } from '../lib/errors.ts'
import { dayOf, formatDate, startOfDay } from '../lib/period.ts'

export { dayOf }

/** `2026-02-28` → `2026-03-01`. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
}

/**
 * The moment (UTC milliseconds) that a calendar day stands for: its last one, so that all touches of that day are before it; but for
 * today, now, and for a later day its first.
 */
export function momentOf(day: string, timeZone: string, now: number): number {
  const start = startOfDay(day, timeZone)
  return start > now ? start : Math.min(now, startOfDay(dayAfter(day), timeZone) - 1)
}

/** INVALID for a moment after tomorrow: somebody else's today may be our tomorrow, but nothing has happened later. */
export function refuseFuture(at: number, timeZone: string, now: number, field: string, what: string): void {
  const tomorrow = dayAfter(dayOf(now, timeZone))
  if (dayOf(at, timeZone) <= tomorrow) return
  const sentence = `${what} can’t be in the future: ${formatDate(at, timeZone)} is after tomorrow.`
  throw new DomainError('INVALID', sentence, { fields: { [field]: sentence } })
}
