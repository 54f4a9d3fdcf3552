import { and, eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { idempotency, outbox, payoutAttempts, payouts, sessions, stripeEvents, tokens } from '#db/schema/index.ts'
import { runTransfer } from '#server/payouts/transfer.ts'
import type { TestDeps } from '#server/test/deps.ts'
import { aMember, aPayout, readPayout } from '#server/test/factories.ts'
import { sweep } from './sweeper.ts'
import { aPair, aPayee, attemptOf, sendAndDie } from './testing.ts'

const minute = 60_000
const day = 24 * 60 * minute

const jobOf = async (deps: TestDeps, topic: string, key: string) =>
  (
    await deps.db.read
      .select()
      .from(outbox)
      .where(and(eq(outbox.topic, topic), eq(outbox.key, key)))
  )[0]

async function setJob(deps: TestDeps, key: string, status: 'done' | 'parked' | 'queued') {
  const runAt = deps.clock.now()
  const row = {
    id: `job_${key}`,
    orgId: null,
    topic: 'payout.transfer',
    key,
    payload: { attemptId: key },
    attempts: 3,
    runAt,
    createdAt: runAt,
  }
  await deps.db.write(tx => tx.insert(outbox).values({ ...row, status }))
}

test.each(['missing', 'done', 'parked'] as const)(
  'an open attempt whose job is %s goes on with its own key, and pays once',
  async job => {
    const pair = await aPair()
    const { deps } = pair
    const payout = await aPayout(deps, { partner: await aPayee(pair), status: 'processing' })
    const attempt = await attemptOf(deps, payout)
    // Stripe made the transfer, and neither its answer nor its webhook came.
    pair.up = false
    const transfer = await sendAndDie(deps, payout)
    if (job !== 'missing') await setJob(deps, attempt.id, job)
    deps.clock.advance(minute)
    expect(await sweep(deps)).toMatchObject({ attempts: 0 })
    deps.clock.advance(2 * minute)
    expect(await sweep(deps)).toMatchObject({ attempts: 1 })
    expect(await jobOf(deps, 'payout.transfer', attempt.id)).toMatchObject({
      status: 'queued',
      attempts: 0,
      payload: { attemptId: attempt.id },
    })
    expect(await sweep(deps)).toMatchObject({ attempts: 0 })
    await pair.settle()
    expect(await readPayout(deps, payout)).toMatchObject({ status: 'paid', transferId: transfer.id })
    expect((await deps.stripe.transfers.list()).data).toHaveLength(1)
    deps.clock.advance(10 * minute)
    expect(await sweep(deps)).toMatchObject({ attempts: 0 })
  },
)

test('a queued job, and a payout that waits for people, are left alone', async () => {
  const pair = await aPair()
  const { deps } = pair
  const payee = await aPayee(pair)
  const queued = await aPayout(deps, { partner: payee, status: 'processing' })
  await setJob(deps, (await attemptOf(deps, queued)).id, 'queued')
  const review = await aPayout(deps, { partner: payee, status: 'processing', needsReview: true })
  await setJob(deps, (await attemptOf(deps, review)).id, 'done')
  deps.clock.advance(10 * minute)
  expect(await sweep(deps)).toMatchObject({ attempts: 0, adopted: 0 })
})

test('two sweepers at once queue an attempt once', async () => {
  const pair = await aPair()
  await aPayout(pair.deps, { partner: await aPayee(pair), status: 'processing' })
  pair.deps.clock.advance(3 * minute)
  await Promise.all([sweep(pair.deps), sweep(pair.deps)])
  expect(await pair.deps.db.read.select().from(outbox).where(eq(outbox.topic, 'payout.transfer'))).toHaveLength(1)
})

test('a payout in review is looked up every half hour, and settles when its transfer shows itself', async () => {
  const pair = await aPair()
  const { deps } = pair
  const payout = await aPayout(deps, { partner: await aPayee(pair), status: 'processing', needsReview: true })
  await deps.db.write(tx => tx.update(payoutAttempts).set({ state: 'unknown', wasUnknown: true }))
  expect(await sweep(deps)).toMatchObject({ adopted: 0 })
  pair.up = false
  const transfer = await sendAndDie(deps, payout)
  deps.clock.advance(20 * minute)
  expect(await sweep(deps)).toMatchObject({ adopted: 0 })
  deps.clock.advance(10 * minute)
  expect(await sweep(deps)).toMatchObject({ adopted: 1 })
  expect(await readPayout(deps, payout)).toMatchObject({ status: 'paid', needsReview: false, transferId: transfer.id })
})

test('a stored event that nobody works on is taken up; a parked one is people’s', async () => {
  const { deps } = await aPair()
  const event = {
    endpoint: 'platform' as const,
    type: 'balance.available',
    livemode: false,
    body: '{}',
    createdAt: 0,
    receivedAt: deps.clock.now(),
  }
  await deps.db.write(tx =>
    tx.insert(stripeEvents).values([
      { ...event, id: 'evt_lost' },
      { ...event, id: 'evt_parked' },
      { ...event, id: 'evt_done', processedAt: 1 },
    ]),
  )
  await deps.db.write(tx =>
    tx.insert(outbox).values({
      id: 'job_1',
      orgId: 'system',
      topic: 'stripe.event',
      key: 'evt_parked',
      payload: { eventId: 'evt_parked' },
      status: 'parked',
      runAt: 0,
      createdAt: 0,
    }),
  )
  deps.clock.advance(9 * minute)
  expect(await sweep(deps)).toMatchObject({ events: 0 })
  deps.clock.advance(2 * minute)
  expect(await sweep(deps)).toMatchObject({ events: 1 })
  expect(await jobOf(deps, 'stripe.event', 'evt_lost')).toMatchObject({ status: 'queued', orgId: 'system' })
  expect(await jobOf(deps, 'stripe.event', 'evt_parked')).toMatchObject({ status: 'parked' })
})

test('what is over is thrown away, and nothing else', async () => {
  const { deps, org } = await aPair()
  const { user } = await aMember(deps, { role: 'owner', org })
  const now = deps.clock.now()
  const session = { userId: user.id, createdAt: 0, lastSeenAt: 0 }
  const token = { kind: 'password_reset' as const, email: user.email, userId: user.id, createdAt: 0 }
  const answer = { orgId: org.id, actorId: user.id, procedure: 'x', bodyHash: '', response: {} }
  await deps.db.write(async tx => {
    await tx.insert(sessions).values([
      { ...session, id: 'idle', idleExpiresAt: now - 1, absoluteExpiresAt: now + day },
      { ...session, id: 'old', idleExpiresAt: now + day, absoluteExpiresAt: now - 1 },
      { ...session, id: 'open', idleExpiresAt: now + day, absoluteExpiresAt: now + day },
    ])
    await tx.insert(tokens).values([
      { ...token, id: 'long_over', expiresAt: now - 31 * day },
      { ...token, id: 'over', expiresAt: now - day },
    ])
    await tx.insert(idempotency).values([
      { ...answer, key: 'old', createdAt: now - 31 * day },
      { ...answer, key: 'young', createdAt: now - 29 * day },
    ])
  })
  expect(await sweep(deps)).toMatchObject({ purged: 4 })
  expect((await deps.db.read.select().from(sessions)).map(row => row.id)).toEqual(['open'])
  expect((await deps.db.read.select().from(tokens)).map(row => row.id)).toEqual(['over'])
  expect((await deps.db.read.select().from(idempotency)).map(row => row.key)).toEqual(['young'])
})

test('after a day without an answer the sweeper sends nothing again: it looks', async () => {
  const pair = await aPair()
  const { deps } = pair
  const payout = await aPayout(deps, { partner: await aPayee(pair), status: 'processing' })
  const attempt = await attemptOf(deps, payout)
  await deps.db.write(tx =>
    tx
      .update(payoutAttempts)
      .set({ state: 'unknown', wasUnknown: true, firstSentAt: deps.clock.now(), lastSentAt: deps.clock.now() }),
  )
  deps.clock.advance(25 * 60 * minute)
  await sweep(deps)
  expect(await runTransfer(deps, attempt.id)).toBe('done')
  expect((await deps.stripe.transfers.list()).data).toEqual([])
  expect((await deps.db.read.select().from(payouts))[0]).toMatchObject({ status: 'processing', needsReview: true })
})
