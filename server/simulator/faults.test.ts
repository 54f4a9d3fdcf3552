import { expect, test } from 'vitest'
import { activeAccount, client, rejection, startForTest } from './testing.ts'

const key = { idempotencyKey: 'payout:po_1:a1' }

async function startPaying() {
  const running = await startForTest()
  const destination = activeAccount(running)
  const pay = (stripe = running.stripe, options = key) =>
    stripe.transfers.create({ amount: 100, currency: 'usd', destination, transfer_group: 'payout_po_1' }, options)
  const strike = (fault: object) =>
    running.control('POST', '/_sim/faults', { method: 'POST', path: '/v1/transfers', ...fault })
  const count = () => running.control<unknown[]>('GET', '/_sim/transfers').length
  return { running, pay, strike, count }
}

test.each([
  { kind: 'reset_before', transfers: 0 },
  { kind: 'reset_after', transfers: 1 },
])(
  '$kind: the client retries a reset once by itself; a second one is a connection error',
  async ({ kind, transfers }) => {
    const { pay, strike, count } = await startPaying()
    strike({ kind })
    const hidden = await pay()
    expect(count()).toBe(1)
    expect(hidden.lastResponse.headers['idempotent-replayed']).toBe(transfers === 1 ? 'true' : undefined)

    strike({ kind, count: 2 })
    const other = { idempotencyKey: 'payout:po_1:a2' }
    expect(await rejection(pay(undefined, other))).toMatchObject({ type: 'StripeConnectionError' })
    expect(count()).toBe(1 + transfers)
    await pay(undefined, other)
    expect(count()).toBe(2)
  },
)

test.each([
  { kind: 'hang_before', transfers: 0 },
  { kind: 'hang_after', transfers: 1 },
])('$kind: the client gives up after its timeout, and the same key settles it', async ({ kind, transfers }) => {
  const { running, pay, strike, count } = await startPaying()
  strike({ kind })
  const error = await rejection(pay(client(running.port, { timeout: 500 })))
  expect(error).toMatchObject({ type: 'StripeConnectionError' })
  expect(error.message).toContain('timeout')
  expect(count()).toBe(transfers)
  await pay()
  expect(count()).toBe(1)
})

test('truncate: half an answer is a connection error although the money moved', async () => {
  const { running, pay, strike, count } = await startPaying()
  strike({ kind: 'truncate' })
  expect(await rejection(pay(client(running.port, { maxNetworkRetries: 2 })))).toMatchObject({
    type: 'StripeConnectionError',
  })
  expect(count()).toBe(1)
  expect((await pay()).lastResponse.headers['idempotent-replayed']).toBe('true')
})

test('conflict: 409 without effect, which the client retries', async () => {
  const { running, pay, strike, count } = await startPaying()
  strike({ kind: 'conflict' })
  expect(await rejection(pay())).toMatchObject({
    type: 'StripeAPIError',
    statusCode: 409,
    code: 'idempotency_key_in_use',
  })
  expect(count()).toBe(0)
  strike({ kind: 'conflict' })
  await pay(client(running.port, { maxNetworkRetries: 1 }))
  expect(count()).toBe(1)
})

test('rate_limit: 429 that the client does not retry', async () => {
  const { running, pay, strike, count } = await startPaying()
  strike({ kind: 'rate_limit' })
  const error = await rejection(pay(client(running.port, { maxNetworkRetries: 2 })))
  expect(error).toMatchObject({ type: 'StripeRateLimitError', statusCode: 429, code: 'rate_limit' })
  expect(count()).toBe(0)
})

test('lock_timeout: 429 that asks to be retried', async () => {
  const { running, pay, strike, count } = await startPaying()
  strike({ kind: 'lock_timeout' })
  const error = await rejection(pay())
  expect(error).toMatchObject({ type: 'StripeRateLimitError', code: 'lock_timeout' })
  expect(error.headers?.['stripe-should-retry']).toBe('true')
  strike({ kind: 'lock_timeout' })
  await pay(client(running.port, { maxNetworkRetries: 1 }))
  expect(count()).toBe(1)
})

test.each([
  { kind: 'error_before', transfers: 0 },
  { kind: 'error_after', transfers: 1 },
])('$kind: a 500 that asks not to be retried, with $transfers transfers', async ({ kind, transfers }) => {
  const { running, pay, strike, count } = await startPaying()
  strike({ kind })
  const error = await rejection(pay(client(running.port, { maxNetworkRetries: 2 })))
  expect(error).toMatchObject({ type: 'StripeAPIError', statusCode: 500, rawType: 'api_error' })
  expect(error.headers?.['stripe-should-retry']).toBe('false')
  expect(count()).toBe(transfers)
  const { data } = await running.stripe.transfers.list({ transfer_group: 'payout_po_1' })
  expect(data).toHaveLength(transfers)
})

test.each([
  { kind: 'bad_gateway_before', transfers: 0 },
  { kind: 'bad_gateway_after', transfers: 1 },
])('$kind: HTML instead of JSON is an error without a status', async ({ kind, transfers }) => {
  const { pay, strike, count } = await startPaying()
  strike({ kind })
  const error = await rejection(pay())
  expect(error).toMatchObject({ type: 'StripeAPIError', message: 'Invalid JSON received from the Stripe API' })
  expect(error.statusCode).toBeUndefined()
  expect(count()).toBe(transfers)
  await pay()
  expect(count()).toBe(1)
})

test('unauthorized: 401 without effect', async () => {
  const { pay, strike, count } = await startPaying()
  strike({ kind: 'unauthorized' })
  expect(await rejection(pay())).toMatchObject({ type: 'StripeAuthenticationError', statusCode: 401 })
  expect(count()).toBe(0)
})

test('latency: the answer comes late', async () => {
  const { pay, strike } = await startPaying()
  strike({ kind: 'latency', ms: 150 })
  const before = performance.now()
  await pay()
  expect(performance.now() - before).toBeGreaterThan(140)
})

test('a fault hits only what it matches: method, path, body, the nth request and so many', async () => {
  const { running, pay, strike } = await startPaying()
  strike({ kind: 'rate_limit', nth: 2, count: 2 })
  strike({ kind: 'unauthorized', path: '/v1/transfers/*/reversals' })
  strike({ kind: 'unauthorized', contains: 'someone_else' })
  strike({ kind: 'unauthorized', method: 'GET', path: '/v1/transfers' })

  const transfer = await pay()
  for (let attempt = 0; attempt < 2; attempt++) expect(await rejection(pay())).toMatchObject({ statusCode: 429 })
  await pay()
  await running.stripe.transfers.retrieve(transfer.id)
  expect(await rejection(running.stripe.transfers.list())).toMatchObject({ statusCode: 401 })
  expect(await rejection(running.stripe.transfers.createReversal(transfer.id))).toMatchObject({ statusCode: 401 })

  strike({ kind: 'rate_limit', count: null })
  for (let attempt = 0; attempt < 3; attempt++) expect(await rejection(pay())).toMatchObject({ statusCode: 429 })
  running.control('DELETE', '/_sim/faults')
  await pay()
})
