import type { Counts } from './counts.ts'

/** So many of a thousand histories' actions must at least have been accepted, or a run proves less than it says. */
export const leastAccepted: Record<string, number> = {}

/** So many of a thousand histories' faults must at least have struck. */
export const leastStruck: Record<string, number> = {}

/** What was exercised less than it must be in so many histories, in sentences; a handful of histories owes nothing. */
export function shortfalls(counts: Counts, histories: number): string[] {
  const due = (perThousand: number) => Math.floor((perThousand * histories) / 1_000)
  return [
    ...Object.entries(leastAccepted).flatMap(([action, least]) => {
      const accepted = counts.actions[action]?.accepted ?? 0
      return accepted < due(least) ? `${action} was accepted ${accepted} times, and should be ${due(least)} times` : []
    }),
    ...Object.entries(leastStruck).flatMap(([fault, least]) => {
      const struck = counts.faults[fault]?.struck ?? 0
      return struck < due(least) ? `${fault} struck ${struck} times, and should ${due(least)} times` : []
    }),
  ]
}
