import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import { commissions, deals, payouts, users } from '#db/schema/index.ts'
import { disputeReasons } from '#db/seed/deals.ts'
import { bookDue } from '#server/commissions/installments.ts'
import { openDispute, resolveDispute } from '#server/disputes/service.ts'
import { dayOf, periodOf, shiftPeriod, startOfDay } from '#server/lib/period.ts'
import { approveRegistration, declineRegistration } from '#server/registrations/decide.ts'
import { createRegistration } from '#server/registrations/service.ts'
import { executeRun } from '#server/runs/execute.ts'
import { createRun } from '#server/runs/service.ts'
import { openSplit, proposeShares } from '#server/splits/service.ts'
import type { Actor } from '#server/work.ts'
import { decideAndPay, type Outcome } from './history.ts'
import type { Cast } from './lumen.ts'
import { act, day, hour, minute, type Stage } from './stage.ts'

/** Plans what becomes of the commissions: a payout run each month, and what partners say about them. */
export function planEarnings(stage: Stage, cast: Cast, since: number): void {
  const { today } = stage
  const zone = cast.company.timeZone
  const months = Math.floor((since - 40) / 30)
  const monthAgo = (ago: number) => shiftPeriod(periodOf(today, zone), -ago)
  const runAt = (period: string) => startOfDay(`${shiftPeriod(period, 1)}-04`, zone) + 14 * hour
  // In a month's first days last month's run is still to come; the newest one is always still being decided.
  const newest = runAt(monthAgo(1)) < today - day ? 1 : 2
  for (let ago = newest + months - 1; ago >= newest; ago--) {
    const period = monthAgo(ago)
    stage.plan(runAt(period), () => playRun(stage, cast, period, runAt(period), ago === newest))
  }
  // The months of recurring commissions, as the worker books them.
  for (let ago = since; ago > 0; ago -= 9)
    stage.plan(today - ago * day, async () => {
      await bookDue(stage.deps)
    })
  // What has been released since waits in a draft that somebody is going through.
  const goneThroughAt = today - 100 * minute
  stage.plan(goneThroughAt, async () => {
    // In a month's first hours that is the month before: no run is planned for one that has not begun.
    const period = periodOf(goneThroughAt, zone)
    await act(stage, cast.company.orgId, cast.staff.tom, unit => createRun(unit, { period }))
  })
  planDisputes(stage, cast)
  planRegistrations(stage, cast)
  planSplit(stage, cast)
}

async function playRun(stage: Stage, cast: Cast, period: string, at: number, last: boolean): Promise<void> {
  const { company, staff } = cast
  const { orgId } = company
  const run = await act(stage, orgId, staff.tom, unit => createRun(unit, { period }))
  stage.clock.set(at + 40 * minute)
  // A month in which nothing was released has nothing to execute.
  const [{ payable } = { payable: 0 }] = await stage.deps.db.read.all<{ payable: number }>(
    sql`SELECT count(*) AS payable FROM payout_run_rows WHERE run_id = ${run.id} AND included = 1`,
  )
  if (payable === 0) return
  await act(stage, orgId, staff.tom, unit => executeRun(unit, { runId: run.id, digest: run.digest }))
  const made = await stage.deps.db.read
    .select({ id: payouts.id, partnerId: payouts.partnerId, amount: payouts.amount })
    .from(payouts)
    .where(eq(payouts.runId, run.id))
    .orderBy(asc(payouts.number))
  const byId = new Map([...cast.partners.values()].map(partner => [partner.id, partner]))
  const rows = made.flatMap(({ id, partnerId, amount }) => {
    const partner = byId.get(partnerId)
    if (!partner) return []
    const outcome: Outcome = last
      ? 'pending'
      : partner.accountId === null || partner.ending === 'rejected'
        ? 'manual'
        : 'paid'
    return [{ id, partner, amount, outcome }]
  })
  const by = { prepares: staff.tom, approves: [staff.aisha], pays: staff.marcus }
  decideAndPay(
    stage,
    company,
    { importAt: at, approveAt: at + 22 * hour, payAt: at + 27 * hour, entries: rows, by },
    rows,
  )
}

async function personOf(stage: Stage, email: string): Promise<Actor> {
  const [user] = await stage.deps.db.read.select().from(users).where(eq(users.email, email))
  if (!user) throw new Error(`nobody has the address ${email}`)
  return { kind: 'user', id: user.id, name: user.name }
}

/** One line that waits for an answer, and one that was settled. */
function planDisputes(stage: Stage, cast: Cast): void {
  const { today } = stage
  const { orgId } = cast.company
  const free = async (key: string) => {
    const partnerId = cast.partners.get(key)?.id ?? ''
    const [row] = await stage.deps.db.read
      .select({ id: commissions.id, partnerId: commissions.partnerId })
      .from(commissions)
      .where(
        and(eq(commissions.partnerId, partnerId), eq(commissions.status, 'accrued'), isNull(commissions.disputedAt)),
      )
      .orderBy(sql`${commissions.amount} DESC`)
      .limit(1)
    return row
  }
  stage.plan(today - 41 * hour, async () => {
    const line = await free('northwind')
    const dana = await personOf(stage, 'dana@northwind-advisory.example')
    if (line)
      await act(stage, orgId, dana, unit =>
        openDispute(unit, line.partnerId, { commissionId: line.id, reason: disputeReasons.open }),
      )
  })
  stage.plan(today - 13 * day, async () => {
    let found: { line: NonNullable<Awaited<ReturnType<typeof free>>>; email: string } | undefined
    for (const { key, people } of [...cast.partners.values()].reverse()) {
      const line = people && key !== 'northwind' ? await free(key) : undefined
      if (line && people?.[0]) found = { line, email: people[0].email }
    }
    if (!found) return
    const { line, email } = found
    const contact = await personOf(stage, email)
    const dispute = await act(stage, orgId, contact, unit =>
      openDispute(unit, line.partnerId, { commissionId: line.id, reason: disputeReasons.answered }),
    )
    stage.plan(today - 11 * day, async () => {
      await act(stage, orgId, cast.staff.aisha, unit =>
        resolveDispute(unit, {
          disputeId: dispute.id,
          decision: 'adjust',
          amount: 24_000,
          reason: disputeReasons.answer,
        }),
      )
    })
  })
}

/** One approved and protected, one declined, one to decide. */
function planRegistrations(stage: Stage, cast: Cast): void {
  const { today } = stage
  const { orgId } = cast.company
  const { tom } = cast.staff
  const register = async (
    key: string,
    email: string,
    input: { accountName: string; contactEmail: string; expectedAmount: number },
  ) => {
    const person = await personOf(stage, email)
    const partnerId = cast.partners.get(key)?.id ?? ''
    const program = await stage.deps.db.read.all<{ id: string }>(
      sql`SELECT id FROM programs WHERE org_id = ${orgId} ORDER BY created_at, id LIMIT 1`,
    )
    return act(stage, orgId, person, unit =>
      createRegistration(unit, partnerId, { ...input, programId: program[0]?.id, submit: true }),
    )
  }
  stage.plan(today - 40 * day, async () => {
    const made = await register('northwind', 'dana@northwind-advisory.example', {
      accountName: 'Silverlake Dairy',
      contactEmail: 'procurement@silverlakedairy.example',
      expectedAmount: 4_800_000,
    })
    stage.plan(today - 39 * day, async () => {
      await act(stage, orgId, tom, unit => approveRegistration(unit, { registrationId: made.id, seenConflicts: [] }))
    })
  })
  stage.plan(today - 18 * day, async () => {
    const made = await register('northwind', 'dana@northwind-advisory.example', {
      accountName: 'Old Mill Brewing',
      contactEmail: 'owner@oldmillbrewing.example',
      expectedAmount: 600_000,
    })
    stage.plan(today - 17 * day, async () => {
      const reason = 'They signed up by themselves in the spring and are a customer already.'
      await act(stage, orgId, tom, unit => declineRegistration(unit, { registrationId: made.id, reason }))
    })
  })
  stage.plan(today - 20 * hour, async () => {
    await register('brightpath', 'owen@brightpath.example', {
      accountName: 'Gannet Shipping',
      contactEmail: 'cio@gannetshipping.example',
      expectedAmount: 9_600_000,
    })
  })
}

/** Two partners of an open deal are agreeing on their shares. */
function planSplit(stage: Stage, cast: Cast): void {
  const { orgId, timeZone } = cast.company
  const { today } = stage
  stage.plan(today - 28 * hour, async () => {
    const [deal] = await stage.deps.db.read
      .select({ id: deals.id })
      .from(deals)
      .where(
        sql`${deals.orgId} = ${orgId} AND ${deals.stage} = 'open'
          AND (SELECT count(DISTINCT partner_id) FROM touches WHERE deal_id = ${deals.id} AND removed_at IS NULL) > 1`,
      )
      .orderBy(deals.number)
      .limit(1)
    if (!deal) return
    const split = await act(stage, orgId, cast.staff.aisha, unit =>
      openSplit(unit, { dealId: deal.id, deadlineOn: dayOf(today + 5 * day, timeZone) }, timeZone),
    )
    const invited = await stage.deps.db.read.all<{ partnerId: string }>(
      sql`SELECT partner_id AS partnerId FROM split_answers WHERE split_id = ${split.id} ORDER BY partner_id`,
    )
    const [first, second] = invited.map(row => row.partnerId)
    const partner = [...cast.partners.values()].find(one => one.id === first)
    if (!first || !second || !partner) return
    const contact: Actor = partner.people?.[0] ? await personOf(stage, partner.people[0].email) : cast.staff.aisha
    await act(stage, orgId, contact, unit =>
      proposeShares(unit, first, {
        splitId: split.id,
        shares: [
          { partnerId: first, bp: 6_500 },
          { partnerId: second, bp: 3_500 },
        ],
        note: 'We brought the account; you ran the workshops.',
      }),
    )
  })
}
