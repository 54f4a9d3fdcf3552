import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { createValidator } from './conformance.ts'
import { findRoute, type Route } from './route.ts'
import { ROUTES } from './serve.ts'
import { activeAccount, type Recorded, record, startForTest, startReceiver } from './testing.ts'

const DAY = 24 * 60 * 60 * 1000

const validator = createValidator([
  ...new Set([...ROUTES.map(route => route.answers), 'Event', 'V2.Core.Event', 'V2.Core.EventNotification']),
])

function routeOf(one: Recorded): Route {
  const found = findRoute(ROUTES, one.method, one.path)
  if (!found) throw new Error(`no route for ${one.method} ${one.path}`)
  return found.route
}

test('every endpoint answers, and every event is, what the stripe package declares', { timeout: 30_000 }, async () => {
  const receiver = await startReceiver()
  const running = await startForTest({
    endpoints: [
      { kind: 'platform', url: `${receiver.url}/platform`, secret: 'whsec_platform' },
      { kind: 'connect', url: `${receiver.url}/connect`, secret: 'whsec_connect' },
      { kind: 'events', url: `${receiver.url}/events`, secret: 'whsec_events' },
    ],
  })
  const { stripe, recorded } = record(running.port)
  const advance = (milliseconds: number) => running.control('POST', '/_sim/clock', { advance: milliseconds })

  // Endpoints and destinations
  const endpoint = await stripe.webhookEndpoints.create({
    url: 'https://example.test/x',
    enabled_events: ['*'],
    metadata: { a: 'b' },
  })
  await stripe.webhookEndpoints.retrieve(endpoint.id)
  await stripe.webhookEndpoints.update(endpoint.id, { disabled: true, description: 'off', metadata: { a: '' } })
  await stripe.webhookEndpoints.list()
  await stripe.webhookEndpoints.del(endpoint.id)
  const destination = await stripe.v2.core.eventDestinations.create({
    name: 'thin',
    type: 'webhook_endpoint',
    event_payload: 'thin',
    enabled_events: ['v2.core.account.closed'],
    webhook_endpoint: { url: `${receiver.url}/mine` },
    include: ['webhook_endpoint.url', 'webhook_endpoint.signing_secret'],
  })
  await stripe.v2.core.eventDestinations.retrieve(destination.id, { include: ['webhook_endpoint.url'] })
  await stripe.v2.core.eventDestinations.list()
  await stripe.v2.core.eventDestinations.ping(destination.id)

  // Accounts in every state, in both views
  await stripe.accounts.retrieveCurrent()
  const include = ['configuration.recipient', 'defaults', 'future_requirements', 'identity', 'requirements'] as const
  const recipient = await stripe.v2.core.accounts.create(
    {
      contact_email: 'ada@example.test',
      display_name: 'Ada',
      dashboard: 'express',
      identity: { country: 'US', entity_type: 'individual' },
      defaults: {
        currency: 'usd',
        responsibilities: { fees_collector: 'application', losses_collector: 'application' },
      },
      configuration: { recipient: { capabilities: { stripe_balance: { stripe_transfers: { requested: true } } } } },
      include: [...include],
      metadata: { partner_id: 'par_1' },
    },
    { idempotencyKey: 'partner:par_1:account' },
  )
  for (const transfers of ['pending', 'restricted', 'rejected', 'unsupported', 'active']) {
    running.control('POST', `/_sim/accounts/${recipient.id}`, {
      transfers,
      payouts: transfers,
      due: transfers === 'restricted' ? ['individual.verification.document'] : [],
      disabled_reason: transfers === 'rejected' ? 'rejected.other' : null,
    })
    await stripe.v2.core.accounts.retrieve(recipient.id, { include: [...include] })
    await stripe.accounts.retrieve(recipient.id)
    await stripe.accounts.retrieveCapability(recipient.id, 'transfers')
  }
  await stripe.v2.core.accounts.update(recipient.id, { display_name: 'Ada L.', metadata: { partner_id: 'par_2' } })
  await stripe.v2.core.accounts.list({ applied_configurations: ['recipient'] })
  await stripe.v2.core.accountLinks.create({
    account: recipient.id,
    use_case: {
      type: 'account_onboarding',
      account_onboarding: {
        refresh_url: 'https://a.test',
        return_url: 'https://b.test',
        collection_options: { fields: 'currently_due' },
      },
    },
  })
  await stripe.accounts.createLoginLink(recipient.id)
  for (const params of [
    {},
    {
      type: 'express' as const,
      country: 'DE',
      capabilities: { transfers: { requested: true } },
      business_type: 'company' as const,
    },
    {
      controller: {
        stripe_dashboard: { type: 'none' as const },
        fees: { payer: 'application' as const },
        losses: { payments: 'application' as const },
      },
    },
  ]) {
    const account = await stripe.accounts.create(params)
    await stripe.accounts.update(account.id, { email: 'x@example.test', metadata: { a: 'b' } })
    await stripe.accounts.updateCapability(account.id, 'transfers', { requested: true })
    await stripe.accounts.listCapabilities(account.id)
    await stripe.accountLinks.create({
      account: account.id,
      type: 'account_onboarding',
      refresh_url: 'https://a.test',
      return_url: 'https://b.test',
    })
    await stripe.accounts.del(account.id)
  }
  await stripe.accounts.list()

  // Money in
  await stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    payment_method: 'pm_card_bypassPending',
    confirm: true,
  })
  const topup = await stripe.topups.create({ amount: 3000, currency: 'eur', metadata: { a: 'b' } })
  advance(DAY)
  await stripe.topups.retrieve(topup.id)
  await stripe.topups.list({ status: 'succeeded' })

  // Money out
  const ours = running.control<{ ids: string[] }>('POST', '/_sim/accounts', {
    accounts: [
      { id: 'acct_good' },
      { id: 'acct_fails', bank_number: '000111111116' },
      { id: 'acct_euro', country: 'DE' },
    ],
  })
  running.control('POST', '/_sim/accounts/acct_good', { fails_after_paid: true })
  for (const account of ours.ids) {
    await stripe.transfers.create(
      {
        amount: 10_000,
        currency: 'usd',
        destination: account,
        transfer_group: `payout_${account}`,
        description: 'Commission',
        metadata: { a: 'b' },
      },
      { idempotencyKey: account },
    )
  }
  const transfer = await stripe.transfers.create({ amount: 5000, currency: 'usd', destination: recipient.id })
  await stripe.transfers.update(transfer.id, { metadata: { c: 'd' } })
  const reversal = await stripe.transfers.createReversal(transfer.id, { amount: 1000, metadata: { why: 'part' } })
  await stripe.transfers.createReversal(transfer.id, {})
  await stripe.transfers.retrieveReversal(transfer.id, reversal.id)
  await stripe.transfers.updateReversal(transfer.id, reversal.id, { metadata: { why: '' } })
  await stripe.transfers.listReversals(transfer.id, { limit: 1 })
  const expanded = await stripe.transfers.retrieve(transfer.id, {
    expand: ['balance_transaction', 'destination', 'destination_payment', 'destination_payment.balance_transaction'],
  })
  await stripe.charges.retrieve((expanded.destination_payment as Stripe.Charge).id, {}, { stripeContext: recipient.id })
  await stripe.transfers.list({ limit: 2, expand: ['data.balance_transaction'] })

  // Payouts to banks: paid, paid then returned, failed; and by hand
  const byHand = await stripe.payouts.create({ amount: 100, currency: 'usd' })
  await stripe.payouts.update(byHand.id, { metadata: { a: 'b' } })
  for (let day = 0; day < 6; day++) advance(DAY)
  await stripe.payouts.retrieve(byHand.id)
  for (const stripeContext of [undefined, ...ours.ids]) {
    const on = stripeContext ? { stripeContext } : {}
    await stripe.balance.retrieve({}, on)
    await stripe.payouts.list({}, on)
    const transactions = await stripe.balanceTransactions.list({}, on)
    await stripe.balanceTransactions.retrieve(transactions.data[0]!.id, {}, on)
  }

  // Goodbyes
  await stripe.accounts.del(ours.ids[1]!)
  await stripe.v2.core.accounts.close(recipient.id)

  // Events
  const types = new Set<string>()
  for (const stripeContext of [undefined, recipient.id, ...ours.ids.filter((_, index) => index !== 1)]) {
    for await (const event of stripe.events.list({ limit: 20 }, stripeContext ? { stripeContext } : {}))
      types.add(event.type)
  }
  const someEvent = (await stripe.events.list({ type: 'transfer.created' })).data[0]!
  await stripe.events.retrieve(someEvent.id)
  for await (const event of stripe.v2.core.events.list({ limit: 5 })) types.add(event.type)
  const thin = (await stripe.v2.core.events.list({ object_id: recipient.id })).data
  await stripe.v2.core.events.retrieve(thin[0]!.id)

  expect(recorded.filter(one => one.status !== 200)).toEqual([])
  const problems = recorded.flatMap(one =>
    validator.check(routeOf(one).answers, one.body).map(problem => `${one.method} ${one.path} ${problem}`),
  )
  expect(problems).toEqual([])

  await running.deliver()
  const sent = receiver.received.map(one => ({ ...one, event: JSON.parse(one.body) as { type: string } }))
  const broken = sent.flatMap(({ path, event }) => {
    const thinly = path === '/events' || path === '/mine'
    for (const type of [event.type]) types.add(type)
    return thinly ? validator.checkEvent('V2.Core.EventNotification', event) : validator.checkEvent('Event', event)
  })
  expect(broken).toEqual([])

  const untouched = ROUTES.filter(route => !recorded.some(one => routeOf(one) === route))
  expect(untouched.map(route => `${route.method} ${route.path}`)).toEqual([])
  expect([...types].sort()).toEqual([
    'account.application.deauthorized',
    'account.external_account.updated',
    'account.updated',
    'balance.available',
    'capability.updated',
    'charge.succeeded',
    'payment_intent.succeeded',
    'payout.created',
    'payout.failed',
    'payout.paid',
    'payout.updated',
    'topup.created',
    'topup.succeeded',
    'transfer.created',
    'transfer.reversed',
    'transfer.updated',
    'v2.core.account.closed',
    'v2.core.account.created',
    'v2.core.account.updated',
    'v2.core.account[configuration.recipient].capability_status_updated',
    'v2.core.account[requirements].updated',
    'v2.core.event_destination.ping',
  ])
})

test('the validator reports what is broken', async () => {
  const running = await startForTest()
  const { stripe } = running
  const good = JSON.parse(
    JSON.stringify(
      await stripe.transfers.create({ amount: 100, currency: 'usd', destination: activeAccount(running) }),
    ),
  ) as Record<string, unknown>
  expect(validator.check('Transfer', good)).toEqual([])

  const broken = (change: object) => validator.check('Transfer', { ...good, ...change })
  expect(broken({ reversed: undefined })).toEqual(['$.reversed: missing'])
  expect(broken({ amount: '100' })).toEqual(['$.amount: expected integer, got "100"'])
  expect(broken({ amount: 1.5 })).toEqual(['$.amount: expected integer, got 1.5'])
  expect(broken({ object: 'transfers' })).toEqual(['$.object: expected "transfer", got "transfers"'])
  expect(broken({ created: null })).toEqual(['$.created: expected integer, got null'])
  expect(broken({ metadata: { a: 1 } })).toEqual(['$.metadata.a: expected string, got 1'])
  expect(broken({ fee: 3 })).toEqual(['$.fee: not declared'])
  expect(broken({ reversals: { object: 'list', data: [{}], has_more: false, url: '' } })).toContain(
    '$.reversals.data[0].id: missing',
  )

  const balance = { object: 'balance_transaction', balance_type: 'pocket', type: 'gift' }
  const problems = validator.check('BalanceTransaction', balance)
  expect(problems.some(one => one.startsWith('$.balance_type: expected'))).toBe(true)
  expect(problems.some(one => one.startsWith('$.type: expected'))).toBe(true)

  expect(validator.checkEvent('Event', { type: 'transfer.paid' })).toEqual(['$.type: "transfer.paid" is no event type'])
  const event = (await stripe.events.list({ type: 'transfer.created' })).data[0]!
  expect(validator.checkEvent('Event', event)).toEqual([])
  expect(validator.checkEvent('Event', { ...event, type: 'payout.paid' })).not.toEqual([])
})
