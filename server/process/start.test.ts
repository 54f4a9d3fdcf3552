import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { openDatabase } from '#db/client.ts'
import { memberships, organizations, sessions, users } from '#db/schema/index.ts'
import { readConfig } from '../config.ts'
import { onFile } from './company.ts'
import { aFolder, aPort, settingsFor, start, startRemit, stripeSecrets } from './processes.ts'

const patience = { timeout: 180_000 }
/** Nobody listens on port 9 (discard): what needs no Stripe gets none. */
const noStripe = 'http://127.0.0.1:9'

async function anInstallation(): Promise<Record<string, string>> {
  return settingsFor({ folder: aFolder(), port: await aPort(), stripe: noStripe })
}

test(
  'it refuses to start on missing and contradictory settings, names them all at once, and no value',
  patience,
  async () => {
    const fine = await anInstallation()
    const secrets = {
      STRIPE_SECRET_KEY: 'sk_live_ThisMustNotBeSeen',
      STRIPE_WEBHOOK_SECRET_PLATFORM: 'whsec_TheSameForBoth',
      STRIPE_WEBHOOK_SECRET_CONNECT: 'whsec_TheSameForBoth',
      STRIPE_WEBHOOK_SECRET_EVENTS: 'short',
      SMTP_URL: 'http://user:TheirMailPassword@host',
    }
    const refusal = async (env: Record<string, string>) => {
      const { code, output } = await startRemit(env).ended
      expect(code).toBe(1)
      expect(output).not.toMatch(/ThisMustNotBeSeen|TheSameForBoth|Their\w+Password|\n {4}at /)
      return output
    }
    const [missing, contradictory, production, malformed] = await Promise.all([
      refusal({}),
      refusal({
        ...fine,
        ...secrets,
        STRIPE_WEBHOOK_SECRET_EVENTS: 'whsec_Another',
        SMTP_URL: '',
        PUBLIC_URL: 'https://a.example/path',
      }),
      // Stripe's simulator takes the place of Stripe only where that is said.
      refusal({ ...fine, NODE_ENV: 'production', PAYMENTS: 'stripe' }),
      refusal({ ...fine, ...secrets, PORT: 'abc', DATABASE_URL: 'postgres://user:TheirDatabasePassword@host' }),
    ])
    for (const name of ['PUBLIC_URL', 'PAYMENTS', ...Object.keys(stripeSecrets)])
      expect(missing).toMatch(new RegExp(`^  - ${name} `, 'm'))
    expect(contradictory).toMatch(/PAYMENTS is simulator, but STRIPE_SECRET_KEY is a live key/)
    expect(contradictory).toMatch(/the three STRIPE_WEBHOOK_SECRET_… must differ/)
    expect(contradictory).toMatch(/PUBLIC_URL must have no path/)
    expect(production).toMatch(/STRIPE_API_BASE must be https in production, or set PAYMENTS=simulator/)
    expect(production).toMatch(/PUBLIC_URL must be https in production/)
    expect(production).toMatch(/SMTP_URL is missing/)
    for (const name of ['PORT', 'DATABASE_URL', 'STRIPE_WEBHOOK_SECRET_EVENTS', 'SMTP_URL'])
      expect(malformed).toMatch(new RegExp(`^  - ${name} `, 'm'))
  },
)

test('a second process on the same database is refused, and told which the first is', patience, async () => {
  const env = await anInstallation()
  const first = startRemit(env)
  await first.said(/Remit is running/)
  const second = await startRemit({ ...env, PORT: String(await aPort()) }).ended
  expect(second.code).toBe(1)
  expect(second.output).toContain(
    `remit.db is open in process ${first.child.pid}. Only one process at a time may own it: stop that one first.`,
  )
  expect((await fetch(`${env.PUBLIC_URL}/readyz`)).status).toBe(200)
  first.child.kill('SIGTERM')
  expect((await first.ended).code).toBe(0)
})

test('it does not touch the database of a newer version', patience, async () => {
  const env = await anInstallation()
  const first = startRemit(env)
  await first.said(/Remit is running/)
  first.child.kill('SIGTERM')
  expect((await first.ended).code).toBe(0)
  const db = await openDatabase({ url: env.DATABASE_URL ?? '' })
  await db.write(tx => tx.run(sql`INSERT INTO migrations VALUES (9999, '9999_tomorrow.sql', 'x', 0)`))
  await db.close()
  const refused = await startRemit(env).ended
  expect(refused.code).toBe(1)
  expect(refused.output).toContain('The database has migration 9999_tomorrow.sql, which this version does not know')
  expect(refused.output).not.toContain('Remit is running')
})

test(
  'a fresh installation lets nobody in until `npm run owner` has made the first owner, whose link works once',
  patience,
  async () => {
    const env = await anInstallation()
    const origin = env.PUBLIC_URL ?? ''
    const call = async (procedure: string, input: object) => {
      const headers = { 'content-type': 'application/json', origin }
      const answer = await fetch(`${origin}/api/trpc/${procedure}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(input),
      })
      return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' }
    }
    const running = async (use: () => Promise<void>) => {
      const remit = startRemit(env)
      await remit.said(/Remit is running/)
      await use()
      remit.child.kill('SIGTERM')
      expect((await remit.ended).code).toBe(0)
    }
    const owner = () =>
      start(fileURLToPath(new URL('../commands/owner.ts', import.meta.url)), {
        args: ['--email', 'dana@acme.example', '--org', 'Acme'],
        env,
      }).ended
    const everybody = () =>
      onFile(readConfig({ ...env, NODE_ENV: 'test' }), async ({ db }) => ({
        users: await db.read.select({ email: users.email }).from(users),
        roles: await db.read.select({ role: memberships.role }).from(memberships),
        organizations: await db.read.select({ name: organizations.name }).from(organizations),
        sessions: (await db.read.select().from(sessions)).length,
      }))

    await running(async () => {
      for (const [email, password] of [
        ['admin@example.com', 'admin'],
        ['admin', 'password'],
        ['dana@acme.example', 'violet tractor sings'],
      ])
        expect((await call('auth.signIn', { email, password })).status).toBeGreaterThanOrEqual(400)
    })
    expect(await everybody()).toEqual({ users: [], roles: [], organizations: [], sessions: 0 })

    const made = [await owner(), await owner()]
    const tokens = made.map(({ code, output }) => {
      expect(code, output).toBe(0)
      return /\/invitations\/([\w-]{43})/.exec(output)?.[1] ?? ''
    })
    const accept = (token = '') =>
      call('auth.acceptInvitation', { token, name: 'Dana', password: 'violet tractor sings' })
    await running(async () => {
      // The second time replaced the link of the first.
      expect((await accept(tokens[0])).status).toBe(404)
      const { status, cookie } = await accept(tokens[1])
      expect(status).toBe(200)
      expect((await fetch(`${origin}/api/trpc/auth.me`, { headers: { cookie } })).status).toBe(200)
      expect((await accept(tokens[1])).status).toBe(404)
    })
    expect(await everybody()).toEqual({
      users: [{ email: 'dana@acme.example' }],
      roles: [{ role: 'owner' }],
      organizations: [{ name: 'Acme' }],
      sessions: 1,
    })
  },
)
