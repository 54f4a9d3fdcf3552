import { AsyncLocalStorage } from 'node:async_hooks'
import { type Client, LibsqlError } from '@libsql/client'
import { drizzle, type LibSQLDatabase } from 'drizzle-orm/libsql'
import type { Backend, Moment } from './backend.ts'
import type { CopyReport } from './copy.ts'
import { openEmbedded } from './engine.ts'
import { openRemote } from './remote.ts'
import * as schema from './schema/index.ts'

export type Drizzle = LibSQLDatabase<typeof schema>

/** The transaction a service works in. Its `transaction()` is a savepoint. */
export type Tx = Parameters<Parameters<Drizzle['transaction']>[0]>[0]

export interface Stats {
  /** Committed writes. */
  writes: number
  /** Writes that threw and left nothing behind. */
  rolledBack: number
  /** Writers running or waiting now. */
  pending: number
  /** Locks met that another process held. */
  busy: number
  /** Connections dropped as suspect and opened anew. */
  reopened: number
  /** Statements compiled; flat under load, or a hot query builds its text anew each time. */
  prepared: number
}

export interface Database {
  /** Committed data. Refused inside `write`, where it would not see the transaction's own changes: use `tx` there. */
  read: Drizzle
  /**
   * The only way to write: one immediate transaction, first come, first served. Commits when `fn` resolves, rolls back
   * when it throws. No network call inside: everybody else's writes wait for it.
   * @throws LibsqlError NESTED_WRITE inside another write; SQLITE_BUSY when a foreign process keeps the file locked.
   */
  write<T>(fn: (tx: Tx) => Promise<T> | T): Promise<T>
  /** True inside `write`, for network clients to assert against. */
  isWriting(): boolean
  /** Reads that all see the same moment, however long they take; writes go on meanwhile. For exports. */
  snapshot<T>(fn: (read: Drizzle) => Promise<T>): Promise<T>
  /**
   * For migrations: runs a script that brings its own BEGIN and COMMIT, with foreign keys off around it. What a failing
   * script left open is rolled back.
   */
  script(sql: string): Promise<void>
  /** For simulations: a moment to go back to, instead of a new database for each history. Null for what is not in memory. */
  moment: Moment | null
  stats(): Stats
  /** Moves the write-ahead log into the file. SQLite does so by itself every thousand pages; this is for shutdown and backup. */
  checkpoint(): Promise<void>
  /**
   * Copies one moment of the data into the empty or missing file `file`, while reads and writes go on, looks the copy through, and
   * answers `questions` (SELECTs) from it. For backups.
   * @throws Error where there is no room, or the data belongs to a server or lies in memory
   */
  copyTo(file: string, questions?: string[]): Promise<CopyReport>
  /** Waits for the writers in line, then closes. */
  close(): Promise<void>
}

export interface OpenOptions {
  /** `file:path`, `file::memory:` (tests), or the `libsql:`, `ws(s):`, `http(s):` URL of a server. */
  url: string
  authToken?: string
  /** NORMAL may lose the last commits in a power cut; for tests and benches. */
  synchronous?: 'FULL' | 'NORMAL'
  /** False leaves out the guard that only one process may own the file; for private temporary files. */
  lock?: boolean
  /** How long a write tries again while a foreign process locks the file (ms). */
  patience?: number
  log?: (event: string, fields: object) => void
}

interface Scope {
  database: object
  kind: 'write' | 'snapshot'
  active: boolean
  outer: Scope | undefined
}

/** One for all databases: in Node each further storage slows every promise down. */
const scopes = new AsyncLocalStorage<Scope>()

/**
 * Opens the database. In embedded mode this process owns the file from here on.
 * @throws Error naming the process that already owns it.
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const { url, authToken, synchronous = 'FULL', lock = true, patience = 2_000, log = () => {} } = options
  const embedded = url.startsWith('file:') || url === ':memory:'
  const backend = embedded ? openEmbedded(url, { synchronous, lock, patience, log }) : openRemote(url, authToken)
  return createDoor(backend)
}

/** The door over any backend; the simulation brings one whose database can be put back. */
export function createDoor(backend: Backend): Database {
  const identity = {}
  const counts = { writes: 0, rolledBack: 0 }

  function inside(kind: Scope['kind']): boolean {
    for (let scope = scopes.getStore(); scope; scope = scope.outer) {
      if (scope.database === identity && scope.kind === kind && scope.active) return true
    }
    return false
  }

  async function within<T>(kind: Scope['kind'], task: () => Promise<T>): Promise<T> {
    const scope: Scope = { database: identity, kind, active: true, outer: scopes.getStore() }
    try {
      return await scopes.run(scope, task)
    } finally {
      // What the task left running in the background is no longer inside.
      scope.active = false
    }
  }

  const read = drizzle({
    client: guarded(backend.reads, () => {
      if (!inside('write')) return
      throw new LibsqlError('db.read inside db.write would miss the changes made there: use tx', 'READ_INSIDE_WRITE')
    }),
    schema,
  })
  const writer = drizzle({ client: { ...backend.reads, transaction: backend.begin }, schema })

  return {
    read,
    async write(fn) {
      if (inside('write')) {
        throw new LibsqlError('db.write inside db.write would wait for itself: pass tx on', 'NESTED_WRITE')
      }
      if (backend.snapshotExcludesWrites && inside('snapshot')) {
        throw new LibsqlError('db.write inside db.snapshot would wait for itself here', 'NESTED_WRITE')
      }
      try {
        const result = await backend.exclusively(() => within('write', () => writer.transaction(async tx => fn(tx))))
        counts.writes++
        return result
      } catch (error) {
        counts.rolledBack++
        throw error
      }
    },
    isWriting: () => inside('write'),
    async snapshot(fn) {
      if (inside('write')) throw new LibsqlError('db.snapshot inside db.write: read before it', 'READ_INSIDE_WRITE')
      if (backend.snapshotExcludesWrites && inside('snapshot')) return fn(read)
      return backend.snapshot(client => within('snapshot', () => fn(drizzle({ client, schema }))))
    },
    script: backend.script,
    moment: backend.moment,
    stats: () => ({ ...counts, ...backend.stats() }),
    checkpoint: backend.checkpoint,
    copyTo: (file, questions = []) => backend.copyTo(file, questions),
    close: backend.close,
  }
}

function guarded(client: Client, check: () => void): Client {
  return {
    ...client,
    execute: async (...args: Parameters<Client['execute']>) => {
      check()
      return client.execute(...args)
    },
    batch: async (...args) => {
      check()
      return client.batch(...args)
    },
  }
}
