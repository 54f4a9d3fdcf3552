import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ConfigError, readConfig, settings } from './config.ts'

const complete = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://partners.example.com',
  PAYMENTS: 'stripe',
  STRIPE_SECRET_KEY: 'sk_live_0123456789',
  STRIPE_WEBHOOK_SECRET_PLATFORM: 'whsec_one_1',
  STRIPE_WEBHOOK_SECRET_CONNECT: 'whsec_two_2',
  STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_three_3',
  SMTP_URL: 'smtp://user:secret@mail.example.com:587',
  SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
}

function problemsOf(env: Record<string, string | undefined>): string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

test('a complete production configuration is accepted, with defaults for the rest', () => {
  expect(readConfig(complete)).toMatchObject({
    HOST: '127.0.0.1',
    PORT: 3000,
    STRIPE_API_BASE: 'https://api.stripe.com',
    TRUST_PROXY: false,
  })
})

test('everything that is missing is said at once, and no value is repeated', () => {
  const problems = problemsOf({ NODE_ENV: 'production', STRIPE_SECRET_KEY: 'hush' })
  for (const name of [
    'PUBLIC_URL',
    'PAYMENTS',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRET_PLATFORM',
    'STRIPE_WEBHOOK_SECRET_CONNECT',
    'STRIPE_WEBHOOK_SECRET_EVENTS',
  ])
    expect(
      problems.some(problem => problem.startsWith(name)),
      name,
    ).toBe(true)
  expect(problems.join()).not.toContain('hush')
})

test.each([
  [{ PAYMENTS: 'simulator', STRIPE_SECRET_KEY: 'sk_test_0123456789' }, /not on this machine/],
  [{ PAYMENTS: 'simulator', STRIPE_API_BASE: 'http://127.0.0.1:12111' }, /never hand a live key/],
  [{ STRIPE_API_BASE: 'http://127.0.0.1:12111' }, /must be https in production/],
  [{ STRIPE_SECRET_KEY: 'pk_live_0123456789' }, /must start with sk_live_/],
  [{ STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_one_1' }, /must differ/],
  [{ PUBLIC_URL: 'http://partners.example.com' }, /must be https in production/],
  [{ PUBLIC_URL: 'https://partners.example.com/portal' }, /must have no path/],
  [{ SMTP_URL: undefined }, /partners would never hear/],
  [{ SECRETS_KEY: undefined }, /openssl rand -base64 32/],
  [{ SECRETS_KEY: 'short' }, /^SECRETS_KEY must be 32 random bytes/],
  [{ SECRETS_KEY: `${Buffer.alloc(32, 7).toString('base64')},short` }, /^SECRETS_KEY must be 32 random bytes/],
  [{ PORT: '99999' }, /^PORT/],
  [{ TRUST_PROXY: 'maybe' }, /^TRUST_PROXY/],
  [{ PAYMENTS: 'paypal' }, /must be stripe, or simulator/],
])('a contradiction is refused: %j', (change, sentence) => {
  const problems = problemsOf({ ...complete, ...change })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(sentence)
})

test('.env.example names every setting, and none that does not exist', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
  const named = [...text.matchAll(/^#?\s?([A-Z][A-Z_0-9]+)=/gm)].map(match => match[1])
  expect([...new Set(named)].sort()).toEqual(Object.keys(settings).sort())
})
