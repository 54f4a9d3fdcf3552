import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, type InStatement, LibsqlError, type ResultSet, type Transaction } from '@libsql/client'
import { type Backend, readClient, refuse, writeOutsideDoor } from './backend.ts'
import { type Connection, type ConnectionOptions, connect } from './connection.ts'
import { type CopyReport, copyDatabase } from './copy.ts'
import { claim } from './lock.ts'
import { changesSchema } from './statements.ts'
import { createMutex, createPacer, type Pause, wait } from './turns.ts'

export interface EngineOptions {
  synchronous: 'FULL' | 'NORMAL'
  /** Take the exclusive guard on the file. */
  lock: boolean
  /** How long a writer tries again while another process holds the file's lock (ms). */
  patience: number
  log: (event: string, fields: object) => void
}

/** SQLite's own wait freezes the event loop, so it is short, and the patience lies between attempts. */
const BUSY_TIMEOUT = 50
const MEMORY = ':memory:'

/**
 * The embedded engine: `@libsql/client`'s interface over the `libsql` package. Why not the stock client:
 * `engine-faults.test.ts` shows each of its faults.
 * @throws Error when another process owns the file.
 */
export function openEmbedded(url: string, options: EngineOptions): Backend {
  const path = filePath(url)
  const memory = path === MEMORY
  if (!memory) mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const release = memory || !options.lock ? () => {} : claim(path)
  // A wait in real time would make runs over a memory database differ; simulations replay theirs from a seed.
  const pause = createPacer(memory ? Number.POSITIVE_INFINITY : undefined)
  const mutex = createMutex(pause)
  const stats = { busy: 0, reopened: 0, prepared: 0 }
  let closed = false
  let writing = false
  let schemaChanged = false
  const copies = new Set<Promise<CopyReport>>()
  /** Everything since `keep` lies in one open transaction, and each write is a savepoint in it. */
  let kept = false

  const writer = slot(false)
  const reader = memory ? writer : slot(true)
  try {
    writer.get()
    reader.get()
    if (memory) writer.get().exec('PRAGMA query_only = 1')
  } catch (error) {
    reader.drop()
    writer.drop()
    release()
    throw error
  }

  function connectionOptions(readOnly: boolean): ConnectionOptions {
    return { path, readOnly, synchronous: options.synchronous, busyTimeout: BUSY_TIMEOUT }
  }

  /** A connection that is opened when needed and thrown away when it may be poisoned. */
  function slot(readOnly: boolean) {
    let connection: Connection | undefined
    let opened = false
    function drop(): void {
      stats.prepared += connection?.prepared ?? 0
      connection?.close()
      connection = undefined
    }
    return {
      get(): Connection {
        if (closed) throw new LibsqlError('The database is closed', 'CLIENT_CLOSED')
        if (connection) return connection
        connection = connect(connectionOptions(readOnly))
        if (opened) {
          stats.reopened++
          options.log('db.reopened', { readOnly })
        }
        opened = true
        return connection
      },
      drop,
      dropIfPoisoned(): void {
        if (connection?.healthy === false && !memory) drop()
      },
      forget: () => connection?.forget(),
      prepared: () => connection?.prepared ?? 0,
    }
  }

  async function read(statement: InStatement): Promise<ResultSet> {
    for (let next = pause(); next; next = pause()) await next
    // In memory the only connection shows an open transaction to everybody; wait until it is over.
    if (memory && writing) return mutex.run(() => readNow(reader.get(), statement))
    try {
      return readNow(reader.get(), statement)
    } catch (error) {
      if (isBusy(error)) stats.busy++
      throw error
    } finally {
      reader.dropIfPoisoned()
    }
  }

  function endTransaction(connection: Connection, { suspect = false, undone = true } = {}): void {
    writing = false
    let poisoned = suspect
    try {
      if (kept && undone) connection.exec('ROLLBACK TO door; RELEASE door')
      else if (!kept && connection.inTransaction) connection.exec('ROLLBACK')
      if (memory) connection.exec('PRAGMA query_only = 1')
      if (schemaChanged) {
        schemaChanged = false
        writer.forget()
        reader.forget()
      }
    } catch (error) {
      poisoned = true
      options.log('db.rollback_failed', { error })
    }
    if (poisoned && !memory) writer.drop()
    writer.dropIfPoisoned()
  }

  async function begin(): Promise<Transaction> {
    for (let waited = 0, delay = 5; ; waited += delay, delay *= 2) {
      try {
        const connection = writer.get()
        if (memory) connection.exec('PRAGMA query_only = 0')
        connection.exec(kept ? 'SAVEPOINT door' : 'BEGIN IMMEDIATE')
        writing = true
        return transaction(connection, pause, {
          ran: sql => {
            if (changesSchema(sql)) schemaChanged = true
          },
          commit: () => connection.exec(kept ? 'RELEASE door' : 'COMMIT'),
          end: how => endTransaction(connection, how),
        })
      } catch (error) {
        if (!isBusy(error)) throw error
        stats.busy++
        options.log('db.busy', { waited })
        writer.drop()
        if (waited >= options.patience) {
          throw new LibsqlError('Another process holds a lock on the database file', 'SQLITE_BUSY', undefined, 5, error)
        }
        await wait(Math.min(delay, options.patience - waited))
      }
    }
  }

  async function snapshot<T>(task: (reads: Client) => Promise<T>): Promise<T> {
    if (closed) throw new LibsqlError('The database is closed', 'CLIENT_CLOSED')
    if (memory) return mutex.run(() => task(readClient(async statement => readNow(writer.get(), statement))))
    const connection = connect(connectionOptions(true))
    let open = true
    try {
      connection.exec('BEGIN')
      // BEGIN alone takes no snapshot; the first read does.
      connection.execute('SELECT count(*) FROM sqlite_schema')
      return await task(
        readClient(async statement => {
          await turn(pause)
          if (!open) throw new LibsqlError('The snapshot has ended', 'TRANSACTION_CLOSED')
          return readNow(connection, statement)
        }),
      )
    } finally {
      open = false
      stats.prepared += connection.prepared
      if (connection.inTransaction) connection.exec('ROLLBACK')
      connection.close()
    }
  }

  function script(sql: string): Promise<void> {
    return mutex.run(() => {
      if (kept) throw new LibsqlError('A script would end the transaction that is kept', 'MOMENT_KEPT')
      const connection = writer.get()
      try {
        if (memory) connection.exec('PRAGMA query_only = 0')
        // SQLite ignores this setting inside a transaction, hence around it.
        connection.exec('PRAGMA foreign_keys = OFF')
        connection.exec(sql)
      } finally {
        schemaChanged = true
        endTransaction(connection)
        writer.get().exec('PRAGMA foreign_keys = ON')
      }
    })
  }

  /** Nothing is compiled anew after a rewinding, as it would be for a new database: that costs more than the rest of a short test. */
  const moment = {
    keep: () =>
      mutex.run(() => {
        if (kept) throw new LibsqlError('A moment is kept already', 'MOMENT_KEPT')
        writer.get().exec('BEGIN')
        kept = true
      }),
    rewind: () =>
      mutex.run(() => {
        if (!kept) throw new LibsqlError('No moment is kept', 'NO_MOMENT')
        writer.get().exec('ROLLBACK; BEGIN')
      }),
  }

  async function checkpoint(): Promise<void> {
    if (!memory) await mutex.run(() => writer.get().exec('PRAGMA wal_checkpoint(TRUNCATE)'))
  }

  async function copyTo(file: string, questions: string[]): Promise<CopyReport> {
    if (memory) throw new Error('A database in memory has no file to copy.')
    if (closed) throw new LibsqlError('The database is closed', 'CLIENT_CLOSED')
    const copy = copyDatabase(path, file, questions)
    copies.add(copy)
    return copy.finally(() => copies.delete(copy))
  }

  return {
    reads: readClient(read),
    begin,
    exclusively: mutex.run,
    snapshot,
    snapshotExcludesWrites: memory,
    script,
    moment: memory ? moment : null,
    stats: () => ({
      busy: stats.busy,
      reopened: stats.reopened,
      pending: mutex.pending,
      prepared: stats.prepared + writer.prepared() + (memory ? 0 : reader.prepared()),
    }),
    checkpoint,
    copyTo,
    async close() {
      if (closed) return
      // A copy holds a connection of its own, which must not be the last to close.
      await Promise.allSettled(copies)
      await mutex.run(() => {
        if (closed) return
        // The reader first: whoever closes last checkpoints, and that must be the writer.
        try {
          if (!memory) {
            reader.drop()
            writer.get().exec('PRAGMA wal_checkpoint(TRUNCATE)')
          }
        } finally {
          writer.drop()
          closed = true
          release()
        }
      })
    },
  }
}

function transaction(
  connection: Connection,
  pause: Pause,
  on: {
    ran: (sql: string) => void
    commit: () => void
    end: (how: { suspect: boolean; undone: boolean }) => void
  },
): Transaction {
  let open = true
  function run(statement: InStatement): ResultSet {
    if (!open) throw new LibsqlError('The transaction has ended: await its statements', 'TRANSACTION_CLOSED')
    let result: ResultSet
    try {
      result = connection.execute(statement)
    } catch (error) {
      // A full disk makes SQLite roll back all of it: whatever caught the error and went on would commit statement by statement.
      if (!connection.inTransaction) end({ suspect: true, undone: true })
      throw error
    }
    on.ran(typeof statement === 'string' ? statement : statement.sql)
    return result
  }
  function end(how: { suspect: boolean; undone: boolean }): void {
    if (!open) return
    open = false
    on.end(how)
  }
  return {
    async execute(statement: InStatement) {
      await turn(pause)
      return run(statement)
    },
    async batch(statements) {
      await turn(pause)
      return statements.map(run)
    },
    executeMultiple: () => refuse('A script'),
    async commit() {
      if (!open) throw new LibsqlError('The transaction has ended', 'TRANSACTION_CLOSED')
      try {
        on.commit()
      } catch (error) {
        end({ suspect: true, undone: true })
        throw error
      }
      end({ suspect: false, undone: false })
    },
    async rollback() {
      end({ suspect: false, undone: true })
    },
    close: () => end({ suspect: false, undone: true }),
    get closed() {
      return !open
    },
  }
}

/** Runs one read, and says where writes belong when it was one. */
function readNow(connection: Connection, statement: InStatement): ResultSet {
  try {
    return connection.execute(statement)
  } catch (error) {
    if (error instanceof LibsqlError && error.code === 'SQLITE_READONLY') throw writeOutsideDoor(error)
    throw error
  }
}

/** Resolves when this turn of the event loop has time left; several may wait for the same turn and use it up. */
async function turn(pause: Pause): Promise<void> {
  for (let next = pause(); next; next = pause()) await next
}

function isBusy(error: unknown): error is LibsqlError {
  return error instanceof LibsqlError && error.code === 'SQLITE_BUSY'
}

/** @throws Error for a `file:` URL with a host or options. */
function filePath(url: string): string {
  if (url === MEMORY || url === `file:${MEMORY}`) return MEMORY
  const rest = url.slice('file:'.length)
  if (/[?#]/.test(rest)) throw new Error(`${url}: a file: URL takes no options`)
  if (rest.startsWith('//')) return fileURLToPath(url)
  return resolve(decodeURIComponent(rest))
}
