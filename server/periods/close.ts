import { closedPeriods } from '#db/schema/index.ts'
import { DomainError } from '../lib/errors.ts'
import { formatPeriod } from '../lib/period.ts'
import type { Work } from '../work.ts'
import { lastClosed } from './service.ts'
import { closeRefusal, type PeriodWarning, periodWarnings, runningPeriod } from './view.ts'

/**
 * Closes a month for good, and every month before it: what comes late goes to the first open one, with a link to its origin.
 * @throws DomainError CONFLICT where it is closed; BLOCKED for a month that is not over, out of order, or with a draft run
 */
export async function closePeriod(
  work: Work,
  { period }: { period: string },
): Promise<{ period: string; warnings: PeriodWarning[] }> {
  const closed = await lastClosed(work.tx, work.orgId)
  if (closed !== null && period <= closed)
    throw new DomainError('CONFLICT', `${formatPeriod(period)} is closed already.`)
  const refusal = await closeRefusal(work.tx, work.orgId, period, await runningPeriod(work.tx, work.orgId, work.at))
  if (refusal) throw new DomainError('BLOCKED', refusal)
  const warnings = await periodWarnings(work.tx, work.orgId, period)
  await work.tx.insert(closedPeriods).values({ orgId: work.orgId, period, closedBy: work.actor.id, closedAt: work.at })
  work.audit({
    action: 'periods.close',
    target: { type: 'organization', id: work.orgId },
    after: { period, warnings },
  })
  work.changed('runs')
  work.changed('commissions')
  return { period, warnings }
}
