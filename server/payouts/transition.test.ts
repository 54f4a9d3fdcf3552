import { eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type PayoutStatus, payoutStatuses, payouts } from '#db/schema/index.ts'
import { testDeps } from '../test/deps.ts'
import { aMember, aPartner, aPayout, readPayout } from '../test/factories.ts'
import { work } from '../work.ts'
import { type PayoutAction, payoutMachine } from './rules.ts'
import { transitionOne } from './transition.ts'

/** What each status must bring with it, so that only the transition itself can be refused. */
function companions(
  to: PayoutStatus,
  { id, amount }: { id: string; amount: number },
): Partial<typeof payouts.$inferInsert> {
  const approved = { approvedAt: 1, approvedDigest: 'd', destination: 'acct_x' }
  const paid = { ...approved, paidVia: 'stripe' as const, paidAt: 1, transferId: `tr_${id}` }
  return {
    pending_approval: {},
    approved,
    processing: approved,
    paid,
    failed: { failureMessage: 'no' },
    rejected: { rejectReason: 'no' },
    canceled: {},
    reversed: { ...paid, amountReversed: amount },
  }[to]
}

test('the database allows exactly the edges of the table, whoever writes', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const partner = await aPartner(deps, { orgId: owner.org.id })
  const legal = new Set(payoutMachine.edges().map(([from, to]) => `${from} → ${to}`))
  for (const from of payoutStatuses) {
    for (const to of payoutStatuses) {
      if (from === to) continue
      const payout = await aPayout(deps, { partner, status: from })
      const raw = deps.db.write(async tx => {
        // Only what the row lacks: what was approved or paid is frozen, and refused for that reason.
        const lacking = Object.fromEntries(
          Object.entries(companions(to, payout)).filter(
            ([key]) => payout[key as keyof typeof payout] === null || key === 'amountReversed',
          ),
        )
        await tx
          .update(payouts)
          .set({ status: to, version: payout.version + 1, ...lacking })
          .where(eq(payouts.id, payout.id))
      })
      const edge = `${from} → ${to}`
      const outcome = await raw.then(
        () => 'allowed',
        error =>
          String(error.cause ?? error).match(/illegal_transition|payout_frozen/)
            ? 'refused'
            : String(error.cause ?? error),
      )
      expect(`${edge}: ${outcome}`).toBe(`${edge}: ${legal.has(edge) ? 'allowed' : 'refused'}`)
    }
  }
})

test('every action moves a payout from the statuses of its row, and from no other', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const partner = await aPartner(deps, { orgId: owner.org.id })
  const scope = { orgId: owner.org.id, actor: { kind: 'user' as const, id: owner.user.id, name: owner.user.name } }
  for (const action of payoutMachine.actions) {
    for (const status of payoutStatuses) {
      const payout = await aPayout(deps, { partner, status })
      const [to = status] = payoutMachine.table[action as PayoutAction].to
      const lacking = Object.fromEntries(
        Object.entries(companions(to, payout)).filter(
          ([key]) => payout[key as keyof typeof payout] === null || key === 'amountReversed',
        ),
      )
      const outcome = await work(deps, scope, unit => transitionOne(unit, action, payout, to, lacking)).then(
        () => 'moved',
        error => error.code ?? String(error),
      )
      const after = await readPayout(deps, payout)
      const expected = payoutMachine.table[action].from.includes(status)
      expect(`${action} from ${status}: ${outcome}`).toBe(
        `${action} from ${status}: ${expected ? 'moved' : 'CONFLICT'}`,
      )
      expect(after.status).toBe(expected ? to : status)
      expect(after.version).toBe(expected ? payout.version + 1 : payout.version)
    }
  }
})

test('a payout at another version than the one that was read does not move, and the slower one hears who was faster', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const partner = await aPartner(deps, { orgId: owner.org.id })
  const payout = await aPayout(deps, { partner })
  const as = (name: string) => ({ orgId: owner.org.id, actor: { kind: 'user' as const, id: owner.user.id, name } })
  await work(deps, as('Ana'), async unit => {
    await transitionOne(unit, 'cancel', payout, 'canceled', { closedAt: unit.at })
    unit.audit({ action: 'payouts.cancel', target: { type: 'payout', id: payout.id } })
  })
  await expect(
    work(deps, as('Ben'), unit => transitionOne(unit, 'reject', payout, 'rejected', { rejectReason: 'x' })),
  ).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/Ana canceled it.*canceled now.*nothing was changed/),
  })
})

test('the database keeps amount, approval, payment and number as they were, and deletes nothing', async () => {
  const deps = await testDeps()
  const owner = await aMember(deps, { role: 'owner' })
  const partner = await aPartner(deps, { orgId: owner.org.id })
  const other = await aPartner(deps, { orgId: owner.org.id })
  const approved = await aPayout(deps, { partner, status: 'approved' })
  const paid = await aPayout(deps, { partner, status: 'paid' })
  const tampering = [
    sql`UPDATE payouts SET amount = amount + 1, version = version + 1 WHERE id = ${approved.id}`,
    sql`UPDATE payouts SET currency = 'EUR', version = version + 1 WHERE id = ${approved.id}`,
    sql`UPDATE payouts SET partner_id = ${other.id}, version = version + 1 WHERE id = ${approved.id}`,
    sql`UPDATE payouts SET number = 99, version = version + 1 WHERE id = ${approved.id}`,
    sql`UPDATE payouts SET destination = 'acct_thief', version = version + 1 WHERE id = ${paid.id}`,
    sql`UPDATE payouts SET transfer_id = 'tr_other', version = version + 1 WHERE id = ${paid.id}`,
    sql`UPDATE payouts SET notes = 'same version' WHERE id = ${paid.id}`,
    sql`UPDATE payout_attempts SET idempotency_key = 'another' WHERE payout_id = ${paid.id}`,
    sql`UPDATE payout_attempts SET state = 'queued' WHERE payout_id = ${paid.id}`,
    sql`UPDATE payout_lines SET amount = 1 WHERE payout_id = ${approved.id}`,
    sql`DELETE FROM payouts WHERE id = ${approved.id}`,
    sql`DELETE FROM payout_attempts WHERE payout_id = ${paid.id}`,
    sql`DELETE FROM payout_approvals WHERE payout_id = ${approved.id}`,
    sql`UPDATE ledger_entries SET amount = 1 WHERE payout_id = ${paid.id}`,
    sql`DELETE FROM ledger_entries WHERE payout_id = ${paid.id}`,
    sql`INSERT OR REPLACE INTO ledger_entries SELECT id, org_id, partner_id, payout_id, kind, seq, debit, credit, amount + 1, currency, at FROM ledger_entries WHERE payout_id = ${paid.id}`,
    sql`INSERT OR REPLACE INTO audit SELECT org_id, seq, at, actor_kind, actor_id, 'Somebody else', action, target_type, target_id, before, after, prev, hash FROM audit`,
  ]
  const before = await deps.db.read.all(sql`SELECT * FROM payouts ORDER BY id`)
  for (const statement of tampering.slice(0, -1)) await expect(deps.db.write(tx => tx.run(statement))).rejects.toThrow()
  expect(await deps.db.read.all(sql`SELECT * FROM payouts ORDER BY id`)).toEqual(before)
})
