import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import { SMTPServer } from 'smtp-server'
import type Stripe from 'stripe'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../config.ts'
import { checkBooks } from './books.ts'
import { bundle } from './bundle.ts'
import { type Company, fileOf, makeCompany, onFile } from './company.ts'
import type { Orders } from './orders.ts'
import { aFolder, aPort, type Ended, type SimulatorProcess, settingsFor, start, startSimulator, stripeSecrets } from './processes.ts'

/** `KILL_AT=17 npx vitest run server/process/kill.test.ts` repeats one step alone. */
const only = process.env.KILL_AT ? Number(process.env.KILL_AT) : null

/** One Stripe, one company, and its payouts to be paid one after the other, each in a fresh copy of the company's file. */
interface Lane {
  folder: string
  settings: Record<string, string>
  simulator: SimulatorProcess
  company: Company
  used: number
}

async function aLane(smtpUrl: string): Promise<Lane> {
  const folder = aFolder()
  const port = await aPort()
  const simulator = await startSimulator({ ...stripeSecrets, SIMULATOR_STATE: join(folder, 'simulator.db') }, port)
  const settings = { ...settingsFor({ folder, port, stripe: simulator.url }), SMTP_URL: smtpUrl, LOG_LEVEL: 'error' }
  const company = await makeCompany({ ...settings, DATABASE_URL: `file:${folder}/company.db` }, simulator, 100)
  // Only what tells of transfers: the rest is stored and ignored, which another test looks at.
  await simulator.control('POST', '/_sim/webhooks/switches', { kind: 'drop', type: '[^t]*', count: null })
  const config = readConfig({ ...settings, DATABASE_URL: `file:${folder}/company.db` })
  await onFile(config, ({ db }) => db.script('CREATE TABLE commits (step INTEGER PRIMARY KEY) STRICT;'))
  return { folder, settings, simulator, company, used: 0 }
}

/** A mail server that counts how often each message came, by its id. */
async function aMailServer(): Promise<{ url: string; deliveries: Map<string, number> }> {
  const deliveries = new Map<string, number>()
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
        deliveries.set(id, (deliveries.get(id) ?? 0) + 1)
        done()
      })
    },
  })
  // A client that was killed resets its connection.
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>(resolve => server.close(() => resolve())))
  return { url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`, deliveries }
}

interface World {
  steps: string[]
  finished: boolean
  /** Stripe had made the transfer, and the file did not know. */
  unrecorded: boolean
}

/** Starts from the beginning, kills at the n-th step, starts again, and looks at what came of it. */
async function killAndRecover(
  program: string,
  lane: Lane,
  mail: Map<string, number>,
  killAt: number,
  first: 'worker' | 'webhooks',
): Promise<World> {
  const { settings, company, simulator } = lane
  const payout = company.payouts[lane.used++]
  if (!payout) throw new Error('more steps than payouts to pay')
  const config = readConfig({ ...settings, NODE_ENV: 'test' })
  const file = fileOf(config)
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
  copyFileSync(company.file, file)
  await simulator.control('POST', '/_sim/clock', { set: Date.now() })
  const run = (orders: Omit<Orders, 'cookie' | 'payout'>): Promise<Ended> =>
    start(program, { args: [JSON.stringify({ ...orders, cookie: company.cookie, payout })], env: settings }).ended
  const transfers = async () =>
    (await simulator.control<Stripe.Transfer[]>('GET', '/_sim/transfers')).filter(
      transfer => transfer.transfer_group === `payout_${payout.id}`,
    )

  const killed = await run({ killAt, first: 'nothing' })
  const steps = [...killed.output.matchAll(/^\d+ (.+)$/gm)].map(match => match[1] ?? '')
  const where = `killed at step ${killAt}, ${steps.at(-1)}, then ${first} first; repeat: KILL_AT=${killAt} npx vitest run server/process/kill.test.ts`
  const finished = killed.signal === null
  if (finished) console.log(killed.output)
  if (finished) expect(killed, where).toMatchObject({ code: 0, output: expect.stringMatching(/the payout is paid\nfinished\n$/) })
  else expect({ ...killed, steps: steps.length }, where).toMatchObject({ signal: 'SIGKILL', steps: killAt })
  const sent = steps.findIndex(one => one.includes('POST /v1/transfers, before'))
  const unrecorded = (await transfers()).length > 0 && !steps.slice(sent).some(one => one.includes('committed'))

  const again = await run({ killAt: null, first })
  expect(again, `${where}\n${killed.output}`).toMatchObject({ code: 0, output: expect.stringMatching(/the payout is paid\nfinished\n$/) })
  // What the person was told, or the file has taken, goes on by itself; what it has not, waits as if nothing had been pressed.
  const states = [...again.output.matchAll(/the payout is (\w+)/g)].map(match => match[1])
  const pressed = /marking it paid: .*committed/.test(killed.output)
  expect(states.slice(first === 'webhooks' ? 1 : 0), where).toEqual([pressed ? 'paid' : 'approved', 'paid'])

  const acknowledged = [...killed.output.matchAll(/committed as (\d+)$/gm)].map(match => Number(match[1]))
  console.log(again.output.split("\n").slice(-4).join("\n"))
  const problems = await onFile(config, async ({ db }) => {
    const kept = new Set((await db.read.all<{ step: number }>(sql`SELECT step FROM commits`)).map(row => row.step))
    const lost = acknowledged.filter(number => !kept.has(number)).map(number => `commit ${number} is lost`)
    return [...lost, ...(await checkBooks(db, await transfers(), true))]
  })
  const deliveries = [...mail].filter(([id]) => id.includes(payout.id))
  const mails = deliveries.filter(([, times]) => times > 2).map(([id, times]) => `${id} was sent ${times} times`)
  if (deliveries.length !== 1) mails.push(`${deliveries.length} different mails about it`)
  expect([...problems, ...mails], `${where}\n${killed.output}\nthen:\n${again.output}`).toEqual([])
  return { steps, finished, unrecorded }
}

test('killed between any two steps of a payment, it is paid exactly once', { timeout: 300_000 }, async () => {
  const program = await bundle(new URL('./killable.ts', import.meta.url), aFolder())
  const mail = await aMailServer()
  const lanes = await Promise.all([aLane(mail.url), aLane(mail.url)])
  const killedAt = new Map<number, World>()
  let next = only ?? 1
  let over = false
  await Promise.all(
    lanes.map(async lane => {
      while (!over) {
        const n = next++
        if (only !== null && n > only) return
        const world = await killAndRecover(program, lane, mail.deliveries, n, 'worker')
        if (world.finished) {
          over = true
          return
        }
        killedAt.set(n, world)
        // The other order, where it matters: Stripe tells us of a transfer before we have asked again.
        if (world.unrecorded) await killAndRecover(program, lane, mail.deliveries, n, 'webhooks')
      }
    }),
  )
  console.log([...killedAt].sort(([a],[b])=>a-b).map(([n, w]) => `${n} ${w.steps.at(-1)} ${w.unrecorded}`).join('\n'))
})
