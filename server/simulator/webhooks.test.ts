import Stripe from 'stripe'
import { expect, test } from 'vitest'
import type { HttpSimulatorOptions } from './http.ts'
import { activeAccount, type Received, START, startForTest, startReceiver } from './testing.ts'

const HOUR = 60 * 60 * 1000
const secrets = { platform: 'whsec_platform', connect: 'whsec_connect', events: 'whsec_events' } as const

async function startListening(answer?: (received: Received) => number, options: HttpSimulatorOptions = {}) {
  const receiver = await startReceiver(answer)
  const running = await startForTest({
    endpoints: (['platform', 'connect', 'events'] as const).map(kind => ({
      kind,
      url: `${receiver.url}/${kind}`,
      secret: secrets[kind],
    })),
    ...options,
  })
  const destination = activeAccount(running)
  const pay = (amount = 100) => running.stripe.transfers.create({ amount, currency: 'usd', destination })
  const spoil = (one: object) => running.control('POST', '/_sim/webhooks/switches', one)
  const advance = (milliseconds: number) => running.control('POST', '/_sim/clock', { advance: milliseconds })
  return { running, receiver, destination, pay, spoil, advance }
}

/** As our own routes verify: by the simulator's clock, which is the one that signs. */
function verify(received: Received, secret: string, now = START): Stripe.Event {
  return new Stripe('sk_test_x').webhooks.constructEvent(received.body, received.signature, secret, 300, undefined, now)
}

test('each endpoint gets its own events, signed with its own secret', async () => {
  const { running, receiver, destination, pay } = await startListening()
  const transfer = await pay()
  running.control('POST', `/_sim/accounts/${destination}`, { transfers: 'restricted', due: ['x'] })
  await running.deliver()

  const on = (path: string) => receiver.received.filter(one => one.path === path)
  const platform = on('/platform').map(one => verify(one, secrets.platform))
  expect(platform.map(event => event.type)).toEqual(['transfer.created'])
  expect(platform[0]!.data.object).toMatchObject({ id: transfer.id, amount: 100 })
  expect(platform[0]).not.toHaveProperty('account')

  const connect = on('/connect').map(one => verify(one, secrets.connect))
  expect(connect.map(event => [event.type, event.account])).toEqual([
    ['account.updated', destination],
    ['capability.updated', destination],
  ])
  expect(() => verify(on('/connect')[0]!, secrets.platform)).toThrow(/No signatures found/)
})

test('v2 events are thin, verify as notifications and lead to the account', async () => {
  const { running, receiver, destination } = await startListening()
  running.control('POST', `/_sim/accounts/${destination}`, { transfers: 'restricted', due: ['x'] })
  await running.deliver()

  const thin = receiver.received.filter(one => one.path === '/events')
  const parse = (one: Received) =>
    running.stripe.parseEventNotification(one.body, one.signature, secrets.events, 300, undefined, START)
  expect(thin.map(one => parse(one).type)).toEqual([
    'v2.core.account[configuration.recipient].capability_status_updated',
    'v2.core.account[requirements].updated',
  ])
  expect(() => verify(thin[0]!, secrets.events)).toThrow(/thin event/)

  const notification = parse(thin[0]!)
  if (notification.type !== 'v2.core.account[configuration.recipient].capability_status_updated')
    throw new Error('order')
  expect(notification).not.toHaveProperty('data')
  expect((await notification.fetchEvent()).data.updated_capability).toBe('stripe_balance.stripe_transfers')
  expect(await notification.fetchRelatedObject()).toMatchObject({ id: destination, object: 'v2.core.account' })
})

test('an event names the request and key that caused it, and counts the webhooks that wait', async () => {
  let status = 500
  const { running, advance } = await startListening(() => status)
  const destination = activeAccount(running)
  const transfer = await running.stripe.transfers.create(
    { amount: 100, currency: 'usd', destination },
    { idempotencyKey: 'payout:po_1:a1' },
  )
  await running.deliver()

  const [event] = (await running.stripe.events.list({ type: 'transfer.created' })).data
  expect(event).toMatchObject({
    pending_webhooks: 1,
    request: { id: transfer.lastResponse.requestId, idempotency_key: 'payout:po_1:a1' },
  })
  expect((await running.stripe.events.list({ delivery_success: false })).data).toHaveLength(1)
  status = 204
  advance(HOUR)
  await running.deliver()
  expect((await running.stripe.events.retrieve(event!.id)).pending_webhooks).toBe(0)
  expect((await running.stripe.events.list({ delivery_success: true })).data).toHaveLength(1)
})

test('what is not answered with 2xx comes again with a fresh signature, for three days', async () => {
  const { running, receiver, pay, advance } = await startListening(() => 503)
  await pay()
  await running.deliver()
  expect(receiver.received).toHaveLength(1)
  await running.deliver()
  expect(receiver.received).toHaveLength(1)

  advance(10_000)
  await running.deliver()
  expect(receiver.received).toHaveLength(2)
  const [first, second] = receiver.received as [Received, Received]
  expect(JSON.parse(second.body)).toEqual(JSON.parse(first.body))
  expect(second.signature).not.toBe(first.signature)
  expect(() => verify(second, secrets.platform, START + 10_000)).not.toThrow()

  for (let hour = 0; hour < 100; hour++) {
    advance(HOUR)
    await running.deliver()
  }
  const [delivery] = running.control<{ state: string; attempt: number }[]>('GET', '/_sim/deliveries')
  expect(delivery!.state).toBe('failed')
  // The other endpoints hear of the payout that happened meanwhile.
  expect(receiver.received.filter(one => one.path === '/platform')).toHaveLength(delivery!.attempt)
  expect(delivery!.attempt).toBeGreaterThan(8)
  // The event itself can still be fetched.
  expect((await running.stripe.events.list({ type: 'transfer.*' })).data).toHaveLength(1)
})

test('an endpoint that is away loses nothing', async () => {
  const receiver = await startReceiver()
  const running = await startForTest({
    endpoints: [{ kind: 'platform', url: 'http://127.0.0.1:9/platform', secret: secrets.platform }],
  })
  await running.stripe.transfers.create({ amount: 100, currency: 'usd', destination: activeAccount(running) })
  await running.deliver()
  const [endpoint] = (await running.stripe.webhookEndpoints.list()).data
  await running.stripe.webhookEndpoints.update(endpoint!.id, { url: `${receiver.url}/platform` })
  running.control('POST', '/_sim/clock', { advance: HOUR })
  await running.deliver()
  expect(receiver.types()).toEqual(['transfer.created'])
})

test('an endpoint that is disabled or deleted gets nothing more, and holds up nobody', async () => {
  const { running, receiver, pay, advance } = await startListening(() => 500)
  await pay()
  await running.deliver()
  const [endpoint] = (await running.stripe.webhookEndpoints.list({ limit: 1, starting_after: await newest(running) }))
    .data
  await running.stripe.webhookEndpoints.update(endpoint!.id, { disabled: true })
  advance(HOUR)
  await pay()
  await running.deliver()
  expect(receiver.types()).toEqual(['transfer.created'])
  expect(running.control('GET', '/_sim/deliveries')).toMatchObject([{ state: 'failed' }])
})

/** The endpoint for connected accounts was registered last. */
async function newest(running: Awaited<ReturnType<typeof startForTest>>): Promise<string> {
  return (await running.stripe.webhookEndpoints.list({ limit: 1 })).data[0]!.id
}

test('switch duplicate: the same event twice', async () => {
  const { running, receiver, pay, spoil } = await startListening()
  spoil({ kind: 'duplicate', type: 'transfer.*' })
  await pay()
  await pay()
  await running.deliver()
  const ids = receiver.received.map(one => (JSON.parse(one.body) as { id: string }).id)
  expect(ids).toHaveLength(3)
  expect(ids[0]).toBe(ids[1])
})

test('switch drop: never sent, but it can be fetched', async () => {
  const { running, receiver, pay, spoil, advance } = await startListening()
  spoil({ kind: 'drop', type: 'transfer.created' })
  await pay()
  for (let hour = 0; hour < 3; hour++) {
    advance(HOUR)
    await running.deliver()
  }
  expect(receiver.received).toEqual([])
  expect((await running.stripe.events.list({ types: ['transfer.created'] })).data).toHaveLength(1)
})

test('switch delay: sent when simulated time comes', async () => {
  const { running, receiver, pay, spoil, advance } = await startListening()
  spoil({ kind: 'delay', ms: HOUR })
  await pay()
  await running.deliver()
  expect(receiver.received).toEqual([])
  advance(HOUR)
  await running.deliver()
  expect(receiver.types()).toEqual(['transfer.created'])
})

test('switch reorder: what falls into one window arrives last first', async () => {
  const { running, receiver, pay, spoil, advance } = await startListening()
  spoil({ kind: 'reorder', count: null, ms: 1000 })
  const transfer = await pay()
  await running.stripe.transfers.update(transfer.id, { description: 'x' })
  await running.stripe.transfers.createReversal(transfer.id)
  await running.deliver()
  expect(receiver.received).toEqual([])
  advance(1000)
  await running.deliver()
  expect(receiver.types()).toEqual(['transfer.reversed', 'transfer.updated', 'transfer.created'])
})

test.each([
  { kind: 'corrupt_signature', problem: /No signatures found/ },
  { kind: 'wrong_secret', problem: /No signatures found/ },
  { kind: 'stale', problem: /Timestamp outside the tolerance zone/ },
])('switch $kind: refused at first, good on the retry', async ({ kind, problem }) => {
  const { running, receiver, pay, spoil, advance } = await startListening(one => {
    try {
      verify(one, secrets.platform, running.simulator.now())
      return 200
    } catch {
      return 400
    }
  })
  spoil({ kind })
  await pay()
  await running.deliver()
  expect(() => verify(receiver.received[0]!, secrets.platform)).toThrow(problem)
  advance(HOUR)
  await running.deliver()
  expect(() => verify(receiver.received[1]!, secrets.platform, START + HOUR)).not.toThrow()
  expect(running.control('GET', '/_sim/deliveries')).toMatchObject([{ state: 'delivered', attempt: 2 }])
})

test('an endpoint made through the API hears what it asked for, under the secret it was shown', async () => {
  const receiver = await startReceiver()
  const running = await startForTest()
  const { secret } = await running.stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: ['transfer.reversed'],
  })
  const destination = activeAccount(running)
  const transfer = await running.stripe.transfers.create({ amount: 100, currency: 'usd', destination })
  await running.stripe.transfers.createReversal(transfer.id, { amount: 40 })
  await running.deliver()
  expect(receiver.received.map(one => verify(one, secret!).type)).toEqual(['transfer.reversed'])
})

test('events can be fetched for thirty days', async () => {
  const { running, pay, advance } = await startListening()
  await pay()
  advance(30 * 24 * HOUR)
  expect((await running.stripe.events.list({ type: 'transfer.created' })).data).toEqual([])
})
