import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { startForTest } from './testing.ts'

/** Stripe's own command line, as npm installed it for this platform; undefined where there is none. */
function findBinary(): string | undefined {
  const shim = createRequire(import.meta.url).resolve('@stripe/cli/package.json')
  const platform = `${process.platform}-${process.arch}`
  const candidate = join(dirname(dirname(shim)), `cli-${platform}`, 'bin', 'stripe')
  return existsSync(candidate) ? candidate : undefined
}

const RECIPES = [
  'transfer.created',
  'transfer.updated',
  'transfer.reversed',
  'account.updated',
  'account.application.deauthorized',
  'balance.available',
  'payout.created',
  'payout.updated',
  'topup.created',
]

const binary = findBinary()

test.skipIf(!binary).each(RECIPES)(
  'stripe trigger %s succeeds, and the event exists',
  { timeout: 30_000 },
  async recipe => {
    const home = mkdtempSync(join(tmpdir(), 'stripe-cli-'))
    onTestFinished(() => rmSync(home, { recursive: true }))
    const running = await startForTest({ balance: {} })
    const { stdout } = await promisify(execFile)(
      binary!,
      ['trigger', recipe, '--api-base', running.url, '--api-key', 'sk_test_simulator'],
      // The proxies lead nowhere: this reaches the loopback and nothing else.
      {
        env: {
          NODE_ENV: 'test',
          HOME: home,
          XDG_CONFIG_HOME: home,
          HTTPS_PROXY: 'http://127.0.0.1:9',
          NO_PROXY: '127.0.0.1',
          STRIPE_CLI_TELEMETRY_OPTOUT: '1',
        },
      },
    )
    expect(stdout).toContain('Trigger succeeded')
    const events = running.control<{ type: string }[]>('GET', '/_sim/events')
    expect(events.map(event => event.type)).toContain(recipe)
  },
)
