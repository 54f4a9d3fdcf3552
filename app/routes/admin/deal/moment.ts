import { startOfDay } from '#server/lib/period.ts'

const minute = 60_000

/**
 * What a `datetime-local` field holds (`2026-03-02T09:30`) as an instant in a time zone, in UTC milliseconds; null for anything else.
 * An hour that the clocks skip becomes the one after it.
 */
export function instantOf(text: string, timeZone: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::\d{2})?$/.exec(text.trim())
  if (!match || Number.isNaN(Date.parse(`${match[1]}T00:00:00Z`))) return null
  const [, day = '', hours, minutes] = match
  if (Number(hours) > 23 || Number(minutes) > 59) return null
  const wanted = Number(hours) * 60 + Number(minutes)
  const guess = startOfDay(day, timeZone) + wanted * minute
  // On a day on which the clocks change, hours since midnight are not hours on the clock.
  const off = wanted - minutesOnClock(guess, timeZone)
  return Math.abs(off) <= 120 ? guess + off * minute : guess
}

/** An instant (UTC milliseconds) as a `datetime-local` field holds it, in a time zone. */
export function localText(at: number, timeZone: string): string {
  return partsOf(at, timeZone).replace(' ', 'T')
}

function minutesOnClock(at: number, timeZone: string): number {
  const [hours, minutes] = partsOf(at, timeZone).slice(11).split(':').map(Number)
  return (hours ?? 0) * 60 + (minutes ?? 0)
}

/** `2026-03-02 09:30`. */
function partsOf(at: number, timeZone: string): string {
  const parts: Record<string, string> = {}
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  for (const { type, value } of format.formatToParts(at)) parts[type] = value
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}`
}
