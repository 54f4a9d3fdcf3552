import type { SeenTouch, TouchType } from '#db/schema/index.ts'
import { formatDate } from '../lib/period.ts'
import { touchLabels } from './rules.ts'

/** `1 counted touch`, `4 counted touches`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

export function countedTouches(count: number): string {
  return countOf(count, 'counted touch', 'counted touches')
}

/** A touch's type inside a sentence: `content share`, `CRM sync`. */
export function typeWord(type: TouchType): string {
  return type === 'crm_sync' ? touchLabels[type] : touchLabels[type].toLowerCase()
}

/** `referral on 3 Mar 2026`. */
export function touchOn(touch: SeenTouch, timeZone: string): string {
  return `${typeWord(touch.type)} on ${formatDate(touch.at, timeZone)}`
}

/** `demo, referral`: each type once, in the order of the touches. */
export function typeWords(touches: readonly SeenTouch[]): string {
  return [...new Set(touches.map(touch => typeWord(touch.type)))].join(', ')
}

/** `demo 25 + 2 × proposal 20`: equal terms counted together; beyond six, how many more there are. */
export function sumWords(terms: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
  const all = [...counts].map(([term, count]) => (count === 1 ? term : `${count} × ${term}`))
  return all.length <= 6 ? all.join(' + ') : `${all.slice(0, 5).join(' + ')} + ${all.length - 5} more`
}

/** An integer with its last `places` digits as decimals, exactly: `1800000, 4` → `180`. */
export function decimalWords(value: bigint, places: number): string {
  const digits = String(value).padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  return digits.slice(0, -places) + (fraction && `.${fraction}`)
}
