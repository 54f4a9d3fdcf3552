import { showV1Account } from './accounts-v1-view.ts'
import type { ConnectedAccount } from './connected-account.ts'
import { invalid } from './errors.ts'
import type { Row } from './objects.ts'
import { type StoredTransfer, showTransfer } from './transfers.ts'
import type { World } from './world.ts'

/** Replaces ids by the objects they name, along paths such as `balance_transaction` or `data.destination_payment`. */
export function expand(world: World, answer: object, paths: readonly string[]): object {
  const copy = structuredClone(answer)
  for (const path of paths) expandPath(world, copy, path.split('.'), path)
  return copy
}

function expandPath(world: World, holder: object, names: string[], path: string): void {
  const [name, ...rest] = names
  if (Array.isArray(holder)) {
    for (const one of holder) expandPath(world, one, names, path)
    return
  }
  const fields = holder as Record<string, unknown>
  const value = name === undefined ? undefined : fields[name]
  if (value === undefined) throw invalid(`This property cannot be expanded (${path}).`, { param: 'expand' })
  if (value === null) return
  if (typeof value === 'string') {
    const found = show(world, value)
    if (!found) throw invalid(`This property cannot be expanded (${path}).`, { param: 'expand' })
    fields[name!] = found
  }
  const next = fields[name!]
  if (rest.length > 0 && typeof next === 'object' && next !== null) expandPath(world, next, rest, path)
}

const EXPANDABLE = new Set([
  'account',
  'balance_transaction',
  'charge',
  'payment_intent',
  'payout',
  'topup',
  'transfer',
  'transfer_reversal',
])

function show(world: World, id: string): object | null {
  const row = world.store.get<Row>('SELECT * FROM objects WHERE id = ?', [id])
  if (!row || !EXPANDABLE.has(row.kind)) return null
  const body: unknown = JSON.parse(row.body)
  if (row.kind === 'account') return showV1Account(body as ConnectedAccount)
  if (row.kind === 'transfer') return showTransfer(world, body as StoredTransfer)
  return body as object
}
