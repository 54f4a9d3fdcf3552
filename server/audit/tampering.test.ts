import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import Libsql from 'libsql'
import { expect, onTestFinished, test } from 'vitest'
import type { Drizzle } from '#db/client.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { anchorTask, currentAnchors, readAnchors, type SignedAnchor, verifyAgainstAnchors } from './anchors.ts'
import { type AuditRow, hashLink } from './audit.ts'

const key = 'a key that is not in the database'

/** `REMIT_TAMPERINGS=3000` is the longer tier. */
const tamperings = Number(process.env.REMIT_TAMPERINGS ?? 300)
const seed = Number(process.env.REMIT_SEED ?? 7)

/** The same numbers in every run, from one seed. */
function random(from: number) {
  let state = from >>> 0
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
  return { below, from: <T>(list: readonly T[]): T => list[below(list.length)]! }
}

const columns = `org_id orgId, seq, at, actor_kind actorKind, actor_id actorId, actor_name actorName, action,
  target_type targetType, target_id targetId, before, after, prev, hash`

/** What somebody has who owns the file and knows how it is made: the triggers gone, and the hash function. */
interface Forger {
  rows: AuditRow[]
  /** Computes every link anew, from the first row on. */
  rehash(from: number): void
}

const names = ['Ada', 'Ben', 'Somebody else', '']

/** Each changes the rows of one chain. Those with `tail` leave a chain that is whole by itself: only an anchor tells. */
const kinds: Record<string, { tail: boolean; do(forger: Forger, dice: ReturnType<typeof random>): void }> = {
  edit: {
    tail: false,
    do({ rows }, dice) {
      const row = dice.from(rows)
      const field = dice.from(['actorName', 'action', 'targetId', 'after', 'before', 'at', 'hash', 'prev'] as const)
      if (field === 'at') row.at += 1 + dice.below(1000)
      else if (field === 'after' || field === 'before') row[field] = `{"n":${1_000_000 + dice.below(1000)}}`
      else row[field] = `${row[field]}x`
    },
  },
  delete: {
    tail: false,
    do({ rows }, dice) {
      // Not the last: that is the tail's.
      const at = dice.below(rows.length - 1)
      rows.splice(at, 1)
      if (dice.below(2)) for (const row of rows.slice(at)) row.seq--
    },
  },
  insert: {
    tail: false,
    do({ rows }, dice) {
      const at = 1 + dice.below(rows.length - 1)
      const before = rows[at - 1]!
      const forged = { ...before, seq: at + 1, action: 'payouts.approve', prev: before.hash }
      forged.hash = hashLink(forged)
      for (const row of rows.slice(at)) row.seq++
      rows.splice(at, 0, dice.below(2) ? forged : { ...before, seq: at + 1 })
    },
  },
  swap: {
    tail: false,
    do({ rows }, dice) {
      const at = dice.below(rows.length)
      const other = (at + 1 + dice.below(rows.length - 1)) % rows.length
      const [a, b] = [rows[at]!, rows[other]!]
      ;[a.seq, b.seq] = [b.seq, a.seq]
      if (dice.below(2)) [a.prev, b.prev] = [b.prev, a.prev]
      rows.sort((x, y) => x.seq - y.seq)
    },
  },
  'truncate tail': {
    tail: true,
    do({ rows }, dice) {
      // Sometimes all of it: an organization without any history.
      rows.length = dice.below(rows.length)
    },
  },
  'rewrite tail': {
    tail: true,
    do({ rows, rehash }, dice) {
      // Sometimes from the first entry on: a whole chain that never was.
      const at = dice.below(3) === 0 ? 0 : dice.below(rows.length)
      rows[at]!.actorName = `${rows[at]!.actorName} ${dice.from(names)}.`
      if (dice.below(3) === 0) rows.length = at + 1 + dice.below(rows.length - at)
      rehash(at)
    },
  },
}

test(`${tamperings} tamperings of six kinds are all found, with what was written down elsewhere`, async () => {
  const path = join(tmpdir(), `remit-tampering-${process.pid}.db`)
  const anchorsPath = `${path}.anchors`
  onTestFinished(async () => {
    for (const file of [path, anchorsPath]) await rm(file, { force: true })
  })
  const deps = await testDeps({ config: { AUDIT_ANCHOR_KEY: key, AUDIT_ANCHORS_FILE: anchorsPath } })
  const task = anchorTask()
  const orgs = [await anOrg(deps), await anOrg(deps)]
  for (let round = 0; round < 4; round++) {
    for (const { id } of orgs)
      await work(deps, { orgId: id, actor: { kind: 'user', id: 'usr_a', name: 'Ada' } }, async unit => {
        for (let i = 0; i < 5; i++)
          unit.audit({ action: 'orgs.x', target: { type: 'x', id: `x${i}` }, before: { n: i }, after: { n: i + 1 } })
      })
    await task.run(deps)
    deps.clock.advance(60_000)
  }
  const anchors = readAnchors(await readFile(anchorsPath, 'utf8'))
  expect(anchors).toHaveLength(8)
  expect(await verifyAgainstAnchors(deps.db.read, anchors, key)).toMatchObject({ ok: true })

  // The honest rows, and a plain table without triggers to put forged ones into.
  const honest = new Map<string, AuditRow[]>()
  for (const { id } of orgs)
    honest.set(
      id,
      await deps.db.read.all<AuditRow>(sql.raw(`SELECT ${columns} FROM audit WHERE org_id = '${id}' ORDER BY seq`)),
    )
  const raw = new Libsql(':memory:')
  raw.exec(
    `CREATE TABLE audit (org_id, seq, at, actor_kind, actor_id, actor_name, action, target_type, target_id, before, after, prev, hash)`,
  )
  raw.exec('CREATE TABLE organizations (id)')
  const put = raw.prepare(`INSERT INTO audit VALUES (${Array(13).fill('?').join(', ')})`)
  const { drizzle } = await import('drizzle-orm/sqlite-proxy')
  const forged = drizzle(async (text, params) => ({
    rows: (raw.prepare(text).raw() as Libsql.Statement).all(params) as unknown[][],
  })) as unknown as Drizzle

  const found: Record<string, { tried: number; found: number; withoutAnchors: number }> = {}
  const dice = random(seed)
  for (let i = 0; i < tamperings; i++) {
    const name = Object.keys(kinds)[i % 6]!
    const victim = dice.from(orgs).id
    const rows = honest.get(victim)!.map(row => ({ ...row }))
    const rehash = (from: number) => {
      for (let at = from; at < rows.length; at++) {
        rows[at]!.prev = rows[at - 1]?.hash ?? ''
        rows[at]!.hash = hashLink(rows[at]!)
      }
    }
    kinds[name]!.do({ rows, rehash }, dice)
    raw.exec('BEGIN; DELETE FROM audit; DELETE FROM organizations')
    for (const { id } of orgs) {
      raw.prepare('INSERT INTO organizations VALUES (?)').run([id])
      for (const row of id === victim ? rows : honest.get(id)!)
        put.run([
          ...[row.orgId, row.seq, row.at, row.actorKind, row.actorId, row.actorName, row.action, row.targetType],
          ...[row.targetId, row.before, row.after, row.prev, row.hash],
        ])
    }
    raw.exec('COMMIT')
    const result = await verifyAgainstAnchors(forged, anchors, key)
    const bare = await verifyAgainstAnchors(forged, [], key)
    found[name] ??= { tried: 0, found: 0, withoutAnchors: 0 }
    const one = found[name]!
    one.tried++
    const blamed = result.chains.filter(chain => !chain.ok).map(chain => chain.orgId)
    if (!result.ok && blamed.join() === victim) one.found++
    else
      throw new Error(
        `tampering ${i} (${name}) of seed ${seed} was not found: REMIT_SEED=${seed} REMIT_TAMPERINGS=${i + 1}`,
      )
    if (!bare.ok) one.withoutAnchors++
  }
  for (const [name, { tried, found: times, withoutAnchors }] of Object.entries(found)) {
    expect({ name, times }).toEqual({ name, times: tried })
    // The anchors are what finds the tails: a chain that was cut or computed anew is whole by itself.
    expect({ name, withoutAnchors }).toEqual({ name, withoutAnchors: kinds[name]!.tail ? 0 : tried })
  }
}, 600_000)

test('a chain that vanished with its organization is missed, and a forged anchor saves nobody', async () => {
  const deps = await testDeps()
  const { id } = await anOrg(deps)
  await work(deps, { orgId: id, actor: system }, async unit => unit.audit({ action: 'x.y', target: { type: 'x', id } }))
  const anchors = await currentAnchors(deps.db.read, key)
  const empty = await testDeps()
  expect(
    (await verifyAgainstAnchors(empty.db.read, anchors, key)).chains.find(chain => chain.orgId === id),
  ).toMatchObject({
    ok: false,
    firstProblem: { kind: 'cut_off' },
  })
  // Somebody who can write the anchors too, but has no key, can only make them worthless, and that is said.
  const lie: SignedAnchor = { ...anchors[0]!, hash: '0'.repeat(64) }
  expect(await verifyAgainstAnchors(deps.db.read, [lie], key)).toMatchObject({ ok: false, refused: [lie] })
})
