import { Stripe } from 'stripe'
import type { Reply, Simulator } from './core.ts'

type HttpClient = ReturnType<typeof Stripe.createNodeHttpClient>
type Response = Awaited<ReturnType<HttpClient['makeRequest']>>

export interface InProcessOptions {
  /** True inside a database write, where a call to Stripe is a bug: it is refused, as the product's own client refuses it. */
  isWriting?: () => boolean
  /** What becomes of an answer on its way; it may throw, wait, or change it. For what no fault of the simulator's can do. */
  onTheWay?: (call: { method: string; path: string; key: string | null }, send: () => Reply) => Promise<Reply> | Reply
}

/**
 * The real client of the `stripe` package on a simulator's core, without sockets: for histories by the thousand. The same requests
 * and answers as over HTTP. One difference: the package sends once more after ECONNRESET, half a second later by the machine's own
 * clock; so a broken connection has another code here.
 */
export function inProcessStripe(
  simulator: Simulator,
  { isWriting = () => false, onTheWay = (_call, send) => send() }: InProcessOptions = {},
): Stripe {
  const client: HttpClient = {
    getClientName: () => 'in-process',
    async makeRequest(_host, _port, path, method, headers, requestData) {
      if (isWriting()) throw new Error(`A call to Stripe inside a database write: ${method} ${path}`)
      const lower = Object.fromEntries(
        Object.entries(headers as Record<string, string | number>).map(([name, value]) => [
          name.toLowerCase(),
          String(value),
        ]),
      )
      const send = () => simulator.handle({ method, path, headers: lower, body: requestData ?? '' })
      const reply = await onTheWay({ method, path, key: lower['idempotency-key'] ?? null }, send)
      if (reply.transport?.kind === 'reset') throw broken('The connection broke before an answer')
      if (reply.transport?.kind === 'hang') throw Stripe.HttpClient.makeTimeoutError()
      return answer(reply)
    },
  }
  return new Stripe('sk_test_simulated', {
    host: 'simulator.invalid',
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    httpClient: client,
  })
}

function answer(reply: Reply): Response {
  return {
    getStatusCode: () => reply.status,
    getHeaders: () => reply.headers,
    getRawResponse: () => reply,
    toStream: () => {
      throw new Error('nothing of Stripe’s is read as a stream here')
    },
    async toJSON() {
      if (reply.transport?.kind === 'truncate')
        throw Stripe.HttpClient.makeResponseBodyError(broken('The connection broke inside the answer'))
      return JSON.parse(reply.body)
    },
  }
}

function broken(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNABORTED' })
}
