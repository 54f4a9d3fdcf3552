import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import { onTestFinished } from 'vitest'
import { outbox, payoutAttempts } from '#db/schema/index.ts'
import { claim, finish, postpone, retryLater } from '#server/outbox/outbox.ts'
import { syncPartner } from '#server/partners/sync.ts'
import { runTransfer } from '#server/payouts/transfer.ts'
import { type HttpSimulator, startSimulator } from '#server/simulator/http.ts'
import { counter } from '#server/simulator/testing.ts'
import { start, type TestDeps, testDeps } from '#server/test/deps.ts'
import { anOrg, aPartner, aPayout, type Org, type Partner, type Payout } from '#server/test/factories.ts'
import { createStripe } from './client.ts'
import { handleEvent } from './events.ts'
import { type Endpoint, receiveWebhook, type WebhookAnswer } from './webhook.ts'

/** A Stripe and a Remit that hear of each other over HTTP, on one clock that stands still until it is moved. */
export interface Pair {
  deps: TestDeps
  sim: HttpSimulator
  org: Org
  /** What our webhook endpoints answered. */
  answers: WebhookAnswer[]
  /** Brings every due webhook to us, and works on what is due, until nothing is left. Answers with the errors of the jobs. */
  settle(): Promise<string[]>
  /** False: webhooks get a 503, as while we are down. */
  up: boolean
}

const routes: Record<string, Endpoint> = { '/p': 'platform', '/c': 'connect', '/e': 'events' }

export async function aPair(): Promise<Pair> {
  let now = () => start
  const answers: WebhookAnswer[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', async () => {
      const answer = pair.up
        ? await receiveWebhook(
            deps,
            routes[request.url ?? '']!,
            Buffer.concat(chunks),
            String(request.headers['stripe-signature']),
          )
        : { status: 503, body: 'down' }
      answers.push(answer)
      response.writeHead(answer.status).end(answer.body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sim = await startSimulator({
    now: () => now(),
    random: counter(),
    endpoints: Object.entries(routes).map(([path, kind]) => ({ kind, url: url + path, secret: `whsec_${kind}` })),
  })
  onTestFinished(async () => {
    await sim.close()
    server.closeAllConnections()
    server.close()
  })
  const deps = await testDeps({ config: { STRIPE_API_BASE: sim.url } })
  deps.stripe = createStripe(deps.config, deps.db.isWriting)
  now = () => deps.clock.now()
  const pair: Pair = { deps, sim, org: await anOrg(deps), answers, up: true, settle: () => settle(deps, sim) }
  return pair
}

async function settle(deps: TestDeps, sim: HttpSimulator): Promise<string[]> {
  const errors: string[] = []
  for (;;) {
    await sim.deliver()
    const claims = await claim(deps, 100, ['stripe.event', 'partner.sync', 'payout.transfer'])
    if (claims.length === 0) return errors
    for (const held of claims) {
      const payload = held.payload as { eventId: string; attemptId: string; partnerId: string }
      try {
        if (held.topic === 'stripe.event') await handleEvent(deps, payload.eventId)
        if (held.topic === 'partner.sync') await syncPartner(deps, payload.partnerId)
        const result = held.topic === 'payout.transfer' ? await runTransfer(deps, payload.attemptId) : 'done'
        if (result === 'done') await finish(deps, held)
        else await postpone(deps, held, result.postponeMs, result.why)
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error))
        await retryLater(deps, held, String(error))
      }
    }
  }
}

/** A partner whose account the simulator has, can pay, and pays out from; `bankNumber` decides how that ends. */
export async function aPayee(pair: Pair, values: Partial<Partner> & { bankNumber?: string } = {}): Promise<Partner> {
  const { bankNumber = '000123456789', ...partner } = values
  const [id = ''] = pair.sim.control<{ ids: string[] }>('POST', '/_sim/accounts', {
    country: 'US',
    bank_number: bankNumber,
  }).ids
  return aPartner(pair.deps, {
    orgId: pair.org.id,
    stripeAccountId: id,
    destinationKey: `${id}:US${bankNumber.slice(-4)}`,
    ...partner,
  })
}

export async function attemptOf(deps: TestDeps, payout: Payout) {
  const [attempt] = await deps.db.read.select().from(payoutAttempts).where(eq(payoutAttempts.payoutId, payout.id))
  if (!attempt) throw new Error('no attempt')
  return attempt
}

/** Sends a processing payout's transfer as a worker would that dies before it can write down the answer. */
export async function sendAndDie(deps: TestDeps, payout: Payout) {
  const attempt = await attemptOf(deps, payout)
  return deps.stripe.transfers.create(attempt.request, { idempotencyKey: attempt.idempotencyKey })
}

/** A payout that Stripe paid for real: its transfer exists, and its webhook has come. */
export async function aPaidPayout(pair: Pair, partner: Partner, amount = 10_000): Promise<Payout> {
  const payout = await aPayout(pair.deps, { partner, status: 'processing', amount })
  await sendAndDie(pair.deps, payout)
  await pair.settle()
  return payout
}

/** The mails that wait, as template and recipient. */
export async function queuedMails(deps: TestDeps): Promise<string[]> {
  const rows = await deps.db.read
    .select({ key: outbox.key })
    .from(outbox)
    .where(eq(outbox.topic, 'email.send'))
    .orderBy(outbox.id)
  return rows.map(row => row.key)
}
