import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { demoEnvironment, welcome } from './demo.mjs'
import { root } from './run.mjs'
import { sourcesFingerprint } from './setup.mjs'
import { choosePort, conciseLine } from './supervise.mjs'

const secrets = { platform: 'whsec_1', connect: 'whsec_2', events: 'whsec_3' }

test("the demo never takes a real installation's database or key, and goes through a proxy when asked to", () => {
  const real = { STRIPE_SECRET_KEY: 'sk_live_1', DATABASE_URL: 'libsql://real', DATABASE_AUTH_TOKEN: 'real' }
  const env = demoEnvironment(real, { port: 3000, simulatorPort: 12111, secrets })
  expect(env).toMatchObject({
    PAYMENTS: 'simulator',
    STRIPE_SECRET_KEY: 'sk_test_simulated',
    STRIPE_API_BASE: 'http://127.0.0.1:12111',
    SIMULATOR_WEBHOOK_BASE: 'http://127.0.0.1:3000',
    DATABASE_URL: 'file:./.data/demo/remit.db',
  })
  expect(env).not.toHaveProperty('DATABASE_AUTH_TOKEN')
  const proxied = { STRIPE_API_BASE: 'http://127.0.0.1:9999', SMTP_URL: 'smtp://127.0.0.1:25' }
  expect(demoEnvironment(proxied, { port: 3000, simulatorPort: 12111, secrets })).toMatchObject(proxied)
})

test('log lines are shortened, and nothing but debugging is left out', () => {
  const line = { level: 50, time: 1, pid: 2, hostname: 'h', msg: 'transfer refused', payoutId: 'po_1', err: {} }
  const err = { message: 'no funds', stack: 'at …' }
  expect(conciseLine('app', JSON.stringify({ ...line, err }))).toBe(
    'app       ERROR transfer refused payoutId=po_1 – no funds',
  )
  expect(conciseLine('app', JSON.stringify({ level: 30, msg: 'listening' }))).toBe('app       listening')
  expect(conciseLine('app', JSON.stringify({ level: 20, msg: 'noise' }))).toBeUndefined()
  expect(conciseLine('app', JSON.stringify({ level: 30, msg: 'request', status: 200 }))).toBeUndefined()
  expect(conciseLine('app', '{ not json')).toBe('app       { not json')
  expect(conciseLine('app', JSON.stringify({ level: 30, msg: 'x'.repeat(500) }))).toHaveLength(200)
})

test('logins are shown with what they are for', () => {
  const logins = [
    { role: 'owner', name: 'Ada', email: 'ada@example.test', password: 'pw', says: 'approves and pays' },
    { role: 'partner', name: 'Ben', email: 'ben@example.test', password: 'pw' },
  ]
  const text = welcome('http://127.0.0.1:3000', logins)
  expect(text).toContain('http://127.0.0.1:3000')
  expect(text).toContain('  owner    ada@example.test  pw  approves and pays')
  expect(text).toContain('  partner  ben@example.test  pw  Ben')
})

test('a port in use is passed over, unless it was asked for', async () => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const address = server.address()
  const busy = typeof address === 'object' && address ? address.port : 0
  try {
    expect(await choosePort('PORT', undefined, busy)).toBeGreaterThan(busy)
    await expect(choosePort('PORT', String(busy), 3000)).rejects.toThrow(`PORT=${busy} is in use`)
    await expect(choosePort('PORT', 'abc', 3000)).rejects.toThrow('not a port number')
  } finally {
    server.close()
  }
})

// From here on the real command, in a tree of its own whose app, simulator and seed are a few lines each.

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

const service = (name: string, port: string) => `
import fs from 'node:fs'
import http from 'node:http'
const note = (what: string) => fs.appendFileSync('events.txt', \`${name} \${what}\\n\`)
const server = http.createServer((request, response) => {
  if (request.url === '/die') { console.error('last words of ${name}'); process.exit(3) }
  response.end(JSON.stringify(process.env))
})
server.listen(Number(process.env.${port}), '127.0.0.1', () => note('started'))
process.on('SIGTERM', () => { note('stopping'); setTimeout(() => { note('stopped'); process.exit(0) }, 50) })
`

const seed = `
import fs from 'node:fs'
fs.appendFileSync('events.txt', 'seeded\\n')
if (fs.existsSync('hang')) setInterval(() => {}, 1000)
else fs.writeFileSync('.data/demo/logins.json', JSON.stringify(
  [{ role: 'owner', name: 'Ada', email: 'ada@example.test', password: 'pw', says: 'owns' }]))
`

function tree() {
  const base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'remit-demo-')))
  cleanups.push(() => fs.rmSync(base, { recursive: true, force: true }))
  const write = (name: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(base, name)), { recursive: true })
    fs.writeFileSync(path.join(base, name), text)
  }
  for (const name of fs.readdirSync(path.join(root, 'server/commands')))
    if (name.endsWith('.mjs'))
      write(`server/commands/${name}`, fs.readFileSync(path.join(root, 'server/commands', name), 'utf8'))
  // A lock file that asks for nothing is held by any node_modules: npm must never be let loose on the one we link to.
  write('package-lock.json', '{"packages":{}}')
  write('node_modules/.package-lock.json', '{"packages":{}}')
  fs.symlinkSync(path.join(root, 'node_modules', 'tsx'), path.join(base, 'node_modules', 'tsx'))
  write('package.json', JSON.stringify({ type: 'module', scripts: { demo: 'exec node server/commands/demo.mjs' } }))
  write('server/main.ts', service('app', 'PORT'))
  write('server/simulator/main.ts', service('simulator', 'SIMULATOR_PORT'))
  write('server/commands/seed.ts', seed)
  write('build/.sources', sourcesFingerprint(base))
  const events = () => (fs.existsSync(`${base}/events.txt`) ? fs.readFileSync(`${base}/events.txt`, 'utf8') : '')
  return { base, write, events }
}

function demo(base: string, args: string[] = [], command = [process.execPath, 'server/commands/demo.mjs']) {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|PORT$|SIMULATOR_|STRIPE_|PUBLIC_URL$)/.test(name))
  const env: NodeJS.ProcessEnv = { NODE_ENV: 'test', ...Object.fromEntries(own) }
  const child = spawn(command[0] ?? '', [...command.slice(1), ...args], { cwd: base, env })
  cleanups.push(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += data))
  const ended = new Promise<number | null>(resolve => child.once('close', code => resolve(code)))
  const saw = async (pattern: RegExp) => {
    for (let left = 300; left > 0; left--) {
      const match = output.match(pattern)
      if (match) return match
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    throw new Error(`${pattern} never came up in:\n${output}`)
  }
  return { child, ended, saw, output: () => output }
}

async function until(condition: () => boolean, says: () => string) {
  for (let left = 200; left > 0; left--) {
    if (condition()) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`It never came to be. ${says()}`)
}

const ready = /Remit is running: (http\S+)[\s\S]*ready in/

test('the demo starts in order, answers, refuses a second one, and Ctrl-C stops app, then simulator', async () => {
  const { base, events } = tree()
  const first = demo(base)
  const url = (await first.saw(ready))[1] ?? ''
  expect(first.output()).toContain('ada@example.test')
  expect(events()).toBe('simulator started\nseeded\napp started\n')
  const env: Record<string, string> = await (await fetch(`${url}/livez`)).json()
  expect(env).toMatchObject({ NODE_ENV: 'production', PAYMENTS: 'simulator', PUBLIC_URL: url })
  expect(env.STRIPE_API_BASE).toBe(`http://127.0.0.1:${env.SIMULATOR_PORT}`)
  expect(fs.statSync(`${base}/.data/demo/secrets.json`).mode & 0o777).toBe(0o600)

  const second = demo(base, ['--reset'])
  expect(await second.ended).toBe(1)
  expect(second.output()).toContain(`already running at ${url}`)

  first.child.kill('SIGINT')
  first.child.kill('SIGINT') // as npm hands it on once more
  expect(await first.ended).toBe(0)
  expect(events()).toMatch(/app stopping\napp stopped\nsimulator stopping\nsimulator stopped\n$/)
  expect(fs.existsSync(`${base}/.data/demo/running.json`)).toBe(false)

  const secret = fs.readFileSync(`${base}/.data/demo/secrets.json`, 'utf8')
  const again = demo(base)
  await again.saw(ready)
  expect(fs.readFileSync(`${base}/.data/demo/secrets.json`, 'utf8')).toBe(secret)
  again.child.kill('SIGTERM')
  expect(await again.ended).toBe(0)

  const anew = demo(base, ['--reset'])
  await anew.saw(ready)
  expect(fs.readFileSync(`${base}/.data/demo/secrets.json`, 'utf8')).not.toBe(secret)
  anew.child.kill('SIGTERM')
  expect(await anew.ended).toBe(0)
}, 60_000)

test('when the app dies, the demo says so with its last words, stops the simulator, and fails', async () => {
  const { base, events } = tree()
  const { saw, ended, output } = demo(base)
  const url = (await saw(ready))[1]
  await fetch(`${url}/die`).catch(() => undefined)
  expect(await ended).toBe(1)
  expect(output()).toMatch(/app ended unexpectedly \(exit code 3\)[\s\S]*last words of app/)
  expect(events()).toMatch(/simulator stopped\n$/)
}, 60_000)

test('nothing outlives a demo that was killed', async () => {
  const { base, events } = tree()
  const { child, saw } = demo(base)
  await saw(ready)
  child.kill('SIGKILL')
  const both = () => events().includes('app stopped') && events().includes('simulator stopped')
  await until(both, events)
}, 60_000)

test('a start that was interrupted while seeding begins anew', async () => {
  const { base, write, events } = tree()
  write('hang', '')
  const first = demo(base)
  await until(() => events().includes('seeded'), events)
  first.child.kill('SIGINT')
  expect(await first.ended).toBe(0)

  fs.rmSync(`${base}/hang`)
  write('.data/demo/half', 'what the first start left')
  const second = demo(base)
  await second.saw(ready)
  expect(second.output()).toContain('starting anew')
  expect(fs.existsSync(`${base}/.data/demo/half`)).toBe(false)
  second.child.kill('SIGTERM')
  expect(await second.ended).toBe(0)
}, 60_000)

test('started by npm, a signal to npm stops it, and so does the death of npm', async () => {
  const { base, events } = tree()
  const polite = demo(base, [], ['npm', 'run', 'demo'])
  await polite.saw(ready)
  polite.child.kill('SIGTERM')
  expect(await polite.ended).toBe(0)
  expect(events()).toMatch(/simulator stopped\n$/)

  fs.rmSync(`${base}/events.txt`)
  const killed = demo(base, [], ['npm', 'run', 'demo'])
  await killed.saw(ready)
  killed.child.kill('SIGKILL')
  await until(() => events().includes('simulator stopped'), events)
}, 60_000)

test('the scripts put no shell between npm and what is to hear its signals', () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  for (const name of ['demo', 'start', 'test']) expect(scripts[name]).toBe(`exec node server/commands/${name}.mjs`)
})
