import { type SQL, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'

/** What is wrong, and with what. */
export interface Found {
  /** Null where it is nobody's in particular. */
  orgId: string | null
  type: string
  id: string
  /** What is wrong with it, in words that go on after its name: 'has two attempts that are not over'. */
  says: string
}

/** The rows of one table that one statement judges, and what it may need to judge them. */
export interface Window {
  /** Rows past this one, and up to that one; by rowid. */
  from: number
  to: number
  orgId: string | null
  /** UTC milliseconds */
  now: number
  /** Since when a worker has been at work; what waited before it began is not late. UTC milliseconds. */
  workingSince: number
}

/** Tables that are judged row by row, some at a time. */
export type Walked =
  | 'commissions'
  | 'ledger_entries'
  | 'organizations'
  | 'outbox'
  | 'partners'
  | 'payout_approvals'
  | 'payout_attempts'
  | 'payout_lines'
  | 'payouts'

interface Promised {
  /** What holds, in a sentence. */
  promises: string
}

/** An invariant that one statement at a time judges for some rows of a table: each sees one moment, whatever is written between two. */
export interface RowInvariant extends Promised {
  over: Walked
  find(read: Drizzle, window: Window): Promise<Found[]>
}

/** An invariant of the whole file, or of a chain, which takes its own breaks. */
export interface WholeInvariant extends Promised {
  over: null
  find(read: Drizzle, scope: Omit<Window, 'from' | 'to'>, pause: () => Promise<void>, slice: number): Promise<Found[]>
}

export type Invariant = RowInvariant | WholeInvariant

/** How much is reported of one invariant: whoever has that many has seen enough. */
export const reportedAtMost = 50

/** The rows of a window, by the name that its statement gives the table. */
export function within(alias: string, { from, to, orgId }: Window): SQL {
  const rows = sql`${sql.raw(alias)}.rowid > ${from} AND ${sql.raw(alias)}.rowid <= ${to}`
  return orgId === null ? rows : sql`${rows} AND +${sql.raw(alias)}.org_id = ${orgId}`
}

/** An invariant whose statement answers with `orgId`, `type`, `id` and `says`. */
export function rule(over: Walked, promises: string, statement: (window: Window) => SQL): RowInvariant {
  return {
    over,
    promises,
    find: (read, window) => read.all<Found>(sql`${statement(window)} LIMIT ${reportedAtMost}`),
  }
}
