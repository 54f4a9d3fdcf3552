// npm run reconcile -- [--since 2026-01-31 | --since 90d]
// Compares Stripe's transfers with our payouts in both directions; exits 1 where they differ, 2 where it could not compare.
import { parseArgs } from 'node:util'
import { type Database, openDatabase } from '#db/client.ts'
import { createChanges } from '#server/changes.ts'
import { readConfig } from '#server/config.ts'
import { type Deps, randomIds, systemClock } from '#server/deps.ts'
import { createLog } from '#server/log.ts'
import { createStripe } from '#server/stripe/client.ts'
import { reconcile } from '#server/stripe/reconcile.ts'
import { reportOf, sinceOf } from './reconcile-report.ts'

async function run(): Promise<number> {
  const { values } = parseArgs({ options: { since: { type: 'string' } } })
  const config = readConfig(process.env)
  const since = sinceOf(values.since, systemClock.now())
  const db = await open(config.DATABASE_URL, config.DATABASE_AUTH_TOKEN)
  try {
    const deps: Deps = {
      config,
      db,
      clock: systemClock,
      ids: randomIds(systemClock),
      stripe: createStripe(config, db.isWriting),
      mailer: { send: () => Promise.reject(new Error('this command sends no mail')), close: async () => {} },
      changes: createChanges(),
      log: createLog(config),
    }
    const comparison = await reconcile(deps, { since })
    console.log(reportOf(comparison))
    return comparison.differences.length > 0 ? 1 : 0
  } finally {
    await db.close()
  }
}

/** Only one process may own the file, and while Remit runs it is that one. */
async function open(url: string, authToken: string | undefined): Promise<Database> {
  try {
    return await openDatabase({ url, authToken })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    if (!why.includes('Only one process')) throw error
    throw new Error(
      `${why}\nWhile Remit runs, an owner or admin compares with the button “Compare with Stripe” in the admin, under Payouts.`,
    )
  }
}

try {
  process.exitCode = await run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
