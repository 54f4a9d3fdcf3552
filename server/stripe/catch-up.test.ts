import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { outbox, partners, stripeEvents } from '#db/schema/index.ts'
import { aPayout, readPayout } from '#server/test/factories.ts'
import { catchUp } from './catch-up.ts'
import { aPair, aPayee, sendAndDie } from './testing.ts'

const hour = 60 * 60_000
const day = 24 * hour

test('after four days of downtime everything that happened is caught up on, once', async () => {
  const pair = await aPair()
  const { deps, sim } = pair
  const payee = await aPayee(pair)
  const gone = await aPayee(pair)
  const payout = await aPayout(deps, { partner: payee, status: 'processing', amount: 10_000 })
  const reversed = await aPayout(deps, { partner: payee, status: 'processing', amount: 20_000 })
  pair.up = false
  await sendAndDie(deps, payout)
  await deps.stripe.transfers.createReversal((await sendAndDie(deps, reversed)).id, { amount: 5_000 })
  sim.control('POST', `/_sim/accounts/${gone.stripeAccountId}`, {
    transfers: 'restricted',
    due: ['individual.verification.document'],
  })
  await sim.deliver()
  deps.clock.advance(4 * day)
  await sim.deliver()
  expect(pair.answers.every(answer => answer.status === 503)).toBe(true)
  expect(await deps.db.read.select().from(stripeEvents)).toEqual([])

  // A fresh event is faster than the look back, and must not move its start.
  pair.up = true
  await deps.stripe.transfers.create({ amount: 100, currency: 'usd', destination: payee.stripeAccountId ?? '' })
  await sim.deliver()
  const first = await catchUp(deps)
  expect(first.stored).toBeGreaterThanOrEqual(4)
  expect(await pair.settle()).toEqual([])
  expect(await readPayout(deps, payout)).toMatchObject({ status: 'paid' })
  expect(await readPayout(deps, reversed)).toMatchObject({ status: 'paid', amountReversed: 5_000 })
  expect((await deps.db.read.select().from(partners).where(eq(partners.id, gone.id)))[0]).toMatchObject({
    transfersStatus: 'restricted',
  })

  // Their bank legs happened on the accounts, and are known once the transfers are.
  const second = await catchUp(deps)
  await pair.settle()
  expect(await readPayout(deps, payout)).toMatchObject({ bankStatus: 'arrived' })
  expect(second.complete).toBe(true)
  const third = await catchUp(deps)
  expect(third).toMatchObject({ stored: 0, complete: true })
})

test('it starts where the last complete one ended, with an overlap', async () => {
  const { deps } = await aPair()
  const began = deps.clock.now()
  expect(await catchUp(deps)).toMatchObject({ since: began - 30 * day, complete: true })
  deps.clock.advance(2 * hour)
  expect(await catchUp(deps)).toMatchObject({ since: began - hour })
  deps.clock.advance(5 * hour)
  await catchUp(deps)
  expect(await catchUp(deps)).toMatchObject({ since: began + 6 * hour })
})

test('a list that Stripe does not answer keeps the start where it is', async () => {
  const { deps, sim } = await aPair()
  const began = deps.clock.now()
  await catchUp(deps)
  deps.clock.advance(7 * hour)
  sim.control('POST', '/_sim/faults', { kind: 'error_before', method: 'GET', path: '/v1/events' })
  expect(await catchUp(deps)).toMatchObject({ complete: false })
  deps.clock.advance(hour)
  expect(await catchUp(deps)).toMatchObject({ complete: true, since: began - hour })
})

test('an account that nobody asked about for a day is asked about once a day', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  expect(await catchUp(pair.deps)).toMatchObject({ syncs: 1 })
  await catchUp(pair.deps)
  const jobs = await pair.deps.db.read.select().from(outbox).where(eq(outbox.topic, 'partner.sync'))
  expect(jobs).toMatchObject([{ payload: { partnerId: payee.id }, orgId: pair.org.id }])
  await pair.settle()
  expect(await catchUp(pair.deps)).toMatchObject({ syncs: 0 })
})
