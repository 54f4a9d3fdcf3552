import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { client, startReceiver } from './testing.ts'

const ENTRY = fileURLToPath(new URL('./main.ts', import.meta.url))
const SECRETS = {
  STRIPE_WEBHOOK_SECRET_PLATFORM: 'whsec_p',
  STRIPE_WEBHOOK_SECRET_CONNECT: 'whsec_c',
  STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_e',
}

/** Starts the simulator's own process; `line` is the first thing it prints, `ended` its exit code and complaints. */
function start(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', ENTRY], {
    env: { NODE_ENV: 'test', PATH: process.env.PATH, HOME: tmpdir(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let complaints = ''
  child.stderr.on('data', chunk => {
    complaints += chunk
  })
  const ended = new Promise<{ code: number | null; complaints: string }>(resolve => {
    child.on('close', code => resolve({ code, complaints }))
  })
  const line = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', chunk => resolve(String(chunk)))
    void ended.then(() => reject(new Error(complaints)))
  })
  // Whoever expects a refusal never looks at the line.
  line.catch(() => {})
  return { child, line, ended }
}

test('listens, registers the three endpoints once, survives kill -9 and stops when asked', {
  timeout: 30_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const receiver = await startReceiver()
  const env = {
    ...SECRETS,
    SIMULATOR_STATE: join(folder, 'sub', 'state.db'),
    SIMULATOR_WEBHOOK_BASE: `${receiver.url}/`,
  }

  for (const [runs, signal] of (['SIGKILL', 'SIGTERM', 'SIGINT'] as const).entries()) {
    const { child, line, ended } = start(env)
    const port = Number(/^SIMULATED Stripe listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(await line)?.[1])
    const stripe = client(port)
    expect((await stripe.webhookEndpoints.list()).data.map(one => one.url).sort()).toEqual([
      `${receiver.url}/webhooks/stripe/connect`,
      `${receiver.url}/webhooks/stripe/platform`,
    ])
    expect((await stripe.v2.core.eventDestinations.list()).data).toHaveLength(1)
    await stripe.topups.create({ amount: 100, currency: 'usd' })
    // A delivery that nobody could settle before the kill comes again; no event is lost.
    const events = () => new Set(receiver.received.map(one => (JSON.parse(one.body) as { id: string }).id))
    await expect.poll(() => events().size).toBe(runs + 1)
    child.kill(signal)
    expect(await ended).toEqual({ code: signal === 'SIGKILL' ? null : 0, complaints: '' })
  }
  const [first] = receiver.received
  expect(first!.path).toBe('/webhooks/stripe/platform')
  expect(client(1).webhooks.constructEvent(first!.body, first!.signature, 'whsec_p').type).toBe('topup.created')
})

test.each([
  { env: { STRIPE_SECRET_KEY: 'sk_live_abc' }, problem: 'live key' },
  { env: { NODE_ENV: 'production' }, problem: 'PAYMENTS=simulator' },
  { env: { SIMULATOR_PORT: 'abc' }, problem: 'not a port' },
  { env: { SIMULATOR_WEBHOOK_BASE: 'http://127.0.0.1:1' }, problem: 'STRIPE_WEBHOOK_SECRET_EVENTS is missing' },
])('refuses to start: $problem', { timeout: 30_000 }, async ({ env, problem }) => {
  const { code, complaints } = await start(env as unknown as Record<string, string>).ended
  expect(code).toBe(1)
  expect(complaints).toContain(problem)
})

test('runs in production when that is said out loud', { timeout: 30_000 }, async () => {
  const { child, line, ended } = start({ NODE_ENV: 'production', PAYMENTS: 'simulator' })
  expect(await line).toContain('SIMULATED')
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
})
