import { asc, eq } from 'drizzle-orm'
import { payouts } from '#db/schema/index.ts'
import { harborPartners } from '#db/seed/partners.ts'
import { harbor, harborStaff } from '#db/seed.ts'
import { pauseTransfers } from '#server/orgs/service.ts'
import { bulkApprove } from '#server/payouts/service.ts'
import { addPartner, type CastPartner, openCompany } from './cast.ts'
import { earningsOf, type Outcome, planRun } from './history.ts'
import { act, day, hour, type Stage } from './stage.ts'

/** The small organization that Lumen's admin Marcus is a partner of: a monthly run, two approvals, and a stop. */
export async function planHarbor(stage: Stage, passwordHash: string): Promise<void> {
  const { today, clock } = stage
  clock.set(today - 215 * day)
  const company = await openCompany(stage, harbor, harborStaff, passwordHash)
  const { orgId, staff } = company
  const { nadia, oskar, lia } = staff as Record<keyof typeof harborStaff, (typeof staff)[string]>
  const cast: CastPartner[] = []
  for (const [index, data] of harborPartners.entries())
    stage.plan(today - data.since * 30 * day - (3 - index) * hour, async () => {
      cast.push(await addPartner(stage, company, lia, data, index + 1, passwordHash))
    })
  const plan = (ago: number, outcome: Outcome, approves = [nadia, oskar]) => {
    const importAt = today - ago * 30 * day - 2 * day
    stage.plan(importAt - hour, async () => {
      planRun(stage, company, {
        importAt,
        approveAt: importAt + 20 * hour,
        payAt: importAt + 27 * hour,
        entries: cast.map(partner => ({ partner, amount: earningsOf(stage, partner, importAt), outcome })),
        by: { prepares: lia, approves, pays: oskar },
      })
    })
  }
  for (let ago = 6; ago >= 1; ago--) plan(ago, 'paid')
  plan(0, 'pending')
  // Of today's three, two have both approvals, and one waits for the second.
  stage.plan(today - 9 * hour, async () => {
    const open = await stage.deps.db.read
      .select({ id: payouts.id })
      .from(payouts)
      .where(eq(payouts.orgId, orgId))
      .orderBy(asc(payouts.number))
    const waiting = open.slice(-cast.length).map(row => row.id)
    await act(stage, orgId, nadia, unit => bulkApprove(unit, waiting))
    await act(stage, orgId, oskar, unit => bulkApprove(unit, waiting.slice(1)))
  })
  stage.plan(today - 5 * hour, async () => {
    const reason = 'We are moving to another Stripe balance. Payouts go on the day after tomorrow.'
    await act(stage, orgId, nadia, unit => pauseTransfers(unit, { reason }))
  })
}
