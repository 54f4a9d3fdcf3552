import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { activeAccount, rejection, START, startForTest } from './testing.ts'

const HOUR = 60 * 60 * 1000
const DAY = 24 * HOUR

async function startWith(details: Record<string, unknown> = {}) {
  const running = await startForTest()
  const destination = activeAccount(running, details)
  const on = { stripeContext: destination }
  const advance = (milliseconds: number) => running.control('POST', '/_sim/clock', { advance: milliseconds })
  const events = async () =>
    (await running.stripe.events.list({ type: 'payout.*' }, on)).data.map(event => event.type).reverse()
  const pay = (amount: number) => running.stripe.transfers.create({ amount, currency: 'usd', destination })
  const payouts = async () => (await running.stripe.payouts.list({}, on)).data
  return { running, stripe: running.stripe, destination, on, advance, events, pay, payouts }
}

test('what came in leaves at midnight and arrives two midnights later; the payout names what it carried', async () => {
  const { stripe, on, advance, events, pay, payouts } = await startWith()
  const transfers = [await pay(100), await pay(200), await pay(300)]
  advance(12 * HOUR - 1)
  expect(await payouts()).toEqual([])
  advance(1)
  const [payout] = await payouts()
  expect(payout).toMatchObject({
    amount: 600,
    automatic: true,
    status: 'pending',
    arrival_date: (START + 2.5 * DAY) / 1000,
  })
  expect((await stripe.balance.retrieve({}, on)).available).toMatchObject([{ amount: 0 }])
  advance(HOUR)
  expect((await payouts())[0]!.status).toBe('in_transit')
  advance(2 * DAY)
  expect((await payouts())[0]!.status).toBe('paid')
  expect(await events()).toEqual(['payout.created', 'payout.updated', 'payout.paid'])

  const carried: Stripe.BalanceTransaction[] = []
  for await (const one of stripe.balanceTransactions.list({ payout: payout!.id }, on)) carried.push(one)
  expect(carried.filter(one => one.type === 'payment').map(one => one.source)).toEqual(
    transfers.map(one => one.destination_payment).reverse(),
  )
  expect(carried.reduce((sum, one) => sum + one.net, 0)).toBe(0)
})

test.each([
  { bank_number: '000111111116', failure_code: 'no_account' },
  { bank_number: '000111111113', failure_code: 'account_closed' },
  { bank_number: '000222222227', failure_code: 'insufficient_funds' },
])(
  'bank number $bank_number: the payout fails, and the money is back until the bank account changes',
  async ({ bank_number, failure_code }) => {
    const { running, stripe, destination, on, advance, events, pay, payouts } = await startWith({ bank_number })
    await pay(500)
    advance(4 * DAY)
    expect(await payouts()).toMatchObject([{ status: 'failed', failure_code, amount: 500 }])
    expect((await stripe.balance.retrieve({}, on)).available).toMatchObject([{ amount: 500 }])
    expect(await events()).toEqual(['payout.created', 'payout.updated', 'payout.failed'])
    expect((await stripe.accounts.retrieve(destination)).payouts_enabled).toBe(false)

    await pay(100)
    advance(4 * DAY)
    expect(await payouts()).toHaveLength(1)
    running.control('POST', `/_sim/accounts/${destination}`, { bank_number: '000123456789' })
    await pay(1)
    advance(4 * DAY)
    expect((await payouts())[0]).toMatchObject({ status: 'paid', amount: 601 })
  },
)

test('a paid payout can come back', async () => {
  const { running, stripe, destination, on, advance, events, pay, payouts } = await startWith()
  running.control('POST', `/_sim/accounts/${destination}`, { fails_after_paid: true })
  const transfer = await pay(500)
  advance(3 * DAY)
  expect((await payouts())[0]!.status).toBe('paid')
  advance(DAY)
  expect((await payouts())[0]!.status).toBe('failed')
  expect((await events()).slice(-2)).toEqual(['payout.paid', 'payout.failed'])
  expect((await stripe.balance.retrieve({}, on)).available).toMatchObject([{ amount: 500 }])
  expect(await stripe.transfers.retrieve(transfer.id)).toMatchObject({ reversed: false })
})

test('everything happens at its own time, however far the clock jumps', async () => {
  const { stripe, on, advance, pay } = await startWith()
  await pay(100)
  advance(30 * DAY - 1)
  const events = (await stripe.events.list({ type: 'payout.*' }, on)).data
  expect(events.map(event => event.created * 1000 - START).reverse()).toEqual([DAY / 2, DAY / 2 + HOUR, 2.5 * DAY])
})

test('payouts run on demand, for one account and as far as wanted', async () => {
  const { running, destination, pay, payouts } = await startWith()
  const other = activeAccount(running)
  await pay(100)
  await running.stripe.transfers.create({ amount: 100, currency: 'usd', destination: other })
  const run = (body: object) => running.control('POST', '/_sim/payouts/run', body)
  run({ account: destination, until: 'created' })
  expect((await payouts()).map(one => one.status)).toEqual(['pending'])
  run({ account: destination })
  expect((await payouts()).map(one => one.status)).toEqual(['paid'])
  expect((await running.stripe.payouts.list({}, { stripeContext: other })).data).toEqual([])
})

test('payouts by hand need a bank account and the money', async () => {
  const { running, stripe, destination, on, pay } = await startWith()
  await pay(500)
  const payout = { amount: 200, currency: 'usd', description: 'early' }
  expect(await stripe.payouts.create(payout, on)).toMatchObject({
    automatic: false,
    status: 'pending',
    description: 'early',
  })
  expect(await rejection(stripe.payouts.create({ ...payout, amount: 301 }, on))).toMatchObject({
    code: 'balance_insufficient',
  })
  running.control('POST', `/_sim/accounts/${destination}`, { payouts: 'restricted' })
  expect(await rejection(stripe.payouts.create(payout, on))).toMatchObject({ code: 'payouts_not_allowed' })
})
