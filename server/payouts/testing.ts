import { eq } from 'drizzle-orm'
import { payoutAttempts } from '#db/schema/index.ts'
import { syncPartner } from '../partners/sync.ts'
import { activeAccount, startForTest } from '../simulator/testing.ts'
import { asRole } from '../test/callers.ts'
import { start, testClock, testDeps } from '../test/deps.ts'
import { anOrg, aPartner, readPayout } from '../test/factories.ts'
import { runTransfer } from './transfer.ts'

/** A company with an approved payout that was marked paid, and a Stripe that shares the test's clock. */
export async function aQueuedTransfer({
  amount = 124_000,
  balance = undefined as Record<string, number> | undefined,
} = {}) {
  const clock = testClock(start)
  const sim = await startForTest({ now: clock.now, ...(balance ? { balance } : {}) })
  const deps = { ...(await testDeps({ stripe: sim.stripe })), clock }
  const org = await anOrg(deps)
  const [owner, admin, manager] = [
    await asRole(deps, 'owner', { org }),
    await asRole(deps, 'admin', { org }),
    await asRole(deps, 'manager', { org }),
  ]
  const account = activeAccount(sim)
  const partner = await aPartner(deps, {
    orgId: org.id,
    name: 'Northwind',
    stripeAccountId: account,
    destinationKey: null,
  })
  await syncPartner(deps, partner.id)
  const { id } = await manager.api.payouts.create({ partnerId: partner.id, amount, period: '2026-02' })
  await admin.api.payouts.approve({ payoutId: id })
  await admin.api.payouts.markPaid({ payoutId: id })
  const payout = () => readPayout(deps, { id, orgId: org.id })
  const attempts = () =>
    deps.db.read.select().from(payoutAttempts).where(eq(payoutAttempts.payoutId, id)).orderBy(payoutAttempts.number)
  const transfers = () =>
    sim.control<{ id: string; amount: number; amount_reversed: number }[]>('GET', '/_sim/transfers')
  /** One try of the worker: what it answered, or what it threw. */
  const step = async () => {
    const attempt = (await attempts()).at(-1)
    if (!attempt) throw new Error('no attempt')
    return runTransfer(deps, attempt.id).catch((error: Error) => ({ threw: error.message }))
  }
  return { sim, deps, org, owner, admin, manager, partner, account, id, payout, attempts, transfers, step }
}
