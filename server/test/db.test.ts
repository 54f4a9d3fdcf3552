import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { aDatabase } from './db.ts'

async function contents(db: Database) {
  const schema = await db.read.all<{ name: string; type: string }>(
    sql`SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name`,
  )
  const rows: unknown[] = []
  for (const { name } of schema.filter(({ type }) => type === 'table'))
    rows.push(await db.read.all(sql`SELECT * FROM ${sql.identifier(name)}`))
  return JSON.stringify([schema, rows]).replaceAll(/"applied_at":\d+/g, '"applied_at":0')
}

test('a test’s database is what the migrations make', async () => {
  const migrated = await openDatabase({ url: 'file::memory:', synchronous: 'NORMAL' })
  await migrate(migrated)
  expect(await contents(await aDatabase())).toBe(await contents(migrated))
  // Nothing of it is left to do, for whoever starts on it.
  expect(await migrate(await aDatabase())).toEqual([])
})
