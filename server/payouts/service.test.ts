import { and, eq, isNull, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, ledgerEntries, organizations, outbox, payoutApprovals, payouts } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { aMember, anOrg, aPartner, aPayout, readPayout } from '../test/factories.ts'

async function aCompany() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const [owner, admin, manager] = [
    await asRole(deps, 'owner', { org }),
    await asRole(deps, 'admin', { org }),
    await asRole(deps, 'manager', { org }),
  ]
  const partner = await aPartner(deps, { orgId: org.id, name: 'Northwind', email: 'money@northwind.example' })
  return { deps, org, owner, admin, manager, partner }
}

async function ledgerOf(deps: Deps, payoutId: string) {
  const rows = await deps.db.read
    .select()
    .from(ledgerEntries)
    .where(eq(ledgerEntries.payoutId, payoutId))
    .orderBy(ledgerEntries.seq)
  return rows.map(row => `${row.debit} ← ${row.credit} ${row.amount} ${row.currency}`)
}

async function mailsOf(deps: Deps) {
  const rows = await deps.db.read.select({ payload: outbox.payload }).from(outbox).where(eq(outbox.topic, 'email.send'))
  return rows.map(row => (row.payload as { template: string }).template)
}

test('a payout is created in minor units, numbered, recorded, and the approvers are told', async () => {
  const { deps, manager, partner } = await aCompany()
  const made = await manager.api.payouts.create({
    partnerId: partner.id,
    amount: 5000,
    period: '2026-02',
    notes: 'Q1 commissions',
  })
  expect(made).toMatchObject({ number: 'PO-000001', status: 'pending_approval', version: 1 })
  const row = await readPayout(deps, { id: made.id, orgId: manager.org.id })
  expect(row).toMatchObject({
    amount: 5000,
    currency: 'USD',
    period: '2026-02',
    notes: 'Q1 commissions',
    createdBy: manager.user.id,
  })
  expect(await mailsOf(deps)).toEqual(['approvalRequested'])
  const [entry] = await deps.db.read.select().from(audit).where(eq(audit.targetId, made.id))
  expect(entry).toMatchObject({ action: 'payouts.create', actorId: manager.user.id })
  expect(await ledgerOf(deps, made.id)).toEqual([])
})

test.each([
  [{ amount: 0 }, /more than zero/],
  [{ amount: -5 }, /more than zero/],
  [{ amount: 10.5 }, /whole numbers of minor units/],
  [{ amount: 100_000_000 }, /Split it/],
  [{ amount: Number.NaN }, /Enter an amount/],
  [{ currency: 'EUR' }, /paid in USD/],
  [{ currency: 'XXY' }, /not a currency/],
  [{ period: '2026-13' }, /like 2026-02/],
  [{ period: 'February' }, /like 2026-02/],
  [{ notes: 'a'.repeat(2001) }, /at most 2000/],
  [{ reference: 'a\u202eb' }, /can't be used/],
  [{ partnerId: 'par_unknown' }, /couldn't find that partner/],
])('bad input %j is refused with a sentence, and nothing is written', async (bad, sentence) => {
  const { deps, manager, partner } = await aCompany()
  await expect(manager.api.payouts.create({ partnerId: partner.id, amount: 5000, ...bad })).rejects.toThrow(sentence)
  expect(await deps.db.read.select().from(payouts)).toEqual([])
  expect(await mailsOf(deps)).toEqual([])
})

test("the caller's userId, organization or status is not taken from input", async () => {
  const { manager, partner } = await aCompany()
  for (const extra of [
    { userId: 'usr_x' },
    { organizationId: 'org_x' },
    { status: 'approved' },
    { createdBy: 'usr_x' },
  ])
    await expect(
      manager.api.payouts.create({ partnerId: partner.id, amount: 5000, ...extra } as never),
    ).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('approving books the money, freezes what was approved, and tells the partner', async () => {
  const { deps, admin, manager, partner } = await aCompany()
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  const approved = await admin.api.payouts.approve({ payoutId: id })
  expect(approved).toMatchObject({ status: 'approved', version: 2 })
  const row = await readPayout(deps, { id, orgId: admin.org.id })
  expect(row.approvedDigest).toMatch(/^[0-9a-f]{64}$/)
  expect(row.destination).toBe(partner.stripeAccountId)
  expect(await ledgerOf(deps, id)).toEqual(['commission_expense ← partner_payable 5000 USD'])
  expect(await mailsOf(deps)).toContain('payoutApproved')
})

test('whoever created or edited a payout can not approve it, in the service and in the database', async () => {
  const { deps, owner, admin, partner } = await aCompany()
  const { id } = await admin.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  await expect(admin.api.payouts.approve({ payoutId: id })).rejects.toThrow(
    /You prepared this payout.*invite a second approver/,
  )
  await owner.api.payouts.update({ payoutId: id, amount: 6000 })
  await expect(owner.api.payouts.approve({ payoutId: id })).rejects.toThrow(/someone else has to approve/)
  const raw = deps.db.write(tx =>
    tx
      .insert(payoutApprovals)
      .values({ id: 'apv_raw', orgId: owner.org.id, payoutId: id, userId: admin.user.id, digest: 'x', approvedAt: 1 }),
  )
  await expect(raw).rejects.toThrow()
  expect((await readPayout(deps, { id, orgId: owner.org.id })).status).toBe('pending_approval')
})

test('whoever ever edited a payout counts as its creator, not only the last one', async () => {
  const { owner, admin, manager, partner } = await aCompany()
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 100 })
  await admin.api.payouts.update({ payoutId: id, amount: 1_000_000 })
  await manager.api.payouts.update({ payoutId: id, notes: 'A typo' })
  await expect(admin.api.payouts.approve({ payoutId: id })).rejects.toThrow(/You prepared this payout/)
  expect(await owner.api.payouts.approve({ payoutId: id })).toMatchObject({ status: 'approved' })
})

test('bulk approval skips what has changed since it was looked at', async () => {
  const { admin, manager, partner } = await aCompany()
  const made = await manager.api.payouts.create({ partnerId: partner.id, amount: 100 })
  await manager.api.payouts.update({ payoutId: made.id, amount: 1_000_000 })
  expect(await admin.api.payouts.bulkApprove({ payoutIds: [made.id], versions: { [made.id]: made.version } })).toEqual({
    approved: 0,
    skipped: [{ id: made.id, reason: 'It changed while you were looking at it.' }],
  })
})

test('paying in bulk skips what has changed since it was looked at, and what isn’t there', async () => {
  const { deps, admin, partner } = await aCompany()
  const { id } = await aPayout(deps, { partner, status: 'approved' })
  const { queued, skipped } = await admin.api.payouts.bulkMarkPaid({
    payoutIds: [id, 'pay_nobody'],
    versions: { [id]: 99 },
  })
  expect(queued).toBe(0)
  expect(skipped).toEqual([
    { id, reason: 'It changed while you were looking at it.' },
    { id: 'pay_nobody', reason: expect.stringContaining('find') },
  ])
})

test('a payment made elsewhere is recorded after it was made, not before', async () => {
  const { deps, admin, partner } = await aCompany()
  const { id } = await aPayout(deps, { partner, status: 'approved' })
  const manual = { method: 'bank_transfer', reference: 'SEPA 1', paidOn: '2026-03-04' } as const
  await expect(admin.api.payouts.markPaid({ payoutId: id, manual })).rejects.toThrow(/has not come yet/)
  // Somewhere it is tomorrow already.
  const tomorrow = { ...manual, paidOn: '2026-03-03' }
  expect(await admin.api.payouts.markPaid({ payoutId: id, manual: tomorrow })).toMatchObject({ status: 'paid' })
})

test('an approval of lines that are gone counts for nothing', async () => {
  const { deps, admin, partner } = await aCompany()
  const { id } = await aPayout(deps, { partner, status: 'approved' })
  await deps.db.write(tx => tx.run(sql`DELETE FROM payout_lines WHERE payout_id = ${id}`))
  await expect(admin.api.payouts.markPaid({ payoutId: id })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
})

test('an organization of one may let creators approve', async () => {
  const { deps, owner, partner } = await aCompany()
  await deps.db.write(tx =>
    tx.update(organizations).set({ creatorMayApprove: true }).where(eq(organizations.id, owner.org.id)),
  )
  const { id } = await owner.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  expect(await owner.api.payouts.approve({ payoutId: id })).toMatchObject({ status: 'approved' })
})

test("the payee's own person can not approve, by membership or by address", async () => {
  const { deps, org, manager, partner } = await aCompany()
  const byAddress = await asRole(deps, 'admin', { org })
  await deps.db.write(tx => tx.run(sql`UPDATE partners SET email = ${byAddress.user.email} WHERE id = ${partner.id}`))
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  await expect(byAddress.api.payouts.approve({ payoutId: id })).rejects.toThrow(/You are the one who would be paid/)
  expect((await readPayout(deps, { id, orgId: org.id })).status).toBe('pending_approval')
})

test('where two approvals are required, one person counts once', async () => {
  const { deps, owner, admin, manager, partner } = await aCompany()
  await deps.db.write(tx =>
    tx.update(organizations).set({ approvalsRequired: 2 }).where(eq(organizations.id, owner.org.id)),
  )
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  expect(await admin.api.payouts.approve({ payoutId: id })).toMatchObject({ status: 'pending_approval', version: 2 })
  await expect(admin.api.payouts.approve({ payoutId: id })).rejects.toThrow(/You have approved it already/)
  expect((await admin.api.payouts.get({ payoutId: id })).blockers[0]).toMatchObject({ code: 'second_approval' })
  expect(await ledgerOf(deps, id)).toEqual([])
  expect(await owner.api.payouts.approve({ payoutId: id })).toMatchObject({ status: 'approved' })
})

test('a page that shows an older amount can not approve the newer one', async () => {
  const { admin, manager, partner } = await aCompany()
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  const seen = await admin.api.payouts.get({ payoutId: id })
  await manager.api.payouts.update({ payoutId: id, amount: 9000 })
  await expect(admin.api.payouts.approve({ payoutId: id, digest: seen.staff?.digest })).rejects.toThrow(
    /changed while you were looking/,
  )
  await expect(admin.api.payouts.approve({ payoutId: id, version: seen.version })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
})

test('editing an approved payout voids the approval and takes back what it booked', async () => {
  const { deps, admin, manager, partner } = await aCompany()
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  await admin.api.payouts.approve({ payoutId: id })
  expect(await manager.api.payouts.update({ payoutId: id, amount: 7000 })).toMatchObject({ status: 'pending_approval' })
  expect(await ledgerOf(deps, id)).toEqual([
    'commission_expense ← partner_payable 5000 USD',
    'partner_payable ← commission_expense 5000 USD',
  ])
  const standing = await deps.db.read
    .select()
    .from(payoutApprovals)
    .where(and(eq(payoutApprovals.payoutId, id), isNull(payoutApprovals.voidedAt)))
  expect(standing).toEqual([])
  expect(await admin.api.payouts.approve({ payoutId: id })).toMatchObject({ status: 'approved' })
  expect(await ledgerOf(deps, id)).toContain('commission_expense ← partner_payable 7000 USD')
})

test('rejecting needs a reason, which the partner reads', async () => {
  const { deps, admin, manager, partner } = await aCompany()
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  await expect(admin.api.payouts.reject({ payoutId: id })).rejects.toThrow(/Say why/)
  await expect(admin.api.payouts.reject({ payoutId: id, reason: '   ' })).rejects.toThrow(/Say why/)
  expect(await admin.api.payouts.reject({ payoutId: id, notes: 'Incorrect amount' })).toMatchObject({
    status: 'rejected',
  })
  const person = await asRole(deps, 'partner', { org: admin.org, partner })
  expect(await person.api.payouts.get({ payoutId: id })).toMatchObject({
    status: 'rejected',
    rejectReason: 'Incorrect amount',
    staff: null,
  })
})

test('the same key is one effect and the same answer; with other input it is a conflict', async () => {
  const { deps, manager, partner } = await aCompany()
  const input = { partnerId: partner.id, amount: 5000, idempotencyKey: 'key-1234567' }
  const [first, second] = await Promise.all([manager.api.payouts.create(input), manager.api.payouts.create(input)])
  expect(second).toEqual(first)
  expect(await deps.db.read.select().from(payouts)).toHaveLength(1)
  await expect(manager.api.payouts.create({ ...input, amount: 6000 })).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('two people approve at once: one approval counts, the other hears who was faster', async () => {
  const { deps, owner, admin, manager, partner } = await aCompany()
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  const results = await Promise.allSettled([
    owner.api.payouts.approve({ payoutId: id }),
    admin.api.payouts.approve({ payoutId: id }),
  ])
  const refused = results.filter(result => result.status === 'rejected')
  expect(refused).toHaveLength(1)
  expect(String(refused[0]?.reason.message)).toMatch(/Person \d+ approved it/)
  expect(await ledgerOf(deps, id)).toHaveLength(1)
})

test('bulk approval approves what it may and names the rest', async () => {
  const { deps, admin, manager, partner } = await aCompany()
  const made = await Promise.all(
    [1, 2, 3].map(n => manager.api.payouts.create({ partnerId: partner.id, amount: n * 100 })),
  )
  const own = await admin.api.payouts.create({ partnerId: partner.id, amount: 900 })
  const done = await aPayout(deps, { partner, status: 'paid' })
  const foreign = await aPayout(deps, { partner: await aPartner(deps, { orgId: (await anOrg(deps)).id }) })
  const answer = await admin.api.payouts.bulkApprove({
    payoutIds: [...made.map(p => p.id), own.id, done.id, foreign.id, 'pay_missing'],
  })
  expect(answer.approved).toBe(3)
  expect(Object.fromEntries(answer.skipped.map(s => [s.id, s.reason]))).toEqual({
    [own.id]: expect.stringMatching(/You prepared/),
    [done.id]: 'It is paid, not waiting for approval.',
    [foreign.id]: 'We couldn’t find it.',
    pay_missing: 'We couldn’t find it.',
  })
  expect((await readPayout(deps, foreign)).status).toBe('pending_approval')
})

test('ten thousand payouts are approved in one request, each with its own audit entry', {
  timeout: 60_000,
}, async () => {
  const { deps, admin, manager, partner } = await aCompany()
  const { insertPayouts } = await import('./service.ts')
  const { work } = await import('../work.ts')
  const made = await work(
    deps,
    { orgId: manager.org.id, actor: { kind: 'user', id: manager.user.id, name: 'M' } },
    unit =>
      insertPayouts(
        unit,
        'api',
        Array.from({ length: 10_000 }, (_, n) => ({ partnerId: partner.id, amount: n + 1, currency: 'USD' })),
      ),
  )
  const answer = await admin.api.payouts.bulkApprove({ payoutIds: made.map(p => p.id) })
  expect(answer).toEqual({ approved: 10_000, skipped: [] })
  const stats = await admin.api.payouts.stats()
  expect(stats.approved).toEqual({ count: 10_000, amounts: [{ currency: 'USD', amount: 50_005_000 }] })
  const [count] = await deps.db.read.all<{ n: number }>(
    sql`SELECT count(*) AS n FROM audit WHERE action = 'payouts.approve'`,
  )
  expect(count?.n).toBe(10_000)
})

test('canceling an approved payout takes back what was booked', async () => {
  const { deps, admin, manager, partner } = await aCompany()
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount: 5000 })
  await admin.api.payouts.approve({ payoutId: id })
  expect(await admin.api.payouts.cancel({ payoutId: id, reason: 'Paid by invoice instead' })).toMatchObject({
    status: 'canceled',
  })
  expect(await ledgerOf(deps, id)).toEqual([
    'commission_expense ← partner_payable 5000 USD',
    'partner_payable ← commission_expense 5000 USD',
  ])
})

test('stats give every status as count and amount per currency, and a partner gets its own', async () => {
  const { deps, org, owner } = await aCompany()
  const euro = await aPartner(deps, { orgId: org.id, currency: 'EUR' })
  const dollar = await aPartner(deps, { orgId: org.id })
  await aPayout(deps, { partner: euro, status: 'paid', amount: 300 })
  await aPayout(deps, { partner: euro, status: 'paid', amount: 500, amountReversed: 200 })
  await aPayout(deps, { partner: dollar, status: 'reversed', amount: 700 })
  await aPayout(deps, { partner: dollar, status: 'failed', amount: 11 })
  await aPayout(deps, { partner: dollar, status: 'processing', amount: 13 })
  const stats = await owner.api.payouts.stats()
  expect(stats.paid).toEqual({ count: 2, amounts: [{ currency: 'EUR', amount: 600 }] })
  expect(stats.reversed).toEqual({
    count: 1,
    amounts: [
      { currency: 'EUR', amount: 200 },
      { currency: 'USD', amount: 700 },
    ],
  })
  expect(stats.failed).toEqual({ count: 1, amounts: [{ currency: 'USD', amount: 11 }] })
  expect(stats.processing.count).toBe(1)
  const person = await aMember(deps, { role: 'partner', org, partner: euro })
  const { callerFor } = await import('../test/callers.ts')
  const api = await callerFor(deps, person.viewer)
  expect((await api.payouts.stats()).total.amounts).toEqual([{ currency: 'EUR', amount: 600 }])
  expect(await api.payouts.partnerSummary()).toMatchObject({
    totalEarned: [{ currency: 'EUR', amount: 600 }],
    payoutCount: 2,
    lastPayoutDate: deps.clock.now(),
  })
  await expect(api.payouts.partnerSummary({ partnerId: dollar.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
