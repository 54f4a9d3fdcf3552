import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { aDatabase } from '../test/db.ts'
import { testConfig } from '../test/deps.ts'
import { readiness } from './ready.ts'

async function aFile() {
  const folder = mkdtempSync(path.join(tmpdir(), 'remit-ready-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const url = `file:${folder}/remit.db`
  const db = await aDatabase(url)
  onTestFinished(() => db.close())
  return { folder, db, config: testConfig({ DATABASE_URL: url }) }
}

test('a process with a database of its own version, on a disk that takes writes, is ready until it drains', async () => {
  const deps = await aFile()
  expect(await readiness(deps, false)).toEqual({ ok: true })
  expect(await readiness(deps, true)).toEqual({ ok: false, why: 'the process stops' })
})

test('another schema, a database that is gone, and a file that is not there are said', async () => {
  const deps = await aFile()
  const elsewhere = { ...deps, config: testConfig({ DATABASE_URL: `file:${deps.folder}/none.db` }) }
  expect(await readiness(elsewhere, false)).toMatchObject({ ok: false, why: expect.stringContaining('no writes') })
  await deps.db.write(tx => tx.run(sql`DELETE FROM migrations WHERE version = (SELECT max(version) FROM migrations)`))
  expect(await readiness(deps, false)).toMatchObject({ ok: false, why: expect.stringContaining('this code wants') })
  await deps.db.close()
  expect(await readiness(deps, false)).toMatchObject({ ok: false, why: expect.stringContaining('does not answer') })
})
