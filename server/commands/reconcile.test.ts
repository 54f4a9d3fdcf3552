import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { controlPath } from '#server/control/path.ts'
import { listenForCommands } from '#server/control/server.ts'
import { startForTest } from '#server/simulator/testing.ts'
import { aDatabase } from '#server/test/db.ts'
import { testConfig, testDeps } from '#server/test/deps.ts'
import { runReconcile } from './reconcile.ts'

const script = fileURLToPath(new URL('./reconcile.ts', import.meta.url))

async function run(
  url: string,
  api: string,
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const env = {
    NODE_ENV: 'test' as const,
    PATH: process.env.PATH,
    PUBLIC_URL: 'http://127.0.0.1:3000',
    DATABASE_URL: url,
    PAYMENTS: 'simulator',
    STRIPE_SECRET_KEY: 'sk_test_simulated',
    STRIPE_API_BASE: api,
    STRIPE_WEBHOOK_SECRET_PLATFORM: 'whsec_platform',
    STRIPE_WEBHOOK_SECRET_CONNECT: 'whsec_connect',
    STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_events',
    LOG_LEVEL: 'silent',
  }
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], { env })
  let out = ''
  let err = ''
  child.stdout.on('data', chunk => {
    out += chunk
  })
  child.stderr.on('data', chunk => {
    err += chunk
  })
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { code, out, err }
}

test('the command compares, exits by what it finds, and says who owns the database', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'reconcile-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const url = `file:${path.join(folder, 'remit.db')}`
  const sim = await startForTest({ now: Date.now })
  const db = await aDatabase(url)
  // While a process owns the file, the command is asked of it.
  const deps = { config: testConfig({ STRIPE_API_BASE: sim.url }), db, clock: { now: Date.now }, stripe: sim.stripe }
  const socket = controlPath(url) ?? ''
  const { log } = await testDeps()
  const control = await listenForCommands(socket, { reconcile: args => runReconcile(deps, args) }, log)
  const asked = await run(url, 'http://127.0.0.1:9', '--since', '3d')
  expect(asked).toMatchObject({ code: 0, err: '' })
  expect(asked.out).toContain('Both sides agree.')
  await control.close()
  // One that does not answer is named, instead of opening its file beside it.
  const owned = await run(url, sim.url)
  expect(owned).toMatchObject({ code: 1, out: '' })
  expect(owned.err).toContain(`is open in process ${process.pid}`)
  await db.close()

  const agreed = await run(url, sim.url)
  expect(agreed).toMatchObject({ code: 0, err: '' })
  expect(agreed.out).toContain('0 transfers at Stripe, 0 payouts here.')

  const [account] = sim.control<{ ids: string[] }>('POST', '/_sim/accounts', {}).ids
  sim.control('POST', '/_sim/transfers', { amount: 4_200, currency: 'usd', destination: account })
  const differing = await run(url, sim.url, '--since', '3d')
  expect(differing.code).toBe(1)
  expect(differing.out).toMatch(
    /1 difference:\n {2}unknown_origin: Transfer tr_\w+ of USD\s42\.00 to acct_\w+ was not made by Remit\./,
  )

  expect(await run(url, sim.url, '--since', 'soon')).toMatchObject({
    code: 2,
    out: expect.stringContaining('--since 2026-01-31'),
  })
})
