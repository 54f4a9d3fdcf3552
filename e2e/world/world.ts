import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { withoutInstallation } from '#server/commands/run.mjs'
import { type Started, startProcess, stopProcess, untilAnswered } from '#server/commands/supervise.mjs'
import { type Deps, randomIds, systemClock } from '#server/deps.ts'
import { aDatabase } from '#server/test/db.ts'
import { testConfig, testDeps } from '#server/test/deps.ts'
import { type Mailbox, startMailbox } from './mail.ts'
import { type People, seedPeople } from './people.ts'
import { type Simulator, simulatorAt } from './simulator.ts'

/** What a spec's own seeding may use: the people, the deps to write with, and the simulator to prepare. */
export type Base = People & { deps: Deps; simulator: Simulator }

/** A whole installation for one spec file: app, simulator and mail server, in processes of their own where they are that in life. */
export type World<Own> = People &
  Own & {
    url: string
    simulator: Simulator
    mailbox: Mailbox
    /** The last lines that each process wrote. */
    tail(): string
    /** The errors that the app has logged since the last call. */
    newErrors(): string[]
    stop(): Promise<void>
  }

const secrets = {
  STRIPE_WEBHOOK_SECRET_PLATFORM: 'whsec_e2e_platform',
  STRIPE_WEBHOOK_SECRET_CONNECT: 'whsec_e2e_connect',
  STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_e2e_events',
}

/**
 * Starts everything and seeds it. The database is filled before the app starts, since one process owns its file.
 * `host` is the name that people use: passkeys want one that is no number. STRIPE_API_BASE and SIMULATOR_PORT are honoured, so that a recording proxy can stand between the app and the simulator.
 */
export async function startWorld<Own>(
  seed: (base: Base) => Promise<Own>,
  { host = '127.0.0.1' } = {},
): Promise<World<Own>> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'remit-e2e-'))
  const started: Started[] = []
  let errors: string[] = []
  const mailbox = await startMailbox()
  const stop = async () => {
    const ends: string[] = []
    for (const one of started.toReversed()) {
      await stopProcess(one, 15_000)
      ends.push(`${one.name}: ${await one.ended}`)
    }
    await mailbox.close()
    fs.rmSync(folder, { recursive: true, force: true })
    const bad = ends.filter(end => !end.endsWith('exit code 0'))
    if (bad.length > 0) throw new Error(`a process did not stop as it should: ${bad.join(', ')}`)
  }
  const newErrors = () => {
    const found = errors
    errors = []
    return found
  }
  const tail = () => started.map(one => `── ${one.name}\n${one.lastLines.join('\n')}`).join('\n')
  try {
    const port = await freePort()
    const simulatorPort = Number(process.env.SIMULATOR_PORT) || (await freePort())
    const url = `http://${host}:${port}`
    const simulatorUrl = `http://127.0.0.1:${simulatorPort}`
    const own = {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: url,
      DATABASE_URL: `file:${path.join(folder, 'remit.db')}`,
      PAYMENTS: 'simulator',
      STRIPE_SECRET_KEY: 'sk_test_simulated',
      STRIPE_API_BASE: process.env.STRIPE_API_BASE || simulatorUrl,
      ...secrets,
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'Acme payouts <payouts@acme.example>',
      SIMULATOR_PORT: String(simulatorPort),
      SIMULATOR_STATE: path.join(folder, 'simulator.db'),
      SIMULATOR_WEBHOOK_BASE: `http://127.0.0.1:${port}`,
    }
    const env = { ...withoutInstallation(process.env), ...own }
    const start = (name: string, file: string) => {
      const one = startProcess(name, file, env, {
        log: path.join(folder, `${name}.log`),
        show: line => {
          if (/^\{"level":[56]0/.test(line)) errors.push(line)
        },
      })
      started.push(one)
      return one
    }
    await untilAnswered(`${simulatorUrl}/_sim`, start('simulator', 'server/simulator/main.ts'), ok, 30_000)
    const simulator = simulatorAt(simulatorUrl)
    const filled = await fill(own, simulator, seed)
    await untilAnswered(`${url}/readyz`, start('app', 'server/main.ts'), ok, 60_000)
    return { ...filled, url, simulator, mailbox, tail, newErrors, stop }
  } catch (error) {
    const said = tail()
    await stop().catch(() => {})
    throw new Error(`The world did not start: ${error instanceof Error ? error.message : error}\n${said}`)
  }
}

const ok = (status: number) => status === 200

async function fill<Own>(
  env: Record<string, string> & { DATABASE_URL: string },
  simulator: Simulator,
  seed: (base: Base) => Promise<Own>,
): Promise<People & Own> {
  const db = await aDatabase(env.DATABASE_URL)
  try {
    const test = await testDeps({ db, config: testConfig(env) })
    const deps: Deps = { ...test, clock: systemClock, ids: randomIds(systemClock) }
    const people = await seedPeople(deps, simulator)
    return { ...people, ...(await seed({ ...people, deps, simulator })) }
  } finally {
    await db.close()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
