import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Database, openDatabase } from './client.ts'
import { claim } from './lock.ts'

const parts = ['', '-wal', '-shm']

interface Replacement {
  /** The database's path. */
  file: string
  /** The path of the copy that takes its place; it stays as it is. */
  copy: string
  /** Where what is replaced is kept. */
  aside: string
  /** Looks at what is replaced. Not called where there is nothing, or nothing that opens. */
  before(replaced: Database): Promise<void>
  /** Brings the new database into the state in which it may be started. Whatever it throws, nothing was replaced. */
  prepare(fresh: Database): Promise<void>
}

/**
 * Puts a copy in a database's place. Nobody can open the file meanwhile, and whenever this process dies there is either the old
 * database or the whole and prepared new one under its name: never none, and never one with the other's write-ahead log.
 * @returns whether there was one to be kept aside
 * @throws Error naming the process that has the database open
 */
export async function replaceDatabase({ file, copy, aside, before, prepare }: Replacement): Promise<boolean> {
  const release = claim(file)
  const fresh = `${file}.restoring`
  try {
    remove(fresh)
    copyFileSync(copy, fresh)
    chmodSync(fresh, 0o600)
    const replaced = existsSync(file)
    if (replaced) await settle(file, before)
    await using(fresh, prepare)
    flush(fresh)
    if (replaced) {
      linkSync(file, aside)
      // What could not be opened keeps its log beside it, under its new name.
      for (const part of parts.slice(1)) if (existsSync(file + part)) renameSync(file + part, aside + part)
    }
    renameSync(fresh, file)
    flush(dirname(file))
    return replaced
  } finally {
    remove(fresh)
    release()
  }
}

/** Opening and closing moves the write-ahead log into the file. A database may be replaced because it can't be opened any more. */
async function settle(file: string, before: Replacement['before']): Promise<void> {
  await using(file, before).catch(() => {})
}

async function using(file: string, use: (db: Database) => Promise<void>): Promise<void> {
  // The guard is ours already.
  const db = await openDatabase({ url: pathToFileURL(file).href, lock: false })
  try {
    await use(db)
  } finally {
    await db.close()
  }
}

/** Waits until the disk has it. */
export function flush(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function remove(file: string): void {
  for (const part of parts) rmSync(file + part, { force: true })
}
