import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { flush } from '#db/replace.ts'
import { anchorKey, signAnchor } from '../audit/anchors.ts'
import type { Deps } from '../deps.ts'
import { hashFile, type Manifest, manifestPath, parseManifest, signManifest } from './manifest.ts'

/** What a backup touches: it writes nothing into the database. */
export type BackupDeps = Pick<Deps, 'db' | 'clock'> & {
  config: Pick<Deps['config'], 'BACKUP_DIR' | 'AUDIT_ANCHOR_KEY' | 'STRIPE_SECRET_KEY'>
}

export interface Backup {
  /** The copy's path; its manifest lies beside it. */
  file: string
  manifest: Manifest
}

const unfinished = '.unfinished'
const named = /^remit-[\dTZ.-]+\.db$/
const hour = 60 * 60_000

const heads = 'SELECT org_id AS org, max(seq) AS seq, hash FROM audit GROUP BY org_id ORDER BY org_id'
const version = 'SELECT max(version) AS version FROM migrations'

const busy = new WeakSet<Deps['db']>()

/**
 * Copies the database beside its manifest into a directory, while everybody goes on working. A backup has its final name only once it was
 * looked through and is on the disk; what a stopped process left unfinished is removed by the next.
 * @throws Error where one is being made already, there is no room, or the copy is not sound
 */
export async function makeBackup(deps: BackupDeps, directory = deps.config.BACKUP_DIR): Promise<Backup> {
  if (busy.has(deps.db)) throw new Error('A backup is being made already. Wait until it is done.')
  busy.add(deps.db)
  const folder = resolve(directory)
  const createdAt = deps.clock.now()
  const createdAtUtc = new Date(createdAt).toISOString()
  const name = `remit-${createdAtUtc.replaceAll(':', '-')}.db`
  const file = join(folder, name)
  const part = file + unfinished
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const left of readdirSync(folder)) if (left.endsWith(unfinished)) rmSync(join(folder, left))
    // Nobody else may read it, not even while it grows.
    closeSync(openSync(part, 'wx', 0o600))
    const { problems, counts, answers } = await deps.db.copyTo(part, [version, heads])
    if (problems.length > 0)
      throw new Error(`The copy is not sound, and was thrown away: ${problems.slice(0, 3).join('; ')}`)
    flush(part)
    const key = anchorKey(deps.config)
    const manifest = signManifest(
      {
        format: 1,
        createdAt,
        createdAtUtc,
        schemaVersion: Number(answers[0]?.[0]?.version),
        file: name,
        size: statSync(part).size,
        sha256: await hashFile(part),
        counts,
        anchors: (answers[1] ?? []).map(row =>
          signAnchor(key, String(row.org), { seq: Number(row.seq), hash: String(row.hash) }),
        ),
      },
      key,
    )
    const manifestPart = manifestPath(file) + unfinished
    writeFileSync(manifestPart, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true })
    renameSync(part, file)
    renameSync(manifestPart, manifestPath(file))
    flush(folder)
    return { file, manifest }
  } catch (error) {
    rmSync(part, { force: true })
    rmSync(manifestPath(file) + unfinished, { force: true })
    throw error
  } finally {
    busy.delete(deps.db)
  }
}

/** The whole backups in a directory, the newest first. */
export function listBackups(directory: string): Backup[] {
  const folder = resolve(directory)
  const names = readdirOrNothing(folder)
  return names
    .filter(name => named.test(name) && names.includes(manifestPath(name)))
    .map(name => join(folder, name))
    .map(file => ({ file, manifest: parseManifest(manifestPath(file)) }))
    .sort((a, b) => b.manifest.createdAt - a.manifest.createdAt)
}

function readdirOrNothing(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Removes all but the newest `keep` backups, and touches nothing else that lies there. Returns what was removed. */
export function removeOld(directory: string, keep: number): string[] {
  const old = listBackups(directory).slice(keep)
  for (const { file } of old) {
    rmSync(file)
    rmSync(manifestPath(file))
  }
  return old.map(({ file }) => file)
}

/** A periodic task: makes a backup where the newest is older than BACKUP_EVERY_HOURS, and keeps BACKUP_KEEP of them. Without the first, nothing. */
export async function backUpWhenDue(deps: Deps): Promise<void> {
  const { BACKUP_EVERY_HOURS: hours, BACKUP_DIR: directory, BACKUP_KEEP: keep } = deps.config
  if (hours === undefined) return
  const [newest] = listBackups(directory)
  // Due a little early, or each would be made one look later than the one before.
  if (newest && deps.clock.now() - newest.manifest.createdAt < hours * hour - 5 * 60_000) return
  const { file, manifest } = await makeBackup(deps)
  if (keep !== undefined) removeOld(directory, keep)
  deps.log.info({ file, size: manifest.size }, 'a backup was made')
}
