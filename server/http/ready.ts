import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import path from 'node:path'
import { currentVersion, latestVersion } from '#db/migrate.ts'
import { databaseFile } from '../control/path.ts'
import type { Deps } from '../deps.ts'

export type Readiness = { ok: true } | { ok: false; why: string }

/** Below this a commit may fail half way into the night (bytes). */
const smallestFree = 64 * 2 ** 20

/**
 * Whether requests should come here: the database answers and is of this code's version, the disk takes writes, and the process is not
 * about to stop. The reason is for the log; whoever asks learns yes or no.
 */
export async function readiness(deps: Pick<Deps, 'db' | 'config'>, draining: boolean): Promise<Readiness> {
  if (draining) return { ok: false, why: 'the process stops' }
  try {
    const found = await currentVersion(deps.db)
    if (found !== latestVersion())
      return { ok: false, why: `the schema is version ${found}, and this code wants ${latestVersion()}` }
  } catch (error) {
    return { ok: false, why: `the database does not answer: ${error instanceof Error ? error.message : error}` }
  }
  const { DATABASE_URL: url } = deps.config
  return url.startsWith('file:') && !url.includes(':memory:') ? disk(databaseFile(url)) : { ok: true }
}

async function disk(file: string): Promise<Readiness> {
  try {
    await access(file, constants.W_OK)
    await access(path.dirname(file), constants.W_OK)
    const { bavail, bsize } = await statfs(path.dirname(file))
    return bavail * bsize >= smallestFree ? { ok: true } : { ok: false, why: 'the disk is almost full' }
  } catch (error) {
    return { ok: false, why: `the disk takes no writes: ${error instanceof Error ? error.message : error}` }
  }
}
