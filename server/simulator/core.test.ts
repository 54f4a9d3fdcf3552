import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createSimulator, type Simulator } from './core.ts'
import { startSimulator } from './http.ts'
import { activeAccount, client, counter, START, startForTest } from './testing.ts'

test('a demo can preload accounts and transfers of the past, in one go and more than once', async () => {
  const running = await startForTest()
  const { stripe } = running
  const accounts = Array.from({ length: 25 }, (_, n) => ({
    id: `acct_demo${n}`,
    country: n % 2 ? 'DE' : 'US',
    metadata: { n: `${n}` },
  }))
  const transfers = accounts.map(({ id }, n) => ({
    id: `tr_demo${n}`,
    amount: 1000 + n,
    currency: n % 2 ? 'eur' : 'usd',
    destination: id,
    transfer_group: `payout_${n}`,
    created: START - (25 - n) * 86_400_000,
    ...(n === 3 ? { reversed: 500 } : {}),
    in_bank: n < 20,
  }))
  const load = () => {
    running.control('POST', '/_sim/accounts', { accounts })
    return running.control<{ ids: string[] }>('POST', '/_sim/transfers', { transfers })
  }
  expect(load().ids).toEqual(transfers.map(one => one.id))
  load()

  const listed = await stripe.transfers.list({ limit: 100 })
  expect(listed.data.map(one => one.id)).toEqual(transfers.map(one => one.id).reverse())
  expect(await stripe.transfers.retrieve('tr_demo3')).toMatchObject({
    amount: 1003,
    amount_reversed: 500,
    created: transfers[3]!.created / 1000,
  })
  expect((await stripe.balance.retrieve()).available.find(one => one.currency === 'usd')?.amount).toBe(100_000_000)
  const on = { stripeContext: 'acct_demo0' }
  expect((await stripe.payouts.list({}, on)).data).toMatchObject([{ amount: 1000, status: 'paid', automatic: true }])
  expect((await stripe.balance.retrieve({}, { stripeContext: 'acct_demo24' })).available).toMatchObject([
    { amount: 1024 },
  ])
  expect((await stripe.events.list()).data).toEqual([])
  expect((await stripe.accounts.retrieve('acct_demo1')).capabilities?.transfers).toBe('active')
})

test('the state outlives the process, and only one process may own it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const options = { path: join(folder, 'state.db'), random: counter(), now: () => START, endpoints: [] }
  const hook = { kind: 'platform' as const, url: 'http://127.0.0.1:9/hook', secret: 'whsec_a' }

  const first = await startSimulator({ ...options, endpoints: [hook] })
  await expect(startSimulator(options)).rejects.toThrow(/cannot open/)
  first.control('POST', '/_sim/accounts', { id: 'acct_kept' })
  first.control('POST', '/_sim/clock', { advance: 5000 })
  const pay = (port: number) =>
    client(port).transfers.create({ amount: 7, currency: 'usd', destination: 'acct_kept' }, { idempotencyKey: 'a' })
  const transfer = await pay(first.port)
  await first.close()

  const second = await startSimulator({ ...options, endpoints: [hook] })
  onTestFinished(() => second.close())
  expect(second.simulator.now()).toBe(START + 5000)
  expect(await pay(second.port)).toEqual(transfer)
  expect(second.control('GET', '/_sim/deliveries')).toMatchObject([{ type: 'transfer.created', state: 'pending' }])
  expect((await client(second.port).webhookEndpoints.list()).data).toHaveLength(1)
  expect((await client(second.port).balance.retrieve()).available.find(one => one.currency === 'usd')?.amount).toBe(
    99_999_993,
  )
})

test('without a transport: requests, webhooks and time are plain calls', () => {
  let now = START
  const simulator = createSimulator({ path: ':memory:', now: () => now, random: counter() })
  onTestFinished(() => simulator.close())
  simulator.register({ kind: 'platform', url: 'http://app.test/hook', secret: 'whsec_a' })
  call(simulator, '/_sim/accounts', { id: 'acct_a' })
  call(simulator, '/_sim/faults', { kind: 'reset_after' })
  const pay = () =>
    simulator.handle({
      method: 'POST',
      path: '/v1/transfers',
      headers: { authorization: 'Bearer sk_test_x', 'idempotency-key': 'a' },
      body: 'amount=5&currency=usd&destination=acct_a',
    })

  expect(pay().transport).toEqual({ kind: 'reset' })
  expect(pay()).toMatchObject({ status: 200, headers: { 'idempotent-replayed': 'true' } })

  const [delivery] = simulator.pendingDeliveries()
  expect(delivery).toMatchObject({ url: 'http://app.test/hook', type: 'transfer.created', attempt: 0 })
  simulator.settleDelivery(delivery!.id, 500)
  expect(simulator.pendingDeliveries()).toEqual([])
  expect(simulator.nextDue()).toBe(START + 10_000)
  now += 10_000
  simulator.settleDelivery(simulator.pendingDeliveries()[0]!.id, 200)
  expect(simulator.pendingDeliveries()).toEqual([])
  // What remains is the payout at midnight.
  expect(simulator.nextDue()).toBe(START + 12 * 3_600_000)
})

test('a history is the same every time', async () => {
  const histories = await Promise.all(
    [1, 2].map(async () => {
      const running = await startForTest()
      const destination = activeAccount(running)
      await running.stripe.transfers.create({ amount: 100, currency: 'usd', destination }, { idempotencyKey: 'a' })
      running.control('POST', '/_sim/clock', { advance: 5 * 86_400_000 })
      return {
        now: running.simulator.now(),
        events: (await running.stripe.events.list({}, { stripeContext: destination })).data,
        transfers: running.control('GET', '/_sim/transfers'),
      }
    }),
  )
  expect(histories[0]!.now).toBe(START + 5 * 86_400_000)
  expect(histories[0]!.events.length).toBeGreaterThan(2)
  expect(histories[1]).toEqual(histories[0])
})

function call(simulator: Simulator, path: string, body: object): void {
  const reply = simulator.handle({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(reply.status).toBe(200)
}
