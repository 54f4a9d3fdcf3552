import type { InStatement, ResultSet, Transaction } from '@libsql/client'
import type { Backend } from '#db/backend.ts'
import { createDoor, type Database } from '#db/client.ts'
import { connect } from '#db/connection.ts'
import { migrate } from '#db/migrate.ts'
import { createMutex } from '#db/turns.ts'

/** Every kind of thing that a process asks of the world, and waits for. `write` is the admission of a transaction. */
export type Kind = 'read' | 'write' | 'statement' | 'commit' | 'stripe' | 'mail'

/** Stands around each call of a process to the outside; `effect` does what was asked for. */
export type Around = <T>(call: { kind: Kind; what: string }, effect: () => T | Promise<T>) => Promise<T>

export const straight: Around = async (_call, effect) => effect()

/** A migrated database in memory that can be put back to where it was, in microseconds. */
export interface RewindableDatabase {
  /** A door of its own for each process; they share the data and, as processes on one file do, the one place for a writer. */
  door(around?: Around): Database
  /** Remembers what is now. The function that is returned brings it back, as often as it is called, and forgets later marks. */
  mark(): () => void
  /** A process died: what it had not committed is gone, and its place in the line is free. */
  crash(): void
  close(): void
}

/**
 * The embedded engine's own connection, with savepoints where the engine has transactions: so the whole database can be rolled back
 * to a mark, with every kept statement still compiled. What an open transaction holds, a rollback ends.
 */
export async function aRewindableDatabase(): Promise<RewindableDatabase> {
  const connection = connect({ path: ':memory:', readOnly: false, synchronous: 'NORMAL', busyTimeout: 0 })
  let mutex = createMutex(() => undefined)
  let marks = 0
  /** Raised by every rollback to a mark: a transaction that was open then is over. */
  let era = 0
  let writing = false

  function begin(around: Around): Transaction {
    connection.exec('SAVEPOINT work')
    writing = true
    const begun = era
    let open = true
    const run = async (statement: InStatement): Promise<ResultSet> => {
      const text = typeof statement === 'string' ? statement : statement.sql
      return around({ kind: 'statement', what: text }, () => connection.execute(statement))
    }
    const end = (how: string) => {
      if (open && begun === era) {
        connection.exec(how)
        writing = false
      }
      open = false
    }
    const undo = () => end('ROLLBACK TO work; RELEASE work')
    return {
      execute: run,
      async batch(statements) {
        const results: ResultSet[] = []
        for (const statement of statements)
          results.push(await run(Array.isArray(statement) ? { sql: statement[0], args: statement[1] } : statement))
        return results
      },
      executeMultiple: () => Promise.reject(new Error('a script is no part of a transaction')),
      async commit() {
        try {
          await around({ kind: 'commit', what: 'COMMIT' }, () => end('RELEASE work'))
        } catch (error) {
          undo()
          throw error
        }
      },
      async rollback() {
        undo()
      },
      close: undo,
      get closed() {
        return !open
      },
    }
  }

  function backend(around: Around): Backend {
    const execute = (statement: InStatement, args?: unknown): Promise<ResultSet> => {
      const full = typeof statement === 'string' && args !== undefined ? { sql: statement, args } : statement
      const text = typeof full === 'string' ? full : full.sql
      // An open transaction is nobody else's to see.
      return around({ kind: 'read', what: text }, () => mutex.run(() => connection.execute(full as InStatement)))
    }
    return {
      reads: {
        execute: execute as Backend['reads']['execute'],
        async batch(statements) {
          const results: ResultSet[] = []
          for (const statement of statements)
            results.push(
              await execute(Array.isArray(statement) ? { sql: statement[0], args: statement[1] } : statement),
            )
          return results
        },
        migrate: () => Promise.reject(new Error('no migration here')),
        transaction: () => Promise.reject(new Error('a transaction needs db.write')),
        executeMultiple: () => Promise.reject(new Error('a script needs db.script')),
        sync: async () => undefined,
        close: () => {},
        reconnect: () => {},
        closed: false,
        protocol: 'file',
      },
      begin: async () => begin(around),
      // The line is joined when the call is let through; inside the transaction nobody else gets a turn.
      exclusively: task => around({ kind: 'write', what: 'BEGIN' }, () => mutex.run(task)),
      snapshot: task => mutex.run(() => task(backend(straight).reads)),
      snapshotExcludesWrites: true,
      script: async sql => {
        connection.exec(`PRAGMA foreign_keys = OFF; ${sql}; PRAGMA foreign_keys = ON`)
        connection.forget()
      },
      moment: null,
      copyTo: () => Promise.reject(new Error('a database in memory has no file to copy')),
      stats: () => ({ busy: 0, reopened: 0, pending: mutex.pending, prepared: connection.prepared }),
      checkpoint: async () => {},
      close: async () => {},
    }
  }

  await migrate(createDoor(backend(straight)))
  return {
    door: (around = straight) => createDoor(backend(around)),
    mark() {
      const name = `mark${++marks}`
      connection.exec(`SAVEPOINT ${name}`)
      return () => {
        era++
        writing = false
        // Whoever died inside a transaction left the line standing.
        mutex = createMutex(() => undefined)
        connection.exec(`ROLLBACK TO ${name}`)
      }
    },
    crash() {
      if (writing) connection.exec('ROLLBACK TO work; RELEASE work')
      writing = false
      era++
      mutex = createMutex(() => undefined)
    },
    close: () => connection.close(),
  }
}
