import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import type { Database } from './client.ts'

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url))

export interface Migration {
  version: number
  name: string
  /** Of the text with `\n` line ends, so that a checkout with `\r\n` is no change. */
  sha256: string
  sql: string
}

/**
 * Brings the schema up to this code, one transaction a file, and returns the names of the files applied.
 * A file may rebuild tables: foreign keys are off while it runs and checked before it commits.
 * @throws Error when the database is newer than this code, when an applied file was edited, or when a file fails; then
 * the schema is as it was before that file.
 */
export async function migrate(db: Database, directory: string = MIGRATIONS): Promise<string[]> {
  const migrations = readMigrations(directory)
  await db.script(`CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    applied_at INTEGER NOT NULL
  ) STRICT;`)
  const applied: string[] = []
  for (const migration of pending(migrations, await readApplied(db))) {
    try {
      await db.script(transactionFor(migration))
      applied.push(migration.name)
    } catch (error) {
      // Two processes may start at once on a server; the record's key lets only one of them through.
      const stillPending = pending(migrations, await readApplied(db)).some(
        ({ version }) => version === migration.version,
      )
      if (stillPending)
        throw new Error(`Migration ${migration.name} failed, nothing of it was applied`, { cause: error })
    }
  }
  return applied
}

/** The number of the last migration applied, 0 for an empty database. */
export async function currentVersion(db: Database): Promise<number> {
  const table = await db.read.all(sql`SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'`)
  return table.length === 0 ? 0 : ((await readApplied(db)).at(-1)?.version ?? 0)
}

/** The number of the last migration this code brings; readiness means that {@link currentVersion} equals it. */
export function latestVersion(directory: string = MIGRATIONS): number {
  return readMigrations(directory).at(-1)?.version ?? 0
}

/** @throws Error for a file that is not named `NNNN_name.sql`, a repeated or missing number, or its own COMMIT. */
export function readMigrations(directory: string = MIGRATIONS): Migration[] {
  const names = readdirSync(directory)
    .filter(name => name.endsWith('.sql'))
    .sort()
  return names.map((name, index) => {
    const version = Number(/^(\d{4})_[a-z0-9_-]+\.sql$/.exec(name)?.[1])
    if (Number.isNaN(version)) throw new Error(`Migration ${name} must be named like 0001_first_steps.sql`)
    if (version !== index + 1) throw new Error(`Migration ${name} should have the number ${index + 1}`)
    const text = readFileSync(join(directory, name), 'utf8').replaceAll('\r\n', '\n')
    if (/^\s*(COMMIT|ROLLBACK|BEGIN(\s+(DEFERRED|IMMEDIATE|EXCLUSIVE))?(\s+TRANSACTION)?)\s*;/im.test(text)) {
      throw new Error(`Migration ${name} must not begin or end a transaction: it runs in one`)
    }
    return { version, name, sql: text, sha256: createHash('sha256').update(text).digest('hex') }
  })
}

type Applied = Pick<Migration, 'version' | 'name' | 'sha256'>

function readApplied(db: Database): Promise<Applied[]> {
  return db.read.all<Applied>(sql`SELECT version, name, sha256 FROM migrations ORDER BY version`)
}

function pending(migrations: Migration[], applied: Applied[]): Migration[] {
  for (const record of applied) {
    const migration = migrations.find(({ version }) => version === record.version)
    if (!migration) {
      throw new Error(
        `The database has migration ${record.name}, which this version does not know: start the newer version, or restore the backup made before it`,
      )
    }
    if (migration.sha256 !== record.sha256) {
      throw new Error(`Migration ${record.name} was edited after it was applied: put it back and write a new one`)
    }
  }
  const last = applied.at(-1)?.version ?? 0
  return migrations.filter(({ version }) => version > last)
}

/** The whole file in one transaction: a server runs a script statement by statement and stops at the first that fails. */
function transactionFor({ version, name, sha256, sql: text }: Migration): string {
  return `BEGIN IMMEDIATE;
INSERT INTO migrations VALUES (${version}, '${name}', '${sha256}', CAST(unixepoch('subsec') * 1000 AS INTEGER));
${text}
;
CREATE TABLE migration_guard (violations INTEGER CONSTRAINT foreign_keys_hold CHECK (violations = 0));
INSERT INTO migration_guard SELECT count(*) FROM pragma_foreign_key_check;
DROP TABLE migration_guard;
COMMIT;`
}
