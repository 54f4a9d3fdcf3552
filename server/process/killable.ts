// Remit without its pages, put together as main.ts does, in which one story is played. It kills itself at the step it is told to:
// SIGKILL, no last words. With orders in its first argument it plays one story and ends; without, it plays those that come as messages,
// each on a file that it opens anew.
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { sql } from 'drizzle-orm'
import { openDatabase } from '#db/client.ts'
import { readViewer } from '../auth/sessions.ts'
import { createChanges } from '../changes.ts'
import { readConfig } from '../config.ts'
import { type Deps, randomIds } from '../deps.ts'
import { createMailer } from '../email/send.ts'
import { createLog } from '../log.ts'
import { createCaller } from '../router.ts'
import { createStripe } from '../stripe/client.ts'
import { sweep } from '../stripe/sweeper.ts'
import { type Endpoint, receiveWebhook } from '../stripe/webhook.ts'
import { handlers } from '../worker/handlers.ts'
import { createWorker, type Worker } from '../worker/worker.ts'
import type { Account, Orders } from './orders.ts'
import { steppedDatabase, steppedMailer, stepThroughStripe } from './steps.ts'

const minute = 60_000
/** Beyond every lease: what the dead process held is free. */
const leasesOverMs = 10 * minute
/** Stripe brings a webhook that nobody took again after ten seconds; leases last longer. */
const firstRetryMs = 11_000

const config = readConfig(process.env)
let said: string[] = []
let doing = ''
let steps = 0
let orders: Orders | undefined
let offset = 0
const clock = { now: () => Date.now() + offset }

/** Not through a stream: what is written here is out, whatever happens next. */
function say(line: string): void {
  said.push(line)
  if (!process.channel || process.argv[2]) writeSync(1, `${line}\n`)
}

function step(what: string): void {
  const name = `${doing}: ${what}`
  say(`${++steps} ${name}`)
  if (orders?.killAt === steps || orders?.killAt === name) process.kill(process.pid, 'SIGKILL')
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

/** One clock for us and for Stripe, since its webhooks are signed by it. */
async function advance(ms: number): Promise<void> {
  const { now } = await simulator<{ now: number }>('POST', '/_sim/clock', { advance: ms })
  offset = now - Date.now()
}

/** What a person does; pressed again after no answer came, it is the same intent with the same key. */
async function markPaid(deps: Deps, { cookie, payout: { id: payoutId, version } }: Orders): Promise<void> {
  const session = await readViewer(deps, cookie)
  const api = createCaller({
    deps,
    viewer: session?.viewer ?? null,
    // Hours may have passed: who presses the button has just confirmed who they are.
    proof: session && { ...session.proof, at: clock.now() },
    sessionId: session?.sessionId ?? null,
    signInId: null,
    address: '127.0.0.1',
    device: 'a test',
    requestId: 'req_test',
    setCookie: () => {},
  })
  const { status } = await api.payouts.markPaid({ payoutId, version, idempotencyKey: `intent of ${payoutId}` })
  say(`answered: it is ${status}`)
}

/** Listens until Stripe has nothing more to tell, tries that fell into our absence included. */
async function takeWebhooks(deps: Deps): Promise<void> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const endpoint = request.url?.split('/').at(-1) as Endpoint
    const signature = String(request.headers['stripe-signature'])
    const answer = await receiveWebhook(deps, endpoint, Buffer.concat(chunks), signature)
    response.writeHead(answer.status).end(answer.body)
  })
  await new Promise<void>(resolve => server.listen(config.PORT, config.HOST, resolve))
  for (let looks = 0; ; looks++) {
    const deliveries = await simulator<{ state: string; due: number }[]>('GET', '/_sim/deliveries')
    const pending = deliveries.filter(delivery => delivery.state === 'pending')
    if (pending.length === 0) break
    if (looks > 1_000) throw new Error(`Stripe still has webhooks for us: ${JSON.stringify(pending)}`)
    const next = Math.min(...pending.map(delivery => delivery.due)) - clock.now()
    if (next > 0) await advance(next + 1)
    else await new Promise(resolve => setTimeout(resolve, 10))
  }
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
}

async function play(deps: Deps, worker: Worker, orders: Orders): Promise<void> {
  const tell = async () => {
    const { id } = orders.payout
    const [row] = await deps.db.read.all<{ status: string }>(sql`SELECT status FROM payouts WHERE id = ${id}`)
    say(`the payout is ${row?.status}`)
  }
  const hear = async () => {
    await takeWebhooks(deps)
    await worker.runUntilIdle()
  }
  if (orders.story === 'mark paid') {
    doing = 'marking it paid'
    await markPaid(deps, orders)
    doing = 'working'
    await worker.runUntilIdle()
    doing = 'hearing of it'
    // Nobody listened until now, so Stripe's first try has failed.
    await advance(firstRetryMs)
    await hear()
    return tell()
  }
  if (orders.story === 'webhooks first') {
    // At once: the dead process still holds what it held.
    await advance(firstRetryMs)
    await hear()
  }
  await advance(leasesOverMs)
  await sweep(deps)
  await worker.runUntilIdle()
  await tell()
  if (orders.story !== 'finish') await markPaid(deps, orders)
  await worker.runUntilIdle()
  await hear()
  await sweep(deps)
  await worker.runUntilIdle()
  return tell()
}

async function obey(given: Orders): Promise<void> {
  orders = given
  steps = 0
  said = []
  await advance(0)
  const db = await openDatabase({ url: config.DATABASE_URL })
  const mailer = createMailer({ smtpUrl: config.SMTP_URL, mailDir: config.MAIL_DIR, from: config.MAIL_FROM })
  const deps: Deps = {
    config,
    // The survivor's own transactions are no question.
    db: given.killAt === null ? db : steppedDatabase(db, step),
    clock,
    ids: randomIds(clock),
    stripe: createStripe(config, db.isWriting),
    mailer: steppedMailer(mailer, step),
    changes: createChanges(),
    log: createLog(config),
  }
  try {
    await play(deps, createWorker(deps, handlers), given)
  } finally {
    await mailer.close()
    await db.close()
  }
}

stepThroughStripe(step, () => orders?.newKeys === true)
if (process.argv[2]) {
  await obey(JSON.parse(process.argv[2]) as Orders)
  say('finished')
  process.exit(0)
}
process.channel?.ref()
process.on('message', (given: Orders) => {
  obey(given).then(
    () => process.send?.({ said, error: null } satisfies Account),
    (error: Error) => process.send?.({ said, error: error.stack ?? error.message } satisfies Account),
  )
})
