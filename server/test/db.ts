import { sql } from 'drizzle-orm'
import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'

/** What the migrations leave, as one script: running them one after the other takes ten times as long, and each test wants a database. */
let script: Promise<string> | undefined

/** An empty, migrated database in memory, or at `url`; gone with the test's process unless closed before. */
export async function aDatabase(url = 'file::memory:'): Promise<Database> {
  const db = await openDatabase({ url, synchronous: 'NORMAL' })
  script ??= scriptOfMigrations()
  await db.script(await script)
  return db
}

async function scriptOfMigrations(): Promise<string> {
  const db = await openDatabase({ url: 'file::memory:', synchronous: 'NORMAL' })
  await migrate(db)
  const parts = await db.read.all<{ type: string; name: string; sql: string }>(
    sql`SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type <> 'table', rowid`,
  )
  const statements: string[] = []
  for (const { type, name, sql: text } of parts) {
    statements.push(text)
    if (type !== 'table') continue
    const rows = await db.read.all<Record<string, unknown>>(sql`SELECT * FROM ${sql.identifier(name)}`)
    for (const row of rows) {
      const values = Object.values(row).map(value =>
        typeof value === 'number' ? value : value === null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`,
      )
      statements.push(`INSERT INTO "${name}" VALUES (${values.join(', ')})`)
    }
  }
  await db.close()
  return `BEGIN;\n${statements.join(';\n')};\nCOMMIT;`
}
