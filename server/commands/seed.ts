// Fills the demo's database with organizations and their history. `npm run demo` starts it before the app, while the simulator
// runs; on a database that has something in it, it only says who can sign in.
import { writeFileSync } from 'node:fs'
import { mkdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { demoLogins, demoPassword } from '#db/seed.ts'
import { createChanges } from '#server/changes.ts'
import { type Config, ConfigError, readConfig } from '#server/config.ts'
import { type Deps, type Log, randomIds } from '#server/deps.ts'
import type { Mailer } from '#server/email/send.ts'
import { createStripe } from '#server/stripe/client.ts'
import { reconcile } from '#server/stripe/reconcile.ts'
import { seedDemo } from './seed/demo.ts'
import type { MovableClock } from './seed/stage.ts'

/**
 * @param story `runs` is how many runs of payouts it tells, `today` when it ends (UTC milliseconds): eighteen months, now
 * @throws Error where real money could be meant, and where what was seeded does not agree with the simulator
 */
export async function seed(
  config: Config,
  say: (words: string) => void,
  story: { runs?: number; today?: number } = {},
): Promise<void> {
  if (config.PAYMENTS !== 'simulator') throw new Error('The demo is seeded for the simulator only: PAYMENTS is stripe.')
  const file = /^file:([^?]+)/.exec(config.DATABASE_URL)?.[1]
  if (!file) throw new Error('The demo is seeded into a file: DATABASE_URL must start with file:.')
  await mkdir(path.dirname(path.resolve(file)), { recursive: true })
  // A demo that loses power while it is filled is filled anew, so its commits need not wait for the disk one by one.
  const db = await openDatabase({ url: config.DATABASE_URL, synchronous: 'NORMAL' })
  try {
    await migrate(db)
    const known = await db.read.get<{ count: number }>(sql`SELECT count(*) AS count FROM organizations`)
    if (known?.count) say('The demo is there already.')
    else await fill(config, db, say, story)
    await db.checkpoint()
  } finally {
    await db.close()
  }
  writeFileSync(path.join(path.dirname(path.resolve(file)), 'logins.json'), `${JSON.stringify(logins(), null, 2)}\n`)
}

async function fill(
  config: Config,
  db: Database,
  say: (words: string) => void,
  { runs, today = Date.now() }: { runs?: number; today?: number },
): Promise<void> {
  const started = Date.now()
  const clock = movableClock(today)
  const deps = seedDeps(config, db, clock)
  say('Playing eighteen months of a partner program:')
  await seedDemo(deps, clock, { today, runs, say })
  const { transfers, differences } = await reconcile(deps, { since: 0 })
  if (differences[0]) throw new Error(`The demo disagrees with its simulator: ${differences[0].says}`)
  const made = await db.read.get<{ payouts: number; partners: number }>(
    sql`SELECT (SELECT count(*) FROM payouts) AS payouts, (SELECT count(*) FROM partners) AS partners`,
  )
  say(
    `${made?.payouts} payouts to ${made?.partners} partners; ${transfers} transfers compared with the simulator, no difference. ` +
      `${Math.round((Date.now() - started) / 1000)} seconds.`,
  )
}

function logins() {
  return demoLogins.map(({ role, name, email, says }) => ({ role, name, email, password: demoPassword, says }))
}

function movableClock(at: number): MovableClock {
  let now = at
  return {
    now: () => now,
    set: value => {
      now = value
    },
  }
}

function seedDeps(config: Config, db: Database, clock: MovableClock): Deps {
  return {
    config,
    db,
    clock,
    ids: randomIds(clock),
    stripe: createStripe(config, db.isWriting),
    mailer: historicMailer(),
    changes: createChanges(),
    log: quietLog(),
  }
}

/** A mailbox that is gone, as a server answers. */
const goneMailbox = 'pagos@rionorte.example'

/** Mails of the past are kept and not sent; one address is refused, as one always is. */
function historicMailer(): Mailer {
  return {
    async send({ to, messageId }) {
      if (to === goneMailbox)
        throw Object.assign(new Error('Can’t send mail: 550 5.1.1 The mailbox does not exist'), {
          code: 'EENVELOPE',
          responseCode: 550,
        })
      return { messageId }
    },
    async close() {},
  }
}

/** What goes wrong in the story is part of it; an error is not. */
function quietLog(): Log {
  const quiet = () => {}
  return { debug: quiet, info: quiet, warn: quiet, error: (fields, message) => console.error(message, fields) }
}

if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url))
  try {
    await seed(readConfig(process.env), words => process.stdout.write(`${words}\n`))
  } catch (error) {
    const words = error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`${words}\n`)
    process.exitCode = 1
  }
