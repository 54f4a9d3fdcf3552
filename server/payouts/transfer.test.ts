import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { ledgerEntries, organizations, outbox, payoutAttempts } from '#db/schema/index.ts'
import { system, work } from '../work.ts'
import { recordTransfer } from './settle.ts'
import { aQueuedTransfer } from './testing.ts'

const hour = 60 * 60_000

test('a queued transfer is sent once, as it was frozen, and settles the payout, its ledger and its mail', async () => {
  const { deps, step, payout, attempts, transfers, id, account } = await aQueuedTransfer()
  expect(await step()).toBe('done')
  expect(await step()).toBe('done')
  const [transfer, ...more] = transfers()
  expect(more).toEqual([])
  expect(transfer).toMatchObject({
    amount: 124_000,
    currency: 'usd',
    destination: account,
    transfer_group: `payout_${id}`,
    metadata: { payout_id: id, attempt_id: (await attempts())[0]?.id, env: '127.0.0.1:3000' },
  })
  expect(await payout()).toMatchObject({ status: 'paid', paidVia: 'stripe', transferId: transfer?.id, simulated: true })
  const entries = await deps.db.read
    .select()
    .from(ledgerEntries)
    .where(eq(ledgerEntries.payoutId, id))
    .orderBy(ledgerEntries.seq)
  expect(entries.map(entry => entry.kind)).toEqual(['accrual', 'mark_paid', 'settle'])
  const mails = await deps.db.read
    .select({ payload: outbox.payload })
    .from(outbox)
    .where(eq(outbox.topic, 'email.send'))
  expect(mails.filter(mail => (mail.payload as { template: string }).template === 'payoutOnItsWay')).toHaveLength(1)
})

test.each([
  'reset_before',
  'reset_after',
  'truncate',
  'conflict',
  'rate_limit',
  'lock_timeout',
  'bad_gateway_before',
  'bad_gateway_after',
] as const)('after %s the payout is neither paid nor failed, and the same key pays it once', async kind => {
  const { sim, step, payout, attempts, transfers } = await aQueuedTransfer()
  sim.control('POST', '/_sim/faults', {
    kind,
    method: 'POST',
    path: '/v1/transfers',
    count: kind.startsWith('reset') ? 2 : 1,
  })
  await step()
  expect((await payout()).status).toBe('processing')
  expect((await attempts())[0]?.state).toMatch(/^(queued|sending|unknown)$/)
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect(transfers()).toHaveLength(1)
  expect(await attempts()).toHaveLength(1)
})

test('no answer at all is unknown, and the same key finds the transfer', { timeout: 15_000 }, async () => {
  const { sim, step, payout, transfers } = await aQueuedTransfer()
  sim.control('POST', '/_sim/faults', { kind: 'hang_after', method: 'POST', path: '/v1/transfers' })
  expect(await step()).toMatchObject({ threw: expect.stringMatching(/timeout|timed out|aborted/i) })
  expect((await payout()).status).toBe('processing')
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect(transfers()).toHaveLength(1)
})

test('a 500 that replays while the transfer exists is adopted from the list once the key is too old to resend', async () => {
  const { sim, deps, step, payout, attempts, transfers } = await aQueuedTransfer()
  sim.control('POST', '/_sim/faults', { kind: 'error_after', method: 'POST', path: '/v1/transfers' })
  await step()
  await step()
  expect((await payout()).status).toBe('processing')
  expect((await attempts())[0]).toMatchObject({ state: 'unknown', wasUnknown: true })
  const sends = (await attempts())[0]?.sends
  deps.clock.advance(23 * hour)
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect((await attempts())[0]?.sends).toBe(sends)
  expect(transfers()).toHaveLength(1)
})

test('an unknown that Stripe does not list is never resent or failed: two people release it, and a new attempt has a new key', async () => {
  const { sim, deps, owner, admin, id, step, payout, attempts, transfers } = await aQueuedTransfer()
  sim.control('POST', '/_sim/faults', { kind: 'error_before', method: 'POST', path: '/v1/transfers' })
  await step()
  deps.clock.advance(23 * hour)
  expect(await step()).toMatchObject({ postponeMs: 15 * 60_000 })
  deps.clock.advance(2 * hour)
  expect(await step()).toBe('done')
  expect(await payout()).toMatchObject({ status: 'processing', needsReview: true })
  expect(transfers()).toEqual([])
  await expect(admin.api.payouts.markPaid({ payoutId: id })).rejects.toMatchObject({ code: 'CONFLICT' })
  const evidence = 'Looked through the transfers of that day in the Stripe dashboard: none for this payout.'
  await expect(admin.api.payouts.release({ payoutId: id, evidence: 'no' })).rejects.toThrow(/what you checked/)
  sim.control('POST', '/_sim/faults', { kind: 'lock_timeout' })
  await expect(admin.api.payouts.release({ payoutId: id, evidence })).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    message: expect.stringContaining('Nothing was released'),
  })
  expect(await admin.api.payouts.release({ payoutId: id, evidence })).toMatchObject({ status: 'processing' })
  await expect(admin.api.payouts.release({ payoutId: id, evidence })).rejects.toThrow(/second person/)
  expect(await owner.api.payouts.release({ payoutId: id, evidence })).toMatchObject({ status: 'failed' })
  await admin.api.payouts.markPaid({ payoutId: id })
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect((await attempts()).map(attempt => attempt.idempotencyKey)).toEqual([`payout:${id}:a1`, `payout:${id}:a2`])
  expect(transfers()).toHaveLength(1)
})

test('releasing asks Stripe once more: a transfer that is found after all is adopted instead', async () => {
  const { sim, deps, admin, id, step, payout, transfers } = await aQueuedTransfer()
  sim.control('POST', '/_sim/faults', { kind: 'error_after', method: 'POST', path: '/v1/transfers' })
  await step()
  await deps.db.write(async tx => {
    await tx.run(`UPDATE payouts SET needs_review = 1, version = version + 1 WHERE id = '${id}'`)
  })
  expect(await admin.api.payouts.release({ payoutId: id, evidence: 'I saw nothing at Stripe.' })).toMatchObject({
    status: 'paid',
  })
  expect((await payout()).transferId).toBe(transfers()[0]?.id)
})

test('too little money is a definite refusal with a plain sentence; after a top-up a new attempt pays', async () => {
  const { sim, admin, id, step, payout, attempts, transfers } = await aQueuedTransfer({ balance: { usd: 123_999 } })
  expect(await step()).toBe('done')
  expect(await payout()).toMatchObject({
    status: 'failed',
    failureCode: 'balance_insufficient',
    failureMessage: expect.stringMatching(/Add funds/),
  })
  sim.control('POST', '/_sim/balance', { currency: 'usd', amount: 200_000_000 })
  await admin.api.payouts.markPaid({ payoutId: id })
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect((await attempts()).map(attempt => attempt.state)).toEqual(['failed', 'succeeded'])
  expect(transfers()).toHaveLength(1)
})

test.each([
  [{ transfers: 'restricted', due: ['individual.id_number'] }, 'account_restricted'],
  [{ transfers: 'pending' }, 'account_pending'],
  [{ transfers: 'rejected' }, 'account_rejected'],
])('an account that became %j after approval is not paid: the gate is asked right before', async (change, code) => {
  const { sim, account, step, payout, transfers } = await aQueuedTransfer()
  sim.control('POST', `/_sim/accounts/${account}`, change)
  expect(await step()).toBe('done')
  expect(await payout()).toMatchObject({ status: 'failed', failureCode: code })
  expect(transfers()).toEqual([])
})

test('a bank that changed after approval stops the transfer', async () => {
  const { sim, account, step, payout, transfers } = await aQueuedTransfer()
  sim.control('POST', `/_sim/accounts/${account}`, { bank_number: '000999999991' })
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('failed')
  expect(transfers()).toEqual([])
})

test('a key that Stripe does not accept says nothing about the payout: it waits', async () => {
  const { sim, step, payout, attempts, transfers } = await aQueuedTransfer()
  sim.control('POST', '/_sim/faults', { kind: 'unauthorized', method: 'POST', path: '/v1/transfers' })
  expect(await step()).toMatchObject({ postponeMs: 5 * 60_000 })
  expect((await payout()).status).toBe('processing')
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect(await attempts()).toHaveLength(1)
  expect(transfers()).toHaveLength(1)
})

test('Stripe out of reach before the first send leaves the attempt queued', async () => {
  const { sim, step, payout, attempts, transfers } = await aQueuedTransfer()
  sim.control('POST', '/_sim/faults', { kind: 'bad_gateway_before', path: '/v2/core/accounts/*', count: 3 })
  expect(await step()).toHaveProperty('threw')
  expect((await attempts())[0]).toMatchObject({ state: 'queued', sends: 0 })
  sim.control('DELETE', '/_sim/faults')
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect(transfers()).toHaveLength(1)
})

test('while transfers are paused nothing is sent', async () => {
  const { deps, org, step, payout, transfers } = await aQueuedTransfer()
  await deps.db.write(tx =>
    tx
      .update(organizations)
      .set({ transfersPausedAt: 1, transfersPausedReason: 'month end' })
      .where(eq(organizations.id, org.id)),
  )
  expect(await step()).toMatchObject({ postponeMs: 60_000 })
  expect((await payout()).status).toBe('processing')
  expect(transfers()).toEqual([])
})

test('a key that someone used with other bytes is never resent: it is looked up', async () => {
  const { sim, deps, account, id, step, payout, transfers } = await aQueuedTransfer()
  await sim.stripe.transfers.create(
    { amount: 1, currency: 'usd', destination: account },
    { idempotencyKey: `payout:${id}:a1` },
  )
  expect(await step()).toMatchObject({ postponeMs: 15 * 60_000 })
  expect((await payout()).status).toBe('processing')
  deps.clock.advance(25 * hour)
  await step()
  expect(await payout()).toMatchObject({ status: 'processing', needsReview: true })
  expect(transfers()).toHaveLength(1)
})

test.each([
  [{ amount: 1 }, /is 1 usd/],
  [{ currency: 'eur' }, /eur, ours/],
  [{ destination: 'acct_other' }, /went to acct_other/],
])('a transfer with %j does not settle the payout: sending stops until people have looked', async (change, problem) => {
  const { deps, org, step, attempts, payout } = await aQueuedTransfer()
  const [attempt] = await attempts()
  if (!attempt) throw new Error('no attempt')
  const { amount, currency, destination, metadata } = attempt.request
  const transfer = { id: 'tr_strange', amount, currency, destination, metadata, amount_reversed: 0, ...change } as never
  expect(
    await work(deps, { orgId: org.id, actor: system }, unit => recordTransfer(unit, attempt.id, transfer, true)),
  ).toBe('incident')
  expect((await payout()).status).toBe('processing')
  const [paused] = await deps.db.read.select().from(organizations).where(eq(organizations.id, org.id))
  expect(paused?.transfersPausedReason).toMatch(problem)
  expect((await payout()).needsReview).toBe(true)
  expect(await step()).toBe('done')
})

test('a process that died after sending leaves the outcome unknown: a 403 on the next try does not fail it', async () => {
  const { sim, deps, account, step, attempts, payout, transfers } = await aQueuedTransfer()
  const [attempt] = await attempts()
  if (!attempt) throw new Error('no attempt')
  // What is left by a kill between Stripe's yes and our writing it down.
  await deps.db.write(tx =>
    tx
      .update(payoutAttempts)
      .set({ state: 'sending', firstSentAt: deps.clock.now(), lastSentAt: deps.clock.now(), sends: 1 })
      .where(eq(payoutAttempts.id, attempt.id)),
  )
  await sim.stripe.transfers.create(attempt.request, { idempotencyKey: attempt.idempotencyKey })
  sim.control('POST', `/_sim/accounts/${account}`, { deauthorized: true })
  sim.control('POST', '/_sim/faults', { kind: 'unauthorized', method: 'POST', path: '/v1/transfers' })
  expect(await step()).toMatchObject({ postponeMs: 5 * 60_000 })
  expect((await attempts())[0]).toMatchObject({ state: 'unknown', wasUnknown: true })
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect(transfers()).toHaveLength(1)
})

test('a transfer that is there before the first send is adopted, never sent a second time', async () => {
  const { sim, step, attempts, payout, transfers } = await aQueuedTransfer()
  const [attempt] = await attempts()
  if (!attempt) throw new Error('no attempt')
  await sim.stripe.transfers.create(attempt.request, { idempotencyKey: 'payout:before-the-backup' })
  expect(await step()).toBe('done')
  expect((await payout()).status).toBe('paid')
  expect((await attempts())[0]?.sends).toBe(0)
  expect(transfers()).toHaveLength(1)
})

test('an incident is told once, hands the payout to people, and does not stop the organization again after a resume', async () => {
  const { deps, org, id, step, attempts, payout } = await aQueuedTransfer()
  const [attempt] = await attempts()
  if (!attempt) throw new Error('no attempt')
  const { currency, destination, metadata } = attempt.request
  const transfer = { id: 'tr_strange', amount: 1, currency, destination, metadata, amount_reversed: 0 } as never
  const tell = () =>
    work(deps, { orgId: org.id, actor: system }, unit => recordTransfer(unit, attempt.id, transfer, true))
  await tell()
  expect((await payout()).needsReview).toBe(true)
  await deps.db.write(tx =>
    tx
      .update(organizations)
      .set({ transfersPausedAt: null, transfersPausedReason: null })
      .where(eq(organizations.id, org.id)),
  )
  await tell()
  expect(await step()).toBe('done')
  const alerts = (await deps.db.read.select().from(outbox)).filter(({ key }) => key.includes('transfersPaused'))
  expect(alerts).toMatchObject([
    { payload: { to: { staffWith: 'transfers.pause' }, about: { payoutId: id, transferId: 'tr_strange' } } },
  ])
  const [after] = await deps.db.read.select().from(organizations).where(eq(organizations.id, org.id))
  expect(after?.transfersPausedReason).toBeNull()
})

test('what is owed again after a reversal waits as a payout of its own, and the books hold it once', async () => {
  const { sim, deps, org, owner, admin, id, step, attempts, transfers } = await aQueuedTransfer({ amount: 10_000 })
  await step()
  const [attempt] = await attempts()
  await sim.stripe.transfers.createReversal(transfers()[0]?.id ?? '', { amount: 3_000 })
  const transfer = await sim.stripe.transfers.retrieve(transfers()[0]?.id ?? '')
  await work(deps, { orgId: org.id, actor: system }, unit => recordTransfer(unit, attempt?.id ?? '', transfer, true))
  const seen = await admin.api.payouts.get({ payoutId: id })
  await expect(
    admin.api.payouts.decideReversal({ payoutId: id, decision: 'owed', version: seen.version - 1 }),
  ).rejects.toMatchObject({ code: 'CONFLICT' })
  await admin.api.payouts.decideReversal({ payoutId: id, decision: 'owed', version: seen.version })
  const [again] = (await admin.api.payouts.list({ status: ['pending_approval'] })).rows
  expect(again).toMatchObject({ amount: 3_000 })
  await expect(admin.api.payouts.update({ payoutId: again?.id ?? '', amount: 9_000 })).rejects.toThrow(
    /amount is fixed/,
  )
  await owner.api.payouts.approve({ payoutId: again?.id ?? '' })
  const entries = await deps.db.read.select().from(ledgerEntries).where(eq(ledgerEntries.orgId, org.id))
  const payable = entries.reduce(
    (sum, entry) =>
      sum +
      (entry.credit === 'partner_payable' ? entry.amount : 0) -
      (entry.debit === 'partner_payable' ? entry.amount : 0),
    0,
  )
  expect(payable).toBe(3_000)
})

test('a repayment that is rejected or canceled leaves nothing owed that nobody can pay: it waits for a decision again', async () => {
  const { sim, deps, org, owner, admin, id, step, attempts, transfers } = await aQueuedTransfer({ amount: 10_000 })
  await step()
  const [attempt] = await attempts()
  await sim.stripe.transfers.createReversal(transfers()[0]?.id ?? '', { amount: 3_000 })
  const transfer = await sim.stripe.transfers.retrieve(transfers()[0]?.id ?? '')
  await work(deps, { orgId: org.id, actor: system }, unit => recordTransfer(unit, attempt?.id ?? '', transfer, true))
  const balance = async (account: string) =>
    (await deps.db.read.select().from(ledgerEntries).where(eq(ledgerEntries.orgId, org.id))).reduce(
      (sum, { debit, credit, amount }) => sum + (credit === account ? amount : 0) - (debit === account ? amount : 0),
      0,
    )
  const repayment = async () => (await admin.api.payouts.list({ status: ['pending_approval'] })).rows[0]?.id ?? ''
  await admin.api.payouts.decideReversal({ payoutId: id, decision: 'owed' })
  await owner.api.payouts.reject({ payoutId: await repayment(), reason: 'Not this way' })
  expect((await admin.api.payouts.get({ payoutId: id })).staff?.undecidedReversal).toBe(3_000)
  expect(await balance('partner_payable')).toBe(0)
  await admin.api.payouts.decideReversal({ payoutId: id, decision: 'owed' })
  const second = await repayment()
  await owner.api.payouts.approve({ payoutId: second })
  await owner.api.payouts.cancel({ payoutId: second })
  expect(await balance('partner_payable')).toBe(0)
  expect(await balance('reversal_suspense')).toBe(3_000)
  await admin.api.payouts.decideReversal({ payoutId: id, decision: 'not_owed' })
  expect((await admin.api.payouts.get({ payoutId: id })).staff?.undecidedReversal).toBe(0)
  expect([await balance('partner_payable'), await balance('reversal_suspense')]).toEqual([0, 0])
})

test('a second transfer for the same payout is an incident, not a second payment', async () => {
  const { deps, org, step, attempts, payout } = await aQueuedTransfer()
  await step()
  const [attempt] = await attempts()
  if (!attempt) throw new Error('no attempt')
  const first = (await payout()).transferId
  const { amount, currency, destination, metadata } = attempt.request
  const second = { id: 'tr_second', amount, currency, destination, metadata, amount_reversed: 0 } as never
  expect(
    await work(deps, { orgId: org.id, actor: system }, unit => recordTransfer(unit, attempt.id, second, true)),
  ).toBe('incident')
  expect((await payout()).transferId).toBe(first)
})

test('reversals are read as a total, in any order: partial ones keep the payout paid, the full one reverses it', async () => {
  const { sim, deps, org, admin, id, step, attempts, payout, transfers } = await aQueuedTransfer({ amount: 10_000 })
  await step()
  const [attempt] = await attempts()
  const transferId = transfers()[0]?.id ?? ''
  const record = async () => {
    const transfer = await sim.stripe.transfers.retrieve(transferId)
    await work(deps, { orgId: org.id, actor: system }, unit => recordTransfer(unit, attempt?.id ?? '', transfer, true))
  }
  await sim.stripe.transfers.createReversal(transferId, { amount: 3_000 })
  await record()
  await record()
  expect(await payout()).toMatchObject({ status: 'paid', amountReversed: 3_000 })
  expect((await admin.api.payouts.get({ payoutId: id })).staff?.undecidedReversal).toBe(3_000)
  expect(await admin.api.payouts.decideReversal({ payoutId: id, decision: 'owed' })).toMatchObject({ status: 'paid' })
  await expect(admin.api.payouts.decideReversal({ payoutId: id, decision: 'owed' })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  await sim.stripe.transfers.createReversal(transferId, { amount: 7_000 })
  await record()
  expect(await payout()).toMatchObject({ status: 'reversed', amountReversed: 10_000 })
  await expect(admin.api.payouts.markPaid({ payoutId: id })).rejects.toMatchObject({ code: 'CONFLICT' })
})
