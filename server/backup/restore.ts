import { existsSync, renameSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import { latestVersion, migrate } from '#db/migrate.ts'
import { replaceDatabase } from '#db/replace.ts'
import { organizations, sessions } from '#db/schema/index.ts'
import { anchorKey, anchorsFile } from '../audit/anchors.ts'
import { type Anchor, anchorOf, chainIds, verifyChain } from '../audit/verify.ts'
import { createChanges } from '../changes.ts'
import { databaseFile } from '../control/path.ts'
import type { Deps } from '../deps.ts'
import { notify } from '../email/notify.ts'
import { formatDateTime } from '../lib/period.ts'
import { type Actor, work } from '../work.ts'
import { type Manifest, readBackup } from './manifest.ts'

/** All but the database, which is opened here. */
export type RestoreDeps = Omit<Deps, 'db' | 'changes'>

export interface Restored {
  manifest: Manifest
  /** Where the replaced database lies now; null where there was none. */
  aside: string | null
  organizations: number
}

const actor: Actor = { kind: 'command', id: 'restore', name: 'npm run restore' }

/**
 * Puts a backup in the place of the installation's database, which nobody may have open. What it does not know, Stripe does: so in every
 * organization sending is paused, and stays so until both were compared. Everybody signs in again, since who has left since the backup
 * would be back.
 * @param options `unsigned` takes a manifest that was signed under another key
 * @throws Error that says why nothing was changed: a file that is not the manifest's, a newer schema, a process that has the database
 */
export async function restoreBackup(deps: RestoreDeps, backup: string, { unsigned = false } = {}): Promise<Restored> {
  const { DATABASE_URL: url } = deps.config
  if (!url.startsWith('file:') || url === 'file::memory:')
    throw new Error(
      'DATABASE_URL is a server’s: restore its data there. Backups made here are for a database in a file.',
    )
  const manifest = await readBackup(backup, unsigned ? null : anchorKey(deps.config))
  if (manifest.schemaVersion > latestVersion())
    throw new Error(
      `The backup has schema ${manifest.schemaVersion}, and this version of Remit knows ${latestVersion()}: restore it with the version that made it.`,
    )
  const file = databaseFile(url)
  const aside = asideOf(file, deps.clock.now())
  const heads = new Map<string, Anchor>()
  let count = 0
  const replaced = await replaceDatabase({
    file,
    copy: backup,
    aside,
    async before(old) {
      for (const orgId of await chainIds(old.read)) {
        const head = await anchorOf(old.read, orgId)
        if (head) heads.set(orgId, head)
      }
    },
    async prepare(db) {
      await migrate(db)
      await checkContents(db, manifest)
      count = await pauseEverywhere({ ...deps, db, changes: createChanges() }, manifest, heads)
    },
  })
  setAnchorsAside(deps, aside)
  return { manifest, aside: replaced ? aside : null, organizations: count }
}

/** They testify to what was replaced, and are kept beside it; against what is here now they would say that its end was cut off. */
function setAnchorsAside({ config, log }: RestoreDeps, aside: string): void {
  const anchors = anchorsFile(config)
  if (!anchors || !existsSync(anchors)) return
  try {
    renameSync(anchors, `${aside}.anchors.jsonl`)
  } catch (error) {
    log.error({ err: error, anchors }, 'the anchors of what was replaced could not be moved aside')
  }
}

function asideOf(file: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(':', '-')
  const wanted = `${file}.replaced-${stamp}`
  return existsSync(wanted) ? `${wanted}-again` : wanted
}

/** The file is the manifest's to the byte; this finds a manifest that was made for a file with another past. */
async function checkContents(db: Database, { anchors }: Manifest): Promise<void> {
  const [sound] = await db.read.all<{ integrity_check: string }>(sql`PRAGMA integrity_check`)
  if (sound?.integrity_check !== 'ok')
    throw new Error(`The backup is damaged: ${sound?.integrity_check}. Take another one.`)
  for (const orgId of await chainIds(db.read)) {
    const { firstProblem } = await verifyChain(
      db.read,
      orgId,
      anchors.filter(anchor => anchor.orgId === orgId),
    )
    if (firstProblem) throw new Error(`The audit log of ${orgId} is not as it was written. ${firstProblem.says}`)
  }
}

async function pauseEverywhere(deps: Deps, manifest: Manifest, heads: Map<string, Anchor>): Promise<number> {
  const rows = await deps.db.read
    .select({
      id: organizations.id,
      timeZone: organizations.timeZone,
      pausedReason: organizations.transfersPausedReason,
    })
    .from(organizations)
  for (const { id, timeZone, pausedReason } of rows)
    await work(deps, { orgId: id, actor }, async unit => {
      const before = pausedReason === null ? '' : ` (Before that: ${pausedReason})`
      const reason = `The database was restored from the backup of ${formatDateTime(manifest.createdAt, timeZone)}. Stripe may hold transfers that are missing here: compare with Stripe first.${before}`
      await unit.tx
        .update(organizations)
        .set({
          transfersPausedAt: sql`coalesce(transfers_paused_at, ${unit.at})`,
          transfersPausedBy: actor.id,
          transfersPausedReason: reason.slice(0, 500),
          unreconciledSince: sql`min(coalesce(unreconciled_since, ${manifest.createdAt}), ${manifest.createdAt})`,
        })
        .where(sql`id = ${id}`)
      const head = heads.get(id)
      unit.audit({
        action: 'orgs.restored',
        target: { type: 'organization', id },
        after: {
          backup: manifest.createdAtUtc,
          sha256: manifest.sha256,
          // The end of the chain that was replaced: how much of the past is in the file that was kept aside.
          replaced: head ? `${head.seq}:${head.hash}` : null,
        },
      })
      notify(unit, {
        template: 'transfersPaused',
        eventId: `${id}:restored:${unit.at}`,
        to: { staffWith: 'transfers.pause' },
        about: { reason: reason.slice(0, 500), pausedBy: actor.name, pausedAt: unit.at },
      })
    })
  await deps.db.write(tx => tx.delete(sessions))
  return rows.length
}
