import type { Drizzle, Tx } from '#db/client.ts'
import type { dataImports } from '#db/schema/index.ts'
import type { Work } from '../../work.ts'
import type { Reader } from '../reader.ts'

export type DataImport = typeof dataImports.$inferSelect

export interface Read<P> {
  line: number
  parsed: P
}

/** What a kind of file has of its own. All else (reading, chunks, duplicates within files, resuming) is the same for all. */
export interface Kind<P extends object> {
  /** What a row means; null only if something is among the reader's errors. */
  read(reader: Reader): P | null
  /** The fields that name partners and deals, to be looked up for a whole chunk at once. */
  names: { partners: readonly string[]; deals: readonly string[] }
  /** What makes two rows the same, as far as it has a reference or all of what it says. */
  keys(parsed: P): string[]
  /** Which rows are there already, and as what, in a sentence. */
  existing(db: Drizzle | Tx, orgId: string, rows: readonly Read<P>[]): Promise<Map<number, string>>
  /** Questions about rows that are fine otherwise. */
  questions?(db: Drizzle | Tx, orgId: string, rows: readonly Read<P>[]): Promise<Map<number, string>>
  /** For the totals: what it is, and how much (minor units). */
  money(parsed: P): { what: string; amount: number; currency: string } | null
  /** Why a row makes nothing though nothing is wrong with it; null where it makes something. */
  nothing?(parsed: P): string | null
  /** Makes the rows' things in the caller's transaction; the ids by line. */
  insert(work: Work, one: DataImport, rows: readonly Read<P>[]): Promise<Map<number, string>>
  /** Why the whole import can't be undone, and what would clear it; null when it can. */
  undoRefusal(db: Drizzle | Tx, one: DataImport): Promise<string | null>
  /**
   * Takes things back in the caller's transaction, and looks again first: hours may lie between two chunks, and money moves meanwhile.
   */
  undo(work: Work, one: DataImport, ids: readonly string[]): Promise<TakenBack>
}

export interface TakenBack {
  /** What had to stay, by id, and why. */
  kept: Map<string, string>
  /** Won deals that have to be attributed anew, in the same transaction. */
  deals?: string[]
}
