import { realpath } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Database } from '#db/client.ts'
import { finishRestore, unreconciledOrgs } from '../backup/after-restore.ts'
import { createChanges } from '../changes.ts'
import { type Config, readConfig } from '../config.ts'
import type { CommandRun } from '../control/protocol.ts'
import { type Deps, randomIds, systemClock } from '../deps.ts'
import { createLog } from '../log.ts'
import { createStripe } from '../stripe/client.ts'
import { type Reading, reconcile } from '../stripe/reconcile.ts'
import type { Actor } from '../work.ts'
import { runAsProgram, runCommand } from './control.ts'
import { reportOf, sinceOf } from './reconcile-report.ts'

/**
 * `npm run reconcile [-- --since 2026-01-31 | --since 90d]`: compares Stripe's transfers with our payouts in both directions, for
 * the whole installation. Exit code 1 where they differ, 2 where nothing could be compared.
 */
export async function* runReconcile(deps: Reading, args: string[]): CommandRun {
  try {
    const { values } = parseArgs({ args, options: { since: { type: 'string' } } })
    const comparison = await reconcile(deps, { since: sinceOf(values.since, deps.clock.now()) })
    for (const line of reportOf(comparison).split('\n')) yield line
    return comparison.differences.length > 0 ? 1 : 0
  } catch (error) {
    yield error instanceof Error ? error.message : String(error)
    return 2
  }
}

const actor: Actor = { kind: 'command', id: 'reconcile', name: 'npm run reconcile' }

/**
 * `npm run reconcile -- --after-restore`: the same, and takes over what Stripe has paid since the backup that was restored, in every
 * organization that waits for it. Exit code 1 where differences remain, 2 where nothing could be compared.
 */
export async function* runAfterRestore(deps: Deps): CommandRun {
  let differences = 0
  const waiting = await unreconciledOrgs(deps)
  if (waiting.length === 0) yield 'No restore waits for a comparison.'
  for (const orgId of waiting) {
    try {
      const { adopted, comparison } = await finishRestore(deps, orgId, actor)
      differences += comparison.differences.length
      yield `${orgId}: ${adopted} ${adopted === 1 ? 'payout was' : 'payouts were'} paid by Stripe since the backup, and now ${adopted === 1 ? 'is' : 'are'} paid here too.`
      for (const line of reportOf(comparison).split('\n')) yield line
      yield 'Sending stays paused until somebody resumes it under Settings.'
    } catch (error) {
      yield `${orgId}: ${error instanceof Error ? error.message : error}`
      return 2
    }
  }
  return differences > 0 ? 1 : 0
}

/** What `npm run reconcile` asks for. */
export function chosenReconcile(deps: Deps, args: string[]): CommandRun {
  return args.includes('--after-restore') ? runAfterRestore(deps) : runReconcile(deps, args)
}

/** Where no process runs that has a client of its own. */
async function* here(config: Config, db: Database, args: string[]): CommandRun {
  const deps: Deps = {
    config,
    db,
    clock: systemClock,
    ids: randomIds(systemClock),
    stripe: createStripe(config, db.isWriting),
    mailer: { send: () => Promise.reject(new Error('a command sends no mail')), close: async () => {} },
    changes: createChanges(),
    log: createLog({ ...config, LOG_LEVEL: 'error' }),
  }
  return yield* chosenReconcile(deps, args)
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await runAsProgram(() =>
    runCommand('reconcile', process.argv.slice(2), (db, args) => here(readConfig(process.env), db, args)),
  )
