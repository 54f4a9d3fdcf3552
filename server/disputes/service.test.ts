import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commissions, disputes } from '#db/schema/index.ts'
import { explanationText } from '../commissions/explain.ts'
import { aCreditedDeal, aPublishedRule, aRefund, book, creditAgain, rowsOf } from '../commissions/testing.ts'
import { insertPayouts } from '../payouts/service.ts'
import { failAttempt } from '../payouts/settle.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner, aUser } from '../test/factories.ts'
import { system, work } from '../work.ts'

async function aWorld() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: org.id })
  const person = await asRole(deps, 'partner', { org, partner })
  const admin = await asRole(deps, 'admin', { org })
  const manager = await asRole(deps, 'manager', { org })
  await aPublishedRule(deps, org.id)
  const deal = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 1_000_000 }])
  const other = await aCreditedDeal(deps, org.id, [{ partner, bp: 10_000, amount: 2_000_000 }], { amount: 2_000_000 })
  await book(deps, deal)
  await book(deps, other)
  const [line] = await rowsOf(deps, deal)
  const [otherLine] = await rowsOf(deps, other)
  if (!line || !otherLine) throw new Error('nothing was booked')
  return { deps, org, partner, person, admin, manager, deal, line, otherLine }
}

async function lineOf(deps: TestDeps, id: string) {
  const [row] = await deps.db.read.select().from(commissions).where(sql`id = ${id}`)
  return row
}

async function mails(deps: TestDeps) {
  const jobs = await deps.db.read.all<{ payload: string }>(
    sql`SELECT payload FROM outbox WHERE topic = 'email.send' ORDER BY rowid`,
  )
  return jobs.map(job => JSON.parse(job.payload) as { template: string; to: object })
}

const reason = 'We agreed on 20 %.'

test('a partner disputes a line in place: it is held, the others are not, and staff hear of it', async () => {
  const { deps, person, line, otherLine, admin } = await aWorld()
  const opened = await person.api.disputes.open({ commissionId: line.id, reason })
  expect(opened).toMatchObject({ status: 'open', version: 1 })
  expect((await person.api.commissions.get({ commissionId: line.id })).state).toBe('disputed')
  expect((await person.api.commissions.get({ commissionId: otherLine.id })).state).toBe('payable')
  const [pending] = (await person.api.commissions.calculatePending({})).rows
  expect(pending?.currencies).toMatchObject([{ currency: 'USD', payable: 300_000, disputed: 150_000 }])
  expect(await mails(deps)).toMatchObject([{ template: 'disputeOpened', to: { staffWith: 'disputes.answer' } }])
  expect(await admin.api.disputes.openCount()).toBe(1)
  const [view] = (await admin.api.commissions.get({ commissionId: line.id })).disputes
  expect(view).toMatchObject({
    status: 'open',
    holds: true,
    messages: [{ side: 'partner', body: reason }],
    actions: [{ action: 'answer' }, { action: 'release' }, { action: 'adjust' }],
  })
})

test('it is answered in place by both sides, each told of the other; the partner reads the company, not a person', async () => {
  const { deps, org, person, manager, line } = await aWorld()
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  deps.clock.advance(1_000)
  await manager.api.disputes.answer({ disputeId: id, body: 'Those are for renewals.' })
  deps.clock.advance(1_000)
  await person.api.disputes.reply({ disputeId: id, body: 'Look at the mail.' })
  const seen = await person.api.disputes.get({ disputeId: id })
  expect(seen.messages.map(message => [message.side, message.who, message.body])).toEqual([
    ['partner', person.user.name, reason],
    ['staff', org.name, 'Those are for renewals.'],
    ['partner', person.user.name, 'Look at the mail.'],
  ])
  expect(JSON.stringify(seen)).not.toContain(manager.user.name)
  expect((await mails(deps)).map(mail => [mail.template, mail.to])).toEqual([
    ['disputeOpened', { staffWith: 'disputes.answer' }],
    ['disputeAnswered', { partnerId: person.partner?.id }],
    ['disputeAnswered', { staffWith: 'disputes.answer' }],
  ])
})

test('withdrawn, the line is free again, and may be disputed again', async () => {
  const { deps, person, line } = await aWorld()
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  await expect(person.api.disputes.open({ commissionId: line.id, reason })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/disputed this already/),
  })
  await person.api.disputes.withdraw({ disputeId: id })
  expect((await lineOf(deps, line.id))?.disputedAt).toBe(null)
  await expect(person.api.disputes.withdraw({ disputeId: id })).rejects.toMatchObject({ code: 'CONFLICT' })
  await person.api.disputes.open({ commissionId: line.id, reason })
})

test('released, the amount stays; the partner reads why', async () => {
  const { deps, person, admin, line } = await aWorld()
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  deps.clock.advance(1_000)
  await admin.api.disputes.resolve({ disputeId: id, decision: 'release', reason: 'It is as agreed.' })
  const detail = await person.api.commissions.get({ commissionId: line.id })
  expect(detail).toMatchObject({
    state: 'payable',
    sum: 150_000,
    disputes: [{ status: 'released', messages: [{ body: reason }, { body: 'It is as agreed.' }] }],
  })
  expect((await mails(deps)).at(-1)).toMatchObject({ template: 'disputeResolved' })
})

test.each([[5_000], [-150_000]])(
  'adjusted by %i, the difference is a line of its own, with its ledger entry',
  async amount => {
    const { deps, person, admin, deal, line } = await aWorld()
    const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
    await admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount, reason: 'You are right.' })
    const detail = await person.api.commissions.get({ commissionId: line.id })
    expect(detail.sum).toBe(150_000 + amount)
    expect(detail.corrections).toMatchObject([
      { kind: 'dispute', amount, note: 'You are right.', state: 'payable', deal: { id: deal.id } },
    ])
    const [entry] = await deps.db.read.all<{ amount: number; kind: string }>(
      sql`SELECT amount, kind FROM ledger_entries WHERE commission_id = ${detail.corrections[0]?.id}`,
    )
    expect(entry).toEqual({ amount: Math.abs(amount), kind: amount > 0 ? 'commission' : 'commission_reversal' })
    // A later correction of the deal leaves what was decided alone.
    expect(await book(deps, deal)).toEqual({ booked: 0 })
  },
)

test('no more can be taken away than there is', async () => {
  const { person, admin, line } = await aWorld()
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  await expect(
    admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount: -150_001, reason: 'No' }),
  ).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: 'At most $1,500.00 can be taken away: that is all there is.',
  })
})

test('no more can be taken away than still stands of the line, whatever took it', async () => {
  const { deps, person, admin, deal, line } = await aWorld()
  const settle = async (commissionId: string, amount: number) => {
    const { id } = await person.api.disputes.open({ commissionId, reason })
    await admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount, reason: 'Settled' })
  }
  await settle(line.id, -100_000)
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  const resolve = (amount: number) =>
    admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount, reason: 'Settled' })
  await expect(resolve(-50_001)).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: 'At most $500.00 can be taken away: that is all there is.',
  })
  await aRefund(deps, deal, 500_000)
  await book(deps, deal)
  await expect(resolve(-25_001)).rejects.toMatchObject({ message: expect.stringMatching(/^At most \$250\.00/) })
  await resolve(-25_000)
  const taken = (await rowsOf(deps, deal)).find(row => row.kind === 'reversal')
  await expect(settle(taken?.id ?? '', -1)).rejects.toMatchObject({
    message: expect.stringMatching(/^At most \$0\.00/),
  })
})

test.each([
  [-150_000, 0],
  [50_000, -200_000],
])('settled by %i, a full refund takes back %i, once', async (decided, back) => {
  const { deps, person, admin, deal, line } = await aWorld()
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  await admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount: decided, reason: 'Settled' })
  await aRefund(deps, deal, 1_000_000)
  await book(deps, deal)
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  const rows = await rowsOf(deps, deal)
  const reversals = rows.filter(row => row.kind === 'reversal')
  expect(reversals.reduce((sum, row) => sum + row.amount, 0)).toBe(back)
  expect(rows.reduce((sum, row) => sum + row.amount, 0)).toBe(0)
})

test('a correction that a dispute went ahead of stops at nothing, and its sentence says so', async () => {
  const { deps, person, partner, admin, deal, line } = await aWorld()
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  await admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount: -120_000, reason: 'Settled' })
  await creditAgain(deps, deal, [{ partner, bp: 5_000, amount: 500_000 }])
  await book(deps, deal)
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  const last = (await rowsOf(deps, deal)).at(-1)
  if (!last) throw new Error('nothing was booked')
  expect(last).toMatchObject({
    kind: 'adjustment',
    amount: -30_000,
    note: expect.stringMatching(/dispute took the rest/),
  })
  expect(explanationText(last)).toBe('Corrected to what a decided dispute leaves: −$300.00')
})

test('half refunded, then decided: it stands in full, and a later refund takes its part of what was left', async () => {
  const { deps, admin, person, deal, line } = await aWorld()
  const standing = async () => (await rowsOf(deps, deal)).reduce((sum, row) => sum + row.amount, 0)
  await admin.api.deals.refund({ dealId: deal.id, amount: 500_000, reason: 'Half of it went back' })
  expect(await standing()).toBe(75_000)
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  await admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount: -30_000, reason: 'Too much.' })
  expect(await standing()).toBe(45_000)
  expect(await book(deps, deal)).toEqual({ booked: 0 })
  await admin.api.deals.refund({ dealId: deal.id, amount: 250_000, reason: 'A quarter more' })
  expect(await standing()).toBe(22_500)
  const last = (await rowsOf(deps, deal)).at(-1)!
  expect(explanationText(last)).toBe(
    '$1,500.00 × $7,500.00 refunded of $10,000.00 − $300.00 decided in a dispute × $2,500.00 of $5,000.00 left then = $975.00 − $750.00 taken back before = $225.00 → −$225.00',
  )
  await admin.api.deals.refund({ dealId: deal.id, amount: 250_000, reason: 'The rest' })
  expect(await standing()).toBe(0)
})

test('refunds, losses and decisions in any order: each decision stands in full, booking again adds nothing, and the ledger agrees', async () => {
  const step = fc.record({
    what: fc.constantFrom('refund', 'decide', 'decide', 'lose', 'win'),
    part: fc.integer({ min: 1, max: 100 }),
    line: fc.nat(20),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 10 }), async steps => {
      const { deps, admin, person, deal } = await aWorld()
      const rows = () => rowsOf(deps, deal)
      const standing = async () => (await rows()).reduce((sum, row) => sum + row.amount, 0)
      for (const { what, part, line } of steps) {
        deps.clock.advance(1_000)
        const { stage, amount, refunded } = await admin.api.deals.get({ dealId: deal.id })
        if (what === 'refund' && stage === 'won' && refunded < amount)
          await admin.api.deals.refund({
            ...{ dealId: deal.id, reason: 'Sent back' },
            amount: Math.max(1, Math.floor(((amount - refunded) * part) / 100)),
          })
        if (what === 'lose' && stage === 'won') await admin.api.deals.lose({ dealId: deal.id })
        if (what === 'win' && stage === 'lost') {
          await admin.api.deals.reopen({ dealId: deal.id, reason: 'Not lost' })
          await admin.api.deals.win({ dealId: deal.id, closedAt: deal.closedAt ?? undefined })
        }
        if (what === 'decide') {
          const about = (await rows()).filter(row => row.kind !== 'dispute')
          const commissionId = about[line % about.length]!.id
          const before = await standing()
          const { id } = await person.api.disputes.open({ commissionId, reason })
          const by = (line % 2 === 0 ? -1 : 1) * part * 500
          const decision = { disputeId: id, decision: 'adjust' as const, amount: by, reason: 'So it is.' }
          try {
            await admin.api.disputes.resolve(decision)
            expect(await standing()).toBe(before + by)
          } catch (error) {
            expect(error).toMatchObject({ code: 'BAD_REQUEST' })
            await admin.api.disputes.resolve({ disputeId: id, decision: 'release', reason: 'There is no more.' })
            expect(await standing()).toBe(before)
          }
        }
        expect(await book(deps, deal)).toEqual({ booked: 0 })
        expect(await standing()).toBeGreaterThanOrEqual(0)
      }
      const [books] = await deps.db.read.all<object>(sql`
        SELECT (SELECT sum(amount) FROM commissions) AS commissions,
          (SELECT sum(iif(credit = 'partner_payable', amount, -amount)) FROM ledger_entries WHERE 'partner_payable' IN (debit, credit)) AS ledger`)
      expect(new Set(Object.values(books ?? {}))).toHaveProperty('size', 1)
    }),
    { numRuns: 15 },
  )
}, 120_000)

test('two people decide at once: one does, and it is booked once', async () => {
  const { deps, org, person, admin, deal, line } = await aWorld()
  const owner = await asRole(deps, 'owner', { org })
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  const outcomes = await Promise.allSettled([
    admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount: 100, reason: 'A' }),
    owner.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount: 200, reason: 'B' }),
    person.api.disputes.withdraw({ disputeId: id }),
  ])
  expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
  expect((await rowsOf(deps, deal)).length).toBeLessThanOrEqual(2)
})

/** A run's payout of these lines, as the run would make it. */
async function aRunPayout(deps: TestDeps, lines: (typeof commissions.$inferSelect)[]) {
  const [first] = lines
  if (!first) throw new Error('no lines')
  const by = await aUser(deps)
  const { orgId } = first
  return work(deps, { orgId, actor: { kind: 'user', id: by.id, name: by.name } }, async unit => {
    const runId = unit.id('run')
    await unit.tx.run(
      sql`INSERT INTO payout_runs (id, org_id, number, status, period, cutoff_at, digest, planned_at, created_by, created_at, executed_by, executed_at) VALUES (${runId}, ${orgId}, 1, 'executed', '2026-02', 1, 'x', 1, ${by.id}, 1, ${by.id}, 1)`,
    )
    const [payout] = await insertPayouts(unit, 'run', [
      {
        partnerId: first.partnerId,
        currency: 'USD',
        amount: lines.reduce((sum, line) => sum + line.amount, 0),
        runId,
        lines: lines.map(line => ({
          commissionId: line.id,
          amount: line.amount,
          description: 'A commission',
          conversion: null,
        })),
      },
    ])
    if (!payout) throw new Error('no payout')
    await unit.tx.run(
      sql`UPDATE commissions SET status = 'in_payout', payout_id = ${payout.id}, version = version + 1 WHERE id IN (SELECT value FROM json_each(${JSON.stringify(lines.map(line => line.id))}))`,
    )
    return payout.id
  })
}

test('out of a payout that is not sent yet, only the disputed line is taken', async () => {
  const { deps, person, line, otherLine } = await aWorld()
  const payoutId = await aRunPayout(deps, [line, otherLine])
  await person.api.disputes.open({ commissionId: line.id, reason })
  expect(await lineOf(deps, line.id)).toMatchObject({
    status: 'accrued',
    payoutId: null,
    disputedAt: expect.any(Number),
  })
  expect(await lineOf(deps, otherLine.id)).toMatchObject({ status: 'in_payout', payoutId })
  const [payout] = await deps.db.read.all<{ amount: number }>(sql`SELECT amount FROM payouts WHERE id = ${payoutId}`)
  expect(payout?.amount).toBe(300_000)
})

test('what is being sent or was paid stays; the dispute is recorded, and may still add to it', async () => {
  const { deps, person, admin, line } = await aWorld()
  const payoutId = await aRunPayout(deps, [line])
  await deps.db.write(tx =>
    tx.run(
      sql`UPDATE payouts SET status = 'approved', approved_at = 1, approved_digest = 'x', version = version + 1 WHERE id = ${payoutId}`,
    ),
  )
  await deps.db.write(tx =>
    tx.run(sql`UPDATE payouts SET status = 'processing', version = version + 1 WHERE id = ${payoutId}`),
  )
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  expect(await lineOf(deps, line.id)).toMatchObject({ status: 'in_payout', payoutId, disputedAt: null })
  expect((await admin.api.disputes.get({ disputeId: id })).holds).toBe(false)
  await admin.api.disputes.resolve({ disputeId: id, decision: 'adjust', amount: 700, reason: 'Added.' })
  expect((await person.api.commissions.get({ commissionId: line.id })).corrections).toMatchObject([
    { amount: 700, state: 'payable' },
  ])
})

test('what is disputed while it is being sent is held as soon as it was refused', async () => {
  const { deps, person, line, otherLine } = await aWorld()
  const payoutId = await aRunPayout(deps, [line, otherLine])
  const set = (columns: string) =>
    deps.db.write(tx =>
      tx.run(sql.raw(`UPDATE payouts SET ${columns}, version = version + 1 WHERE id = '${payoutId}'`)),
    )
  await set(`status = 'approved', approved_at = 1, approved_digest = 'x'`)
  await set(`status = 'processing'`)
  await deps.db.write(tx =>
    tx.run(sql`INSERT INTO payout_attempts (id, org_id, payout_id, number, idempotency_key, amount, currency, destination, request, state, created_at)
      SELECT 'att_1', org_id, id, 1, 'key_1', amount, currency, 'acct_1', '{}', 'sending', 1 FROM payouts WHERE id = ${payoutId}`),
  )
  await person.api.disputes.open({ commissionId: line.id, reason })
  expect(await lineOf(deps, line.id)).toMatchObject({ status: 'in_payout', disputedAt: null })
  await work(deps, { orgId: line.orgId, actor: system }, unit =>
    failAttempt(unit, 'att_1', { code: 'balance_insufficient', message: 'Not enough.' }),
  )
  expect(await lineOf(deps, line.id)).toMatchObject({ status: 'accrued', disputedAt: expect.any(Number) })
  expect(await lineOf(deps, otherLine.id)).toMatchObject({ status: 'in_payout', payoutId })
  const [payout] = await deps.db.read.all<{ status: string; amount: number }>(
    sql`SELECT status, amount FROM payouts WHERE id = ${payoutId}`,
  )
  expect(payout).toEqual({ status: 'pending_approval', amount: 300_000 })
  const told = await deps.db.read.all<{ action: string }>(
    sql`SELECT action FROM audit WHERE target_id = ${payoutId} AND json_extract(after, '$.status') IS NOT NULL ORDER BY seq DESC LIMIT 2`,
  )
  expect(told.map(one => one.action)).toEqual(['payouts.unapprove', 'payout.failed'])
})

test('nobody holds what they owe: a dispute of what is taken back is recorded, and the line counts', async () => {
  const { deps, partner, person, line } = await aWorld()
  const back = await aCommission(deps, { partner, amount: -1_000, kind: 'reversal', originId: line.id })
  await person.api.disputes.open({ commissionId: back.id, reason })
  expect(await lineOf(deps, back.id)).toMatchObject({ status: 'accrued', disputedAt: null })
})

test('a sibling partner and another organization find neither the line nor the dispute', async () => {
  const { deps, org, person, line } = await aWorld()
  const { id } = await person.api.disputes.open({ commissionId: line.id, reason })
  const sibling = await asRole(deps, 'partner', { org })
  const stranger = await asRole(deps, 'partner')
  const strangers = await asRole(deps, 'admin')
  for (const { api } of [sibling, stranger]) {
    await expect(api.disputes.open({ commissionId: line.id, reason })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(api.disputes.withdraw({ disputeId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(api.disputes.reply({ disputeId: id, body: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(api.commissions.get({ commissionId: line.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await api.disputes.list({})).rows).toEqual([])
    expect((await api.commissions.list({})).rows).toEqual([])
    expect((await api.commissions.calculatePending({})).rows[0]?.currencies).toEqual([])
  }
  await expect(
    strangers.api.disputes.resolve({ disputeId: id, decision: 'release', reason: 'x' }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await deps.db.read.select().from(disputes)).toHaveLength(1)
})
