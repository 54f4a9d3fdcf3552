import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import canonicalize from 'canonicalize'
import Libsql from 'libsql'
import { afterEach, expect, test } from 'vitest'
import { aDatabase } from '../test/db.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { type AuditRow, hashLink } from './audit.ts'
import { type Anchor, anchorOf, verifyChain } from './verify.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A chain in a file, and a way past the door: what an attacker with the file has. */
async function aChain(length: number) {
  const folder = await mkdtemp(join(tmpdir(), 'remit-audit-'))
  const path = join(folder, 'remit.db')
  const db = await aDatabase(`file:${path}`)
  cleanups.push(async () => {
    await db.close()
    await rm(folder, { recursive: true })
  })
  const deps = await testDeps({ db })
  const org = await anOrg(deps)
  await append(deps, org.id, length)
  const tamper = (change: (raw: Libsql.Database) => void) => {
    const raw = new Libsql(path)
    for (const trigger of ['audit_chain', 'audit_append_only_update', 'audit_append_only_delete'])
      raw.exec(`DROP TRIGGER IF EXISTS ${trigger}`)
    change(raw)
    raw.close()
  }
  return {
    deps,
    orgId: org.id,
    tamper,
    verify: (anchor?: Anchor) => verifyChain(deps.db.read, org.id, anchor && [anchor]),
  }
}

function append(deps: TestDeps, orgId: string, count: number) {
  return work(deps, { orgId, actor: system }, async unit => {
    for (let i = 1; i <= count; i++)
      unit.audit({
        action: 'payouts.approve',
        target: { type: 'payout', id: `pay_${i}` },
        before: { n: i },
        after: { n: i + 1 },
      })
  })
}

function rowsFrom(raw: Libsql.Database, seq: number): AuditRow[] {
  const sql = `SELECT org_id orgId, seq, at, actor_kind actorKind, actor_id actorId, actor_name actorName, action,
    target_type targetType, target_id targetId, before, after, prev, hash FROM audit WHERE seq >= ? AND org_id <> 'system' ORDER BY seq`
  return raw.prepare(sql).all([seq]) as AuditRow[]
}

/** What a careful forger does: changes an entry, and computes every hash after it anew. */
function rewriteFrom(raw: Libsql.Database, seq: number, change: Partial<AuditRow>) {
  let prev: string | undefined
  for (const row of rowsFrom(raw, seq)) {
    const forged = { ...row, ...(row.seq === seq ? change : {}), ...(prev === undefined ? {} : { prev }) }
    prev = hashLink(forged)
    raw
      .prepare('UPDATE audit SET actor_name = ?, prev = ?, hash = ? WHERE seq = ? AND org_id = ?')
      .run([forged.actorName, forged.prev, prev, row.seq, row.orgId])
  }
}

test('a chain that nobody touched is whole, also when it is empty or grows while it is read', async () => {
  const { deps, orgId, verify } = await aChain(25)
  const head = await anchorOf(deps.db.read, orgId)
  expect(await verify()).toEqual({ ok: true, entries: 25, head, firstProblem: null })
  await append(deps, orgId, 5)
  expect(await verify(head!)).toMatchObject({ ok: true, entries: 30, head: { seq: 30 } })
  expect(await verifyChain(deps.db.read, 'system')).toEqual({ ok: true, entries: 0, head: null, firstProblem: null })
})

test.each<[string, (raw: Libsql.Database) => void, { seq: number; kind: string }]>([
  [
    'an entry was edited',
    raw => raw.exec(`UPDATE audit SET actor_name = 'Somebody else' WHERE seq = 12`),
    { seq: 12, kind: 'altered' },
  ],
  [
    'an entry was edited and given a fitting hash',
    raw => {
      const [row] = rowsFrom(raw, 12)
      const forged = { ...row!, actorName: 'Somebody else' }
      raw.prepare('UPDATE audit SET actor_name = ?, hash = ? WHERE seq = 12').run([forged.actorName, hashLink(forged)])
    },
    { seq: 13, kind: 'relinked' },
  ],
  ['an entry was deleted', raw => raw.exec('DELETE FROM audit WHERE seq = 12'), { seq: 12, kind: 'missing' }],
  ['the first entries were deleted', raw => raw.exec('DELETE FROM audit WHERE seq <= 3'), { seq: 1, kind: 'missing' }],
  [
    'an entry was deleted and the others moved up',
    raw => {
      raw.exec('DELETE FROM audit WHERE seq = 12')
      for (const { seq } of rowsFrom(raw, 13)) raw.exec(`UPDATE audit SET seq = ${seq - 1} WHERE seq = ${seq}`)
    },
    { seq: 12, kind: 'altered' },
  ],
  [
    'two entries were swapped',
    raw => {
      raw.exec('UPDATE audit SET seq = 999 WHERE seq = 7')
      raw.exec('UPDATE audit SET seq = 7 WHERE seq = 18')
      raw.exec('UPDATE audit SET seq = 18 WHERE seq = 999')
    },
    { seq: 7, kind: 'altered' },
  ],
  [
    'the same entry was inserted again',
    raw => {
      for (const { seq } of rowsFrom(raw, 13).reverse())
        raw.exec(`UPDATE audit SET seq = ${seq + 1} WHERE seq = ${seq}`)
      raw.exec(
        `INSERT INTO audit SELECT org_id, 13, at, actor_kind, actor_id, actor_name, action, target_type, target_id, before, after, prev, hash FROM audit WHERE seq = 12`,
      )
    },
    { seq: 13, kind: 'altered' },
  ],
  [
    'a forged entry was put between two',
    raw => {
      for (const { seq } of rowsFrom(raw, 13).reverse())
        raw.exec(`UPDATE audit SET seq = ${seq + 1} WHERE seq = ${seq}`)
      const [before] = rowsFrom(raw, 12)
      const forged = { ...before!, seq: 13, prev: before!.hash, action: 'payouts.pay' }
      raw
        .prepare(
          `INSERT INTO audit SELECT org_id, 13, at, actor_kind, actor_id, actor_name, 'payouts.pay', target_type, target_id, before, after, ?, ? FROM audit WHERE seq = 12`,
        )
        .run([forged.prev, hashLink(forged)])
    },
    { seq: 14, kind: 'altered' },
  ],
  [
    'an amount in a record was changed',
    raw => raw.exec(`UPDATE audit SET after = '{"n":999}' WHERE seq = 20`),
    { seq: 20, kind: 'altered' },
  ],
])('it is found when %s', async (_name, change, problem) => {
  const { tamper, verify } = await aChain(20)
  tamper(change)
  expect(await verify()).toMatchObject({
    ok: false,
    firstProblem: problem,
    head: problem.seq === 1 ? null : { seq: problem.seq - 1 },
  })
})

test('only an anchor shows that the end was cut off', async () => {
  const { deps, orgId, tamper, verify } = await aChain(20)
  const anchor = (await anchorOf(deps.db.read, orgId))!
  tamper(raw => raw.exec('DELETE FROM audit WHERE seq > 15'))
  expect(await verify()).toMatchObject({ ok: true, entries: 15 })
  expect(await verify(anchor)).toMatchObject({ ok: false, firstProblem: { seq: 16, kind: 'cut_off' } })
})

test('only an anchor shows that the end was computed anew', async () => {
  const { deps, orgId, tamper, verify } = await aChain(20)
  const anchor = (await anchorOf(deps.db.read, orgId))!
  tamper(raw => rewriteFrom(raw, 14, { actorName: 'Somebody else' }))
  expect(await verify()).toMatchObject({ ok: true, entries: 20 })
  expect(await verify(anchor)).toMatchObject({ ok: false, firstProblem: { seq: 20, kind: 'rewritten' } })
})

test('one organization’s chain says nothing about another’s', async () => {
  const { deps, orgId, tamper, verify } = await aChain(5)
  const other = await anOrg(deps)
  await append(deps, other.id, 5)
  tamper(raw => raw.exec(`UPDATE audit SET action = 'x' WHERE org_id = '${other.id}' AND seq = 2`))
  expect(await verify()).toMatchObject({ ok: true, entries: 5 })
  expect(await verifyChain(deps.db.read, other.id)).toMatchObject({ ok: false, firstProblem: { seq: 2 } })
  expect(orgId).not.toBe(other.id)
})

test('a long chain is verified in slices: others get their turn meanwhile', async () => {
  const { deps, orgId, verify } = await aChain(0)
  // `REMIT_AUDIT_ENTRIES=200000` is the longer tier, which says what it took.
  const entries = Number(process.env.REMIT_AUDIT_ENTRIES ?? 40_000)
  for (let done = 0; done < entries; done += 10_000) await append(deps, orgId, 10_000)
  let turns = 0
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    turns++
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  const began = performance.now()
  expect(await verify()).toMatchObject({ ok: true, entries })
  clearInterval(timer)
  if (process.env.REMIT_AUDIT_ENTRIES)
    process.stdout.write(
      `${entries} entries in ${Math.round(performance.now() - began)} ms; the longest wait was ${Math.round(longest)} ms\n`,
    )
  expect(turns).toBeGreaterThan(4)
}, 600_000)

test('a link’s hash is over its canonical JSON', async () => {
  const { deps } = await aChain(3)
  const rows = await deps.db.read.query.audit.findMany()
  for (const { hash, ...row } of rows) {
    const { orgId, seq, at, actorKind, actorId, actorName, action, targetType, targetId, before, after, prev } = row
    const text = canonicalize([
      orgId,
      seq,
      at,
      actorKind,
      actorId,
      actorName,
      action,
      targetType,
      targetId,
      before,
      after,
      prev,
    ])
    expect(hash).toBe(
      createHash('sha256')
        .update(text ?? '')
        .digest('hex'),
    )
  }
})
