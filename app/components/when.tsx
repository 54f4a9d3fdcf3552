import { useRouteLoaderData } from '@remix-run/react'
import { None } from './money.tsx'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

type WhenProps = {
  /** UTC milliseconds; null shows a dash. */
  at: number | null | undefined
  /** IANA zone; the viewer's own (from the root loader) unless given. */
  timeZone?: string
  mode?: 'date' | 'datetime'
}

/** A moment, absolute, in the viewer's zone; the title has it in UTC to the second. */
export function When({ at, timeZone, mode = 'datetime' }: WhenProps) {
  const zone = useTimeZone()
  if (at === null || at === undefined) return <None label="Not yet" />
  const iso = new Date(at).toISOString()
  return (
    <time dateTime={iso} title={`${iso.slice(0, 19).replace('T', ' ')} UTC`} className="num whitespace-nowrap">
      {formatMoment(at, timeZone ?? zone, mode)}
    </time>
  )
}

/** The viewer's IANA zone, as the root loader says; UTC where none is known. */
export function useTimeZone(): string {
  const root = useRouteLoaderData('root') as { timeZone?: string } | undefined
  return root?.timeZone ?? 'UTC'
}

/**
 * '12 Mar 2026' or '12 Mar 2026, 14:05', for a moment in UTC milliseconds. The month names are ours, because two
 * versions of ICU (the server's, the browser's) spell some differently and hydration would fail.
 */
export function formatMoment(at: number, timeZone: string, mode: 'date' | 'datetime' = 'datetime'): string {
  const parts: Record<string, string> = {}
  for (const { type, value } of numeric(timeZone).formatToParts(at)) parts[type] = value
  const date = `${Number(parts.day)} ${months[Number(parts.month) - 1]} ${parts.year}`
  return mode === 'date' ? date : `${date}, ${parts.hour}:${parts.minute}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

// Making a DateTimeFormat costs far more than using one, and a page shows a hundred moments.
function numeric(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(timeZone, format)
  }
  return format
}
