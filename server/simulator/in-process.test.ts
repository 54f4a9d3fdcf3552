import { expect, test } from 'vitest'
import { createSimulator } from './core.ts'
import { inProcessStripe } from './in-process.ts'
import { counter, rejection, START } from './testing.ts'

function aSimulator() {
  const simulator = createSimulator({ path: ':memory:', now: () => START, random: counter() })
  const control = (path: string, body: unknown) => {
    const reply = simulator.handle({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (reply.status !== 200) throw new Error(reply.body)
    return JSON.parse(reply.body)
  }
  const [destination] = control('/_sim/accounts', {}).ids as string[]
  const transfer = { amount: 5_000, currency: 'usd', destination: destination! }
  return { simulator, control, transfer }
}

test('the real client pays without a socket, and the same key pays once', async () => {
  const { simulator, transfer } = aSimulator()
  const stripe = inProcessStripe(simulator)
  const first = await stripe.transfers.create(transfer, { idempotencyKey: 'one' })
  const again = await stripe.transfers.create(transfer, { idempotencyKey: 'one' })
  expect(again.id).toBe(first.id)
  expect((await stripe.transfers.list()).data).toHaveLength(1)
  expect((await rejection(stripe.transfers.create({ ...transfer, amount: 1 }, { idempotencyKey: 'one' }))).type).toBe(
    'StripeIdempotencyError',
  )
})

test.each([
  ['reset_before', 'StripeConnectionError', 0],
  ['reset_after', 'StripeConnectionError', 1],
  ['hang_before', 'StripeConnectionError', 0],
  ['hang_after', 'StripeConnectionError', 1],
  ['truncate', 'StripeConnectionError', 1],
  ['rate_limit', 'StripeRateLimitError', 0],
  ['error_before', 'StripeAPIError', 0],
  ['error_after', 'StripeAPIError', 1],
  ['bad_gateway_after', 'StripeAPIError', 1],
])('%s is seen as %s, and moves money %i times', async (kind, type, moved) => {
  const { simulator, control, transfer } = aSimulator()
  const stripe = inProcessStripe(simulator)
  control('/_sim/faults', { kind, method: 'POST', path: '/v1/transfers' })
  expect((await rejection(stripe.transfers.create(transfer, { idempotencyKey: 'one' }))).type).toBe(type)
  expect((await stripe.transfers.list()).data).toHaveLength(moved)
})

test('a call inside a database write is refused', async () => {
  const { simulator } = aSimulator()
  const stripe = inProcessStripe(simulator, { isWriting: () => true })
  expect((await rejection(stripe.balance.retrieve())).message).toContain('connection to Stripe')
})
