import { formatMoment } from '#app/components/when.tsx'

/** `2026-02` → `Feb 2026`. Not lib/period.ts's, which would bring zod to the browser. */
export function periodLabel(period: string): string {
  const [year = 0, month = 1] = period.split('-').map(Number)
  return formatMoment(Date.UTC(year, month - 1, 15), 'UTC', 'date').slice(3)
}
