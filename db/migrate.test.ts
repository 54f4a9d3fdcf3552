import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Database, openDatabase } from './client.ts'
import { currentVersion, latestVersion, migrate } from './migrate.ts'

let folder: string
let db: Database
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remit-migrate-'))
  db = await openDatabase({ url: 'file::memory:' })
})
afterEach(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

const FIRST = `
  CREATE TABLE parents (id TEXT PRIMARY KEY, name TEXT) STRICT;
  CREATE TABLE children (id TEXT PRIMARY KEY, parent TEXT NOT NULL REFERENCES parents (id) ON DELETE CASCADE) STRICT;
  -- A trigger; its semicolons end no migration.
  CREATE TRIGGER parents_are_named BEFORE INSERT ON parents WHEN NEW.name = '; --' BEGIN
    SELECT RAISE(ABORT, 'unnamed');
    SELECT 1;
  END;
  INSERT INTO parents VALUES ('p', 'parent');
  INSERT INTO children VALUES ('c', 'p')`

function put(name: string, text: string): void {
  writeFileSync(join(folder, name), text)
}

/** Everything that makes up the schema and the data in it. */
async function contents(): Promise<unknown> {
  return {
    schema: await db.read.all(sql`SELECT name, sql FROM sqlite_schema ORDER BY name`),
    parents: await db.read.all(sql`SELECT * FROM parents`),
    children: await db.read.all(sql`SELECT * FROM children`),
    migrations: await db.read.all(sql`SELECT * FROM migrations`),
  }
}

it('applies what is new, once, and records it', async () => {
  put('0001_first.sql', FIRST)
  expect(await currentVersion(db)).toBe(0)
  expect(await migrate(db, folder)).toEqual(['0001_first.sql'])
  expect(await migrate(db, folder)).toEqual([])
  put('0002_second.sql', 'ALTER TABLE parents ADD COLUMN note TEXT; -- done')
  expect(latestVersion(folder)).toBe(2)
  expect(await currentVersion(db)).toBe(1)
  expect(await migrate(db, folder)).toEqual(['0002_second.sql'])
  expect(await currentVersion(db)).toBe(2)
  expect(await db.read.all(sql`SELECT * FROM parents`)).toEqual([{ id: 'p', name: 'parent', note: null }])
  expect(
    await db.read.all(sql`SELECT version, name, length(sha256) AS digits, applied_at > 1e12 AS in_ms FROM migrations`),
  ).toEqual([
    { version: 1, name: '0001_first.sql', digits: 64, in_ms: 1 },
    { version: 2, name: '0002_second.sql', digits: 64, in_ms: 1 },
  ])
  const unnamed = db.write(tx => tx.run(sql`INSERT INTO parents (id, name) VALUES ('q', '; --')`))
  await expect(unnamed).rejects.toMatchObject({ cause: { message: expect.stringContaining('unnamed') } })
})

it('rebuilds a table that others point to without losing their rows', async () => {
  put('0001_first.sql', FIRST)
  await migrate(db, folder)
  put(
    '0002_rebuild.sql',
    `CREATE TABLE parents_new (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
     INSERT INTO parents_new SELECT * FROM parents;
     DROP TABLE parents;
     ALTER TABLE parents_new RENAME TO parents;`,
  )
  await migrate(db, folder)
  expect(await db.read.all(sql`SELECT * FROM children`)).toEqual([{ id: 'c', parent: 'p' }])
  const orphan = db.write(tx => tx.run(sql`INSERT INTO children VALUES ('d', 'nobody')`))
  await expect(orphan).rejects.toMatchObject({ cause: { code: 'SQLITE_CONSTRAINT' } })
})

it('leaves everything as it was when any statement fails, and can be repeated', async () => {
  put('0001_first.sql', FIRST)
  await migrate(db, folder)
  const before = await contents()
  const good = [
    'CREATE TABLE extra (id TEXT)',
    "INSERT INTO extra VALUES ('x')",
    'ALTER TABLE parents ADD COLUMN note TEXT',
    "DELETE FROM children WHERE id = 'c'",
  ]
  for (let position = 0; position <= good.length; position++) {
    put('0002_second.sql', good.toSpliced(position, 0, 'INSERT INTO nowhere VALUES (1)').join(';\n'))
    await expect(migrate(db, folder)).rejects.toThrow('Migration 0002_second.sql failed, nothing of it was applied')
    expect(await contents()).toEqual(before)
  }
  put('0002_second.sql', good.join(';\n'))
  expect(await migrate(db, folder)).toEqual(['0002_second.sql'])
})

it('refuses a file that leaves rows pointing nowhere', async () => {
  put('0001_first.sql', FIRST)
  await migrate(db, folder)
  const before = await contents()
  put('0002_orphan.sql', 'DELETE FROM parents')
  const error: unknown = await migrate(db, folder).catch(reason => reason)
  expect((error as Error).cause).toMatchObject({ message: expect.stringContaining('foreign_keys_hold') })
  expect(await contents()).toEqual(before)
  expect(await db.read.all(sql`PRAGMA foreign_keys`)).toEqual([{ foreign_keys: 1 }])
})

it('refuses a database that is newer, and files that were edited', async () => {
  put('0001_first.sql', FIRST)
  put('0002_second.sql', 'CREATE TABLE extra (id TEXT)')
  await migrate(db, folder)
  rmSync(join(folder, '0002_second.sql'))
  await expect(migrate(db, folder)).rejects.toThrow('has migration 0002_second.sql, which this version does not know')
  put('0002_second.sql', 'CREATE TABLE extra (id TEXT, more TEXT)')
  await expect(migrate(db, folder)).rejects.toThrow('0002_second.sql was edited after it was applied')
  put('0002_second.sql', 'CREATE TABLE extra (id TEXT)')
  put('0001_first.sql', FIRST.replaceAll('\n', '\r\n'))
  expect(await migrate(db, folder)).toEqual([])
})

it('refuses files whose order or transaction is unclear', async () => {
  put('0002_second.sql', 'SELECT 1')
  await expect(migrate(db, folder)).rejects.toThrow('0002_second.sql should have the number 1')
  rmSync(join(folder, '0002_second.sql'))
  put('first.sql', 'SELECT 1')
  await expect(migrate(db, folder)).rejects.toThrow('must be named like')
  rmSync(join(folder, 'first.sql'))
  put('0001_first.sql', 'CREATE TABLE a (x); COMMIT;\n CREATE TABLE b (x);\nCOMMIT;')
  await expect(migrate(db, folder)).rejects.toThrow('must not begin or end a transaction')
})

it("applies this project's own migrations to a file", async () => {
  const file = await openDatabase({ url: `file:${join(folder, 'own.db')}`, synchronous: 'NORMAL' })
  await migrate(file)
  expect(await currentVersion(file)).toBe(latestVersion())
  expect(await file.read.all(sql`PRAGMA integrity_check`)).toEqual([{ integrity_check: 'ok' }])
  await file.close()
})
