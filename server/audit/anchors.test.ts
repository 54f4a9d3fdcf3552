import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { anchorKey, anchorsFile, anchorTask, currentAnchors, readAnchors, verifyAgainstAnchors } from './anchors.ts'

const key = 'a key that is not in the database'

async function aLog(file?: string) {
  const deps = await testDeps({ config: { AUDIT_ANCHORS_FILE: file } })
  const { id: orgId } = await anOrg(deps)
  const append = (count: number) =>
    work(deps, { orgId, actor: system }, async unit => {
      for (let i = 0; i < count; i++) unit.audit({ action: 'x.y', target: { type: 'x', id: `x_${i}` } })
    })
  return { deps, orgId, append, read: deps.db.read }
}

test('each chain’s end goes to the log and to the file, once for each time it has moved', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remit-anchors-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'anchors.jsonl')
  const { deps, orgId, append, read } = await aLog(file)
  const task = anchorTask()
  const logged = () => deps.log.lines.filter(line => line.message === 'audit anchor').map(line => line.fields)
  await task.run(deps)
  expect(logged()).toEqual([])
  await append(3)
  await task.run(deps)
  await task.run(deps)
  expect(logged()).toEqual(await currentAnchors(read, anchorKey(deps.config)))
  await append(1)
  await task.run(deps)
  expect(logged()).toMatchObject([
    { orgId, seq: 3 },
    { orgId, seq: 4 },
  ])
  const kept = readAnchors(await readFile(file, 'utf8'))
  expect(kept).toEqual(logged())
  expect(await verifyAgainstAnchors(read, kept, anchorKey(deps.config))).toMatchObject({ ok: true, refused: [] })
})

test('what nobody signed is refused and proves nothing', async () => {
  const { append, read, orgId } = await aLog()
  await append(4)
  const [anchor] = await currentAnchors(read, key)
  const forged = { ...anchor!, seq: 9 }
  expect(await verifyAgainstAnchors(read, [anchor!, forged], key)).toMatchObject({ ok: false, refused: [forged] })
  expect((await verifyAgainstAnchors(read, [anchor!], 'another key')).refused).toEqual([anchor])
  const moved = { ...anchor!, orgId: 'system' }
  expect((await verifyAgainstAnchors(read, [moved], key)).refused).toEqual([moved])
  expect((await verifyAgainstAnchors(read, [anchor!], key)).chains).toContainEqual(
    expect.objectContaining({ orgId, ok: true, anchors: 1, entries: 4 }),
  )
})

test('the key is the setting, or comes from a secret without giving it away', () => {
  expect(anchorKey({ AUDIT_ANCHOR_KEY: key, STRIPE_SECRET_KEY: 'sk_test_1' })).toBe(key)
  const derived = anchorKey({ STRIPE_SECRET_KEY: 'sk_test_1', AUDIT_ANCHOR_KEY: undefined })
  expect(derived).toMatch(/^[0-9a-f]{64}$/)
  expect(anchorKey({ STRIPE_SECRET_KEY: 'sk_test_2', AUDIT_ANCHOR_KEY: undefined })).not.toBe(derived)
})

test('the file is where the setting says, else beside the database, and nowhere where there is none', () => {
  const where = (DATABASE_URL: string, AUDIT_ANCHORS_FILE?: string) => anchorsFile({ DATABASE_URL, AUDIT_ANCHORS_FILE })
  expect(where('file:/data/remit.db')).toBe('/data/remit.db.anchors.jsonl')
  expect(where('file::memory:')).toBeNull()
  expect(where('libsql://db.example.com')).toBeNull()
  expect(where('libsql://db.example.com', '/mnt/anchors')).toBe('/mnt/anchors')
})
