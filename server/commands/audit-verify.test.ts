import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { currentAnchors } from '../audit/anchors.ts'
import { anchorOf } from '../audit/verify.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { auditVerify } from './audit-verify.ts'

async function twoOrgs() {
  const deps = await testDeps()
  const [a, b] = [await anOrg(deps), await anOrg(deps)]
  for (const { id } of [a, b, a])
    await work(deps, { orgId: id, actor: system }, async unit =>
      unit.audit({ action: 'x', target: { type: 'org', id } }),
    )
  async function run(...args: string[]) {
    const lines: string[] = []
    const run = auditVerify(deps.db.read, args, 'the key')
    for (;;) {
      const step = await run.next()
      if (step.done) return { text: lines.join('\n'), exit: step.value }
      lines.push(step.value)
    }
  }
  return { deps, a, b, run }
}

test('it walks every chain, says where each ends, and exits with 0', async () => {
  const { deps, a, b, run } = await twoOrgs()
  const { text, exit } = await run()
  const head = await anchorOf(deps.db.read, a.id)
  expect(exit).toBe(0)
  expect(text).toContain(`${a.id}: 2 entries are as they were written; the chain ends in 2:${head?.hash}`)
  expect(text).toContain(`${b.id}: 1 entries`)
  expect(text).toContain('system: 0 entries are as they were written; the chain is empty')
})

test('what an anchor contradicts is said, and exits with 1', async () => {
  const { deps, a, b, run } = await twoOrgs()
  const head = await anchorOf(deps.db.read, a.id)
  expect(await run('--anchor', `${a.id}:2:${head?.hash}`)).toMatchObject({ exit: 0 })
  expect(await run('--org', a.id, '--anchor', `2:${head?.hash}`)).toMatchObject({ exit: 0 })
  const wrong = await run('--org', b.id, '--anchor', `1:${'0'.repeat(64)}`)
  expect(wrong.exit).toBe(1)
  expect(wrong.text).toContain('NOT as written. Entry 1 is not the one that was anchored')
  expect((await run('--anchor', `${a.id}:9:${head?.hash}`)).text).toContain('its end was cut off')
})

test('arguments that make no sense exit with 2', async () => {
  const { run } = await twoOrgs()
  expect(await run('--anchor', 'yesterday')).toMatchObject({
    exit: 2,
    text: expect.stringContaining('is not an anchor'),
  })
  expect(await run('--anchor', `1:${'0'.repeat(64)}`)).toMatchObject({
    exit: 2,
    text: expect.stringContaining('several organizations'),
  })
  expect(await run('--org', 'org_none')).toMatchObject({ exit: 2, text: 'There is no organization org_none.' })
  expect(await run('--colour')).toMatchObject({ exit: 2 })
})

test('files of anchors are the log, the anchors file or a manifest; what they contradict is said', async () => {
  const { deps, a, run } = await twoOrgs()
  const folder = await mkdtemp(join(tmpdir(), 'remit-anchors-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'anchors')
  const anchors = await currentAnchors(deps.db.read, 'the key')
  await writeFile(file, `not json\n${anchors.map(anchor => JSON.stringify({ level: 30, ...anchor })).join('\n')}\n`)
  expect(await run('--anchors', file)).toMatchObject({ exit: 0, text: expect.stringContaining('the anchored one too') })
  await writeFile(file, JSON.stringify({ version: 3, anchors }, null, 2))
  expect(await run('--anchors', file)).toMatchObject({ exit: 0 })

  await writeFile(file, JSON.stringify({ anchors: await currentAnchors(deps.db.read, 'another key') }))
  expect(await run('--anchors', file)).toMatchObject({ exit: 1, text: expect.stringContaining('NOT signed') })
  await writeFile(file, 'nothing here')
  expect(await run('--anchors', file)).toMatchObject({ exit: 2, text: `There is no anchor in ${file}.` })
  expect(await run('--anchors', file, '--org', a.id)).toMatchObject({ exit: 2 })
  expect(await run('--anchors', join(folder, 'none'))).toMatchObject({ exit: 2 })
})
