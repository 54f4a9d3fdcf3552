import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { outbox, payoutAttempts } from '#db/schema/index.ts'
import { readConfig } from '../config.ts'
import { bundle } from './bundle.ts'
import { makeCompany, onFile } from './company.ts'
import { aFolder, aPort, settingsFor, startRemit, startSimulator, stripeSecrets } from './processes.ts'

/** How often a process is stopped, and with how many requests in flight. */
const stops = Number(process.env.TORTURE_STOPS ?? 2)
const inFlight = 100
const patience = { timeout: 180_000 }
const patienceFor = (message: string) => ({ timeout: 60_000, message })

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

interface HalfRequest {
  /** Sends the rest, and resolves with all that came when the connection is over. */
  finish(): Promise<string>
  /** Sends the rest, and resolves with what came first; with nothing where the connection is over. */
  answered(): Promise<string>
}

/** A connection on which a request was begun and not ended: for the server, a request in flight. */
async function aHalfRequest(port: number, head: string[], body = ''): Promise<HalfRequest> {
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
  const first = new Promise<string>(resolve => socket.once('data', chunk => resolve(String(chunk))))
  return {
    finish() {
      socket.write(whole.slice(half))
      return over
    },
    answered() {
      socket.write(whole.slice(half))
      return Promise.race([first, over])
    },
  }
}

let program: string
let bundled: string
beforeAll(async () => {
  bundled = mkdtempSync(join(tmpdir(), 'remit-stop-'))
  program = await bundle(new URL('../main.ts', import.meta.url), bundled)
}, 120_000)
afterAll(() => rmSync(bundled, { recursive: true, force: true }))

test.each(Array.from({ length: stops }, (_, index) => index + 1))(
  'asked to stop, it answers what is in flight, ends what runs, gives back what does not, and is gone in ten seconds (%i)',
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
    const { cookie, payouts } = await makeCompany(env, simulator, 3 + inFlight)
    const remit = startRemit(env, program)
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
    expect((await fetch(`${origin}/readyz`)).status).toBe(200)
    // What a proxy asks all the time, on connections that are open already: half a second is short on a busy machine.
    const probes = await Promise.all(
      Array.from({ length: 40 }, () =>
        Promise.all(['/readyz', '/livez'].map(path => aHalfRequest(port, headOf(`GET ${path}`)))),
      ),
    )
    remit.child.kill('SIGTERM')
    // The first answer that is not yes says that nothing should be sent here any more; that it lives is true until the end.
    let answer = ['', '']
    for (const probe of probes) {
      answer = await Promise.all(probe.map(request => request.answered()))
      if (!answer[0]?.startsWith('HTTP/1.1 200 ')) break
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    expect(answer).toEqual([expect.stringMatching(/^HTTP\/1.1 503 /), expect.stringMatching(/^HTTP\/1.1 200 /)])
    await remit.said(/"stopping"/)
    // Live pages are sent away at once; whoever is in the middle of something may end it after that, too.
    await expect.poll(() => live.over, patienceFor('the end of the live page')).toBe(true)
    const answers = await Promise.all(requests.map(request => request.finish()))
    expect(answers).toHaveLength(inFlight)
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
