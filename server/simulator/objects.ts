import { resourceMissing } from './errors.ts'
import type { Value } from './store.ts'
import type { World } from './world.ts'

export type Kind =
  | 'account'
  | 'balance_transaction'
  | 'charge'
  | 'event'
  | 'event_destination'
  | 'payment_intent'
  | 'payout'
  | 'topup'
  | 'transfer'
  | 'transfer_reversal'
  | 'v2_event'
  | 'webhook_endpoint'

/**
 * What lists filter on, beside kind, account and age. transfer: group, destination; transfer_reversal: transfer;
 * balance_transaction: source, payout; event: type; v2_event: type, related object; payout: status; topup: status.
 */
type Facets = [string | null, (string | null)?]

export interface Row {
  seq: number
  id: string
  kind: Kind
  account: string
  created: number
  facet_1: string | null
  facet_2: string | null
  body: string
}

/** Stores a new object under the account that owns it; `created` is UTC milliseconds, now by default. */
export function insertObject<T extends { id: string }>(
  world: World,
  kind: Kind,
  account: string,
  body: T,
  facets: Facets = [null],
  created: number = world.now(),
): void {
  world.store.run(
    'INSERT INTO objects (id, kind, account, created, facet_1, facet_2, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [body.id, kind, account, created, facets[0], facets[1] ?? null, JSON.stringify(body)],
  )
}

export function updateObject<T extends { id: string }>(world: World, body: T): void {
  world.store.run('UPDATE objects SET body = ? WHERE id = ?', [JSON.stringify(body), body.id])
}

export function setFacet(world: World, id: string, facet: 1 | 2, value: string | null): void {
  world.store.run(`UPDATE objects SET facet_${facet} = ? WHERE id = ?`, [value, id])
}

export function deleteObject(world: World, id: string): void {
  world.store.run('DELETE FROM objects WHERE id = ?', [id])
}

/** The object of this kind, or undefined; `account` narrows it to what that account owns. */
export function findObject<T>(world: World, kind: Kind, id: string, account?: string): T | undefined {
  const row = findRow(world, kind, id, account)
  return row && (JSON.parse(row.body) as T)
}

/** The object of this kind; otherwise an ApiError "No such …". `param` names the parameter that held the id. */
export function getObject<T>(world: World, kind: Kind, id: string, account: string, param?: string): T {
  const found = findObject<T>(world, kind, id, account)
  if (!found) throw resourceMissing(NOUNS[kind], id, param)
  return found
}

export function findRow(world: World, kind: Kind, id: string, account?: string): Row | undefined {
  const row = world.store.get<Row>('SELECT * FROM objects WHERE id = ? AND kind = ?', [id, kind])
  return row && (account === undefined || row.account === account) ? row : undefined
}

/** Objects of a kind, newest first, that satisfy an SQL condition over the columns of `objects`. */
export function selectObjects<T>(world: World, kind: Kind, condition = '1', values: Value[] = []): T[] {
  return world.store
    .all<Row>(`SELECT * FROM objects WHERE kind = ? AND ${condition} ORDER BY created DESC, seq DESC`, [
      kind,
      ...values,
    ])
    .map(row => JSON.parse(row.body) as T)
}

export const NOUNS: Record<Kind, string> = {
  account: 'account',
  balance_transaction: 'balance transaction',
  charge: 'charge',
  event: 'notification',
  event_destination: 'event destination',
  payment_intent: 'payment_intent',
  payout: 'payout',
  topup: 'topup',
  transfer: 'transfer',
  transfer_reversal: 'transfer reversal',
  v2_event: 'event',
  webhook_endpoint: 'webhook endpoint',
}
