import { eq } from 'drizzle-orm'
import type { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { outbox, stripeEvents } from '#db/schema/index.ts'
import { aPayout, readPayout } from '#server/test/factories.ts'
import { followBankPayout } from './bank-leg.ts'
import { aPaidPayout, aPair, aPayee, type Pair, queuedMails, sendAndDie } from './testing.ts'

const runBank = (pair: Pair, until: 'created' | 'paid' | 'final' = 'paid') =>
  pair.sim.control<{ payouts: string[] }>('POST', '/_sim/payouts/run', { until })

async function mailsAbout(pair: Pair, payoutId: string) {
  return (await queuedMails(pair.deps)).filter(key => key.startsWith(`${payoutId}:po_`)).map(key => key.split(':')[2])
}

test('one bank payout carries three payouts to the bank, and each is told once', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const paid = [
    await aPaidPayout(pair, payee, 100),
    await aPaidPayout(pair, payee, 200),
    await aPaidPayout(pair, payee, 300),
  ]
  const other = await aPaidPayout(pair, await aPayee(pair, { bankNumber: '000111111116' }), 400)
  runBank(pair, 'created')
  expect(await pair.settle()).toEqual([])
  for (const payout of paid)
    expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'paid', bankStatus: 'in_transit' })
  runBank(pair)
  expect(await pair.settle()).toEqual([])
  const carried = await Promise.all(paid.map(payout => readPayout(pair.deps, payout)))
  expect(new Set(carried.map(payout => payout.bankPayoutId)).size).toBe(1)
  for (const payout of carried) {
    expect(payout).toMatchObject({ status: 'paid', bankStatus: 'arrived', bankFailureMessage: null })
    expect(payout.bankArrivalAt).toBeGreaterThan(pair.deps.clock.now())
    expect(await mailsAbout(pair, payout.id)).toEqual(['payoutArrived'])
  }
  const failed = await readPayout(pair.deps, other)
  expect(failed).toMatchObject({
    status: 'paid',
    bankStatus: 'failed',
    bankFailureMessage: 'The bank account could not be located.',
  })
  expect((await mailsAbout(pair, other.id)).sort()).toEqual(['bankPayoutFailed', 'bankPayoutFailedFinance'])
})

test('arrived and then returned ends as failed; the transfer stands, and no second one is made', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  pair.sim.control('POST', `/_sim/accounts/${payee.stripeAccountId}`, { fails_after_paid: true })
  const payout = await aPaidPayout(pair, payee)
  runBank(pair)
  await pair.settle()
  expect(await readPayout(pair.deps, payout)).toMatchObject({ bankStatus: 'arrived' })
  const account = payee.stripeAccountId ?? ''
  const asArrived = (await pair.deps.stripe.payouts.list({}, { stripeContext: account })).data[0]
  runBank(pair, 'final')
  await pair.settle()
  const after = await readPayout(pair.deps, payout)
  expect(after).toMatchObject({
    status: 'paid',
    bankStatus: 'failed',
    bankFailureMessage: 'The bank returned the payout.',
    amountReversed: 0,
  })
  expect((await mailsAbout(pair, payout.id)).sort()).toEqual([
    'bankPayoutFailed',
    'bankPayoutFailedFinance',
    'payoutArrived',
  ])
  expect((await pair.deps.stripe.transfers.list()).data).toHaveLength(1)

  // An answer that was fetched before the failure, and is written after it, turns nothing back.
  const stale: Stripe = Object.create(pair.deps.stripe, { payouts: { value: { retrieve: async () => asArrived } } })
  await followBankPayout({ ...pair.deps, stripe: stale }, account, after.bankPayoutId ?? '')
  expect(await readPayout(pair.deps, payout)).toEqual(after)
})

test('failed before paid, in whatever order the events come, ends as failed', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  pair.sim.control('POST', `/_sim/accounts/${payee.stripeAccountId}`, { fails_after_paid: true })
  const payout = await aPaidPayout(pair, payee)
  pair.sim.control('POST', '/_sim/webhooks/switches', { kind: 'reorder', type: 'payout.*', ms: 60_000, count: null })
  runBank(pair, 'final')
  pair.deps.clock.advance(120_000)
  expect(await pair.settle()).toEqual([])
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'paid', bankStatus: 'failed' })
})

test('returned money that Stripe pays out again is followed to where it arrives', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair, { bankNumber: '000111111113' })
  const payout = await aPaidPayout(pair, payee)
  runBank(pair)
  await pair.settle()
  const returned = await readPayout(pair.deps, payout)
  expect(returned).toMatchObject({ bankStatus: 'failed' })
  pair.sim.control('POST', `/_sim/accounts/${payee.stripeAccountId}`, { bank_number: '000123456789' })
  runBank(pair)
  await pair.settle()
  const arrived = await readPayout(pair.deps, payout)
  expect(arrived).toMatchObject({ status: 'paid', bankStatus: 'arrived', bankFailureMessage: null })
  expect(arrived.bankPayoutId).not.toBe(returned.bankPayoutId)
  // The first one's failure, told of again, does not undo it.
  await followBankPayout(pair.deps, payee.stripeAccountId ?? '', returned.bankPayoutId ?? '')
  expect(await readPayout(pair.deps, payout)).toEqual(arrived)
})

test('a bank payout that is told of before its transfer is settled waits for it', async () => {
  const pair = await aPair()
  const payout = await aPayout(pair.deps, { partner: await aPayee(pair), status: 'processing' })
  pair.sim.control('POST', '/_sim/webhooks/switches', { kind: 'delay', type: 'transfer.created', ms: 3_000 })
  await sendAndDie(pair.deps, payout)
  runBank(pair)
  const errors = await pair.settle()
  expect(errors.length).toBeGreaterThan(0)
  expect(errors[0]).toMatch(/still being settled/)
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'processing', bankStatus: null })
  // The transfer's own event comes, and the next try of the bank payout's finds it.
  pair.deps.clock.advance(3_000)
  await pair.settle()
  pair.deps.clock.advance(60_000)
  expect(await pair.settle()).toEqual([])
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'paid', bankStatus: 'arrived' })
})

test('bank payouts of the platform itself, and of accounts that carry nothing of ours, are ignored', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  await pair.deps.stripe.transfers.create({ amount: 500, currency: 'usd', destination: payee.stripeAccountId ?? '' })
  await pair.deps.stripe.payouts.create({ amount: 100, currency: 'usd' })
  runBank(pair)
  expect(await pair.settle()).toEqual([])
  const rows = await pair.deps.db.read.select().from(stripeEvents).where(eq(stripeEvents.type, 'payout.paid'))
  expect(rows.map(row => row.outcome)).toContain('ignored: it carries none of our payouts')
  const created = await pair.deps.db.read.select().from(stripeEvents).where(eq(stripeEvents.type, 'payout.created'))
  expect(created.map(row => row.outcome)).toContain("ignored: the platform's own bank payout")
  expect(await pair.deps.db.read.select().from(outbox).where(eq(outbox.status, 'parked'))).toEqual([])
})
