import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { aFolder } from './processes.ts'
import { numbers } from './random.ts'

// Stands in for a power cut: what a disk keeps of a write-ahead log that was being written is anybody's guess. Killing a process shows
// none of this, since the kernel has all that it was given.

const damages = Number(process.env.TORTURE_LOGS ?? 300)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const repeat = `repeat: SEED=${seed} TORTURE_LOGS=${damages} npx vitest run server/process/damaged-log.test.ts`
const parts = ['', '-wal', '-shm']
/** Of SQLite's format: the log's header, and the header of each page in it. */
const [logHeader, frameHeader, pageSize] = [32, 24, 4_096]

/** A hash over every row of every table: two databases with the same are the same. */
async function contents(db: Database, tables: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const table of tables)
    hash
      .update(table)
      .update(JSON.stringify(await db.read.all(sql`SELECT * FROM ${sql.identifier(table)} ORDER BY 1, 2`)))
  return hash.digest('hex')
}

/** A database whose log holds some dozens of transactions, as a process that died left it, and what it looked like after each of them. */
async function aLog(folder: string) {
  const file = join(folder, 'origin.db')
  const inner = await openDatabase({ url: `file:${file}` })
  await migrate(inner)
  const tables = (
    await inner.read.all<{ name: string }>(
      sql`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
    )
  ).map(({ name }) => name)
  const states: string[] = []
  let recording = false
  const db: Database = {
    ...inner,
    async write(fn) {
      const value = await inner.write(fn)
      if (recording) states.push(await contents(inner, tables))
      return value
    },
  }
  const deps = await testDeps({ db })
  const org = await anOrg(deps)
  const [owner, manager] = [await asRole(deps, 'owner', { org }), await asRole(deps, 'manager', { org })]
  const partner = await aPartner(deps, { orgId: org.id, stripeAccountId: 'acct_1', transfersStatus: 'active' })
  await inner.checkpoint()
  recording = true
  states.push(await contents(inner, tables))
  for (let round = 0; round < 8; round++) {
    const amount = 1_000 + round
    const { id: payoutId } = await manager.api.payouts.create({ partnerId: partner.id, amount })
    await manager.api.payouts.update({ payoutId, amount: amount + 500 })
    await owner.api.payouts.approve({ payoutId })
    if (round % 2 === 0) await owner.api.payouts.markPaid({ payoutId })
    else await owner.api.payouts.cancel({ payoutId, reason: 'Not owed after all' })
  }
  for (const part of ['', '-wal']) copyFileSync(file + part, join(folder, `dead.db${part}`))
  await inner.close()
  return { file: join(folder, 'dead.db'), log: readFileSync(join(folder, 'dead.db-wal')), states, tables }
}

/** Ways in which a disk may keep something else than it was given; each changes a copy of the log, at a place that is chosen at random. */
const ways: Record<string, (log: Buffer, random: () => number) => Buffer> = {
  'cut off': (log, random) => log.subarray(0, Math.floor(random() * log.length)),
  'one bit flipped': (log, random) => {
    const at = Math.floor(random() * log.length)
    log[at] = (log[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    return log
  },
  'a stretch of zeros': (log, random) => {
    const from = Math.floor(random() * log.length)
    return log.fill(0, from, from + 1 + Math.floor(random() * 20_000))
  },
  'zeros from here on': (log, random) => log.fill(0, Math.floor(random() * log.length)),
  'a torn page': (log, random) => {
    // Of one page's write only the first sectors came to the disk, or only the last.
    const frame = frameHeader + pageSize
    const start = logHeader + Math.floor(random() * ((log.length - logHeader) / frame)) * frame
    const kept = 512 * (1 + Math.floor(random() * 7))
    return random() < 0.5 ? log.fill(0, start + kept, start + frame) : log.fill(0, start, start + kept)
  },
  'two pages in each other’s place': (log, random) => {
    const frame = frameHeader + pageSize
    const count = Math.floor((log.length - logHeader) / frame)
    const [a, b] = [0, 0].map(() => logHeader + Math.floor(random() * count) * frame) as [number, number]
    const first = Buffer.from(log.subarray(a, a + frame))
    log.copy(log, a, b, b + frame)
    first.copy(log, b)
    return log
  },
  'noise at the end': (log, random) =>
    Buffer.concat([log, Buffer.from(Array.from({ length: 1 + Math.floor(random() * 9_000) }, () => random() * 256))]),
}

test('whatever a disk keeps of the write-ahead log, what is found is all of a past moment, and never half a transaction', {
  timeout: 60_000 + damages * 1_000,
}, async () => {
  const random = numbers(seed)
  const folder = aFolder()
  const { file, log, states, tables } = await aLog(folder)
  expect(states.length).toBeGreaterThan(30)
  const target = join(folder, 'damaged.db')
  /** The number of transactions that are left; null where it is no past moment at all. */
  const open = async (damaged: Buffer): Promise<number | string> => {
    for (const part of parts) rmSync(target + part, { force: true })
    copyFileSync(file, target)
    writeFileSync(`${target}-wal`, damaged)
    const db = await openDatabase({ url: `file:${target}` })
    try {
      const sound = await db.read.all<{ integrity_check: string }>(sql`SELECT * FROM pragma_integrity_check`)
      if (sound[0]?.integrity_check !== 'ok') return `a damaged file: ${sound[0]?.integrity_check}`
      const moment = states.indexOf(await contents(db, tables))
      return moment < 0 ? 'half a transaction' : moment
    } finally {
      await db.close()
    }
  }
  expect(await open(Buffer.from(log))).toBe(states.length - 1)
  expect(await open(Buffer.alloc(0))).toBe(0)

  const names = Object.keys(ways)
  const seen = new Map<string, Set<number>>(names.map(name => [name, new Set()]))
  for (let count = 0; count < damages; count++) {
    const name = names[count % names.length] ?? ''
    const found = await open(ways[name]!(Buffer.from(log), random))
    expect(found, `${name}, the ${count + 1}. damage: ${repeat}`).toBeTypeOf('number')
    seen.get(name)?.add(found as number)
  }
  // The places were many, and so were the moments that were left.
  for (const [name, moments] of seen)
    if (name !== 'noise at the end') expect(moments.size, `${name}: ${repeat}`).toBeGreaterThan(5)

  // The judge knows a half transaction when it sees one.
  await open(Buffer.from(log))
  const db = await openDatabase({ url: `file:${target}` })
  await db.script(
    'BEGIN; DROP TRIGGER audit_append_only_delete; DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit); COMMIT',
  )
  expect(states).not.toContain(await contents(db, tables))
  await db.close()
})
