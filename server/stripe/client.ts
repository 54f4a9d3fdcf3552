import { Stripe } from 'stripe'
import type { Config } from '../config.ts'

type HttpClient = ReturnType<typeof Stripe.createNodeHttpClient>

/** Longer than Stripe takes for anything we ask; shorter than a job's lease (milliseconds). */
const timeoutMs = 20_000

/**
 * The one client. It retries nothing by itself (the outbox does, with a record of it), except that the package sends once more
 * after a reset connection: with the same key, so harmless.
 * @param isWriting whether the caller is inside a database write, where every call is refused
 * @throws Error for plain http to another machine
 */
export function createStripe(
  config: Pick<Config, 'STRIPE_API_BASE' | 'STRIPE_SECRET_KEY'>,
  isWriting: () => boolean,
): Stripe {
  const base = new URL(config.STRIPE_API_BASE)
  const secure = base.protocol === 'https:'
  if (!secure && !isLoopback(base.hostname))
    throw new Error('STRIPE_API_BASE may be plain http on this machine only: the key would travel in the open.')
  return new Stripe(config.STRIPE_SECRET_KEY, {
    host: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port || (secure ? 443 : 80),
    protocol: secure ? 'https' : 'http',
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    telemetry: false,
    appInfo: { name: 'Remit', version: '0.1.0' },
    httpClient: outsideWrites(Stripe.createNodeHttpClient(), isWriting),
  })
}

/** Whether a host name (as `URL` gives it) is this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/**
 * Everybody's writes would wait for Stripe's answer, so a call inside one is a bug. It rejects: what is thrown here at once, the
 * package would swallow and never answer. The caller sees a StripeConnectionError whose `detail` is this error.
 */
function outsideWrites(client: HttpClient, isWriting: () => boolean): HttpClient {
  return {
    getClientName: () => client.getClientName(),
    async makeRequest(...request) {
      if (isWriting()) throw new Error(`A call to Stripe inside a database write: ${request[3]} ${request[2]}`)
      return client.makeRequest(...request)
    },
  }
}
