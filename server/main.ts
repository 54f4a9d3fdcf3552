import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import type { ServerBuild } from '@remix-run/node'
import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { troubleOf } from '#db/trouble.ts'
import { anchorTask } from './audit/anchors.ts'
import { createChanges } from './changes.ts'
import { commandTable } from './commands/table.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { controlPath } from './control/path.ts'
import { listenForCommands } from './control/server.ts'
import { type Deps, randomIds, systemClock } from './deps.ts'
import { createMailer } from './email/send.ts'
import { createHttpApp } from './http/app.ts'
import { drainable } from './http/drain.ts'
import { readiness } from './http/ready.ts'
import { createLog } from './log.ts'
import { createStripe } from './stripe/client.ts'
import { handlers } from './worker/handlers.ts'
import { tasks } from './worker/tasks.ts'
import { createWorker } from './worker/worker.ts'

// The composition root: what the domain may touch is made here, once, and handed down.

/** How long requests and jobs may take to end once we are asked to stop, and how long stopping may take in all (milliseconds). */
const graceMs = 7_000
const stopMs = 10_000

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const log = createLog(config)
  const db = await openOwnDatabase(config, log)
  const deps: Deps = {
    config,
    db,
    clock: systemClock,
    ids: randomIds(systemClock),
    stripe: createStripe(config, db.isWriting),
    mailer: createMailer({ smtpUrl: config.SMTP_URL, mailDir: config.MAIL_DIR, from: config.MAIL_FROM }),
    changes: createChanges(),
    log,
  }
  const worker = createWorker(deps, handlers, { tasks })
  const socket = controlPath(config.DATABASE_URL)
  const control = socket ? await listenForCommands(socket, commandTable(deps), log) : null

  let draining = false
  const app = createHttpApp(deps, {
    ...(await frontend(config)),
    ready: () => readiness(deps, draining),
  })
  const server = createServer(app)
  // Longer than a proxy's own, or it would meet connections that close under its requests.
  server.keepAliveTimeout = 65_000
  const drain = drainable(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.PORT, config.HOST, resolve)
  }).catch(error => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new Refusal(`${config.HOST}:${config.PORT} is taken by another program. Stop that one, or set PORT.`)
  })

  const stop = async (signal: string) => {
    if (draining) return
    draining = true
    log.info({ signal }, 'stopping')
    // Whatever hangs: what is not done by now is as safe as after a crash, and nobody waits for us any longer.
    setTimeout(() => process.exit(1), stopMs).unref()
    // Long enough for a proxy to notice that we are not ready, and to send the next requests elsewhere.
    if (config.NODE_ENV === 'production') await new Promise(resolve => setTimeout(resolve, 500))
    await Promise.all([worker.stop(graceMs), drain(graceMs)])
    await control?.close()
    // What was recorded since the last anchor would stand unprotected until the next start.
    await anchorTask()
      .run(deps)
      .catch(error => log.error({ err: error }, 'the audit log was not anchored'))
    // A mail server that does not answer has had its time: the mail's job was given back.
    await Promise.race([deps.mailer.close(), new Promise(resolve => setTimeout(resolve, 100))])
    await db.checkpoint()
    await db.close()
    log.info({}, 'stopped')
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  worker.start()
  log.info({ url: config.PUBLIC_URL, payments: config.PAYMENTS, pid: process.pid }, 'Remit is running')
}

/** What keeps Remit from starting and whoever starts it can mend: told in its sentence, without a stack. */
class Refusal extends Error {}

/** The database, migrated and this process's alone. @throws Refusal when it can't be opened, or somebody else holds it */
async function openOwnDatabase(config: Config, log: Deps['log']): Promise<Database> {
  const file = /^file:([^?]+)/.exec(config.DATABASE_URL)?.[1]
  const refuseLocked = (error: { code?: string }) => {
    if (error.code !== 'SQLITE_BUSY') throw error
    throw new Refusal(
      `${file ? path.resolve(file) : 'The database'} is locked by another program, a shell or a backup perhaps. Close it there, then start again.`,
    )
  }
  if (file && file !== ':memory:') mkdirSync(path.dirname(path.resolve(file)), { recursive: true })
  const db = await openDatabase({
    url: config.DATABASE_URL,
    authToken: config.DATABASE_AUTH_TOKEN,
    log: (event, fields) => log.warn(fields, event),
  })
    .catch(refuseLocked)
    // All else that fails here is about the file or the server, never about our code.
    .catch(error => {
      throw unwritable(error, file) ?? new Refusal(error.message)
    })
  await migrate(db)
    .catch(refuseLocked)
    .catch(error => {
      throw unwritable(error, file) ?? error
    })
  return db
}

/** The disk's refusal in a sentence; null where it is not the disk's. */
function unwritable(error: unknown, file: string | undefined): Refusal | null {
  const trouble = troubleOf(error)
  if (!trouble || !file) return null
  const place = path.dirname(path.resolve(file))
  return new Refusal(
    trouble === 'full'
      ? `${place} has no room left. Make room on that disk, then start again.`
      : `${place} can't be written to. Make it writable for the user that runs Remit (is its disk mounted read-only?), then start again.`,
  )
}

/** The compiled app in production; Vite, compiling as it is asked, in development. */
async function frontend(config: Config) {
  if (config.NODE_ENV !== 'development') {
    const directory = path.resolve(import.meta.dirname, '../build')
    const build = (await import(path.join(directory, 'server/index.js'))) as ServerBuild
    return { build, clientDirectory: path.join(directory, 'client') }
  }
  const { createServer: createVite } = await import('vite')
  const vite = await createVite({ server: { middlewareMode: true } })
  return {
    build: () => vite.ssrLoadModule('virtual:remix/server-build') as Promise<ServerBuild>,
    development: vite.middlewares,
  }
}

main().catch(error => {
  // Configuration is for people to mend; everything else is for the log.
  if (error instanceof ConfigError)
    process.stderr.write(`${error.message}\n\nSee .env.example for what each setting means.\n`)
  else if (error instanceof Refusal) process.stderr.write(`Remit could not start: ${error.message}\n`)
  else
    process.stderr.write(`Remit could not start: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
  process.exit(1)
})
