import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { onTestFinished } from 'vitest'
import { type HttpSimulator, type HttpSimulatorOptions, startSimulator } from './http.ts'

const TEST_KEY = 'sk_test_simulator'
export const START = Date.UTC(2026, 0, 15, 12)

/** A counter for ids, so that a test's history is the same every time. */
export function counter(): () => string {
  let count = 0
  return () => `${count++}`.padStart(24, '0')
}

/** A simulator on a random port with a clock that stands still until it is moved, and the real client for it. */
export async function startForTest(options: HttpSimulatorOptions = {}): Promise<HttpSimulator & { stripe: Stripe }> {
  const running = await startSimulator({ now: () => START, random: counter(), ...options })
  onTestFinished(() => running.close())
  return { ...running, stripe: client(running.port) }
}

/** The stripe package against a simulator; it retries nothing by itself unless told to. */
export function client(port: number, config: Partial<ConstructorParameters<typeof Stripe>[1]> = {}): Stripe {
  return new Stripe(TEST_KEY, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 10_000,
    telemetry: false,
    ...config,
  })
}

/** An account that can be paid and pays out to a bank. */
export function activeAccount(running: HttpSimulator, details: Record<string, unknown> = {}): string {
  return running.control<{ ids: string[] }>('POST', '/_sim/accounts', details).ids[0]!
}

export interface Received {
  path: string
  signature: string
  body: string
}

/** A webhook receiver that keeps what it gets; `answer` decides the status. */
export async function startReceiver(answer: (received: Received) => number = () => 200) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      const one = { path: request.url ?? '', signature: String(request.headers['stripe-signature']), body }
      received.push(one)
      response.writeHead(answer(one)).end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const types = () => received.map(one => (JSON.parse(one.body) as { type: string }).type)
  return { url, received, types }
}

/** What a promise was rejected with; fails when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  const outcome = await promise.then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome) return outcome.error as InstanceType<typeof Stripe.errors.StripeError>
  throw new Error(`expected a rejection, got ${JSON.stringify(outcome.value)}`)
}

export interface Recorded {
  method: string
  path: string
  status: number
  body: unknown
}

/** A client that records what came over the wire. */
export function record(port: number): { stripe: Stripe; recorded: Recorded[] } {
  const recorded: Recorded[] = []
  const stripe = client(port, { emitEventBodies: true })
  stripe.on('response', (event: Recorded) => {
    recorded.push({ method: event.method, path: event.path.split('?')[0]!, status: event.status, body: event.body })
  })
  return { stripe, recorded }
}
