import { realpath } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type BackupDeps, makeBackup, removeOld } from '../backup/backup.ts'
import { readConfig } from '../config.ts'
import type { CommandRun } from '../control/protocol.ts'
import { systemClock } from '../deps.ts'
import { runAsProgram, runCommand, wholePaths } from './control.ts'

const options = { to: { type: 'string' }, keep: { type: 'string' } } as const

/**
 * `npm run backup [-- --to directory --keep 14]`: a copy of the database with its manifest, made while everybody goes on working.
 * Exit code 1 where none was made, 2 for arguments that make no sense.
 */
export async function* runBackup(deps: BackupDeps, args: string[]): CommandRun {
  let directory = deps.config.BACKUP_DIR
  let keep: number | undefined
  try {
    const { values } = parseArgs({ args, options })
    directory = values.to ?? directory
    keep = values.keep === undefined ? undefined : Number(values.keep)
    if (keep !== undefined && !(Number.isInteger(keep) && keep >= 1 && keep <= 10_000))
      throw new Error(`--keep ${values.keep} is no number of backups. Write --keep 14.`)
  } catch (error) {
    yield error instanceof Error ? error.message : String(error)
    return 2
  }
  try {
    const { file, manifest } = await makeBackup(deps, directory)
    const rows = Object.values(manifest.counts).reduce((sum, count) => sum + count, 0)
    yield `${file}`
    yield `${(manifest.size / 1024 / 1024).toFixed(1)} MB, ${rows} rows, as it was at ${manifest.createdAtUtc}; looked through, and sound.`
    yield `Keep it and its .json elsewhere too: a backup on the same disk is lost with it.`
    for (const old of keep === undefined ? [] : removeOld(directory, keep))
      yield `Removed ${old}, since ${keep} are kept.`
    return 0
  } catch (error) {
    yield `No backup was made. ${error instanceof Error ? error.message : error}`
    return 1
  }
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await runAsProgram(() =>
    runCommand('backup', wholePaths(process.argv.slice(2), '--to'), (db, args) =>
      runBackup({ db, config: readConfig(process.env), clock: systemClock }, args),
    ),
  )
