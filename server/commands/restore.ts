import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { restoreBackup } from '../backup/restore.ts'
import { readConfig } from '../config.ts'
import { randomIds, systemClock } from '../deps.ts'
import { createLog } from '../log.ts'
import { createStripe } from '../stripe/client.ts'
import { runAsProgram } from './control.ts'

/**
 * `npm run restore -- <file>`: puts a backup in the place of the database, which no process may have open, and keeps the old one aside.
 * @returns the exit code
 */
export async function main(args: string[], print: (line: string) => void = console.log): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { unsigned: { type: 'boolean' } },
  })
  const [file, other] = positionals
  if (!file || other) {
    print('Say which backup: npm run restore -- .data/backups/remit-….db')
    return 2
  }
  const config = readConfig(process.env)
  const deps = {
    config,
    clock: systemClock,
    ids: randomIds(systemClock),
    log: createLog({ ...config, LOG_LEVEL: 'error' }),
    // Nothing leaves this process: what is to be sent waits in the outbox.
    stripe: createStripe(config, () => false),
    mailer: { send: () => Promise.reject(new Error('a command sends no mail')), close: async () => {} },
  }
  const { manifest, aside, organizations } = await restoreBackup(deps, resolve(file), values)
  print(`The database is now as it was at ${manifest.createdAtUtc}, and everybody has to sign in again.`)
  if (aside) print(`What it replaces is kept at ${aside}.`)
  print(
    `Sending is paused in ${organizations === 1 ? 'the organization' : `all ${organizations} organizations`} until it was compared with Stripe: start Remit, run \`npm run reconcile -- --after-restore\` (or press the button under Reconcile), look at what it reports, and resume under Settings.`,
  )
  return 0
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  await runAsProgram(() => main(process.argv.slice(2)))
