import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'

/** What a finished copy says of itself. */
export interface CopyReport {
  /** What SQLite's own check found wrong; empty for a sound file. */
  problems: string[]
  /** Rows by table. */
  counts: Record<string, number>
  /** The rows of each question that was asked. */
  answers: Record<string, unknown>[][]
}

/**
 * Runs on a thread of its own, so that neither requests nor writers wait for it: it reads one moment of the file while writes go on into
 * the write-ahead log. Its connection never writes to the database and never checkpoints (the WAL-reset fault needs two that do), and it
 * is never the last one to close. `query_only` would forbid VACUUM INTO, which writes to another file.
 */
const program = `
const { workerData: { libsql, from, to, questions }, parentPort } = require('node:worker_threads')
const Libsql = require(libsql)
const quoted = text => "'" + text.replaceAll("'", "''") + "'"
const source = new Libsql(from, { timeout: 250 })
try {
  source.exec('PRAGMA wal_autocheckpoint = 0')
  source.exec('VACUUM INTO ' + quoted(to))
} finally {
  source.close()
}
const copy = new Libsql(to, { timeout: 0 })
try {
  const all = sql => copy.prepare(sql).all([])
  const problems = all('PRAGMA integrity_check').map(row => row.integrity_check).filter(text => text !== 'ok')
  if (all('SELECT 1 FROM pragma_foreign_key_check LIMIT 1').length > 0) problems.push('a row points nowhere')
  const names = all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name").map(row => row.name)
  const counts = Object.fromEntries(names.map(name => [name, all('SELECT count(*) AS rows FROM "' + name + '"')[0].rows]))
  parentPort.postMessage({ problems, counts, answers: questions.map(all) })
} finally {
  copy.close()
}`

/**
 * Copies a database file, as it is at one moment, into the empty or missing file `to`, and looks the copy through.
 * @throws Error with what SQLite says: no room, a file that can't be written, a source that can't be read
 */
export async function copyDatabase(from: string, to: string, questions: string[]): Promise<CopyReport> {
  const libsql = createRequire(import.meta.url).resolve('libsql')
  // The parent's own flags may name a loader, which this needs not.
  const worker = new Worker(program, { eval: true, execArgv: [], workerData: { libsql, from, to, questions } })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The copy ended before it was done.')))
  })
}
