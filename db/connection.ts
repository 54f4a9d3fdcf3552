import { type InStatement, LibsqlError, type ResultSet } from '@libsql/client'
import Libsql from 'libsql'
import { refuseSessionStatement } from './statements.ts'
import { bindArgs, rowReader } from './values.ts'

export interface ConnectionOptions {
  /** A file's path, or `:memory:`. */
  path: string
  readOnly: boolean
  synchronous: 'FULL' | 'NORMAL'
  /** How long SQLite itself waits for another process's lock (ms). The wait freezes the event loop: keep it short. */
  busyTimeout: number
}

/** One native connection with its kept statements. Every method is synchronous. */
export interface Connection {
  execute(statement: InStatement): ResultSet
  /** Runs statements that return nothing; unlike a prepared one, a failed one leaves nothing behind on the connection. */
  exec(sql: string): void
  /** False after an error that may have left a statement running, which would make later commits fail or vanish. */
  readonly healthy: boolean
  readonly inTransaction: boolean
  /** How many statements were compiled so far. */
  readonly prepared: number
  /** To be called after a schema change was committed: forgets the kept statements and reads the schema anew. */
  forget(): void
  close(): void
}

interface KeptStatement {
  native: Libsql.Statement<unknown[]>
  columns: string[]
  types: string[]
  /** Undefined for a statement that returns no rows. */
  read?: ReturnType<typeof rowReader>
}

const KEPT_STATEMENTS = 400
const NO_ROWS: string[] = []

type SqliteError = InstanceType<typeof Libsql.SqliteError>

/** Errors after which SQLite has certainly ended the statement. All others (BUSY above all) leave the connection suspect. */
const HARMLESS = new Set([1, 8, 18, 19, 20, 23, 25])

/**
 * Opens a connection and sets what SQLite keeps per connection and forgets otherwise.
 * @throws LibsqlError SQLITE_BUSY when another process holds the file.
 */
export function connect(options: ConnectionOptions): Connection {
  const native = open(options)
  let kept = new Map<string, KeptStatement>()
  let prepared = 0
  let healthy = true

  function prepare(sql: string): KeptStatement {
    const known = kept.get(sql)
    if (known) {
      if (kept.size > KEPT_STATEMENTS / 2) {
        // Recency matters only when eviction is near; moving an entry on every use would cost a tenth of a point select.
        kept.delete(sql)
        kept.set(sql, known)
      }
      return known
    }
    refuseSessionStatement(sql)
    const statement = native.prepare<unknown[]>(sql)
    prepared++
    const entry: KeptStatement = { native: statement, columns: NO_ROWS, types: NO_ROWS }
    if (statement.reader) {
      statement.raw(true)
      statement.safeIntegers(true)
      const columns = statement.columns()
      entry.columns = columns.map(column => column.name)
      entry.types = columns.map(column => column.type ?? '')
      entry.read = rowReader(entry.columns)
    }
    kept.set(sql, entry)
    if (kept.size > KEPT_STATEMENTS) {
      const oldest = kept.keys().next().value
      if (oldest !== undefined) kept.delete(oldest)
    }
    return entry
  }

  function call<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (error instanceof LibsqlError) throw error
      if (!(error instanceof Libsql.SqliteError && HARMLESS.has((error.rawCode ?? 0) & 0xff))) healthy = false
      throw error instanceof Libsql.SqliteError ? toLibsqlError(error) : error
    }
  }

  return {
    execute(statement) {
      const sql = typeof statement === 'string' ? statement : statement.sql
      const args = bindArgs(typeof statement === 'string' ? undefined : statement.args)
      const { native, columns, types, read } = call(() => prepare(sql))
      if (read) {
        // Always to the end: an iterator left half way pins its snapshot and blocks later commits.
        const raw = call(() => native.all(args)) as unknown[][]
        return resultSet(columns, types, raw.map(read), 0, undefined)
      }
      const { changes, lastInsertRowid } = call(() => native.run(args))
      return resultSet(NO_ROWS, NO_ROWS, [], changes, BigInt(lastInsertRowid))
    },
    exec(sql) {
      call(() => native.exec(sql))
    },
    get healthy() {
      return healthy
    },
    get inTransaction() {
      // Asking a closed connection aborts the process.
      return native.open && native.inTransaction
    },
    get prepared() {
      return prepared
    },
    forget() {
      kept = new Map()
      // SQLite notices a change made elsewhere when it steps, not when it compiles; the first to compile would get the
      // old column names with the new rows.
      native.exec('SELECT count(*) FROM sqlite_schema')
    },
    close() {
      kept = new Map()
      if (native.open) native.close()
    },
  }
}

function open({ path, readOnly, synchronous, busyTimeout }: ConnectionOptions): Libsql.Database {
  const memory = path === ':memory:'
  const wanted: Record<string, string | number> = {
    journal_mode: memory ? 'memory' : 'wal',
    synchronous: synchronous === 'FULL' ? 2 : 1,
    foreign_keys: 1,
    // Without it INSERT OR REPLACE deletes rows behind the back of the append-only triggers.
    recursive_triggers: 1,
    cache_size: -65_536,
    temp_store: 2,
    // mmap turns an I/O error into a crash, and a stray write into a damaged file.
    mmap_size: 0,
    // Only the writer may checkpoint: SQLite before 3.51.3 can corrupt the file when two connections do.
    wal_autocheckpoint: readOnly ? 0 : 1_000,
    query_only: readOnly ? 1 : 0,
  }
  const native = new Libsql(path, { timeout: busyTimeout })
  try {
    for (const [name, value] of Object.entries(wanted)) {
      native.exec(`PRAGMA ${name} = ${value}`)
      const row = native.prepare<unknown[]>(`PRAGMA ${name}`).raw(true).all([])[0] as unknown[] | undefined
      // A database in memory has nothing to map and no such setting.
      if (row?.[0] !== value && !(memory && row === undefined)) {
        throw new LibsqlError(`PRAGMA ${name} is ${row?.[0]} where ${value} was set`, 'PRAGMA_IGNORED')
      }
    }
    return native
  } catch (error) {
    native.close()
    throw error instanceof Libsql.SqliteError ? toLibsqlError(error) : error
  }
}

function resultSet(
  columns: string[],
  columnTypes: string[],
  rows: ResultSet['rows'],
  rowsAffected: number,
  lastInsertRowid: bigint | undefined,
): ResultSet {
  return {
    columns,
    columnTypes,
    rows,
    rowsAffected,
    lastInsertRowid,
    toJSON: () => ({ columns, columnTypes, rows, rowsAffected, lastInsertRowid: lastInsertRowid?.toString() ?? null }),
  }
}

const BASE_CODES: Record<number, string> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
}

/** The stock client's error shape, so that both modes are caught alike. */
function toLibsqlError(error: SqliteError): LibsqlError {
  const base = (error.rawCode ?? 0) & 0xff
  return new LibsqlError(error.message, BASE_CODES[base] ?? `SQLITE_${base}`, error.code, error.rawCode, error)
}
