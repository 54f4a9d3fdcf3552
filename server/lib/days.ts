const words = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })

/** `2026-02-28` → `28 Feb 2026` */
export function dayWords(day: string): string {
  return words.format(Date.parse(`${day}T12:00:00Z`))
}

/** The same day so many months later, or that month's last: `2026-01-31` + 1 → `2026-02-28`. */
export function addMonths(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10)
}
