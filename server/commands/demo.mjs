// `npm run demo`: everything, on one command: packages, build, a seeded organization, a Stripe of its own, the app.
// `npm run demo -- --reset` starts anew. Node built-ins only.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { isMain, root, say, seconds, signals, stopWithNpm, withoutInstallation } from './run.mjs'
import { ensureBuild, ensureInstalled, fail } from './setup.mjs'
import { choosePort, conciseLine, startProcess, stopProcess, untilAnswered } from './supervise.mjs'

/** @typedef {import('./supervise.mjs').Started} Started */
/** @typedef {{ platform: string, connect: string, events: string }} Secrets */
/** @typedef {{ role: string, name: string, email: string, password: string, says?: string }} Login */

const folder = path.join(root, '.data', 'demo')
const running = path.join(folder, 'running.json')
const seeding = path.join(folder, 'seeding')

/**
 * What the demo's three processes are told. A real installation's settings in the shell are left out, except where mail
 * goes (SMTP_URL), which can only be seen by trying.
 * @param {import('./run.mjs').Environment} env
 * @param {{ port: number, simulatorPort: number, secrets: Secrets }} choices
 */
export function demoEnvironment(env, { port, simulatorPort, secrets }) {
  const host = env.HOST || '127.0.0.1'
  return {
    ...withoutInstallation(env),
    NODE_ENV: 'production',
    HOST: host,
    PORT: String(port),
    PUBLIC_URL: env.PUBLIC_URL || `http://127.0.0.1:${port}`,
    DATABASE_URL: 'file:./.data/demo/remit.db',
    PAYMENTS: 'simulator',
    STRIPE_SECRET_KEY: 'sk_test_simulated',
    STRIPE_API_BASE: env.STRIPE_API_BASE || `http://127.0.0.1:${simulatorPort}`,
    STRIPE_WEBHOOK_SECRET_PLATFORM: secrets.platform,
    STRIPE_WEBHOOK_SECRET_CONNECT: secrets.connect,
    STRIPE_WEBHOOK_SECRET_EVENTS: secrets.events,
    SIMULATOR_PORT: String(simulatorPort),
    SIMULATOR_STATE: '.data/demo/simulator.db',
    SIMULATOR_WEBHOOK_BASE: `http://127.0.0.1:${port}`,
    MAIL_DIR: '.data/demo/mail',
    ...(env.SMTP_URL ? { SMTP_URL: env.SMTP_URL } : {}),
    ...(env.MAIL_FROM ? { MAIL_FROM: env.MAIL_FROM } : {}),
  }
}

/** Made once, and kept: the simulator goes on signing with them after a restart. */
function keptSecrets() {
  const file = path.join(folder, 'secrets.json')
  if (!fs.existsSync(file)) {
    const secret = () => `whsec_${randomBytes(24).toString('hex')}`
    /** @type {Secrets} */
    const secrets = { platform: secret(), connect: secret(), events: secret() }
    fs.writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  }
  return /** @type {Secrets} */ (JSON.parse(fs.readFileSync(file, 'utf8')))
}

/** Two demos on one database would damage it. */
async function refuseSecond() {
  /** @type {{ pid: number, url: string } | undefined} */
  let other
  try {
    other = JSON.parse(fs.readFileSync(running, 'utf8'))
    if (other) process.kill(other.pid, 0)
  } catch {
    return
  }
  // A process of that number is not proof: numbers are used again. That it answers is.
  const answers = await fetch(`${other?.url}/livez`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
  if (answers?.ok)
    fail(`The demo is already running at ${other?.url}. Stop it there with Ctrl-C (process ${other?.pid}).`)
}

/**
 * @param {string} url
 * @param {Login[]} logins
 */
export function welcome(url, logins) {
  const width = (/** @type {(login: Login) => string} */ of) => Math.max(0, ...logins.map(login => of(login).length))
  const [role, email, password] = [width(l => l.role), width(l => l.email), width(l => l.password)]
  return [
    '',
    `  Remit is running: ${url}   (payments are SIMULATED)`,
    '',
    ...logins.map(l =>
      `  ${l.role.padEnd(role)}  ${l.email.padEnd(email)}  ${l.password.padEnd(password)}  ${l.says ?? l.name}`.trimEnd(),
    ),
    '',
    '  Ctrl-C stops it. `npm run demo -- --reset` starts anew.',
    '',
  ].join('\n')
}

/** Stops everything that was started, last first, and ends with the given code. Only the first call counts. */
function createStop() {
  /** @type {Started[]} */
  const started = []
  let stopping = false
  let since = 0
  /** @param {number} code */
  const stop = async code => {
    if (stopping) {
      // Npm hands a Ctrl-C on that we have had already: only a later one is impatience.
      if (Date.now() - since > 1000) for (const { child } of started) child.kill('SIGKILL')
      return
    }
    stopping = true
    since = Date.now()
    for (const one of started.toReversed()) await stopProcess(one, 15_000)
    fs.rmSync(running, { force: true })
    process.exit(code)
  }
  return { started, stop, isStopping: () => stopping }
}

/** @param {string[]} args */
async function main(args) {
  const began = Date.now()
  await ensureInstalled()
  if ((await ensureBuild()) !== 0) fail('The build failed (see above). Repeat with: npm run build')
  await refuseSecond()
  if (fs.existsSync(seeding)) say('The last start was interrupted while it filled the database: starting anew.')
  if (fs.existsSync(seeding) || args.includes('--reset')) fs.rmSync(folder, { recursive: true, force: true })
  const logs = path.join(folder, 'logs')
  fs.mkdirSync(logs, { recursive: true })

  const { started, stop, isStopping } = createStop()
  for (const signal of signals) process.on(signal, () => void stop(0))
  process.stdout.on('error', () => void stop(0)) // Nobody reads us any more, as after `| head`.
  stopWithNpm()

  try {
    const port = await choosePort('PORT', process.env.PORT, 3000)
    const simulatorPort = await choosePort('SIMULATOR_PORT', process.env.SIMULATOR_PORT, 12_111, [port])
    const env = demoEnvironment(process.env, { port, simulatorPort, secrets: keptSecrets() })
    const url = `http://127.0.0.1:${port}`
    fs.writeFileSync(running, JSON.stringify({ pid: process.pid, url }))
    /** @type {(name: string, file: string, show: (line: string) => void) => Started} */
    const start = (name, file, show) => {
      const one = startProcess(name, file, env, { log: path.join(logs, `${name}.log`), show })
      started.push(one)
      return one
    }
    /** @type {(name: string) => (line: string) => void} */
    const shortly = name => line => {
      const short = conciseLine(name, line)
      if (short) say(short)
    }
    /** @type {(one: Started) => Promise<void>} */
    const report = async one => {
      const how = await one.ended
      if (isStopping()) return
      say(`\n${one.name} ended unexpectedly (${how}). Its last lines:`)
      for (const line of one.lastLines) say(`  ${line}`)
      say(`All of them: ${path.relative(root, path.join(logs, `${one.name}.log`))}`)
      await stop(1)
    }

    const simulator = start('simulator', 'server/simulator/main.ts', shortly('simulator'))
    void report(simulator)
    await untilAnswered(`http://127.0.0.1:${simulatorPort}/`, simulator, () => true, 60_000)

    fs.writeFileSync(seeding, '')
    const seed = start('seed', 'server/commands/seed.ts', say)
    const how = await seed.ended
    if (isStopping()) return
    if (how !== 'exit code 0') throw new Error(`The database could not be filled (${how}, see above)`)
    fs.rmSync(seeding)

    const app = start('app', 'server/main.ts', shortly('app'))
    void report(app)
    await untilAnswered(`${url}/livez`, app, status => status === 200, 60_000)
    say(welcome(env.PUBLIC_URL, JSON.parse(fs.readFileSync(path.join(folder, 'logins.json'), 'utf8'))))
    say(`  ready in ${seconds(Date.now() - began)}; full logs in ${path.relative(root, logs)}\n`)
  } catch (error) {
    if (isStopping()) return
    say(error instanceof Error ? error.message : String(error))
    await stop(1)
  }
}

if (isMain(import.meta.url)) await main(process.argv.slice(2))
