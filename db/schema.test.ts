import { getTableColumns, is } from 'drizzle-orm'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, test } from 'vitest'
import { openDatabase } from './client.ts'
import { migrate } from './migrate.ts'
import * as schema from './schema/index.ts'

const tables = (Object.values(schema) as unknown[]).filter((value): value is SQLiteTable => is(value, SQLiteTable))

test('the tables in TypeScript are the tables in SQL, column by column', async () => {
  const db = await openDatabase({ url: 'file::memory:' })
  await migrate(db)
  for (const table of tables) {
    const { name } = getTableConfig(table)
    const columns = await db.read.all<{ name: string; type: string; notnull: number; pk: number }>(
      `SELECT name, type, "notnull", pk FROM pragma_table_info('${name}') ORDER BY name`,
    )
    const ours = Object.values(getTableColumns(table))
      .map(column => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        required: column.notNull || column.primary,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    const theirs = columns.map(column => ({
      name: column.name,
      type: column.type,
      required: column.notnull === 1 || column.pk > 0,
    }))
    expect(theirs, name).toEqual(ours)
  }
  await db.close()
})

test('every table in SQL is STRICT and has its twin in TypeScript', async () => {
  const db = await openDatabase({ url: 'file::memory:' })
  await migrate(db)
  const inSql = await db.read.all<{ name: string; strict: number }>(
    "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations' ORDER BY name",
  )
  expect(inSql.filter(table => !table.strict)).toEqual([])
  expect(inSql.map(table => table.name)).toEqual(tables.map(table => getTableConfig(table).name).sort())
  await db.close()
})
