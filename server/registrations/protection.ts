import { and, eq, sql } from 'drizzle-orm'
import { deals, registrations } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { notify } from '../email/notify.ts'
import { system, type Work, work } from '../work.ts'
import { changeRegistration, target } from './service.ts'

const dayMs = 24 * 60 * 60_000
/** How long before its end a partner hears that a protection runs out. */
export const reminderDays = 14

/**
 * Ends protections that have run out, and reminds partners once of those that soon will. Safe to call as often as one likes.
 * @returns how many ended, and how many partners were reminded
 */
export async function watchProtection(deps: Deps): Promise<{ expired: number; reminded: number }> {
  const now = deps.clock.now()
  const due = await deps.db.read
    .select({ id: registrations.id, orgId: registrations.orgId })
    .from(registrations)
    .where(
      sql`${registrations.status} = 'approved' AND ${registrations.protectedUntil} <= ${now + reminderDays * dayMs}
        AND (${registrations.protectedUntil} <= ${now} OR ${registrations.remindedAt} IS NULL)`,
    )
  const done = { expired: 0, reminded: 0 }
  for (const { id, orgId } of due) {
    const what = await work(deps, { orgId, actor: system }, unit => watchOne(unit, id))
    if (what) done[what]++
  }
  return done
}

/** Read again inside the change: another run may have been faster. */
async function watchOne(unit: Work, registrationId: string): Promise<'expired' | 'reminded' | null> {
  const [found] = await unit.tx
    .select({ row: registrations, stage: deals.stage })
    .from(registrations)
    .leftJoin(deals, eq(deals.id, registrations.dealId))
    .where(and(eq(registrations.id, registrationId), eq(registrations.orgId, unit.orgId)))
  if (!found) return null
  const { row, stage } = found
  const { protectedUntil: until, decidedAt } = row
  if (row.status !== 'approved' || until === null) return null
  if (until <= unit.at) {
    await changeRegistration(unit, row, { status: 'expired' })
    unit.audit({
      action: 'registration.expired',
      target: target(row),
      before: { status: 'approved' },
      after: { status: 'expired' },
    })
    // Of a deal that is won or lost nobody needs to hear that rivals may come.
    if (stage === 'open') tell(unit, 'registrationExpired', row)
    return 'expired'
  }
  if (row.remindedAt !== null || until - reminderDays * dayMs > unit.at) return null
  // Marked even where nothing is sent, so that it isn't looked at every hour.
  await changeRegistration(unit, row, { remindedAt: unit.at })
  // A protection this short: the mail that granted it has just said when it ends.
  const short = decidedAt !== null && decidedAt > until - reminderDays * dayMs
  if (stage !== 'open' || short) return null
  tell(unit, 'registrationExpiring', row)
  unit.audit({ action: 'registration.reminded', target: target(row) })
  return 'reminded'
}

function tell(
  unit: Work,
  template: 'registrationExpiring' | 'registrationExpired',
  row: typeof registrations.$inferSelect,
): void {
  notify(unit, {
    template,
    eventId: `${row.id}:${template}`,
    to: { partnerId: row.partnerId },
    about: { registrationId: row.id },
  })
}
