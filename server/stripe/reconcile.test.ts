import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { reportOf, sinceOf } from '#server/commands/reconcile-report.ts'
import { contextFor } from '#server/test/callers.ts'
import { aMember, anOrg, aPartner, aPayout, readPayout } from '#server/test/factories.ts'
import { createCallerFactory } from '#server/trpc.ts'
import { reconcile } from './reconcile.ts'
import { reconcileRouter } from './router.ts'
import { aPaidPayout, aPair, aPayee, attemptOf, sendAndDie } from './testing.ts'

const day = 24 * 60 * 60_000

test('two sides that agree have equal sums and no difference, reversals and currencies included', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  await aPaidPayout(pair, payee, 10_000)
  const reversed = await aPaidPayout(pair, payee, 5_000)
  await pair.deps.stripe.transfers.createReversal((await readPayout(pair.deps, reversed)).transferId ?? '', {
    amount: 2_000,
  })
  await aPaidPayout(pair, await aPayee(pair, { currency: 'EUR' }), 700)
  await pair.settle()
  const side = { count: 2, amount: 15_000, reversed: 2_000 }
  const euros = { count: 1, amount: 700, reversed: 0 }
  const comparison = await reconcile(pair.deps)
  expect(comparison).toMatchObject({
    transfers: 3,
    payouts: 3,
    foreign: 0,
    differences: [],
    sums: [
      { currency: 'EUR', stripe: euros, remit: euros },
      { currency: 'USD', stripe: side, remit: side },
    ],
  })
  expect(reportOf(comparison)).toMatchInlineSnapshot(`
    "Since 2026-01-01: 3 transfers at Stripe, 3 payouts here.

    Currency          Count     Sent  Taken back
    EUR       Stripe      1    €7.00       €0.00
              Remit       1    €7.00       €0.00
    USD       Stripe      2  $150.00      $20.00
              Remit       2  $150.00      $20.00

    Both sides agree."
  `)
})

test('every kind of difference is found, with both sides’ numbers', async () => {
  const pair = await aPair()
  const { deps } = pair
  const payee = await aPayee(pair)
  const kinds = async () =>
    (await reconcile(deps)).differences.map(({ kind, payoutId, transferId }) => ({ kind, payoutId, transferId }))
  const change = (id: string, set: ReturnType<typeof sql>) =>
    deps.db
      .script(
        `DROP TRIGGER payouts_frozen; DROP TRIGGER payouts_destination_frozen; DROP TRIGGER payouts_paid_once; DROP TRIGGER payouts_transition`,
      )
      .catch(() => {})
      .then(() => deps.db.write(tx => tx.run(sql`UPDATE payouts SET version = version + 1, ${set} WHERE id = ${id}`)))

  const [wrongAmount, wrongPlace, untold, unpaid, lost] = await Promise.all(
    [1, 2, 3, 4, 5].map(n => aPaidPayout(pair, payee, n * 1_000)),
  )
  expect(await kinds()).toEqual([])
  await change(wrongAmount!.id, sql`amount = 1001`)
  await change(wrongPlace!.id, sql`destination = 'acct_thief'`)
  await change(unpaid!.id, sql`status = 'approved', transfer_id = NULL, paid_at = NULL, paid_via = NULL`)
  await change(lost!.id, sql`transfer_id = 'tr_gone'`)
  pair.up = false
  const untoldTransfer = (await readPayout(deps, untold!)).transferId ?? ''
  await deps.stripe.transfers.createReversal(untoldTransfer, { amount: 500 })
  const waiting = await aPayout(deps, { partner: payee, status: 'processing', amount: 6_000 })
  const waitingTransfer = await sendAndDie(deps, waiting)
  const byHand = await deps.stripe.transfers.create({
    amount: 77,
    currency: 'usd',
    destination: payee.stripeAccountId ?? '',
  })
  const { request } = await attemptOf(deps, waiting)
  const nobodys = await deps.stripe.transfers.create({
    ...request,
    metadata: { ...request.metadata, payout_id: 'pay_nobody' },
  })
  const second = await deps.stripe.transfers.create({
    ...request,
    metadata: { ...request.metadata, payout_id: wrongPlace!.id },
  })
  await deps.stripe.transfers.create({ ...request, metadata: { ...request.metadata, env: 'staging.example.com' } })

  expect(await kinds()).not.toContainEqual(expect.objectContaining({ kind: 'not_settled' }))
  deps.clock.advance(11 * 60_000)
  const { differences, foreign } = await reconcile(deps)
  const of = (kind: string) => differences.filter(difference => difference.kind === kind)
  expect(foreign).toBe(1)
  expect(of('amount')).toMatchObject([
    { payoutId: wrongAmount!.id, says: expect.stringMatching(/is USD.10\.01 here and USD.10\.00 at Stripe/) },
  ])
  expect(of('destination')).toMatchObject([{ payoutId: wrongPlace!.id, says: expect.stringContaining('acct_thief') }])
  expect(of('reversed')).toMatchObject([
    { payoutId: untold!.id, says: expect.stringMatching(/USD.0\.00 taken back here and USD.5\.00/) },
  ])
  expect(of('not_paid_here')).toMatchObject([
    { payoutId: unpaid!.id, says: expect.stringContaining('is approved, and yet') },
  ])
  expect(of('no_transfer')).toMatchObject([{ payoutId: lost!.id, transferId: 'tr_gone' }])
  expect(of('not_settled')).toMatchObject([{ payoutId: waiting.id, transferId: waitingTransfer.id }])
  expect(of('unknown_origin')).toMatchObject([{ payoutId: null, transferId: byHand.id }])
  expect(of('no_payout')).toMatchObject([
    { payoutId: null, transferId: nobodys.id, says: expect.stringContaining('pay_nobody') },
  ])
  // The lost payout's own transfer has another id than the row now: for the row it is a second one.
  expect(of('second_transfer').map(({ transferId, payoutId }) => [transferId, payoutId])).toEqual(
    expect.arrayContaining([
      [second.id, wrongPlace!.id],
      [expect.any(String), lost!.id],
    ]),
  )
  expect(of('second_transfer')).toHaveLength(2)
  expect(differences).toHaveLength(10)
})

test('a comparison stores nothing', async () => {
  const pair = await aPair()
  await aPaidPayout(pair, await aPayee(pair))
  const { writes } = pair.deps.db.stats()
  await reconcile(pair.deps)
  expect(pair.deps.db.stats().writes).toBe(writes)
})

test('at the edge of the span both sides are still compared, and what is older is left out', async () => {
  const pair = await aPair()
  const { deps } = pair
  const payee = await aPayee(pair)
  await aPaidPayout(pair, payee, 100)
  const late = await aPayout(deps, { partner: payee, status: 'processing', amount: 200 })
  pair.up = false
  await sendAndDie(deps, late)
  await pair.sim.deliver()
  deps.clock.advance(day)
  pair.up = true
  await pair.settle()
  expect(await readPayout(deps, late)).toMatchObject({ status: 'paid', paidAt: deps.clock.now() })
  const comparison = await reconcile(deps, { since: deps.clock.now() - 60_000 })
  expect(comparison).toMatchObject({
    transfers: 1,
    payouts: 1,
    differences: [],
    sums: [{ stripe: { amount: 200 }, remit: { amount: 200 } }],
  })
})

test('an organization is told of its own only, and needs the right to pay', async () => {
  const pair = await aPair()
  const { deps, org } = pair
  await aPaidPayout(pair, await aPayee(pair), 100)
  const elsewhere = await anOrg(deps)
  const rival = await aPayee(pair, { orgId: elsewhere.id })
  await aPaidPayout(pair, rival, 900)
  await deps.stripe.transfers.create({ amount: 55, currency: 'usd', destination: rival.stripeAccountId ?? '' })
  const as = async (role: 'admin' | 'manager', of: typeof org) =>
    createCallerFactory(reconcileRouter)(contextFor(deps, (await aMember(deps, { role, org: of })).viewer))
  expect(await (await as('admin', org)).run()).toMatchObject({
    transfers: 1,
    payouts: 1,
    differences: [],
    sums: [{ stripe: { amount: 100 } }],
  })
  expect(await (await as('admin', elsewhere)).run({ days: 7 })).toMatchObject({
    transfers: 2,
    payouts: 1,
    differences: [{ kind: 'unknown_origin' }],
  })
  await expect((await as('manager', org)).run()).rejects.toMatchObject({ code: 'FORBIDDEN' })
  pair.sim.control('POST', '/_sim/faults', { kind: 'error_before' })
  await expect((await as('admin', org)).run()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
})

test('more than a page of transfers is read to the end', async () => {
  const pair = await aPair()
  const partner = await aPartner(pair.deps, {
    orgId: pair.org.id,
    stripeAccountId: (await aPayee(pair)).stripeAccountId + 'x',
  })
  const accounts = pair.sim.control<{ ids: string[] }>('POST', '/_sim/accounts', { id: partner.stripeAccountId })
  const env = '127.0.0.1:3000'
  const transfers = Array.from({ length: 205 }, (_, n) => ({
    amount: 100 + n,
    currency: 'usd',
    destination: accounts.ids[0],
    metadata: { env, payout_id: `pay_none_${n}` },
  }))
  pair.sim.control('POST', '/_sim/transfers', { transfers })
  const comparison = await reconcile(pair.deps)
  expect(comparison.transfers).toBe(205)
  expect(comparison.differences.filter(difference => difference.kind === 'no_payout')).toHaveLength(205)
})

test('a span is a past day or a number of days', () => {
  const now = Date.UTC(2026, 2, 2)
  expect(sinceOf(undefined, now)).toBe(now - 60 * day)
  expect(sinceOf('7d', now)).toBe(now - 7 * day)
  expect(sinceOf('2026-01-31', now)).toBe(Date.UTC(2026, 0, 31))
  for (const text of ['soon', '2026-03-05', '2026-13-01', '7'])
    expect(() => sinceOf(text, now), text).toThrow(/no past day/)
})
