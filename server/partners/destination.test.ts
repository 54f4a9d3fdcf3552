import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { Database } from '#db/client.ts'
import { organizations, partners } from '#db/schema/index.ts'
import { deliverEmail } from '#server/email/deliver.ts'
import type { Payload } from '#server/outbox/topics.ts'
import { runTransfer } from '#server/payouts/transfer.ts'
import { aPair, aPayee, attemptOf, type Pair, queuedMails } from '#server/stripe/testing.ts'
import { asRole } from '#server/test/callers.ts'
import { aMember, aPayout, readPayout } from '#server/test/factories.ts'
import { system, work } from '#server/work.ts'
import { claim } from '../outbox/outbox.ts'
import { applyAccount } from './sync.ts'

const hour = 60 * 60_000
const day = 24 * hour

const transfersOf = async ({ deps }: Pair) => (await deps.stripe.transfers.list()).data

async function aPayoutOn(pair: Pair) {
  const payee = await aPayee(pair)
  const [manager, admin] = [
    await asRole(pair.deps, 'manager', { org: pair.org }),
    await asRole(pair.deps, 'admin', { org: pair.org }),
  ]
  const { id } = await manager.api.payouts.create({ partnerId: payee.id, amount: 5_000 })
  await admin.api.payouts.approve({ payoutId: id })
  const payout = () => readPayout(pair.deps, { id, orgId: pair.org.id })
  const newBank = () =>
    pair.sim.control('POST', `/_sim/accounts/${payee.stripeAccountId}`, { bank_number: '000999999999' })
  return { payee, manager, admin, id, payout, newBank }
}

test('what was queued before the change is not sent, and nothing new is until the hold ends, to the millisecond', async () => {
  const pair = await aPair()
  const { deps } = pair
  const { admin, id, payout, newBank } = await aPayoutOn(pair)
  await admin.api.payouts.markPaid({ payoutId: id })
  newBank()
  const changed = deps.clock.now()
  await pair.settle()
  expect(await payout()).toMatchObject({ status: 'failed', failureCode: 'destination_changed' })
  await admin.api.payouts.unapprove({ payoutId: id })
  await admin.api.payouts.approve({ payoutId: id })
  for (const at of [changed, changed + 71 * hour, changed + 72 * hour - 1]) {
    deps.clock.set(at)
    await expect(admin.api.payouts.markPaid({ payoutId: id })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('on hold until'),
    })
  }
  expect(await transfersOf(pair)).toEqual([])
  deps.clock.set(changed + 72 * hour)
  await admin.api.payouts.markPaid({ payoutId: id })
  await pair.settle()
  expect(await payout()).toMatchObject({ status: 'paid' })
  expect(await transfersOf(pair)).toHaveLength(1)
})

test('a hold is never cut short by a further change, and one that is set to nothing still voids the approval', async () => {
  const pair = await aPair()
  const { deps, org } = pair
  const { payee, id, payout, newBank } = await aPayoutOn(pair)
  const hours = (destinationHoldHours: number) =>
    deps.db.write(tx => tx.update(organizations).set({ destinationHoldHours }).where(eq(organizations.id, org.id)))
  const holdUntil = async () =>
    (await deps.db.read.select().from(partners).where(eq(partners.id, payee.id)))[0]?.holdUntil
  const first = deps.clock.now()
  newBank()
  await pair.settle()
  deps.clock.advance(hour)
  await hours(1)
  pair.sim.control('POST', `/_sim/accounts/${payee.stripeAccountId}`, { bank_number: '000888888888' })
  await pair.settle()
  expect(await holdUntil()).toBe(first + 72 * hour)

  const other = await aPayoutOn(pair)
  await hours(0)
  other.newBank()
  await pair.settle()
  expect(await other.payout()).toMatchObject({ status: 'pending_approval', destination: null })
  expect((await payout()).id).toBe(id)
})

/** Lets something happen just before a deps' n-th write: the moment at which a slower request would come in. */
function before(db: Database, nth: number, happens: () => Promise<unknown>): Database {
  let writes = 0
  const write: Database['write'] = async fn => {
    if (++writes === nth) await happens()
    return db.write(fn)
  }
  return new Proxy(db, { get: (target, name) => (name === 'write' ? write : Reflect.get(target, name)) })
}

test.each([
  ['the bank, with a hold', 72, 'bank'],
  ['the bank, without a hold', 0, 'bank'],
  ['the account', 72, 'account'],
  ['that the partner is archived', 72, 'archived'],
] as const)(
  'a change that comes between the last look and the send, %s: nothing is sent',
  async (_what, hold, what) => {
    const pair = await aPair()
    const { deps, org } = pair
    await deps.db.write(tx =>
      tx.update(organizations).set({ destinationHoldHours: hold }).where(eq(organizations.id, org.id)),
    )
    const { payee, admin, id, payout, newBank } = await aPayoutOn(pair)
    await admin.api.payouts.markPaid({ payoutId: id })
    const attempt = await attemptOf(deps, await payout())
    const change = () => {
      if (what === 'account')
        return deps.db.write(tx =>
          tx.update(partners).set({ stripeAccountId: 'acct_another' }).where(eq(partners.id, payee.id)),
        )
      if (what === 'archived')
        return deps.db.write(tx =>
          tx.update(partners).set({ archivedAt: deps.clock.now() }).where(eq(partners.id, payee.id)),
        )
      newBank()
      const state = { accountId: payee.stripeAccountId ?? '', transfersStatus: 'active' as const, requirements: [] }
      return work(deps, { orgId: org.id, actor: system }, unit =>
        applyAccount(unit, payee.id, { ...state, banks: ['US9999'], lastFour: '9999' }, deps.clock.now()),
      )
    }
    // The first write is the gate's own look at the account; the second says that the request goes out.
    const raced = { ...deps, db: before(deps.db, 2, change) }
    expect(await runTransfer(raced, attempt.id)).toMatchObject({ why: expect.stringContaining('looking again') })
    expect(await transfersOf(pair)).toEqual([])
    expect(await attemptOf(deps, await payout())).toMatchObject({ state: 'queued', sends: 0 })
    expect(await runTransfer(deps, attempt.id)).toBe('done')
    expect((await payout()).status).toBe('failed')
    expect(await transfersOf(pair)).toEqual([])
  },
)

test('a change that comes after the send finds the money where it was approved to go', async () => {
  const pair = await aPair()
  const { payee, admin, id, payout, newBank } = await aPayoutOn(pair)
  await admin.api.payouts.markPaid({ payoutId: id })
  const attempt = await attemptOf(pair.deps, await payout())
  await runTransfer(pair.deps, attempt.id)
  newBank()
  await pair.settle()
  expect(await payout()).toMatchObject({ status: 'paid', destination: payee.stripeAccountId })
  expect(await transfersOf(pair)).toMatchObject([{ destination: payee.stripeAccountId, amount: 5_000 }])
})

test('a new e-mail address: the old one, the new one, the partner’s people and finance are told, each once', async () => {
  const pair = await aPair()
  const { deps, org } = pair
  const payee = await aPayee(pair, { email: 'old@example.org' })
  const person = await aMember(deps, { role: 'partner', org, partner: payee })
  const admin = await asRole(deps, 'admin', { org })
  await admin.api.partners.update({ partnerId: payee.id, email: 'new@example.org' })
  for (const job of await claim(deps, 50, ['email.send'])) {
    await deliverEmail(deps, job.payload as Payload<'email.send'>, org.id)
    await deliverEmail(deps, job.payload as Payload<'email.send'>, org.id)
  }
  const changed = deps.mailer.sent.filter(mail => mail.headers?.['X-Remit-Template'] === 'destinationChanged')
  expect(changed.map(mail => mail.to).sort()).toEqual(
    ['old@example.org', 'new@example.org', person.user.email, admin.user.email].sort(),
  )
})

test('whoever was the contact within the last 30 days hears of a new bank, and nobody from before', async () => {
  const pair = await aPair()
  const { deps, org } = pair
  const payee = await aPayee(pair, { email: 'first@example.org' })
  const admin = await asRole(deps, 'admin', { org })
  const began = deps.clock.now()
  await admin.api.partners.update({ partnerId: payee.id, email: 'second@example.org' })
  deps.clock.set(began + 1)
  await admin.api.partners.update({ partnerId: payee.id, email: 'third@example.org' })
  deps.clock.set(began + 30 * day)
  pair.sim.control('POST', `/_sim/accounts/${payee.stripeAccountId}`, { bank_number: '000999999999' })
  await pair.settle()
  const told = (await queuedMails(deps)).filter(key => key.includes(':destination:') && key.includes('@'))
  expect(told.map(key => /([a-z]+)@example/.exec(key)?.[1])).toEqual(['second'])
})

test('a payout typed in during the hold waits like all others', async () => {
  const pair = await aPair()
  const { payee, newBank, admin } = await aPayoutOn(pair)
  newBank()
  await pair.settle()
  const [row] = await pair.deps.db.read.select().from(partners).where(eq(partners.id, payee.id))
  const late = await aPayout(pair.deps, { partner: row!, status: 'approved' })
  const { skipped } = await admin.api.payouts.bulkMarkPaid({ payoutIds: [late.id] })
  expect(skipped[0]?.reason).toContain('on hold until')
})
