// Remit without its pages, put together as main.ts does, that kills itself at the step it is told to: SIGKILL, no last words. A
// step is where a process may die with another outcome: before and after everything that it does to the world, and inside every
// transaction before its commit. What it wrote to its output before had truly happened.
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { sql } from 'drizzle-orm'
import { Stripe } from 'stripe'
import { type Database, openDatabase } from '#db/client.ts'
import { readViewer } from '../auth/sessions.ts'
import { createChanges } from '../changes.ts'
import { readConfig } from '../config.ts'
import { type Deps, randomIds } from '../deps.ts'
import { createMailer, type Mailer } from '../email/send.ts'
import { createHttpApp, type HttpOptions } from '../http/app.ts'
import { createLog } from '../log.ts'
import { createCaller } from '../router.ts'
import { createStripe } from '../stripe/client.ts'
import { handlers } from '../worker/handlers.ts'
import { tasks } from '../worker/tasks.ts'
import { createWorker } from '../worker/worker.ts'
import type { Orders } from './orders.ts'

const cpuAtStart = JSON.stringify(process.cpuUsage())
const orders = JSON.parse(process.argv[2] ?? '') as Orders
const minute = 60_000
/** Beyond every lease: whatever the dead process held is free. */
const leasesOver = 10 * minute
/** The wait before Stripe brings a webhook again that nobody took. */
const firstRetry = 11_000

let doing = 'marking it paid'
let steps = 0
function step(what: string): void {
  writeSync(1, `${++steps} ${doing}: ${what}\n`)
  if (steps === orders.killAt) process.kill(process.pid, 'SIGKILL')
}

/** Each transaction leaves its number in a table of its own, so that a lost commit would show. */
function killableDatabase(db: Database): Database {
  return {
    ...db,
    async write(fn) {
      const who = /at (?:async )?(?:Object\.)?([a-z]+)/i.exec(new Error().stack?.split('\n').slice(2).join('\n') ?? '')?.[1] ?? '?'
      step(`${who}, before its transaction`)
      const number = steps
      const result = await db.write(async tx => {
        const value = await fn(tx)
        if (orders.killAt !== null) await tx.run(sql`INSERT INTO commits (step) VALUES (${number})`)
        step(`${who}, before its commit`)
        return value
      })
      step(`${who}, committed as ${number}`)
      return result
    },
  }
}

/** At the wire: what the package itself sends again counts, too. */
function killableStripe(): void {
  const original = Stripe.createNodeHttpClient
  Stripe.createNodeHttpClient = agent => {
    const client = original(agent)
    const wrapped: typeof client = {
      getClientName: () => client.getClientName(),
      async makeRequest(...request) {
        const what = `Stripe ${request[3]} ${request[2].split('?')[0]?.replace(/\/acct_\w+|\/tr_\w+/, '/:id')}`
        step(`${what}, before it is sent`)
        const answer = await client.makeRequest(...request)
        const read = answer.toJSON.bind(answer)
        answer.toJSON = async () => {
          const body = await read()
          step(`${what}, answered`)
          return body
        }
        return answer
      },
    }
    return wrapped
  }
}

function killableMailer(mailer: Mailer): Mailer {
  return {
    async send(mail) {
      step('mail, before it is sent')
      const sent = await mailer.send(mail)
      step('mail, accepted')
      return sent
    },
    close: () => mailer.close(),
  }
}

const config = readConfig(process.env)
let offset = 0
const clock = { now: () => Date.now() + offset }

/** One clock for us and for Stripe: its webhooks are signed by it. */
async function advance(ms: number): Promise<void> {
  const { now } = await simulator<{ now: number }>('POST', '/_sim/clock', { advance: ms })
  offset = now - Date.now()
}

async function simulator<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(config.STRIPE_API_BASE + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return (await answer.json()) as T
}

killableStripe()
const db = await openDatabase({ url: config.DATABASE_URL })
const killable = killableDatabase(db)
const mailer = createMailer({ smtpUrl: config.SMTP_URL, mailDir: config.MAIL_DIR, from: config.MAIL_FROM })
const deps: Deps = {
  config,
  db: killable,
  clock,
  ids: randomIds(clock),
  stripe: createStripe(config, db.isWriting),
  mailer: killableMailer(mailer),
  changes: createChanges(),
  log: createLog(config),
}
const worker = createWorker(deps, handlers)
const noPages = { entry: { module: {} }, routes: {} } as unknown as HttpOptions['build']
const server = createServer(createHttpApp(deps, { build: noPages, ready: async () => ({ ok: true }) }))

/** What a person does; pressed again after an error, it is the same intent with the same key. */
async function markPaid(): Promise<void> {
  const session = await readViewer(deps, orders.cookie)
  const api = createCaller({
    deps,
    viewer: session?.viewer ?? null,
    sessionId: session?.sessionId ?? null,
    address: '127.0.0.1',
    device: 'a test',
    requestId: 'req_test',
    setCookie: () => {},
  })
  const { id: payoutId, version } = orders.payout
  const { status } = await api.payouts.markPaid({ payoutId, version, idempotencyKey: `intent of ${payoutId}` })
  writeSync(1, `answered: ${status}\n`)
}

/** Takes what Stripe brings, and what it brings again since nobody took it, until it has nothing left. */
async function takeWebhooks(): Promise<void> {
  if (!server.listening) await new Promise<void>(resolve => server.listen(config.PORT, config.HOST, resolve))
  for (let asked = 0; ; asked++) {
    const deliveries = await simulator<{ state: string; due: number }[]>('GET', '/_sim/deliveries')
    const pending = deliveries.filter(delivery => delivery.state === 'pending')
    if (pending.length === 0) return
    if (asked > 500) throw new Error(`Stripe still has webhooks for us: ${JSON.stringify(pending)}`)
    const next = Math.min(...pending.map(delivery => delivery.due)) - clock.now()
    if (next > 0) await advance(next + 1)
    else await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function sweep(): Promise<void> {
  for (const task of tasks) if (task.name === 'sweep') await task.run(deps)
}

async function statusNow(): Promise<void> {
  const rows = await db.read.all<{ status: string }>(sql`SELECT status FROM payouts WHERE id = ${orders.payout.id}`)
  writeSync(1, `the payout is ${rows[0]?.status}\n`)
}

await advance(0)
if (orders.first === 'nothing') {
  await markPaid()
  doing = 'working'
  await worker.runUntilIdle()
  doing = 'hearing of it'
  // Nobody listened until now, so Stripe's first try to tell us has failed.
  await advance(firstRetry)
  await takeWebhooks()
  await worker.runUntilIdle()
} else {
  if (orders.first === 'webhooks') {
    // At once: the dead process still holds what it held.
    await advance(firstRetry)
    await takeWebhooks()
    await worker.runUntilIdle()
    await statusNow()
  }
  await advance(leasesOver)
  await sweep()
  await worker.runUntilIdle()
  await statusNow()
  await markPaid()
  await worker.runUntilIdle()
  await takeWebhooks()
  await worker.runUntilIdle()
  await sweep()
  await worker.runUntilIdle()
}
await statusNow()
server.closeAllConnections()
await new Promise(resolve => server.close(resolve))
await mailer.close()
await db.close()
writeSync(2, JSON.stringify(process.cpuUsage()) + cpuAtStart + '\n')
writeSync(1, 'finished\n')
process.exit(0)
