import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '#db/client.ts'
import { audit, organizations } from '#db/schema/index.ts'
import { readAnchors } from '../audit/anchors.ts'
import { auditVerify } from '../commands/audit-verify.ts'
import { asRole } from '../test/callers.ts'
import { aDatabase } from '../test/db.ts'
import { testConfig, testDeps } from '../test/deps.ts'
import { anOrg } from '../test/factories.ts'
import { system, work } from '../work.ts'
import { backUpWhenDue, listBackups, makeBackup, removeOld } from './backup.ts'
import { manifestPath, readBackup } from './manifest.ts'
import { restoreBackup } from './restore.ts'

const hour = 60 * 60_000
const key = 'a key that lies somewhere else'

/** An installation on a file, with a company and a short history. */
async function anInstallation() {
  const folder = mkdtempSync(join(tmpdir(), 'remit-backup-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const config = testConfig({
    DATABASE_URL: `file:${folder}/remit.db`,
    BACKUP_DIR: join(folder, 'backups'),
    AUDIT_ANCHOR_KEY: key,
  })
  const db = await aDatabase(config.DATABASE_URL)
  onTestFinished(() => db.close())
  const deps = await testDeps({ db, config })
  const org = await anOrg(deps)
  const note = () =>
    work(deps, { orgId: org.id, actor: system }, async unit =>
      unit.audit({ action: 'x', target: { type: 'org', id: org.id } }),
    )
  for (let count = 0; count < 5; count++) await note()
  return { deps, org, folder, note }
}

test('a backup says what it holds, is for its owner’s eyes, and ends each chain where it was', async () => {
  const { deps, org } = await anInstallation()
  const { file, manifest } = await makeBackup(deps)
  expect(manifest).toMatchObject({ format: 1, createdAt: deps.clock.now(), counts: { organizations: 1, audit: 5 } })
  expect(manifest.anchors).toEqual([expect.objectContaining({ orgId: org.id, seq: 5 })])
  expect([file, manifestPath(file)].map(path => statSync(path).mode & 0o777)).toEqual([0o600, 0o600])
  expect(await readBackup(file, key)).toEqual(manifest)
  // What reads anchors reads them from here, too.
  expect(readAnchors(readFileSync(manifestPath(file), 'utf8'))).toEqual(manifest.anchors)
  expect(readdirSync(deps.config.BACKUP_DIR)).toHaveLength(2)
})

test('a file or a manifest that was changed, another key and a missing half are refused, each in a sentence', async () => {
  const { deps } = await anInstallation()
  const { file, manifest } = await makeBackup(deps)
  const refused = (why: string, usedKey: string | null = key) => expect(readBackup(file, usedKey)).rejects.toThrow(why)
  await refused('signed under another key', 'a key that nobody ever used')
  await expect(readBackup(file, null)).resolves.toEqual(manifest)
  writeFileSync(manifestPath(file), JSON.stringify({ ...manifest, sha256: '0'.repeat(64) }))
  await refused('The manifest was changed')
  await refused('was damaged or changed', null)
  writeFileSync(manifestPath(file), '{}')
  await refused('is not a manifest that this version of Remit can read')
  rmSync(manifestPath(file))
  await refused('A backup is both files')
  rmSync(file)
  await refused('There is no backup')
  const bytes = await makeBackup(deps)
  const content = readFileSync(bytes.file)
  content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1
  writeFileSync(bytes.file, content)
  await expect(readBackup(bytes.file, key)).rejects.toThrow('was damaged or changed')
})

test('a backup is made when the newest is old enough; so many are kept, and nothing else is touched', async () => {
  const { deps } = await anInstallation()
  await backUpWhenDue(deps)
  expect(listBackups(deps.config.BACKUP_DIR)).toEqual([])
  const due = { ...deps, config: { ...deps.config, BACKUP_EVERY_HOURS: 6, BACKUP_KEEP: 2 } }
  const made = async () => {
    await backUpWhenDue(due)
    return listBackups(deps.config.BACKUP_DIR).length
  }
  expect([await made(), await made()]).toEqual([1, 1])
  deps.clock.advance(6 * hour)
  expect(await made()).toBe(2)
  // A process that died over one leaves a part, and somebody put something else there.
  writeFileSync(join(deps.config.BACKUP_DIR, 'remit-x.db.unfinished'), 'half')
  writeFileSync(join(deps.config.BACKUP_DIR, 'notes.txt'), 'mine')
  deps.clock.advance(6 * hour)
  expect(await made()).toBe(2)
  expect(listBackups(deps.config.BACKUP_DIR)[0]?.manifest.createdAt).toBe(deps.clock.now())
  const names = readdirSync(deps.config.BACKUP_DIR)
  expect(names).toContain('notes.txt')
  expect(names.filter(name => name.endsWith('.unfinished'))).toEqual([])
  expect(removeOld(deps.config.BACKUP_DIR, 1)).toHaveLength(1)
})

test('writes go on while a backup is made, and a second one at the same time is refused', async () => {
  const { deps, org, note } = await anInstallation()
  let done = false
  const backup = makeBackup(deps).finally(() => {
    done = true
  })
  await expect(makeBackup(deps)).rejects.toThrow('A backup is being made already. Wait until it is done.')
  let written = 0
  while (!done) {
    await note()
    written++
  }
  const { manifest } = await backup
  expect(written).toBeGreaterThan(0)
  const rows = await deps.db.read.select({ seq: audit.seq }).from(audit).where(eq(audit.orgId, org.id))
  expect(rows.length).toBe(5 + written)
  expect(manifest.counts.audit).toBeLessThanOrEqual(rows.length)
})

test('a restore leaves sending paused until Stripe was compared, which the database itself insists on', async () => {
  const { deps, org, note } = await anInstallation()
  const { file, manifest } = await makeBackup(deps)
  await note()
  await expect(restoreBackup(deps, file)).rejects.toThrow('is open in this process already')
  await deps.db.close()
  const { aside } = await restoreBackup(deps, file)
  const db = await openDatabase({ url: deps.config.DATABASE_URL })
  onTestFinished(() => db.close())
  const [row] = await db.read.select().from(organizations)
  expect(row).toMatchObject({ unreconciledSince: manifest.createdAt, transfersPausedBy: 'restore' })
  expect(row?.transfersPausedReason).toMatch(
    /^The database was restored from the backup of .*: compare with Stripe first\.$/,
  )
  const owner = await asRole({ ...deps, db }, 'owner', { org })
  await expect(owner.api.orgs.resumeTransfers({})).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
  await expect(
    db.write(tx => tx.update(organizations).set({ transfersPausedAt: null, transfersPausedReason: null })),
  ).rejects.toMatchObject({ cause: { code: 'SQLITE_CONSTRAINT' } })
  const [entry] = await db.read.all<{ after: string }>(sql`SELECT after FROM audit WHERE action = 'orgs.restored'`)
  expect(JSON.parse(entry?.after ?? '')).toMatchObject({
    sha256: manifest.sha256,
    replaced: expect.stringMatching(/^6:/),
  })
  // The anchors of the backup hold in what was restored; a chain that was cut behind their back would not be taken.
  const verify = async (read: typeof db.read) => {
    const run = auditVerify(read, ['--anchors', manifestPath(file)], key)
    for (;;) {
      const step = await run.next()
      if (step.done) return step.value
    }
  }
  expect(await verify(db.read)).toBe(0)
  const replaced = await openDatabase({ url: `file:${aside}` })
  onTestFinished(() => replaced.close())
  expect(await replaced.read.$count(audit)).toBe(6)
  await replaced.script('BEGIN; DROP TRIGGER audit_append_only_delete; DELETE FROM audit WHERE seq > 3; COMMIT')
  expect(await verify(replaced.read)).toBe(1)
})

test('a backup of a newer version is refused before anything is touched', async () => {
  const { deps } = await anInstallation()
  await deps.db.write(tx => tx.run(sql`INSERT INTO migrations VALUES (9999, '9999_tomorrow.sql', 'x', 0)`))
  const { file } = await makeBackup(deps)
  await deps.db.close()
  const before = readFileSync(`${deps.config.DATABASE_URL.slice(5)}`)
  await expect(restoreBackup(deps, file)).rejects.toThrow('The backup has schema 9999, and this version of Remit knows')
  expect(readFileSync(`${deps.config.DATABASE_URL.slice(5)}`).equals(before)).toBe(true)
})
