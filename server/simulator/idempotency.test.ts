import { expect, test } from 'vitest'
import { activeAccount, client, rejection, startForTest } from './testing.ts'

const DAY = 24 * 60 * 60 * 1000
const payment = (destination: string) => ({ amount: 1234, currency: 'usd', destination, transfer_group: 'payout_1' })

test('the same key and parameters are one transfer, and the answer says that it is a replay', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)

  const first = await stripe.transfers.create(payment(destination), { idempotencyKey: 'a' })
  const again = await stripe.transfers.create(payment(destination), { idempotencyKey: 'a' })

  expect(again).toEqual(first)
  expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined()
  expect(again.lastResponse.headers['idempotent-replayed']).toBe('true')
  expect(again.lastResponse.headers['original-request']).toBe(first.lastResponse.headers['request-id'])
  expect(again.lastResponse.idempotencyKey).toBe('a')
  expect((await stripe.transfers.list()).data).toHaveLength(1)
})

test('a refused transfer stays refused under its key after a top-up, and succeeds under another', async () => {
  const running = await startForTest({ balance: { usd: 1000 } })
  const { stripe } = running
  const destination = activeAccount(running)

  const refused = await rejection(stripe.transfers.create(payment(destination), { idempotencyKey: 'a' }))
  expect(refused).toMatchObject({ type: 'StripeInvalidRequestError', code: 'balance_insufficient', statusCode: 400 })

  running.control('POST', '/_sim/balance', { currency: 'usd', amount: 5000 })
  const replayed = await rejection(stripe.transfers.create(payment(destination), { idempotencyKey: 'a' }))
  expect(replayed).toMatchObject({ code: 'balance_insufficient' })
  expect(replayed.headers?.['idempotent-replayed']).toBe('true')

  const paid = await stripe.transfers.create(payment(destination), { idempotencyKey: 'b' })
  expect(paid.amount).toBe(1234)
})

test('a 500 is replayed too, whether its transfer happened or not', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)

  for (const kind of ['error_before', 'error_after']) {
    running.control('POST', '/_sim/faults', { kind, path: '/v1/transfers' })
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await rejection(stripe.transfers.create(payment(destination), { idempotencyKey: kind }))
      expect(error).toMatchObject({ type: 'StripeAPIError', statusCode: 500 })
      expect(error.headers?.['idempotent-replayed']).toBe(attempt === 1 ? 'true' : undefined)
    }
  }
  expect((await stripe.transfers.list()).data).toHaveLength(1)
})

test('other parameters or another path under a used key are an idempotency error', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)
  const transfer = await stripe.transfers.create(payment(destination), { idempotencyKey: 'a' })

  const changed = await rejection(
    stripe.transfers.create({ ...payment(destination), amount: 1235 }, { idempotencyKey: 'a' }),
  )
  expect(changed).toMatchObject({ type: 'StripeIdempotencyError', rawType: 'idempotency_error', statusCode: 400 })
  const elsewhere = await rejection(stripe.transfers.createReversal(transfer.id, {}, { idempotencyKey: 'a' }))
  expect(elsewhere).toMatchObject({ type: 'StripeIdempotencyError' })
  expect(elsewhere.message).toContain('same endpoint')
})

test('a request that was never executed leaves its key free', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)

  const invalid = await rejection(
    stripe.transfers.create({ ...payment(destination), amount: 0 }, { idempotencyKey: 'a' }),
  )
  expect(invalid).toMatchObject({ code: 'parameter_invalid_integer', param: 'amount' })
  expect(running.control('GET', '/_sim/idempotency')).toEqual([])
  await stripe.transfers.create(payment(destination), { idempotencyKey: 'a' })
})

test('while the first request runs, its key answers 409', async () => {
  const running = await startForTest({ now: Date.now })
  const { stripe } = running
  const destination = activeAccount(running)
  running.control('POST', '/_sim/faults', { kind: 'latency', ms: 1000, path: '/v1/transfers' })

  const first = stripe.transfers.create(payment(destination), { idempotencyKey: 'a' })
  await expect.poll(() => running.control<unknown[]>('GET', '/_sim/idempotency').length).toBe(1)
  const second = await rejection(stripe.transfers.create(payment(destination), { idempotencyKey: 'a' }))

  expect(second).toMatchObject({ type: 'StripeAPIError', statusCode: 409, code: 'idempotency_key_in_use' })
  const { id } = await first
  // The client's own retries carry it over the conflict.
  const patient = client(running.port, { maxNetworkRetries: 3 })
  expect((await patient.transfers.create(payment(destination), { idempotencyKey: 'a' })).id).toBe(id)
})

test('after a day a v1 key is new again', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)
  const first = await stripe.transfers.create(payment(destination), { idempotencyKey: 'a' })

  running.control('POST', '/_sim/clock', { advance: DAY - 1 })
  expect((await stripe.transfers.create(payment(destination), { idempotencyKey: 'a' })).id).toBe(first.id)
  running.control('POST', '/_sim/clock', { advance: 1 })
  expect((await stripe.transfers.create(payment(destination), { idempotencyKey: 'a' })).id).not.toBe(first.id)
})

test('v2 replays successes for thirty days and executes failures again', async () => {
  const running = await startForTest()
  const { stripe } = running
  const account = { display_name: 'Ada', identity: { country: 'US' } }

  running.control('POST', '/_sim/faults', { kind: 'error_before', path: '/v2/core/accounts' })
  expect(await rejection(stripe.v2.core.accounts.create(account, { idempotencyKey: 'a' }))).toMatchObject({
    statusCode: 500,
  })
  const first = await stripe.v2.core.accounts.create(account, { idempotencyKey: 'a' })
  running.control('POST', '/_sim/clock', { advance: 29 * DAY })
  expect((await stripe.v2.core.accounts.create(account, { idempotencyKey: 'a' })).id).toBe(first.id)
  running.control('POST', '/_sim/clock', { advance: DAY })
  expect((await stripe.v2.core.accounts.create(account, { idempotencyKey: 'a' })).id).not.toBe(first.id)
})

test('a v2 success whose answer was a 500 has no second effect', async () => {
  const running = await startForTest()
  const { stripe } = running
  running.control('POST', '/_sim/faults', { kind: 'error_after', path: '/v2/core/accounts' })

  expect(await rejection(stripe.v2.core.accounts.create({}, { idempotencyKey: 'a' }))).toMatchObject({
    statusCode: 500,
  })
  await stripe.v2.core.accounts.create({}, { idempotencyKey: 'a' })
  expect((await stripe.v2.core.accounts.list()).data).toHaveLength(1)
})

test('a key belongs to the account the request acts on', async () => {
  const running = await startForTest()
  const { stripe } = running
  const [one, two] = [activeAccount(running), activeAccount(running)]
  for (const destination of [one, two]) await stripe.transfers.create({ ...payment(destination), amount: 5000 })

  const payouts = await Promise.all(
    [one, two].map(stripeContext =>
      stripe.payouts.create({ amount: 100, currency: 'usd' }, { stripeContext, idempotencyKey: 'a' }),
    ),
  )
  expect(payouts[0]!.id).not.toBe(payouts[1]!.id)
})
