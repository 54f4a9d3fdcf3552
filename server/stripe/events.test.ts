import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { ledgerEntries, organizations, payoutAttempts, stripeEvents } from '#db/schema/index.ts'
import { runTransfer } from '#server/payouts/transfer.ts'
import { aPayout, readPayout } from '#server/test/factories.ts'
import { handleEvent } from './events.ts'
import { aPaidPayout, aPair, aPayee, attemptOf, type Pair, queuedMails, sendAndDie } from './testing.ts'

const switchOn = (pair: Pair, one: object) => pair.sim.control('POST', '/_sim/webhooks/switches', one)

async function outcomes(pair: Pair, type: string) {
  const rows = await pair.deps.db.read
    .select()
    .from(stripeEvents)
    .where(eq(stripeEvents.type, type))
    .orderBy(stripeEvents.receivedAt)
  return rows.map(row => row.outcome)
}

async function postings(pair: Pair, payoutId: string) {
  const rows = await pair.deps.db.read.select().from(ledgerEntries).where(eq(ledgerEntries.payoutId, payoutId))
  return rows.map(row => [row.kind, row.amount])
}

async function transfersAt(pair: Pair) {
  return (await pair.deps.stripe.transfers.list({ limit: 100 })).data
}

test('a webhook that is faster than our own answer settles the payout, and the answer changes nothing more', async () => {
  const pair = await aPair()
  const payout = await aPayout(pair.deps, { partner: await aPayee(pair), status: 'processing' })
  const transfer = await sendAndDie(pair.deps, payout)
  expect(await pair.settle()).toEqual([])
  const settled = await readPayout(pair.deps, payout)
  expect(settled).toMatchObject({
    status: 'paid',
    transferId: transfer.id,
    destinationPayment: transfer.destination_payment,
    confirmedAt: pair.deps.clock.now(),
  })

  expect(await runTransfer(pair.deps, (await attemptOf(pair.deps, payout)).id)).toBe('done')
  expect(await readPayout(pair.deps, payout)).toEqual(settled)
  expect(await transfersAt(pair)).toHaveLength(1)
  expect(await postings(pair, payout.id)).toEqual([
    ['accrual', 124_000],
    ['mark_paid', 124_000],
    ['settle', 124_000],
  ])
  expect((await queuedMails(pair.deps)).filter(key => key.includes('payoutOnItsWay'))).toHaveLength(1)
})

test('a webhook after our own answer only confirms', async () => {
  const pair = await aPair()
  const payout = await aPayout(pair.deps, { partner: await aPayee(pair), status: 'processing' })
  switchOn(pair, { kind: 'delay', type: 'transfer.created', ms: 60_000 })
  await runTransfer(pair.deps, (await attemptOf(pair.deps, payout)).id)
  const answered = await readPayout(pair.deps, payout)
  expect(answered).toMatchObject({ status: 'paid', confirmedAt: null })
  pair.deps.clock.advance(120_000)
  await pair.settle()
  expect(await readPayout(pair.deps, payout)).toMatchObject({
    status: 'paid',
    paidAt: answered.paidAt,
    confirmedAt: pair.deps.clock.now(),
    version: answered.version + 1,
  })
})

test('an event that comes twice, and two events of one change, have one effect', async () => {
  const pair = await aPair()
  switchOn(pair, { kind: 'duplicate', type: 'transfer.*', count: null })
  const payout = await aPaidPayout(pair, await aPayee(pair))
  await pair.deps.stripe.transfers.createReversal((await readPayout(pair.deps, payout)).transferId ?? '', {
    amount: 3_000,
  })
  await pair.settle()
  const once = await readPayout(pair.deps, payout)
  expect(once).toMatchObject({ status: 'paid', amountReversed: 3_000 })
  expect(pair.answers.filter(answer => answer.body === 'known').length).toBeGreaterThanOrEqual(2)

  // The same change under another id, as Stripe does it at times.
  const [event] = await pair.deps.db.read.select().from(stripeEvents).where(eq(stripeEvents.type, 'transfer.reversed'))
  await pair.deps.db.write(tx =>
    tx.insert(stripeEvents).values({ ...event!, id: 'evt_again', processedAt: null, outcome: null }),
  )
  await handleEvent(pair.deps, 'evt_again')
  expect(await readPayout(pair.deps, payout)).toEqual(once)
  expect((await postings(pair, payout.id)).filter(([kind]) => kind === 'reversal')).toEqual([['reversal', 3_000]])
})

test('an event that is handled twice at once, or again later, has one effect', async () => {
  const pair = await aPair()
  const payout = await aPayout(pair.deps, { partner: await aPayee(pair), status: 'processing' })
  await sendAndDie(pair.deps, payout)
  await pair.sim.deliver()
  const [event] = await pair.deps.db.read.select().from(stripeEvents).where(eq(stripeEvents.type, 'transfer.created'))
  await Promise.all([handleEvent(pair.deps, event!.id), handleEvent(pair.deps, event!.id)])
  const settled = await readPayout(pair.deps, payout)
  expect(settled.status).toBe('paid')
  await handleEvent(pair.deps, event!.id)
  expect(await readPayout(pair.deps, payout)).toEqual(settled)
})

test('a reversal that is told of before its transfer ends as a reversal', async () => {
  const pair = await aPair()
  switchOn(pair, { kind: 'reorder', type: 'transfer.*', ms: 60_000, count: null })
  const payout = await aPayout(pair.deps, { partner: await aPayee(pair), status: 'processing', amount: 10_000 })
  const transfer = await sendAndDie(pair.deps, payout)
  await pair.deps.stripe.transfers.createReversal(transfer.id, {})
  pair.deps.clock.advance(120_000)
  expect(await pair.settle()).toEqual([])
  const order = await pair.deps.db.read
    .select({ type: stripeEvents.type })
    .from(stripeEvents)
    .where(eq(stripeEvents.objectId, transfer.id))
  expect(order.map(row => row.type).sort()).toEqual(['transfer.created', 'transfer.reversed'])
  expect(await readPayout(pair.deps, payout)).toMatchObject({
    status: 'reversed',
    amountReversed: 10_000,
    transferId: transfer.id,
  })
  expect(await postings(pair, payout.id)).toContainEqual(['reversal', 10_000])
})

test('two partial reversals, told of out of order, end with what Stripe says in all, and the payout stays paid', async () => {
  const pair = await aPair()
  const payout = await aPaidPayout(pair, await aPayee(pair))
  const { transferId } = await readPayout(pair.deps, payout)
  switchOn(pair, { kind: 'reorder', type: 'transfer.reversed', ms: 60_000, count: null })
  await pair.deps.stripe.transfers.createReversal(transferId ?? '', { amount: 3_000 })
  await pair.deps.stripe.transfers.createReversal(transferId ?? '', { amount: 1_500 })
  pair.deps.clock.advance(120_000)
  await pair.settle()
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'paid', amountReversed: 4_500, transferId })
  const reversed = (await postings(pair, payout.id)).filter(([kind]) => kind === 'reversal')
  expect(reversed.reduce((sum, [, amount]) => sum + Number(amount), 0)).toBe(4_500)
  expect(await transfersAt(pair)).toHaveLength(1)
})

test('a full reversal ends the payout, and nothing pays it again', async () => {
  const pair = await aPair()
  const payout = await aPaidPayout(pair, await aPayee(pair))
  const { transferId } = await readPayout(pair.deps, payout)
  await pair.deps.stripe.transfers.createReversal(transferId ?? '', {})
  await pair.settle()
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'reversed', amountReversed: 10_000, transferId })
  expect(await runTransfer(pair.deps, (await attemptOf(pair.deps, payout)).id)).toBe('done')
  expect(await transfersAt(pair)).toHaveLength(1)
})

test('metadata that someone turned to another payout pays nobody, and stops everything until people look', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const paid = await aPaidPayout(pair, payee)
  const other = await aPayout(pair.deps, { partner: payee, status: 'processing', amount: 77_700 })
  const attempt = await attemptOf(pair.deps, other)
  const { transferId } = await readPayout(pair.deps, paid)
  await pair.deps.stripe.transfers.update(transferId ?? '', {
    metadata: { payout_id: other.id, attempt_id: attempt.id },
  })
  await pair.sim.deliver()
  const [event] = await pair.deps.db.read.select().from(stripeEvents).where(eq(stripeEvents.type, 'transfer.updated'))
  expect(await handleEvent(pair.deps, event!.id)).toMatch(/^incident/)
  expect(await readPayout(pair.deps, other)).toMatchObject({ status: 'processing', transferId: null })
  const [org] = await pair.deps.db.read.select().from(organizations).where(eq(organizations.id, pair.org.id))
  expect(org?.transfersPausedReason).toContain(transferId)
})

test('transfers of another installation, and those made by hand, are reported and never attached', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const payout = await aPayout(pair.deps, { partner: payee, status: 'processing' })
  const attempt = await attemptOf(pair.deps, payout)
  const { request } = attempt
  await pair.deps.stripe.transfers.create({ ...request, metadata: { ...request.metadata, env: 'staging.example.com' } })
  await pair.deps.stripe.transfers.create({
    amount: request.amount,
    currency: request.currency,
    destination: request.destination,
  })
  expect(await pair.settle()).toEqual([])
  expect((await outcomes(pair, 'transfer.created')).sort()).toEqual([
    'ignored: not ours (of staging.example.com)',
    'ignored: not ours (of unknown origin)',
  ])
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'processing', transferId: null })
  expect(pair.deps.log.lines.filter(line => line.message === 'a transfer that is not ours')).toHaveLength(2)
})

test('an event whose object Stripe can’t show yet is tried again, and takes effect once', async () => {
  const pair = await aPair()
  const payout = await aPayout(pair.deps, { partner: await aPayee(pair), status: 'processing' })
  await sendAndDie(pair.deps, payout)
  pair.sim.control('POST', '/_sim/faults', { kind: 'error_before', method: 'GET', path: '/v1/transfers/*', count: 2 })
  expect(await pair.settle()).toHaveLength(1)
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'processing' })
  pair.deps.clock.advance(5_000)
  expect(await pair.settle()).toHaveLength(1)
  pair.deps.clock.advance(10_000)
  expect(await pair.settle()).toEqual([])
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'paid' })
  const attempts = await pair.deps.db.read.select().from(payoutAttempts)
  expect(attempts).toMatchObject([{ state: 'succeeded' }])
})

test('what Stripe no longer knows is no reason to try for ever', async () => {
  const pair = await aPair()
  await pair.deps.db.write(tx =>
    tx.insert(stripeEvents).values({
      id: 'evt_gone',
      endpoint: 'platform',
      type: 'transfer.created',
      objectId: 'tr_gone',
      livemode: false,
      body: '{}',
      createdAt: 0,
      receivedAt: 0,
    }),
  )
  expect(await handleEvent(pair.deps, 'evt_gone')).toBe('ignored: Stripe knows no such transfer')
  expect(await handleEvent(pair.deps, 'evt_nobody_stored')).toBe('unknown event')
})
