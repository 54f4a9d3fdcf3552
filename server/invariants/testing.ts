import { eq, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import type { Database } from '#db/client.ts'
import { partners, payoutAttempts } from '#db/schema/index.ts'
import { releaseLine } from '../payouts/release-line.ts'
import { failAttempt, recordTransfer } from '../payouts/settle.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner, type Partner } from '../test/factories.ts'
import { stripeActor, system, work } from '../work.ts'

/** For tests: a small company to which everything has happened once, through the services that people use. Nothing in it is wrong. */
export async function aFullHistory(db?: Database) {
  const deps = await testDeps({ db })
  const owner = await asRole(deps, 'owner')
  const { org } = owner
  const [second, manager] = [await asRole(deps, 'admin', { org }), await asRole(deps, 'manager', { org })]
  const partner = await aPartner(deps, { orgId: org.id })
  const european = await aPartner(deps, { orgId: org.id, currency: 'EUR', country: 'DE' })
  const stranger = await aPartner(deps, { orgId: (await anOrg(deps)).id })
  const tick = () => deps.clock.advance(60_000)

  const create = async (amount = 50_000) => {
    tick()
    return manager.api.payouts.create({ partnerId: partner.id, amount, period: '2026-02' })
  }
  const approve = async (amount?: number) => {
    const payout = await create(amount)
    tick()
    await owner.api.payouts.approve({ payoutId: payout.id })
    return payout
  }
  const send = async (amount?: number) => {
    const payout = await approve(amount)
    tick()
    await second.api.payouts.markPaid({ payoutId: payout.id })
    return payout
  }
  const ids = {
    pending: (await create()).id,
    approved: (await approve()).id,
    processing: (await send()).id,
    paid: (await send()).id,
    partlyReversed: (await send()).id,
    reversed: (await send()).id,
    failed: (await send()).id,
    editedAfterFailure: (await send()).id,
    manual: (await approve()).id,
    rejected: (await create()).id,
    canceled: (await approve()).id,
    partner: partner.id,
    stranger: stranger.id,
  }
  await arrive(deps, ids.paid)
  await arrive(deps, ids.partlyReversed)
  await arrive(deps, ids.partlyReversed, 20_000)
  await owner.api.payouts.decideReversal({ payoutId: ids.partlyReversed, decision: 'owed' })
  await arrive(deps, ids.reversed, 50_000)
  await owner.api.payouts.decideReversal({ payoutId: ids.reversed, decision: 'not_owed' })
  for (const id of [ids.failed, ids.editedAfterFailure]) await refuse(deps, id)
  await manager.api.payouts.update({ payoutId: ids.editedAfterFailure, amount: 44_000 })
  await owner.api.payouts.markPaid({
    payoutId: ids.manual,
    manual: { method: 'wise', reference: 'x', paidOn: '2026-03-01' },
  })
  await owner.api.payouts.reject({ payoutId: ids.rejected, reason: 'No' })
  await owner.api.payouts.cancel({ payoutId: ids.canceled })
  // Two people's approval from here on; what one approved before stays approved.
  tick()
  await owner.api.orgs.updateSettings({ approvalsRequired: 2 })
  const twice = await create()
  await owner.api.payouts.approve({ payoutId: twice.id })
  await second.api.payouts.approve({ payoutId: twice.id })
  tick()
  await owner.api.orgs.updateSettings({ approvalsRequired: 1, creatorMayApprove: true })
  await ownApproval(deps, owner, partner)
  const run = await runOfCommissions(deps, { owner, manager, partner, european })
  await moveBank(deps, partner)
  return { deps, org, owner, second, manager, ids: { ...ids, ...run } }
}

type Api = Awaited<ReturnType<typeof asRole>>

/** What somebody approved of their own while they might, and may not any more. */
async function ownApproval(deps: TestDeps, owner: Api, partner: Partner): Promise<void> {
  const own = await owner.api.payouts.create({ partnerId: partner.id, amount: 1_234 })
  await owner.api.payouts.approve({ payoutId: own.id })
  deps.clock.advance(60_000)
  await owner.api.orgs.updateSettings({ creatorMayApprove: false })
}

async function runOfCommissions(
  deps: TestDeps,
  { owner, manager, partner, european }: { owner: Api; manager: Api; partner: Partner; european: Partner },
) {
  const { org } = owner
  const earn = (who: Partner, amount: number, rest: Partial<Parameters<typeof aCommission>[1]> = {}) =>
    aCommission(deps, { partner: who, amount, releaseAt: Date.UTC(2026, 1, 10), ...rest })
  const execute = async () => {
    deps.clock.advance(60_000)
    const { id, digest } = await manager.api.runs.plan({ period: '2026-02' })
    await manager.api.runs.execute({ runId: id, digest })
    return deps.db.read.all<{ id: string }>(sql`SELECT id FROM payouts WHERE run_id = ${id} ORDER BY number`)
  }
  await owner.api.rates.add({ base: 'EUR', quote: 'USD', rate: '1.0842', day: '2026-02-27' })
  await deps.db.write(tx =>
    tx.run(sql`UPDATE programs SET debt_cap_bp = 6000, version = version + 1 WHERE org_id = ${org.id}`),
  )
  // Paid, then refunded: a debt of which only a part is taken back at once, and the rest carried.
  const first = await earn(partner, 60_000)
  await earn(european, 40_000)
  await earn(european, 9_000, { currency: 'USD' })
  for (const { id } of await execute()) {
    await owner.api.payouts.approve({ payoutId: id })
    await owner.api.payouts.markPaid({ payoutId: id, manual: { method: 'wise', reference: 'y', paidOn: '2026-03-01' } })
  }
  await earn(partner, -55_000, { kind: 'reversal', originId: first.id })
  const lines = [await earn(partner, 20_000), await earn(partner, 30_000)]
  await earn(european, 7_000, { currency: 'USD' })
  const waiting = await execute()
  // Approved, and then a line of it is disputed, without which it can't be: back, canceled, and its lines are free.
  const single = waiting.at(-1)?.id ?? ''
  await owner.api.payouts.approve({ payoutId: single })
  const [line] = await deps.db.read.all<{ id: string }>(
    sql`SELECT commission_id AS id FROM payout_lines WHERE payout_id = ${single} AND amount > 0`,
  )
  await work(deps, { orgId: org.id, actor: system }, unit => releaseLine(unit, line?.id ?? '', 'disputed'))
  await earn(european, 5_000)
  return { runPayout: waiting[0]?.id ?? '', lines: lines.map(one => one.id) }
}

async function attemptOf(deps: TestDeps, payoutId: string) {
  const [attempt] = await deps.db.read.select().from(payoutAttempts).where(eq(payoutAttempts.payoutId, payoutId))
  if (!attempt) throw new Error(`no attempt of ${payoutId}`)
  return attempt
}

/** What Stripe would say of the transfer, through the door that its answers and webhooks take. */
async function arrive(deps: TestDeps, payoutId: string, reversed = 0): Promise<void> {
  const { id, orgId, request } = await attemptOf(deps, payoutId)
  const transfer = { ...request, id: `tr_${payoutId}`, amount_reversed: reversed, reversed: false }
  await work(deps, { orgId, actor: stripeActor }, unit =>
    recordTransfer(unit, id, transfer as unknown as Stripe.Transfer, true),
  )
}

async function refuse(deps: TestDeps, payoutId: string): Promise<void> {
  const { id, orgId } = await attemptOf(deps, payoutId)
  await work(deps, { orgId, actor: system }, unit =>
    failAttempt(unit, id, { code: 'account_closed', message: 'The account was closed.' }),
  )
}

/** The partner has another bank by now: what was paid before went to the one of then. */
async function moveBank(deps: TestDeps, { id, orgId, destinationKey }: Partner): Promise<void> {
  deps.clock.advance(60_000)
  await work(deps, { orgId, actor: system }, async unit => {
    await unit.tx.update(partners).set({ destinationKey: 'acct_new:bank' }).where(eq(partners.id, id))
    unit.audit({
      action: 'partner.synced',
      target: { type: 'partner', id },
      before: { destination: destinationKey },
      after: { destination: 'acct_new:bank' },
    })
  })
}
