import { formatMoney, isCurrency } from '#server/lib/money.ts'
import { formatDateTime } from '#server/lib/period.ts'
import type { Caller } from '#server/router.ts'
import { actionLabel, targetPage, targetWords } from './words.ts'

type AuditEntry = Awaited<ReturnType<Caller['audit']['list']>>['rows'][number]

/** An entry as the page shows it: action and target in words, money and moments readable, everything else as it was recorded. */
export function describeEntry(entry: AuditEntry, timeZone: string) {
  const { seq, at, actor, action, target, changes, hash } = entry
  const side = (which: 'before' | 'after') =>
    Object.fromEntries(changes.map(change => [change.field, change[which]])) as Record<string, unknown>
  const before = side('before')
  const after = side('after')
  const currency = [after.currency, before.currency].find(one => typeof one === 'string' && isCurrency(one))
  const readable = (field: string, value: unknown) => readableValue(field, value, { timeZone, currency })
  return {
    seq,
    at,
    actor,
    action,
    label: actionLabel(action),
    target: {
      ...target,
      name: target.name ?? target.id,
      word: targetWords[target.type] ?? target.type,
      to: targetPage(target.type, target.id),
    },
    changes: changes.map(({ field }) => ({
      field,
      before: readable(field, before[field]),
      after: readable(field, after[field]),
    })),
    hash,
  }
}

export type AuditEntryView = ReturnType<typeof describeEntry>

interface Reading {
  timeZone: string
  currency: unknown
}

const momentField = /(?:At|Until|deadline)$/
const amountField = /^(?:amount|amountReversed|reversed|taken|minimum)$/

function readableValue(field: string, value: unknown, reading: Reading): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') {
    // Later than 2001 in milliseconds: no count or amount of ours is that large.
    if (momentField.test(field) && value > 1e12) return formatDateTime(value, reading.timeZone)
    if (!amountField.test(field)) return String(value)
    return typeof reading.currency === 'string'
      ? formatMoney(value, reading.currency, { code: true })
      : `${value} in minor units`
  }
  if (Array.isArray(value)) {
    const parts = value.map(one => readableItem(one, reading))
    return parts.length === 0 ? 'none' : parts.join('; ')
  }
  return readableItem(value, reading)
}

/** One thing of a list: an amount of money, a requirement of Stripe's, or its JSON. */
function readableItem(item: unknown, reading: Reading): string {
  if (typeof item !== 'object' || item === null) return readableValue('', item, reading) ?? 'none'
  const { amount, currency, text, act } = item as Record<string, unknown>
  if (typeof amount === 'number' && typeof currency === 'string' && isCurrency(currency))
    return `${typeof act === 'string' ? `${act} ` : ''}${formatMoney(amount, currency, { code: true })}`
  if (typeof text === 'string') return text
  return JSON.stringify(item)
}
