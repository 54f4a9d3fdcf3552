import { formatDate } from '#server/lib/period.ts'
import type { RegistrationStatus } from '#server/registrations/rules.ts'

const dayMs = 24 * 60 * 60_000

/** How long a company is protected, in words; null where it isn't, or no longer matters. Times in UTC milliseconds. */
export function protectionWords(
  one: { status: RegistrationStatus; protectedUntil: number | null; deal: { stage: string } | null },
  now: number,
  timeZone: string,
): { text: string; soon: boolean } | null {
  if (one.status !== 'approved' || one.protectedUntil === null || one.deal?.stage !== 'open') return null
  const days = Math.ceil((one.protectedUntil - now) / dayMs)
  const until = formatDate(one.protectedUntil, timeZone)
  if (days <= 0) return { text: `Was protected until ${until}`, soon: true }
  return {
    text: `Protected for ${days === 1 ? 'one more day' : `${days} more days`}, until ${until}`,
    soon: days <= 14,
  }
}
