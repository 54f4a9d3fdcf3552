import { expect, test } from 'vitest'
import type { HttpSimulator } from './http.ts'
import { activeAccount, rejection, startForTest } from './testing.ts'

/** Balances are the sums of their balance transactions: nothing moves without a reason. */
function checkBooks(running: HttpSimulator): void {
  const balances = running.control<{ account: string; currency: string; available: number }[]>('GET', '/_sim/balances')
  for (const { account, currency, available } of balances) {
    const reply = running.simulator.handle({
      method: 'GET',
      path: `/v1/balance_transactions?limit=100&currency=${currency}`,
      headers: { authorization: 'Bearer sk_test_x', 'stripe-account': account },
      body: '',
    })
    const { data } = JSON.parse(reply.body) as { data: { net: number }[] }
    expect({ account, currency, available: data.reduce((sum, one) => sum + one.net, 0) }).toEqual({
      account,
      currency,
      available,
    })
  }
}

test('a fresh simulator has money in three currencies, and a transfer moves it once on both sides', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)
  const available = async (options = {}) =>
    Object.fromEntries((await stripe.balance.retrieve({}, options)).available.map(one => [one.currency, one.amount]))
  expect(await available()).toEqual({ usd: 100_000_000, eur: 100_000_000, gbp: 100_000_000 })
  expect(await available({ stripeContext: destination })).toEqual({ usd: 0 })

  const transfer = await stripe.transfers.create({ amount: 2500, currency: 'usd', destination })
  expect(await available()).toMatchObject({ usd: 99_997_500, eur: 100_000_000 })
  expect(await available({ stripeContext: destination })).toEqual({ usd: 2500 })

  const debit = await stripe.balanceTransactions.list({ source: transfer.id })
  expect(debit.data).toMatchObject([{ id: transfer.balance_transaction, amount: -2500, type: 'transfer' }])
  const credit = await stripe.balanceTransactions.list({ type: 'payment' }, { stripeContext: destination })
  expect(credit.data).toMatchObject([{ amount: 2500, source: transfer.destination_payment }])
  checkBooks(running)
})

test('refused transfers move nothing and send nothing', async () => {
  const running = await startForTest({ balance: { usd: 1000, eur: 0 } })
  const { stripe } = running
  const destination = activeAccount(running)
  const refuse = (params: object) =>
    rejection(stripe.transfers.create({ amount: 100, currency: 'usd', destination, ...params }))

  expect(await refuse({ amount: 1001 })).toMatchObject({ code: 'balance_insufficient', statusCode: 400 })
  // Money in another currency does not help.
  expect(await refuse({ currency: 'eur' })).toMatchObject({ code: 'balance_insufficient' })
  expect(await refuse({ destination: 'acct_nobody' })).toMatchObject({
    code: 'resource_missing',
    param: 'destination',
    statusCode: 400,
    message: "No such destination: 'acct_nobody'",
  })
  for (const transfers of ['pending', 'restricted', 'rejected', 'unsupported']) {
    running.control('POST', `/_sim/accounts/${destination}`, { transfers })
    expect(await refuse({})).toMatchObject({ code: 'insufficient_capabilities_for_transfer', statusCode: 400 })
  }
  running.control('POST', `/_sim/accounts/${destination}`, { transfers: 'active', deauthorized: true })
  expect(await refuse({})).toMatchObject({ code: 'resource_missing' })
  const closed = activeAccount(running)
  await stripe.v2.core.accounts.close(closed)
  expect(await refuse({ destination: closed })).toMatchObject({ code: 'insufficient_capabilities_for_transfer' })

  expect((await stripe.transfers.list()).data).toEqual([])
  expect((await stripe.events.list({ type: 'transfer.*' })).data).toEqual([])
  expect((await stripe.balance.retrieve()).available).toMatchObject([{ amount: 1000, currency: 'usd' }])
})

test('two transfers that together exceed the balance: one of them', async () => {
  const running = await startForTest({ balance: { usd: 150 } })
  const destination = activeAccount(running)
  const outcomes = await Promise.allSettled(
    [1, 2].map(() => running.stripe.transfers.create({ amount: 100, currency: 'usd', destination })),
  )
  expect(outcomes.map(one => one.status).sort()).toEqual(['fulfilled', 'rejected'])
  checkBooks(running)
})

test.each([
  { amount: 1, currency: 'usd', problem: null },
  { amount: 1000, currency: 'jpy', problem: null },
  { amount: 1000, currency: 'JPY', problem: null },
  { amount: 5120, currency: 'kwd', problem: null },
  { amount: 1000, currency: 'isk', problem: null },
  { amount: 5124, currency: 'kwd', problem: 'divisible by 10' },
  { amount: 1050, currency: 'isk', problem: 'divisible by 100' },
  { amount: 150, currency: 'ugx', problem: 'divisible by 100' },
  { amount: 0, currency: 'usd', problem: 'greater than or equal to 1' },
  { amount: -5, currency: 'usd', problem: 'greater than or equal to 1' },
  { amount: 10.5, currency: 'usd', problem: 'Invalid integer: 10.5' },
  { amount: 2 ** 53, currency: 'usd', problem: 'Invalid integer' },
  { amount: 1_000_000_000_000, currency: 'usd', problem: 'no more than' },
  { amount: 100, currency: 'doge', problem: 'Invalid currency: doge' },
])('$amount $currency: $problem', async ({ amount, currency, problem }) => {
  const running = await startForTest({ balance: { usd: 10_000, jpy: 10_000, kwd: 10_000, isk: 10_000 } })
  const sent = running.stripe.transfers.create({ amount, currency, destination: activeAccount(running) })
  if (problem) expect((await rejection(sent)).message).toContain(problem)
  else expect(await sent).toMatchObject({ amount, currency: currency.toLowerCase() })
})

test('a destination with another currency is credited in its own; the platform pays what it said', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running, { country: 'JP' })
  const transfer = await stripe.transfers.create({ amount: 1001, currency: 'usd', destination })
  expect(transfer).toMatchObject({ amount: 1001, currency: 'usd' })

  const payment = await stripe.charges.retrieve(
    transfer.destination_payment as string,
    { expand: ['balance_transaction'] },
    { stripeContext: destination },
  )
  // 10.01 dollars at 150, rounded down; a yen has no decimals.
  expect(payment).toMatchObject({
    amount: 1501,
    currency: 'jpy',
    balance_transaction: { exchange_rate: 150, amount: 1501 },
  })

  // Parts taken back add up to the whole, in both currencies.
  for (const amount of [333, 333, 335]) await stripe.transfers.createReversal(transfer.id, { amount })
  expect((await stripe.balance.retrieve({}, { stripeContext: destination })).available).toMatchObject([
    { amount: 0, currency: 'jpy' },
  ])
  expect((await stripe.balance.retrieve()).available.find(one => one.currency === 'usd')?.amount).toBe(100_000_000)
  checkBooks(running)
})

test('reversals: in parts, up to the whole, never beyond, and only what the account still has', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)
  const transfer = await stripe.transfers.create({ amount: 100, currency: 'usd', destination })
  const reverse = (params = {}) => stripe.transfers.createReversal(transfer.id, params)

  expect(await reverse({ amount: 30, metadata: { why: 'mistake' } })).toMatchObject({
    amount: 30,
    currency: 'usd',
    transfer: transfer.id,
  })
  expect(await stripe.transfers.retrieve(transfer.id)).toMatchObject({
    amount_reversed: 30,
    reversed: false,
    reversals: { data: [{ amount: 30 }] },
  })
  expect((await rejection(reverse({ amount: 71 }))).param).toBe('amount')
  expect(await rejection(reverse({ amount: 0 }))).toMatchObject({ code: 'parameter_invalid_integer' })
  expect(await reverse()).toMatchObject({ amount: 70 })
  expect(await stripe.transfers.retrieve(transfer.id)).toMatchObject({ amount_reversed: 100, reversed: true })
  expect((await rejection(reverse())).message).toContain('already fully reversed')

  const events = (await stripe.events.list({ type: 'transfer.reversed' })).data
  expect(events.map(event => event.data)).toMatchObject([
    { object: { amount_reversed: 100, reversed: true }, previous_attributes: { amount_reversed: 30, reversed: false } },
    { object: { amount_reversed: 30, reversed: false }, previous_attributes: { amount_reversed: 0 } },
  ])

  const gone = await stripe.transfers.create({ amount: 100, currency: 'usd', destination })
  running.control('POST', '/_sim/payouts/run', {})
  expect(await rejection(stripe.transfers.createReversal(gone.id))).toMatchObject({ code: 'balance_insufficient' })
  expect(await stripe.transfers.retrieve(gone.id)).toMatchObject({ amount_reversed: 0 })
  checkBooks(running)
})

test('transfers are found by group, destination and age, page by page', async () => {
  const running = await startForTest()
  const { stripe } = running
  const [one, two] = [activeAccount(running), activeAccount(running)]
  const ids: string[] = []
  for (let index = 0; index < 7; index++) {
    const destination = index % 2 === 0 ? one : two
    const { id } = await stripe.transfers.create({
      amount: 100 + index,
      currency: 'usd',
      destination,
      transfer_group: `payout_${index}`,
    })
    ids.unshift(id)
    running.control('POST', '/_sim/clock', { advance: 1000 })
  }
  const list = async (params: object) => (await stripe.transfers.list(params)).data.map(transfer => transfer.id)

  expect(await list({})).toEqual(ids)
  expect(await list({ transfer_group: 'payout_6' })).toEqual([ids[0]])
  expect(await list({ destination: two })).toEqual([ids[1], ids[3], ids[5]])
  const { created } = await stripe.transfers.retrieve(ids[3]!)
  expect(await list({ created: { gt: created } })).toEqual(ids.slice(0, 3))
  expect(await list({ created: { gte: created, lt: created + 2 } })).toEqual([ids[2], ids[3]])
  expect(await list({ created })).toEqual([ids[3]])
  expect(await list({ limit: 2, starting_after: ids[1] })).toEqual([ids[2], ids[3]])
  expect(await list({ limit: 2, ending_before: ids[4] })).toEqual([ids[2], ids[3]])
  const every: string[] = []
  for await (const transfer of stripe.transfers.list({ limit: 3 })) every.push(transfer.id)
  expect(every).toEqual(ids)
  expect((await rejection(stripe.transfers.list({ limit: 101 }))).message).toContain('less than or equal to 100')
  expect(await rejection(stripe.transfers.list({ starting_after: 'tr_x' }))).toMatchObject({
    code: 'resource_missing',
    param: 'starting_after',
  })
})

test('a test payment and a top-up bring money, the latter a day later', async () => {
  const running = await startForTest({ balance: { usd: 0 } })
  const { stripe } = running
  const available = async () => (await stripe.balance.retrieve()).available[0]?.amount
  const payment = { amount: 500, currency: 'usd', confirm: true }
  await stripe.paymentIntents.create({ ...payment, payment_method: 'pm_card_bypassPending' })
  expect(await available()).toBe(500)
  expect((await rejection(stripe.paymentIntents.create({ ...payment, payment_method: 'pm_card_visa' }))).param).toBe(
    'payment_method',
  )

  const topup = await stripe.topups.create({ amount: 300, currency: 'usd' })
  expect([topup.status, await available()]).toEqual(['pending', 500])
  running.control('POST', '/_sim/clock', { advance: 24 * 60 * 60 * 1000 })
  expect([(await stripe.topups.retrieve(topup.id)).status, await available()]).toEqual(['succeeded', 800])
  expect((await stripe.events.list({ types: ['balance.available'] })).data).toHaveLength(2)
  checkBooks(running)
})

test('a transfer can draw on one charge, as long as it lasts', async () => {
  const running = await startForTest()
  const { stripe } = running
  const destination = activeAccount(running)
  const payment = await stripe.paymentIntents.create({
    amount: 500,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_bypassPending',
  })
  const source_transaction = payment.latest_charge as string
  const draw = (params: object) =>
    stripe.transfers.create({ amount: 300, currency: 'usd', destination, source_transaction, ...params })

  expect(await draw({})).toMatchObject({ source_transaction })
  expect((await rejection(draw({}))).message).toContain('exceed')
  expect((await rejection(draw({ currency: 'eur' }))).param).toBe('source_transaction')
  expect(await rejection(draw({ source_transaction: 'ch_x' }))).toMatchObject({ code: 'resource_missing' })
})
