import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import Libsql from 'libsql'

/**
 * Takes the database file for this process, or refuses. Returns the function that gives it back.
 *
 * The guard is a lock that the kernel holds and drops with the process, however it dies: an exclusive transaction in an
 * empty database `<file>.lock`. A lock file with a pid would need a guess at whether that pid is still its writer. The
 * lock's file stays behind on purpose (removing it would let a second process lock a new one of the same name), and is
 * opened by SQLite only: POSIX drops a process's locks on a file when the process closes any handle on it.
 * @throws Error naming the process that has the file.
 */
export function claim(file: string): () => void {
  const pidFile = `${file}.pid`
  const guard = new Libsql(`${file}.lock`, { timeout: 0 })
  try {
    guard.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    guard.close()
    if (!(error instanceof Libsql.SqliteError) || ((error.rawCode ?? 0) & 0xff) !== 5) throw error
    throw new Error(
      `${file} is open in ${holder(pidFile)}. Only one process at a time may own it: stop that one first.`,
    )
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  let held = true
  return () => {
    if (!held) return
    held = false
    rmSync(pidFile, { force: true })
    guard.close()
  }
}

function holder(pidFile: string): string {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim())
    return pid === process.pid ? 'this process already' : `process ${pid}`
  } catch {
    return 'another process'
  }
}
