import Database from 'libsql'
import { SCHEMA } from './schema.ts'

export type Value = string | number | null

/** One connection to the simulator's own file; every statement is synchronous, and native statements are kept. */
export interface Store {
  all<T>(sql: string, values?: Value[]): T[]
  get<T>(sql: string, values?: Value[]): T | undefined
  run(sql: string, values?: Value[]): void
  /** Runs `work` in one immediate transaction; joins the transaction that is already open. */
  transaction<T>(work: () => T): T
  /** Runs `work` in a savepoint: when it throws, its own changes are undone and the outer transaction goes on. */
  attempt<T>(work: () => T): T
  /**
   * Remembers what is now. The function that is returned brings it back, as often as it is called, and forgets later marks. For
   * simulations, which begin thousands of times at one point; nothing is durable from here on.
   */
  mark(): () => void
  close(): void
}

/** Opens (and creates) the state file; `:memory:` lives as long as the process. Throws when another process holds it. */
export function openStore(path: string): Store {
  const database = new Database(path)
  const statements = new Map<string, Database.Statement<Value[][]>>()
  let inside = false
  let marks = 0

  function prepare(sql: string) {
    let statement = statements.get(sql)
    if (!statement) {
      statement = database.prepare<Value[][]>(sql)
      statements.set(sql, statement)
    }
    return statement
  }

  // One process owns the file: a second simulator on it would answer from a different clock and queue.
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    if (path !== ':memory:') database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    database.exec('BEGIN IMMEDIATE')
    database.exec(SCHEMA)
    database.exec('COMMIT')
  } catch (error) {
    database.close()
    throw new Error(`The simulator cannot open ${path}: ${error instanceof Error ? error.message : error}`)
  }

  function attempt<T>(work: () => T): T {
    database.exec('SAVEPOINT attempt')
    try {
      const result = work()
      database.exec('RELEASE attempt')
      return result
    } catch (error) {
      database.exec('ROLLBACK TO attempt; RELEASE attempt')
      throw error
    }
  }

  return {
    all: <T>(sql: string, values: Value[] = []) => prepare(sql).all(values) as T[],
    get: <T>(sql: string, values: Value[] = []) => prepare(sql).get(values) as T | undefined,
    run: (sql, values = []) => {
      prepare(sql).run(values)
    },
    transaction(work) {
      if (inside) return work()
      if (marks > 0) return attempt(work)
      database.exec('BEGIN IMMEDIATE')
      inside = true
      try {
        const result = work()
        database.exec('COMMIT')
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      } finally {
        inside = false
      }
    },
    attempt,
    mark() {
      const name = `mark${++marks}`
      database.exec(`SAVEPOINT ${name}`)
      return () => database.exec(`ROLLBACK TO ${name}`)
    },
    close() {
      statements.clear()
      // The driver keeps the connection until its statements are collected, so the lock is given up by hand.
      if (path !== ':memory:')
        database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT 1 FROM meta')
      database.close()
    },
  }
}
