import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The kernel keeps a socket's path in 108 bytes, macOS in 104, the final NUL included. */
const longest = 100

/**
 * Where the process that owns this database listens for commands: beside the file, or, where that path is too long for a socket,
 * in a folder of this user's below the temporary one. Null where no process owns a file: a server's database, or one in memory.
 * @throws Error when somebody else made that folder
 */
export function controlPath(databaseUrl: string): string | null {
  if (!databaseUrl.startsWith('file:') || databaseUrl === 'file::memory:') return null
  const file = databaseFile(databaseUrl)
  const beside = `${file}.sock`
  if (Buffer.byteLength(beside) <= longest) return beside
  const { uid } = userInfo()
  const folder = join(tmpdir(), `remit-${uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Anybody may make folders there: one that others can write to could hold a socket of theirs.
  const found = lstatSync(folder)
  if (!found.isDirectory() || (uid >= 0 && found.uid !== uid) || (found.mode & 0o077) !== 0)
    throw new Error(`${folder} must be a folder that belongs to you and that nobody else can open.`)
  return join(folder, `${createHash('sha256').update(file).digest('hex').slice(0, 16)}.sock`)
}

/** The path in a `file:` URL, as the database's door reads it. */
export function databaseFile(databaseUrl: string): string {
  const rest = databaseUrl.slice('file:'.length)
  return rest.startsWith('//') ? fileURLToPath(databaseUrl) : resolve(decodeURIComponent(rest))
}
