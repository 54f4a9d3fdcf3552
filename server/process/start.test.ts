import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '#db/client.ts'
import { memberships, organizations, outbox, payoutAttempts, sessions, users } from '#db/schema/index.ts'
import { readConfig } from '../config.ts'
import { makeCompany, onFile } from './company.ts'
import { aFolder, aPort, settingsFor, start, startRemit, startSimulator, stripeSecrets } from './processes.ts'

const patience = { timeout: 180_000 }
const patienceFor = (message: string) => ({ timeout: 60_000, message })
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

/** Takes connections, and says nothing. */
async function aSilentServer(): Promise<{ port: number; connections: number }> {
  const server = createServer(socket => {
    silence.connections++
    sockets.add(socket)
    socket.on('error', () => {})
  })
  const sockets = new Set<Socket>()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const silence = { port: (server.address() as AddressInfo).port, connections: 0 }
  return silence
}

/** A connection on which a request was begun and not ended: for the server, a request in flight. */
async function aHalfRequest(port: number, head: string[], body = ''): Promise<{ finish(): Promise<string> }> {
  const socket: Socket = connect(port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  const whole = `${head.join('\r\n')}\r\n\r\n${body}`
  const half = whole.length - Math.max(4, Math.floor(body.length / 2))
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk
  })
  const over = new Promise<string>(resolve => socket.on('close', () => resolve(answer)))
  socket.on('error', () => {})
  await new Promise<void>(resolve => socket.write(whole.slice(0, half), () => resolve()))
  return {
    finish() {
      socket.write(whole.slice(half))
      return over
    },
  }
}

test(
  'asked to stop, it answers what is in flight, ends what runs, gives back what does not, and is gone in ten seconds',
  patience,
  async () => {
    const folder = aFolder()
    const port = await aPort()
    const simulator = await startSimulator({ ...stripeSecrets, SIMULATOR_STATE: join(folder, 'simulator.db') }, port)
    // Or a webhook might settle what is about to hang.
    await simulator.control('POST', '/_sim/webhooks/switches', { kind: 'drop', count: null })
    const mailServer = await aSilentServer()
    const env: Record<string, string> = {
      ...settingsFor({ folder, port, stripe: simulator.url }),
      NODE_ENV: 'production',
      SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
    }
    const { cookie, payouts } = await makeCompany(env, simulator, 12)
    const remit = startRemit(env)
    await remit.said(/Remit is running/)
    const origin = env.PUBLIC_URL ?? ''
    const own = { cookie, origin, host: new URL(origin).host }
    const headOf = (line: string, headers: Record<string, string> = {}) => [
      `${line} HTTP/1.1`,
      ...Object.entries({ ...own, ...headers }).map(([name, value]) => `${name}: ${value}`),
    ]
    const bodyFor = ({ id: payoutId, version }: { id: string; version: number }) =>
      JSON.stringify({ payoutId, version })
    const markPaid = async (payout: { id: string; version: number }) => {
      const headers = { ...own, 'content-type': 'application/json' }
      const answer = await fetch(`${origin}/api/trpc/payouts.markPaid`, {
        method: 'POST',
        headers,
        body: bodyFor(payout),
      })
      expect(answer.status).toBe(200)
    }

    // Somebody looks at a page that keeps itself up to date.
    const live = { heard: '', over: false }
    const stream = httpRequest(`${origin}/api/trpc/live.changes`, { headers: { ...own, accept: 'text/event-stream' } })
    stream.on('response', response => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        live.heard += chunk
      })
      response.on('close', () => {
        live.over = true
      })
      response.on('error', () => {})
    })
    stream.end()
    await expect.poll(() => live.heard, patienceFor('the live page')).toContain('data')

    // A mail is under way to a server that says nothing, and two transfers: Stripe answers one after a second, the other never.
    const [mailed, slow, silent, ...others] = payouts
    if (!mailed || !slow || !silent) throw new Error('too few payouts')
    await markPaid(mailed)
    await expect.poll(() => mailServer.connections, patienceFor('the mail')).toBeGreaterThan(0)
    for (const [payout, fault] of [
      [slow, { kind: 'latency', ms: 1_000 }],
      [silent, { kind: 'hang_after' }],
    ] as const) {
      await simulator.control('POST', '/_sim/faults', { ...fault, path: '/v1/transfers', contains: payout.id })
      await markPaid(payout)
    }
    await expect.poll(() => simulator.control('GET', '/_sim/transfers'), patienceFor('the transfers')).toHaveLength(3)

    const requests = await Promise.all(
      others.map(payout => {
        const body = bodyFor(payout)
        const headers = { 'content-type': 'application/json', 'content-length': String(body.length) }
        return aHalfRequest(port, headOf('POST /api/trpc/payouts.markPaid', headers), body)
      }),
    )
    const ready = await aHalfRequest(port, headOf('GET /readyz'))
    const alive = await aHalfRequest(port, headOf('GET /livez'))
    expect((await fetch(`${origin}/readyz`)).status).toBe(200)

    remit.child.kill('SIGTERM')
    await remit.said(/"stopping"/)
    expect(await ready.finish()).toMatch(/^HTTP\/1.1 503 /)
    expect(await alive.finish()).toMatch(/^HTTP\/1.1 200 /)
    // Live pages are sent away at once; whoever is in the middle of something may end it after that, too.
    await expect.poll(() => live.over, patienceFor('the end of the live page')).toBe(true)
    const answers = await Promise.all(requests.map(request => request.finish()))
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 200 .*"status":"processing"/s)
    const { code, output } = await remit.ended
    expect(code, output).toBe(0)
    expect(output).not.toMatch(/"level":[56]0/)
    const [asked = 0, gone = 0] = ['stopping', 'stopped'].map(msg =>
      Date.parse(new RegExp(`"time":"([^"]+)"[^\\n]*"msg":"${msg}"`).exec(output)?.[1] ?? ''),
    )
    expect(gone - asked).toBeLessThan(10_000)

    await onFile(readConfig(env), async ({ db }) => {
      const jobs = await db.read.select().from(outbox)
      expect(jobs.filter(job => job.leaseToken !== null || job.leaseUntil !== null)).toEqual([])
      const attempts = await db.read.select().from(payoutAttempts)
      expect(attempts).toHaveLength(payouts.length)
      expect(attempts.find(attempt => attempt.payoutId === slow.id)?.state).toBe('succeeded')
      const given = attempts.find(attempt => attempt.payoutId === silent.id)
      expect(given?.state).toBe('sending')
      expect(jobs.find(job => job.key === given?.id)).toMatchObject({
        topic: 'payout.transfer',
        status: 'queued',
        attempts: 0,
      })
      expect(jobs.filter(job => job.topic === 'email.send').map(job => job.status)).toContain('queued')
    })
  },
)
