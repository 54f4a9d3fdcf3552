import { realpath } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Database } from '#db/client.ts'
import { type Config, readConfig } from '../config.ts'
import type { CommandRun } from '../control/protocol.ts'
import { systemClock } from '../deps.ts'
import { createStripe } from '../stripe/client.ts'
import { type Reading, reconcile } from '../stripe/reconcile.ts'
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

/** Where no process runs that has a client of its own. */
async function* here(config: Config, db: Database, args: string[]): CommandRun {
  const stripe = createStripe(config, db.isWriting)
  return yield* runReconcile({ config, db, clock: systemClock, stripe }, args)
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await runAsProgram(() =>
    runCommand('reconcile', process.argv.slice(2), (db, args) => here(readConfig(process.env), db, args)),
  )
