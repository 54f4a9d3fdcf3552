import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DrizzleQueryError, eq, sql } from 'drizzle-orm'
import { blob, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import Libsql from 'libsql'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Database, type OpenOptions, openDatabase } from './client.ts'

const things = sqliteTable('things', {
  id: text().primaryKey(),
  amount: integer().notNull(),
  ratio: real(),
  data: blob({ mode: 'buffer' }),
})
const TABLES = `
  CREATE TABLE things (id TEXT PRIMARY KEY, amount INTEGER NOT NULL CHECK (amount < 9007199254740999), ratio REAL, data BLOB) STRICT;
  CREATE TABLE log (seq INTEGER PRIMARY KEY, thing TEXT REFERENCES things (id), v ANY) STRICT;
  CREATE TRIGGER log_is_append_only BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'append-only'); END;`

const opened: Database[] = []
const folders: string[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(db => db.close()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'remit-db-'))
  folders.push(folder)
  return join(folder, 'test.db')
}

async function open(options: Partial<OpenOptions> = {}): Promise<Database> {
  const db = await openDatabase({ url: `file:${newFile()}`, synchronous: 'NORMAL', ...options })
  opened.push(db)
  await db.script(TABLES)
  return db
}

/** A second connection to the file, as a foreign tool would open it. */
function intruder(file: string): Libsql.Database {
  const connection = new Libsql(file, { timeout: 0 })
  onTestFinished(() => {
    connection.close()
  })
  return connection
}

/** The error of a query, without the one that drizzle wraps around it. */
async function failureOf(promise: PromiseLike<unknown>): Promise<Error & { code?: string }> {
  const error: unknown = await promise.then(
    () => undefined,
    reason => reason,
  )
  expect(error).toBeInstanceOf(Error)
  return (error instanceof DrizzleQueryError ? error.cause : error) as Error
}

function createSignal(): { promise: Promise<void>; send: () => void } {
  let send = () => {}
  const promise = new Promise<void>(resolve => {
    send = resolve
  })
  return { promise, send: () => send() }
}

const count = (db: Database) => db.read.$count(things)

for (const [mode, options] of [
  ['file', {}],
  ['memory', { url: 'file::memory:' }],
] as const) {
  describe(`the door, ${mode}`, () => {
    it('commits what a write did, and readers see it at once', async () => {
      const db = await open(options)
      const result = await db.write(async tx => {
        await tx.insert(things).values({ id: 'a', amount: 5 })
        expect(await tx.$count(things)).toBe(1)
        return 'done'
      })
      expect(result).toBe('done')
      expect(await count(db)).toBe(1)
    })

    it('rolls back when the function throws, and passes its error on', async () => {
      const db = await open(options)
      const failure = new Error('no')
      const write = db.write(async tx => {
        await tx.insert(things).values({ id: 'a', amount: 5 })
        throw failure
      })
      await expect(write).rejects.toBe(failure)
      expect(await count(db)).toBe(0)
      await db.write(tx => tx.insert(things).values({ id: 'a', amount: 6 }))
      expect(await count(db)).toBe(1)
      expect(db.stats()).toMatchObject({ writes: 1, rolledBack: 1 })
    })

    it('rolls back a savepoint alone', async () => {
      const db = await open(options)
      await db.write(async tx => {
        await tx.insert(things).values({ id: 'kept', amount: 1 })
        await tx
          .transaction(async inner => {
            await inner.insert(things).values({ id: 'lost', amount: 1 })
            throw new Error('only this')
          })
          .catch(() => {})
      })
      expect(await db.read.select({ id: things.id }).from(things)).toEqual([{ id: 'kept' }])
    })

    it('refuses a write within a write, and leaves the outer one alive', async () => {
      const db = await open(options)
      await db.write(async tx => {
        await expect(db.write(() => {})).rejects.toThrow('db.write inside db.write')
        await tx.insert(things).values({ id: 'a', amount: 1 })
      })
      expect(await count(db)).toBe(1)
    })

    it('refuses db.read within a write', async () => {
      const db = await open(options)
      await db.write(async () => {
        expect((await failureOf(count(db))).message).toMatch('use tx')
      })
    })

    it('knows whether code runs inside a write', async () => {
      const db = await open(options)
      const other = await open(options)
      let later: (() => boolean) | undefined
      expect(db.isWriting()).toBe(false)
      await db.write(async () => {
        await nextTurn()
        expect(db.isWriting()).toBe(true)
        expect(other.isWriting()).toBe(false)
        await other.write(() => expect(db.isWriting()).toBe(true))
        later = () => db.isWriting()
      })
      expect(db.isWriting()).toBe(false)
      expect(later?.()).toBe(false)
    })

    it('lets a task that a write left behind write by itself later', async () => {
      const db = await open(options)
      const over = createSignal()
      let background: Promise<unknown> | undefined
      await db.write(() => {
        background = over.promise.then(() => db.write(tx => tx.insert(things).values({ id: 'later', amount: 1 })))
      })
      over.send()
      await background
      expect(await count(db)).toBe(1)
    })

    it('serves writers in the order they came', async () => {
      const db = await open(options)
      const order: number[] = []
      await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          db.write(async () => {
            order.push(index)
            if (index % 7 === 0) await nextTurn()
          }),
        ),
      )
      expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index))
    })

    it('shows nobody an uncommitted row', async () => {
      const db = await open(options)
      const seen: number[] = []
      const started = createSignal()
      const watching = started.promise.then(() => count(db)).then(n => seen.push(n))
      await db
        .write(async tx => {
          await tx.insert(things).values({ id: 'a', amount: 1 })
          started.send()
          await nextTurn()
          throw new Error('undo')
        })
        .catch(() => {})
      await watching
      expect(seen).toEqual([0])
    })

    it('refuses writes outside the door', async () => {
      const db = await open(options)
      for (const write of [
        () => db.read.insert(things).values({ id: 'a', amount: 1 }),
        () => db.read.run(sql`DELETE FROM things`),
        () => db.read.all(sql`INSERT INTO things (id, amount) VALUES ('a', 1) RETURNING id`),
        () => db.read.run(sql`CREATE TABLE more (x)`),
        () => db.read.transaction(async () => {}),
        () => db.read.batch([db.read.insert(things).values({ id: 'a', amount: 1 })]),
      ]) {
        expect(await failureOf(write())).toMatchObject({ code: 'WRITE_OUTSIDE_DOOR' })
      }
      await db.write(tx => tx.insert(things).values({ id: 'b', amount: 1 }))
      expect(await db.read.select({ id: things.id }).from(things)).toEqual([{ id: 'b' }])
    })

    it('refuses statements that would change the connection', async () => {
      const db = await open(options)
      const refused = ['COMMIT', '/* x */ rollback', 'BEGIN', 'PRAGMA foreign_keys = 0', 'pragma recursive_triggers(0)']
      for (const statement of [...refused, "ATTACH 'x' AS y", 'PRAGMA wal_checkpoint', 'VACUUM']) {
        const write = db.write(tx => tx.run(sql.raw(statement)))
        expect(await failureOf(write), statement).toMatchObject({ code: 'NOT_HERE' })
        expect(await failureOf(db.read.all(sql.raw(statement)))).toMatchObject({ code: 'NOT_HERE' })
      }
      const two = db.write(tx => tx.run(sql`INSERT INTO things (id, amount) VALUES (';', 1); DELETE FROM things`))
      expect(await failureOf(two)).toMatchObject({ code: 'MANY_STATEMENTS' })
      expect(await db.read.all(sql`PRAGMA foreign_keys`)).toEqual([{ foreign_keys: 1 }])
    })

    it('enforces foreign keys, checks and append-only triggers, also against REPLACE', async () => {
      const db = await open(options)
      const orphan = db.write(tx => tx.run(sql`INSERT INTO log (seq, thing) VALUES (1, 'nobody')`))
      expect(await failureOf(orphan)).toMatchObject({
        code: 'SQLITE_CONSTRAINT',
        extendedCode: 'SQLITE_CONSTRAINT_FOREIGNKEY',
      })
      await db.write(tx => tx.run(sql`INSERT INTO log (seq, v) VALUES (1, 'first')`))
      const replaced = db.write(tx => tx.run(sql`INSERT OR REPLACE INTO log (seq, v) VALUES (1, 'second')`))
      expect((await failureOf(replaced)).message).toMatch('append-only')
      expect(await db.read.get(sql`SELECT v FROM log`)).toEqual({ v: 'first' })
    })

    it('goes on in a transaction after a statement failed in it', async () => {
      const db = await open(options)
      await db.write(async tx => {
        await tx.insert(things).values({ id: 'a', amount: 1 })
        await expect(tx.insert(things).values({ id: 'a', amount: 2 })).rejects.toThrow()
        await tx.insert(things).values({ id: 'b', amount: 2 })
      })
      expect(await count(db)).toBe(2)
      expect(db.stats().busy).toBe(0)
    })

    it('is over when SQLite itself rolls it back, whoever catches the error: nothing of it is committed piecemeal', async () => {
      const db = await open(options)
      await db.script(
        `CREATE TRIGGER all_or_nothing BEFORE INSERT ON things WHEN NEW.id = 'full' BEGIN SELECT RAISE(ROLLBACK, 'no room'); END;`,
      )
      const write = db.write(async tx => {
        await tx.insert(things).values({ id: 'a', amount: 1 })
        await tx
          .insert(things)
          .values({ id: 'full', amount: 1 })
          .catch(() => {})
        await tx.insert(things).values({ id: 'b', amount: 1 })
      })
      expect(await failureOf(write)).toMatchObject({ code: 'TRANSACTION_CLOSED' })
      expect(await count(db)).toBe(0)
      await db.write(tx => tx.insert(things).values({ id: 'c', amount: 1 }))
      expect(await count(db)).toBe(1)
    })

    it('returns the rows of RETURNING, and counts the rows of other writes', async () => {
      const db = await open(options)
      const rows = await db.write(tx =>
        tx
          .insert(things)
          .values([
            { id: 'a', amount: 1 },
            { id: 'b', amount: 2 },
          ])
          .returning(),
      )
      expect(rows).toEqual([
        { id: 'a', amount: 1, ratio: null, data: null },
        { id: 'b', amount: 2, ratio: null, data: null },
      ])
      const update = await db.write(tx => tx.update(things).set({ amount: 7 }).where(eq(things.id, 'a')))
      expect(update.rowsAffected).toBe(1)
      const missed = await db.write(tx => tx.update(things).set({ amount: 7 }).where(eq(things.id, 'x')).returning())
      expect(missed).toEqual([])
    })

    it('keeps integers integers through arithmetic in SQL', async () => {
      const db = await open(options)
      await db.write(async tx => {
        await tx.insert(things).values({ id: 'a', amount: 7, ratio: 2 })
        await tx.run(sql`INSERT INTO log (v) VALUES (${7} / ${2}), (${0.5}), (${true}), (${9007199254740991})`)
        await tx.update(things).set({ amount: sql`${things.amount} * ${3} / ${2}` })
      })
      const types = await db.read.all(sql`SELECT v, typeof(v) AS type FROM log ORDER BY seq`)
      expect(types).toEqual([
        { v: 3, type: 'integer' },
        { v: 0.5, type: 'real' },
        { v: 1, type: 'integer' },
        { v: Number.MAX_SAFE_INTEGER, type: 'integer' },
      ])
      expect(await db.read.get(sql`SELECT amount, typeof(ratio) AS type FROM things`)).toEqual({
        amount: 10,
        type: 'real',
      })
    })

    it('refuses values that SQLite or JavaScript would change', async () => {
      const db = await open(options)
      const store = (value: unknown) => failureOf(db.write(tx => tx.run(sql`INSERT INTO log (v) VALUES (${value})`)))
      expect((await store('a\0b')).message).toMatch('NUL')
      expect((await store(2 ** 53)).message).toMatch('beyond 2^53')
      expect((await store(Number.NaN)).message).toMatch('NaN')
      expect((await store(2n ** 63n)).message).toMatch('64 bits')
      await db.write(tx => tx.run(sql`INSERT INTO log (v) VALUES (${2n ** 53n})`))
      expect((await failureOf(db.read.all(sql`SELECT v FROM log`))).message).toBe(
        'Column v holds 9007199254740992, which is beyond 2^53: select it as text',
      )
      expect(await db.read.get(sql`SELECT CAST(v AS TEXT) AS v FROM log`)).toEqual({ v: '9007199254740992' })
    })

    it('gives rows names and indexes', async () => {
      const db = await open(options)
      const data = Buffer.from([0, 1, 255])
      await db.write(tx => tx.insert(things).values({ id: 'ä', amount: 1, ratio: 0.25, data }))
      expect(await db.read.select().from(things)).toEqual([{ id: 'ä', amount: 1, ratio: 0.25, data }])
      expect(await db.read.get(sql`SELECT 1`)).toEqual({ 1: 1 })
      expect(await db.read.values(sql`SELECT 8 AS a, 9 AS a`)).toMatchObject([{ 0: 8, 1: 9, length: 2 }])
      // Columns of one name from two tables, told apart by their index only.
      const other = sql<string>`'other'`.as('id')
      expect(await db.read.select({ first: things.id, second: other }).from(things)).toEqual([
        { first: 'ä', second: 'other' },
      ])
    })

    it('compiles a statement once, and again after the schema changed', async () => {
      const db = await open(options)
      const byId = db.read
        .select()
        .from(things)
        .where(eq(things.id, sql.placeholder('id')))
        .prepare()
      await db.write(tx => tx.insert(things).values({ id: 'a', amount: 1 }))
      await byId.get({ id: 'a' })
      const { prepared } = db.stats()
      for (let round = 0; round < 20; round++) expect(await byId.get({ id: 'a' })).toMatchObject({ amount: 1 })
      expect(await byId.all({ id: 'b' })).toEqual([])
      expect(db.stats().prepared).toBe(prepared)

      expect(await db.read.all(sql`SELECT * FROM log`)).toEqual([])
      await db.write(async tx => {
        await tx.run(sql`INSERT INTO log (v) VALUES (1)`)
        await tx.run(sql`ALTER TABLE log ADD COLUMN added TEXT DEFAULT 'new'`)
      })
      expect(await db.read.all(sql`SELECT * FROM log`)).toEqual([{ seq: 1, thing: null, v: 1, added: 'new' }])
    })

    it('ends a transaction for statements nobody awaited', async () => {
      const db = await open(options)
      const escaped = await db.write(tx => ({ tx }))
      expect(await failureOf(escaped.tx.insert(things).values({ id: 'a', amount: 1 }))).toMatchObject({
        code: 'TRANSACTION_CLOSED',
      })
      expect(await count(db)).toBe(0)
    })

    it('finishes the writers in line before it closes, and refuses afterwards', async () => {
      const db = await open(options)
      const order: string[] = []
      const writes = [1, 2, 3].map(id =>
        db.write(tx => tx.insert(things).values({ id: `${id}`, amount: id })).then(() => order.push(`${id}`)),
      )
      await Promise.all([...writes, db.close().then(() => order.push('closed'))])
      expect(order).toEqual(['1', '2', '3', 'closed'])
      await expect(db.write(() => {})).rejects.toThrow('closed')
      expect((await failureOf(count(db))).message).toMatch('closed')
      await db.close()
    })
  })
}

it('applies 2,000 concurrent writes, and lets other work run in between', async () => {
  const db = await open()
  await db.write(tx => tx.insert(things).values({ id: 'a', amount: 0 }))
  // Counted in writes, not in milliseconds: how long those take is the machine's affair.
  let done = 0
  let seen = 0
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, done - seen)
    seen = done
  }, 1)
  await Promise.all(
    Array.from({ length: 2_000 }, async () => {
      await db.write(async tx => {
        const [row] = await tx.select().from(things)
        await tx.update(things).set({ amount: (row?.amount ?? 0) + 1 })
      })
      done++
    }),
  )
  clearInterval(timer)
  expect(await db.read.get(sql`SELECT amount FROM things`)).toEqual({ amount: 2_000 })
  expect(most).toBeGreaterThan(0)
  expect(Math.max(most, done - seen)).toBeLessThan(1_000)
})

it('lets other work run between awaited reads', async () => {
  const db = await open()
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  // As many as it takes: a loop that lets nobody in would go on to the end.
  for (let reads = 0; turns <= 3 && reads < 1_000_000; reads++) await db.read.get(sql`SELECT 1`)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(3)
})

it('sets every connection, and keeps it so', async () => {
  const db = await open({ synchronous: 'FULL' })
  await db.write(tx => tx.insert(things).values({ id: 'a', amount: 0 }))
  const names = ['journal_mode', 'synchronous', 'foreign_keys', 'recursive_triggers', 'mmap_size', 'wal_autocheckpoint']
  const settings = async (on: Pick<Database['read'], 'values'>) => {
    const rows = await Promise.all(names.map(async name => (await on.values<[unknown]>(sql.raw(`PRAGMA ${name}`)))[0]))
    return Object.fromEntries(names.map((name, index) => [name, rows[index]?.[0]]))
  }
  const common = { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, recursive_triggers: 1, mmap_size: 0 }
  for (let round = 0; round < 2; round++) {
    expect(await settings(db.read)).toEqual({ ...common, wal_autocheckpoint: 0 })
    expect(await db.snapshot(settings)).toEqual({ ...common, wal_autocheckpoint: 0 })
    expect(await db.write(settings)).toEqual({ ...common, wal_autocheckpoint: 1_000 })
  }
})

it('reads one moment in a snapshot while writes go on', async () => {
  const db = await open()
  await db.write(tx => tx.insert(things).values({ id: 'before', amount: 1 }))
  await db.snapshot(async read => {
    for (const id of ['a', 'b', 'c']) {
      await db.write(tx => tx.insert(things).values({ id, amount: 1 }))
      expect(await read.$count(things)).toBe(1)
    }
    expect(await count(db)).toBe(4)
    expect(await failureOf(read.run(sql`DELETE FROM things`))).toMatchObject({
      code: 'WRITE_OUTSIDE_DOOR',
    })
  })
  expect(await db.snapshot(read => read.$count(things))).toBe(4)
})

it('holds writers back during a snapshot in memory', async () => {
  const db = await open({ url: 'file::memory:' })
  const outside = createSignal()
  const write = outside.promise.then(() => db.write(tx => tx.insert(things).values({ id: 'a', amount: 1 })))
  await db.snapshot(async read => {
    outside.send()
    await nextTurn()
    expect(await read.$count(things)).toBe(0)
    expect(await count(db)).toBe(0)
    await expect(db.write(() => {})).rejects.toThrow('inside db.snapshot')
  })
  await write
  expect(await count(db)).toBe(1)
})

it('outlasts a lock that a foreign connection holds', async () => {
  const file = newFile()
  const db = await open({ url: `file:${file}` })
  const foreign = intruder(file)
  foreign.exec('BEGIN IMMEDIATE')
  const write = db.write(tx => tx.insert(things).values({ id: 'a', amount: 1 }))
  while (db.stats().busy === 0) await nextTurn()
  foreign.exec('ROLLBACK')
  await write
  expect(db.stats()).toMatchObject({
    busy: expect.toSatisfy((n: number) => n > 0),
    reopened: expect.toSatisfy((n: number) => n > 0),
  })
  expect(foreign.prepare('SELECT id FROM things').all()).toEqual([{ id: 'a' }])
})

it('gives up on a lock in the end, loses nothing, and goes on afterwards', async () => {
  const file = newFile()
  const db = await open({ url: `file:${file}`, patience: 50 })
  const foreign = intruder(file)
  foreign.exec('BEGIN IMMEDIATE')
  await expect(db.write(tx => tx.insert(things).values({ id: 'a', amount: 1 }))).rejects.toMatchObject({
    code: 'SQLITE_BUSY',
  })
  expect(await count(db)).toBe(0)
  foreign.exec('ROLLBACK')
  for (const id of ['b', 'c']) await db.write(tx => tx.insert(things).values({ id, amount: 1 }))
  await db.close()
  expect(foreign.prepare('SELECT id FROM things').all()).toEqual([{ id: 'b' }, { id: 'c' }])
})

describe('a moment of a database in memory', () => {
  it('is gone back to as often as one likes, and undoes all that was committed since', async () => {
    const db = await open({ url: 'file::memory:' })
    await db.write(tx => tx.insert(things).values({ id: 'before', amount: 1 }))
    await db.moment?.keep()
    const ids = async () => (await db.read.select({ id: things.id }).from(things).orderBy(things.id)).map(row => row.id)
    for (const id of ['one', 'two']) {
      await db.write(tx => tx.insert(things).values({ id, amount: 2 }))
      await db
        .write(async tx => {
          await tx.insert(things).values({ id: 'undone', amount: 3 })
          throw new Error('no')
        })
        .catch(() => {})
      expect(await ids()).toEqual(['before', id])
      await db.moment?.rewind()
      expect(await ids()).toEqual(['before'])
    }
    const { prepared } = db.stats()
    await db.write(tx => tx.insert(things).values({ id: 'three', amount: 2 }))
    expect(db.stats().prepared).toBe(prepared)
    await expect(db.script('SELECT 1')).rejects.toMatchObject({ code: 'MOMENT_KEPT' })
    await expect(db.moment?.keep()).rejects.toMatchObject({ code: 'MOMENT_KEPT' })
  })

  it('needs to be kept first, and no file has one', async () => {
    const db = await open({ url: 'file::memory:' })
    await expect(db.moment?.rewind()).rejects.toMatchObject({ code: 'NO_MOMENT' })
    expect((await open()).moment).toBeNull()
  })
})
