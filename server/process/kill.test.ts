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
const repeat = (step: number) => `repeat: KILL_AT=${step} npx vitest run server/process/kill.test.ts`

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
  await onFile(readConfig(origin), ({ db }) => db.script('CREATE TABLE commits (step INTEGER PRIMARY KEY) STRICT;'))
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
  })
}

interface Killed {
  /** What it did last. */
  last: string
  /** It lived to the end: there is no such step. */
  finished: boolean
  /** Stripe had made the transfer, and the file did not know. */
  unrecorded: boolean
}

/** A payment that dies at its n-th step is taken up by another process; then everything must be as if nothing had happened. */
async function killAndRecover(
  lane: Lane,
  killAt: number,
  story: Exclude<Orders['story'], 'mark paid'>,
): Promise<Killed> {
  const { company, config, simulator, mail } = lane
  const payout = company.payouts[lane.used++]
  if (!payout) throw new Error('there are more steps than payouts to pay')
  const file = fileOf(config)
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
  copyFileSync(company.file, file)
  await simulator.control('POST', '/_sim/clock', { set: Date.now() })
  const order = { cookie: company.cookie, payout }
  const transfers = async () => {
    const all = await simulator.control<Stripe.Transfer[]>('GET', '/_sim/transfers')
    return all.filter(transfer => transfer.transfer_group === `payout_${payout.id}`)
  }

  const orders: Orders = { ...order, story: 'mark paid', killAt }
  const { output, signal, code } = await start(lane.program, { args: [JSON.stringify(orders)], env: lane.env }).ended
  const steps = [...output.matchAll(/^\d+ (.+)$/gm)].map(match => match[1] ?? '')
  const last = steps.at(-1) ?? 'nothing'
  const where = `killed at step ${killAt} (${last}), then ${story}; ${repeat(killAt)}\n${output}`
  const finished = signal === null
  if (finished) expect(output, where).toMatch(/the payout is paid\nfinished\n$/)
  expect([signal, code, steps.length], where).toEqual(finished ? [null, 0, steps.length] : ['SIGKILL', null, killAt])
  const sent = steps.findIndex(step => step.includes('POST /v1/transfers'))
  const unrecorded = (await transfers()).length > 0 && !steps.slice(sent).some(step => step.includes('committed as'))

  const { said, error } = await survive(lane, { ...order, story, killAt: null })
  const after = `${where}\nthen:\n${said.join('\n')}`
  expect(error, after).toBeNull()
  // What was committed goes on by itself, whoever heard of it; what was not waits as if nobody had pressed anything.
  const pressed = /marking it paid: .*committed as/.test(output)
  const states = said.filter(line => line.startsWith('the payout is'))
  expect(states, after).toEqual([`the payout is ${pressed ? 'paid' : 'approved'}`, 'the payout is paid'])

  const problems = await onFile(config, async ({ db }) => {
    const kept = new Set((await db.read.all<{ step: number }>(sql`SELECT step FROM commits`)).map(row => row.step))
    const acknowledged = [...output.matchAll(/committed as (\d+)$/gm)].map(match => Number(match[1]))
    const lost = acknowledged.filter(step => !kept.has(step)).map(step => `commit ${step} is lost`)
    return [...lost, ...(await checkBooks(db, await transfers(), true))]
  })
  // Dying between a mail's acceptance and its note sends the same message again; nothing sends it a third time, or another one.
  const times = [...mail].filter(([id]) => id.includes(payout.id)).map(([, count]) => count)
  const allowed = /mail, (before|accepted)$|mark, before/.test(last) ? [1, 2] : [1]
  if (times.length !== 1 || !allowed.includes(times[0] ?? 0)) problems.push(`mails about it came so often: ${times}`)
  expect(problems, after).toEqual([])
  return { last, finished, unrecorded }
}

test('killed between any two steps of a payment, it is paid exactly once', { timeout: 600_000 }, async () => {
  const program = await bundle(new URL('./killable.ts', import.meta.url), aFolder())
  const { url, mail } = await aMailServer()
  const lanes = await Promise.all([aLane(program, url, mail), aLane(program, url, mail)])
  const deaths = new Map<number, Killed>()
  const webhooksFirst: number[] = []
  let next = only ?? 1
  let over = false
  await Promise.all(
    lanes.map(async lane => {
      while (!over) {
        const step = next++
        if (only !== null && step > only) return
        const killed = await killAndRecover(lane, step, 'worker first')
        over ||= killed.finished
        if (killed.finished) return
        deaths.set(step, killed)
        if (!killed.unrecorded) continue
        // The other order, where it matters: Stripe tells of a transfer before we have asked again.
        await killAndRecover(lane, step, 'webhooks first')
        webhooksFirst.push(step)
      }
    }),
  )
  if (only !== null) return
  const last = [...deaths].sort(([a], [b]) => a - b).map(([, killed]) => killed.last)
  console.log(last.join('\n'))
  expect(last.length).toBeGreaterThanOrEqual(12)
  // The faults of the specification that a kill can make, 1 to 5, and a webhook that met nobody.
  for (const fault of [
    /^marking it paid: .*before its commit/,
    /^marking it paid: .*committed/,
    /^working: Stripe POST \/v1\/transfers, before/,
    /^working: Stripe POST \/v1\/transfers, answered/,
    /^working: mail, before/,
    /^working: mail, accepted/,
    /^hearing of it: Stripe GET \/v1\/transfers\/:id, answered/,
  ])
    expect(last.filter(step => fault.test(step))).toHaveLength(1)
  expect(webhooksFirst.length).toBeGreaterThanOrEqual(2)
})
