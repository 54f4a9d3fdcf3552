/** Why the disk took no write: it is full, it may not be written to, or it does not answer as a disk should. */
export type Trouble = 'full' | 'read_only' | 'failing'

const troubles: Record<string, Trouble> = {
  SQLITE_FULL: 'full',
  SQLITE_READONLY: 'read_only',
  SQLITE_CANTOPEN: 'read_only',
  SQLITE_IOERR: 'failing',
}

/** The disk's trouble behind an error, whatever wraps it; null for an error that is not the disk's. */
export function troubleOf(error: unknown): Trouble | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    const trouble = 'code' in at ? troubles[String(at.code)] : undefined
    if (trouble) return trouble
    // The binding gives no code when it can't open a file, but SQLite's number for it in its sentence.
    if (/Unable to open connection to local database .*: 14\b/.test(at.message)) return 'read_only'
  }
  return null
}
