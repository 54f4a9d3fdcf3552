import { copyFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { SMTPServer } from 'smtp-server'
import type Stripe from 'stripe'
import { expect, onTestFinished, test } from 'vitest'
import { type Config, readConfig } from '../config.ts'
import { checkBooks } from './books.ts'
import { bundle } from './bundle.ts'
import { type Company, fileOf, makeCompany, onFile } from './company.ts'
import type { Account, Orders } from './orders.ts'
import {
  aFolder,
  aPort,
  type Running,
  type SimulatorProcess,
  settingsFor,
  start,
  startSimulator,
  stripeSecrets,
} from './processes.ts'

/** One step alone, to look into. */
const only = process.env.KILL_AT ? Number(process.env.KILL_AT) : null

/** One Stripe, and one company whose payouts are paid one after the other, each in a fresh copy of the company's file. */
interface Lane {
  program: string
  env: Record<string, string>
  config: Config
  simulator: SimulatorProcess
  company: Company
  /** The process that takes up what the killed ones left; one for all of them, on a file that it opens each time. */
  survivor: Running
  mail: Map<string, number>
  used: number
}

async function aLane(program: string, smtpUrl: string, mail: Map<string, number>): Promise<Lane> {
  const folder = aFolder()
  const port = await aPort()
  const simulator = await startSimulator({ ...stripeSecrets, SIMULATOR_STATE: join(folder, 'simulator.db') }, port)
  // Only what tells of transfers; all else is stored and ignored, which other tests look at.
  for (const type of ['[^t]*', 'topup*'])
    await simulator.control('POST', '/_sim/webhooks/switches', { kind: 'drop', type, count: null })
  const env = { ...settingsFor({ folder, port, stripe: simulator.url }), SMTP_URL: smtpUrl, LOG_LEVEL: 'error' }
  const origin = { ...env, DATABASE_URL: `file:${folder}/company.db` }
  const company = await makeCompany(origin, simulator, 100)
  await onFile(readConfig(origin), ({ db }) => db.script('CREATE TABLE commits (number INTEGER PRIMARY KEY) STRICT;'))
  const survivor = start(program, { env })
  return { program, env, config: readConfig(env), simulator, company, survivor, mail, used: 0 }
}

/** A mail server that counts how often each message came, by its id. */
async function aMailServer(): Promise<{ url: string; mail: Map<string, number> }> {
  const mail = new Map<string, number>()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = ''
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      stream.on('end', () => {
        const id = /^Message-ID:\s*(<[^>]+>)/im.exec(text)?.[1] ?? 'none'
        mail.set(id, (mail.get(id) ?? 0) + 1)
        done()
      })
    },
  })
  // A client that was killed resets its connection.
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>(resolve => server.close(() => resolve())))
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, mail }
}

function survive({ survivor }: Lane, orders: Orders): Promise<Account> {
  return new Promise((resolve, reject) => {
    survivor.child.once('message', account => resolve(account as Account))
    survivor.child.send(orders, error => error && reject(error))
    survivor.ended.then(({ output }) => reject(new Error(`The survivor died: ${output}`)), reject)
  })
}

interface Killed {
  /** What it did last. */
  last: string
  /** It lived to the end: there is no such step. */
  finished: boolean
  /** Stripe had made the transfer, and the file did not know. */
  unrecorded: boolean
  /** In sentences; none when everything is as if nothing had happened. */
  problems: string[]
  /** What both processes did, for whoever has to find out. */
  history: string
}

/** Pays in a process that dies at one of its steps, takes it up in another, and looks at everything that there is to see. */
async function killAndRecover(
  lane: Lane,
  given: Pick<Orders, 'killAt' | 'newKeys'> & { story: Exclude<Orders['story'], 'mark paid'> },
): Promise<Killed> {
  const { company, config, simulator, mail } = lane
  const { killAt, newKeys, story } = given
  const payout = company.payouts[lane.used++]
  if (!payout) throw new Error('there are more steps than payouts to pay')
  const file = fileOf(config)
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
  copyFileSync(company.file, file)
  await simulator.control('POST', '/_sim/clock', { set: Date.now() })
  const transfers = async () => {
    const all = await simulator.control<Stripe.Transfer[]>('GET', '/_sim/transfers')
    return all.filter(transfer => transfer.transfer_group === `payout_${payout.id}`)
  }
  const problems: string[] = []
  const must = (holds: boolean, what: string) => {
    if (!holds) problems.push(what)
  }

  const orders: Orders = { cookie: company.cookie, payout, story: 'mark paid', killAt, newKeys }
  const { output, signal, code } = await start(lane.program, { args: [JSON.stringify(orders)], env: lane.env }).ended
  const steps = [...output.matchAll(/^\d+ (.+)$/gm)].map(match => match[1] ?? '')
  const last = steps.at(-1) ?? 'nothing'
  const finished = code === 0
  must(
    finished ? /the payout is paid\nfinished\n$/.test(output) : signal === 'SIGKILL',
    `it ended with ${code ?? signal}`,
  )
  must(finished || typeof killAt === 'string' || steps.length === killAt, `it died at step ${steps.length}`)
  const sent = steps.findIndex(step => step.includes('POST /v1/transfers'))
  const unrecorded = (await transfers()).length > 0 && !steps.slice(sent).some(step => step.includes('committed as'))

  const { said, error } = await survive(lane, { ...orders, story, killAt: null })
  must(error === null, `the survivor failed: ${error}`)
  // What was committed goes on by itself, whoever heard of it; what was not waits as if nobody had pressed anything.
  const expected = /marking it paid: .*committed as/.test(output) ? 'paid,paid' : 'approved,paid'
  const states = said.flatMap(line => /^the payout is (\w+)/.exec(line)?.[1] ?? []).join()
  must(states === expected, `it should have been ${expected}, and was ${states}`)

  await onFile(config, async ({ db }) => {
    const rows = await db.read.all<{ number: number }>(sql`SELECT number FROM commits`)
    const kept = new Set(rows.map(row => row.number))
    for (const [, number] of output.matchAll(/committed as (\d+)$/gm))
      must(kept.has(Number(number)), `commit ${number} was acknowledged and is lost`)
    problems.push(...(await checkBooks(db, await transfers(), true)))
  })
  // Dying between a mail's acceptance and its note sends the same message again; nothing sends another one, or a third.
  const times = [...mail].filter(([id]) => id.includes(payout.id)).map(([, count]) => count)
  const mayRepeat = /mail, accepted$|mark, before its commit$/.test(last)
  must(times.join() === '1' || (mayRepeat && times.join() === '2'), `the mails about it came ${times.join()} times`)
  const history = `killed at step ${steps.length}, ${last}; then ${story}\n${output}then:\n${said.join('\n')}`
  return { last, finished, unrecorded, problems, history }
}

test('killed between any two steps of a payment, it is paid exactly once', { timeout: 600_000 }, async () => {
  const program = await bundle(new URL('./killable.ts', import.meta.url), aFolder())
  const { url, mail } = await aMailServer()
  const lanes = await Promise.all([aLane(program, url, mail), aLane(program, url, mail)])
  const last: string[] = []
  let webhooksFirst = 0
  let next = only ?? 1
  let over = false
  await Promise.all(
    lanes.map(async lane => {
      while (!over) {
        const step = next++
        if (only !== null && step > only) return
        const repeat = `repeat: KILL_AT=${step} npx vitest run server/process/kill.test.ts`
        const killed = await killAndRecover(lane, { killAt: step, story: 'worker first', newKeys: false })
        expect(killed.problems, `${repeat}\n${killed.history}`).toEqual([])
        over ||= killed.finished
        if (killed.finished) return
        last[step] = killed.last
        if (!killed.unrecorded) continue
        // The other order, where it matters: Stripe tells of a transfer before we have asked again.
        const other = await killAndRecover(lane, { killAt: step, story: 'webhooks first', newKeys: false })
        expect(other.problems, `${repeat}\n${other.history}`).toEqual([])
        webhooksFirst++
      }
    }),
  )
  if (only !== null) return
  // Every step was its own, and the faults of the specification that a kill can make are among them, each once.
  const names = last.slice(1)
  expect(names.length).toBeGreaterThanOrEqual(30)
  expect(names.every(name => name !== undefined)).toBe(true)
  for (const fault of [
    /^marking it paid: .*before its commit/,
    /^marking it paid: .*committed/,
    /^working: Stripe POST \/v1\/transfers, before/,
    /^working: Stripe POST \/v1\/transfers, answered/,
    /^working: mail, before/,
    /^working: mail, accepted/,
    /^hearing of it: Stripe GET \/v1\/transfers\/:id, answered/,
  ])
    expect(names.filter(name => fault.test(name))).toHaveLength(1)
  expect(webhooksFirst).toBeGreaterThanOrEqual(2)
})

test('a payment that is sent again under another key would be found out', { timeout: 600_000 }, async () => {
  const program = await bundle(new URL('./killable.ts', import.meta.url), aFolder())
  const { url, mail } = await aMailServer()
  const lane = await aLane(program, url, mail)
  const killAt = 'working: Stripe POST /v1/transfers, answered'
  const { problems } = await killAndRecover(lane, { killAt, story: 'worker first', newKeys: true })
  expect(problems).toContainEqual(expect.stringMatching(/: 2 transfers$/))
})
