import { type Client, type InStatement, LibsqlError, type ResultSet, type Transaction } from '@libsql/client'
import type { CopyReport } from './copy.ts'

/** What stands behind the door: the embedded engine (`engine.ts`) or a server (`remote.ts`). */
export interface Backend {
  /** Reads only; its writes and transactions fail. */
  reads: Client
  /** Begins the one write transaction. Call it only within `exclusively`. */
  begin(): Promise<Transaction>
  /** Queues a writer behind the others, in the order of the calls. */
  exclusively<T>(task: () => Promise<T>): Promise<T>
  /** Runs a read transaction on a connection of its own. */
  snapshot<T>(task: (reads: Client) => Promise<T>): Promise<T>
  /** True when a snapshot occupies the only connection, so that a write within it would wait for itself. */
  snapshotExcludesWrites: boolean
  /** Runs a script with its own BEGIN and COMMIT and foreign keys off; rolls back what it left open. */
  script(sql: string): Promise<void>
  /** Null for what is not in memory. */
  moment: Moment | null
  stats(): EngineStats
  checkpoint(): Promise<void>
  /** Copies one moment of the data into a file, while writes go on. */
  copyTo(file: string, questions: string[]): Promise<CopyReport>
  close(): Promise<void>
}

/** A moment of a database in memory that can be gone back to, as often as one likes. For simulations. */
export interface Moment {
  /** Keeps what is there now. Once. */
  keep(): Promise<void>
  /** Undoes whatever was committed since. */
  rewind(): Promise<void>
}

export interface EngineStats {
  /** Locks met that another process held. */
  busy: number
  /** Connections dropped and opened anew. */
  reopened: number
  /** Writers running or waiting. */
  pending: number
  /** Statements compiled so far. */
  prepared: number
}

/** A client that only reads; everything else belongs to the door. */
export function readClient(execute: (statement: InStatement) => Promise<ResultSet>): Client {
  return {
    execute: (statement: InStatement, args?: Parameters<Client['execute']>[1]) =>
      execute(typeof statement === 'string' && args !== undefined ? { sql: statement, args } : statement),
    batch: async statements => {
      const results: ResultSet[] = []
      for (const statement of statements) {
        results.push(await execute(Array.isArray(statement) ? { sql: statement[0], args: statement[1] } : statement))
      }
      return results
    },
    migrate: () => refuse('A migration'),
    transaction: () => refuse('A transaction'),
    executeMultiple: () => refuse('A script'),
    sync: async () => undefined,
    close: () => {},
    reconnect: () => {},
    closed: false,
    protocol: 'file',
  }
}

export function writeOutsideDoor(cause?: Error): LibsqlError {
  return new LibsqlError(
    'A write needs db.write(async tx => …); db.read only reads',
    'WRITE_OUTSIDE_DOOR',
    undefined,
    undefined,
    cause,
  )
}

export async function refuse(what: string): Promise<never> {
  throw new LibsqlError(`${what} needs db.write(async tx => …)`, 'WRITE_OUTSIDE_DOOR')
}
