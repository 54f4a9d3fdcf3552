import { and, eq, isNull } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, partners, payoutApprovals } from '#db/schema/index.ts'
import { blockers } from '#server/payouts/blockers.ts'
import { loadPayouts, readPolicy } from '#server/payouts/facts.ts'
import { bulkMarkPaid } from '#server/payouts/pay.ts'
import { runTransfer } from '#server/payouts/transfer.ts'
import { aPaidPayout, aPair, aPayee, attemptOf, type Pair, queuedMails } from '#server/stripe/testing.ts'
import { aMember, aPartner, aPayout, type Partner, type Payout, readPayout } from '#server/test/factories.ts'
import { system, work } from '#server/work.ts'
import { applyAccount, syncAccount, syncPartner } from './sync.ts'

const hour = 60 * 60_000

async function read(pair: Pair, partner: Partner): Promise<Partner> {
  const [row] = await pair.deps.db.read.select().from(partners).where(eq(partners.id, partner.id))
  return row!
}

const change = (pair: Pair, partner: Partner, state: object) =>
  pair.sim.control('POST', `/_sim/accounts/${partner.stripeAccountId}`, state)

async function blockersOf(pair: Pair, payout: Payout) {
  const policy = await readPolicy(pair.deps.db.read, payout.orgId)
  const loaded = await loadPayouts(pair.deps.db.read, { orgId: payout.orgId, now: pair.deps.clock.now(), policy }, [
    payout.id,
  ])
  return blockers(loaded.get(payout.id)!.facts).map(blocker => blocker.code)
}

async function openApprovals(pair: Pair, payout: Payout) {
  return pair.deps.db.read
    .select()
    .from(payoutApprovals)
    .where(and(eq(payoutApprovals.payoutId, payout.id), isNull(payoutApprovals.voidedAt)))
}

test('an unchanged account changes nothing but the time at which it was read', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const payout = await aPayout(pair.deps, { partner: payee, status: 'approved' })
  pair.deps.clock.advance(1_000)
  const synced = await syncPartner(pair.deps, payee.id)
  expect(synced).toMatchObject({
    transfersStatus: 'active',
    requirements: [],
    destinationKey: payee.destinationKey,
    holdUntil: null,
  })
  expect(await read(pair, payee)).toEqual({ ...payee, accountSyncedAt: pair.deps.clock.now() })
  expect(await readPayout(pair.deps, payout)).toEqual(payout)
  expect(await queuedMails(pair.deps)).toEqual([])
})

test('what Stripe wants is told in words, once each, and stops the payout until it is there', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const payout = await aPayout(pair.deps, { partner: payee, status: 'approved' })
  change(pair, payee, {
    transfers: 'restricted',
    due: ['individual.verification.document', 'individual.dob.day', 'individual.dob.month', 'individual.fax_number'],
  })
  await pair.settle()
  const restricted = await read(pair, payee)
  expect(restricted.transfersStatus).toBe('restricted')
  expect(restricted.requirements.map(requirement => requirement.text)).toEqual([
    'a photo of an identity document, such as a passport',
    'your date of birth',
    'individual fax number',
  ])
  expect(await blockersOf(pair, payout)).toEqual(['account_restricted'])
  change(pair, payee, { transfers: 'active', due: [] })
  await pair.settle()
  expect(await read(pair, payee)).toMatchObject({ transfersStatus: 'active', requirements: [] })
  expect(await blockersOf(pair, payout)).toEqual([])
})

test.each(['pending', 'rejected', 'unsupported'] as const)('a capability that is %s is kept as that', async status => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  change(pair, payee, { transfers: status })
  await pair.settle()
  expect((await read(pair, payee)).transfersStatus).toBe(status)
})

test('a changed bank account voids approvals, holds payouts, and is told to the old contact, the new one and finance', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair, { email: 'new@example.org' })
  const boss = await aMember(pair.deps, { role: 'owner', org: pair.org })
  const approved = await aPayout(pair.deps, { partner: payee, status: 'approved', amount: 4_000 })
  const refused = await aPayout(pair.deps, { partner: payee, status: 'failed', amount: 5_000 })
  const waiting = await aPayout(pair.deps, { partner: payee, amount: 6_000 })
  const paid = await aPaidPayout(pair, payee, 7_000)
  const otherPayee = await aPayout(pair.deps, { partner: await aPayee(pair), status: 'approved' })
  await pair.deps.db.write(tx =>
    tx.insert(payoutApprovals).values({
      id: 'apv_half',
      orgId: pair.org.id,
      payoutId: waiting.id,
      userId: boss.user.id,
      digest: 'x',
      approvedAt: 1,
    }),
  )
  await work(pair.deps, { orgId: pair.org.id, actor: system }, async unit => {
    const target = { type: 'partner', id: payee.id }
    unit.audit({
      action: 'partners.update',
      target,
      before: { email: 'old@example.org' },
      after: { email: payee.email },
    })
  })

  change(pair, payee, { bank_number: '000999999999' })
  await pair.settle()
  const now = pair.deps.clock.now()
  expect(await read(pair, payee)).toMatchObject({
    transfersStatus: 'active',
    destinationKey: `${payee.stripeAccountId}:US9999`,
    destinationChangedAt: now,
    holdUntil: now + 72 * hour,
  })
  for (const payout of [approved, refused])
    expect(await readPayout(pair.deps, payout)).toMatchObject({
      status: 'pending_approval',
      approvedDigest: null,
      destination: null,
    })
  expect((await readPayout(pair.deps, paid)).status).toBe('paid')
  expect((await readPayout(pair.deps, otherPayee)).status).toBe('approved')
  for (const payout of [approved, refused, waiting]) expect(await openApprovals(pair, payout)).toEqual([])
  const voided = await pair.deps.db.read.select().from(audit).where(eq(audit.action, 'payouts.unapprove'))
  expect(voided.map(row => [row.targetId, row.actorName]).sort()).toEqual(
    [approved, refused, waiting].map(payout => [payout.id, 'Stripe']).sort(),
  )
  expect(voided[0]?.after).toContain('The partner changed where the money goes.')
  expect(
    (await queuedMails(pair.deps))
      .filter(key => key.includes('destinationChanged'))
      .map(key => key.split('destinationChanged:')[1])
      .sort(),
  ).toEqual(['old@example.org:' + payee.name, payee.id, 'payouts.pay'])

  // Approved again, it still waits until the hold is over.
  expect(await blockersOf(pair, waiting)).toEqual(['not_approved', 'on_hold'])
  pair.deps.clock.advance(72 * hour)
  expect(await blockersOf(pair, waiting)).toEqual(['not_approved'])
})

test('a bank account that is taken out and replaced counts as changed; taken out alone it does not', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const noBank = {
    accountId: payee.stripeAccountId ?? '',
    transfersStatus: 'active' as const,
    requirements: [],
    banks: [],
    lastFour: null,
  }
  const apply = (banks: string[]) =>
    work(pair.deps, { orgId: pair.org.id, actor: system }, unit =>
      applyAccount(unit, payee.id, { ...noBank, banks }, pair.deps.clock.now()),
    )
  expect(await apply([])).toMatchObject({ destinationKey: payee.destinationKey, holdUntil: null })
  expect(await apply(['US1111'])).toMatchObject({
    destinationKey: `${payee.stripeAccountId}:US1111`,
    holdUntil: expect.any(Number),
  })
})

test('the first set-up holds nothing, but approvals given before it are void', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair, { destinationKey: null, transfersStatus: 'pending' })
  const payout = await aPayout(pair.deps, { partner: payee, status: 'approved' })
  await syncPartner(pair.deps, payee.id)
  expect(await read(pair, payee)).toMatchObject({
    transfersStatus: 'active',
    holdUntil: null,
    destinationChangedAt: null,
  })
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'pending_approval' })
  expect((await queuedMails(pair.deps)).filter(key => key.includes('destinationChanged'))).toEqual([])
  const [voided] = await pair.deps.db.read.select().from(audit).where(eq(audit.action, 'payouts.unapprove'))
  expect(voided?.after).toContain('The partner has set up where the money goes.')
})

test('an answer that is older than the one that is kept changes nothing', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  pair.deps.clock.advance(60_000)
  const asked = pair.deps.clock.now()
  await syncPartner(pair.deps, payee.id)
  const stale = {
    accountId: payee.stripeAccountId ?? '',
    transfersStatus: 'restricted' as const,
    requirements: [],
    banks: ['US0000'],
    lastFour: null,
  }
  await work(pair.deps, { orgId: pair.org.id, actor: system }, unit => applyAccount(unit, payee.id, stale, asked - 1))
  expect(await read(pair, payee)).toMatchObject({ transfersStatus: 'active', destinationKey: payee.destinationKey })
})

test('disconnected between approval and payment: the gate stops it, and nothing is sent', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const payout = await aPayout(pair.deps, { partner: payee, status: 'approved' })
  change(pair, payee, { deauthorized: true })
  await pair.settle()
  expect(await read(pair, payee)).toMatchObject({
    transfersStatus: 'disconnected',
    stripeAccountId: payee.stripeAccountId,
    destinationKey: payee.destinationKey,
  })
  expect(await blockersOf(pair, payout)).toEqual(['no_account'])
  const result = await work(pair.deps, { orgId: pair.org.id, actor: system }, unit => bulkMarkPaid(unit, [payout.id]))
  expect(result).toMatchObject({ queued: 0, skipped: [{ id: payout.id }] })
  expect((await pair.deps.stripe.transfers.list()).data).toEqual([])
})

test('disconnected between the gate’s facts and the call: a definite refusal, and the payout says what to do', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const payout = await aPayout(pair.deps, { partner: payee, status: 'processing' })
  change(pair, payee, { deauthorized: true })
  await runTransfer(pair.deps, (await attemptOf(pair.deps, payout)).id)
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'failed', failureCode: 'no_account' })
  expect((await pair.deps.stripe.transfers.list()).data).toEqual([])
})

test('closed after the money was sent: what was paid stays paid', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  const payout = await aPaidPayout(pair, payee)
  await pair.deps.stripe.v2.core.accounts.close(payee.stripeAccountId ?? '', {})
  await pair.settle()
  expect((await read(pair, payee)).transfersStatus).toBe('closed')
  expect(await readPayout(pair.deps, payout)).toMatchObject({ status: 'paid', amountReversed: 0 })
})

test('an account that Stripe does not know, as one of another platform, is as good as disconnected', async () => {
  const pair = await aPair()
  const payee = await aPartner(pair.deps, { orgId: pair.org.id, stripeAccountId: 'acct_of_someone_else' })
  expect(await syncPartner(pair.deps, payee.id)).toMatchObject({ transfersStatus: 'disconnected' })
  expect(await syncAccount(pair.deps, 'acct_nobody_has')).toBeNull()
})

test('a silent Stripe, or one that refuses our key, says nothing about the account', async () => {
  const pair = await aPair()
  const payee = await aPayee(pair)
  for (const kind of ['error_before', 'unauthorized', 'bad_gateway_before', 'reset_before']) {
    pair.sim.control('POST', '/_sim/faults', { kind, path: '/v*/*accounts/*', count: 2 })
    await expect(syncPartner(pair.deps, payee.id)).rejects.toThrow()
    pair.sim.control('DELETE', '/_sim/faults')
  }
  expect(await read(pair, payee)).toEqual(payee)
})
