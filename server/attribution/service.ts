import { and, sql } from 'drizzle-orm'
import { partners, type Share } from '#db/schema/index.ts'
import { type Deal, dealOf, expectStage } from '../deals/facts.ts'
import { dealNumber } from '../deals/rules.ts'
import { type ChangedDeal, changedDeal } from '../deals/service.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import type { Work } from '../work.ts'
import { currentRun, type Recalculated, recalculate, seenTouches } from './run.ts'

/**
 * Sets a won deal's shares by hand, in basis points that sum to 10,000. They stand until they are withdrawn, also over corrections.
 * @throws DomainError CONFLICT unless won and at this version; NOT_FOUND for another organization's partner; INVALID for an archived
 * one that isn't on the deal
 */
export async function overrideShares(
  work: Work,
  input: { dealId: string; version?: number; shares: Share[]; reason: string },
): Promise<ChangedDeal> {
  const { deal } = await dealOf(work, input.dealId)
  await expectStage(work, deal, 'override', input.version)
  const before = await currentRun(work.tx, deal)
  await checkPartners(work, deal, input.shares, before?.run.partners.map(partner => partner.id) ?? [])
  const result = await recalculate(work, deal.id, 'Shares were set by hand', {
    basis: 'override',
    shares: input.shares,
    reason: input.reason,
  })
  return decided(work, deal, 'attribution.override', before, result, input.reason)
}

/** Withdraws shares set by hand: a confirmed split decides again, or else the program's model. */
export async function clearOverride(
  work: Work,
  input: { dealId: string; version?: number; reason?: string },
): Promise<ChangedDeal> {
  const { deal } = await dealOf(work, input.dealId)
  await expectStage(work, deal, 'override', input.version)
  const before = await currentRun(work.tx, deal)
  if (before?.run.basis !== 'override')
    throw new DomainError(
      'CONFLICT',
      `Nobody has set the shares of ${dealNumber(deal.number)} by hand, so there is nothing to withdraw.`,
    )
  const result = await recalculate(work, deal.id, 'The shares set by hand were withdrawn', { basis: 'model' })
  return decided(work, deal, 'attribution.clearOverride', before, result, input.reason)
}

/** Computes a won deal's credit anew on demand. `attributed` says whether that made a difference. */
export async function recalculateNow(work: Work, input: { dealId: string; version?: number }): Promise<ChangedDeal> {
  const { deal } = await dealOf(work, input.dealId)
  await expectStage(work, deal, 'recalculate', input.version)
  const before = await currentRun(work.tx, deal)
  const result = await recalculate(work, deal.id, 'Recalculated on demand')
  return decided(work, deal, 'attribution.recalculate', before, result)
}

async function decided(
  work: Work,
  deal: Deal,
  action: string,
  before: Awaited<ReturnType<typeof currentRun>>,
  result: Recalculated,
  reason?: string,
): Promise<ChangedDeal> {
  const now = await dealOf(work, deal.id)
  const after = await currentRun(work.tx, now.deal)
  const sharesOf = (run: typeof before) =>
    run && { run: run.run.number, shares: Object.fromEntries(run.credits.map(({ partnerId, bp }) => [partnerId, bp])) }
  work.audit({
    action,
    target: { type: 'deal', id: deal.id },
    before: sharesOf(before),
    after: { ...sharesOf(after), ...(reason ? { reason } : {}) },
  })
  return changedDeal(work, deal.id, result)
}

async function checkPartners(work: Work, deal: Deal, shares: Share[], seen: readonly string[]): Promise<void> {
  const ids = JSON.stringify(shares.map(share => share.partnerId))
  const found = await work.tx
    .select({ id: partners.id, name: partners.name, archivedAt: partners.archivedAt })
    .from(partners)
    .where(and(sql`${partners.id} IN (SELECT value FROM json_each(${ids}))`, sql`+${partners.orgId} = ${work.orgId}`))
  if (found.length < shares.length) throw notFound('partner')
  const onDeal = new Set([...seen, ...(await seenTouches(work.tx, deal)).map(touch => touch.partnerId)])
  const away = found.find(partner => partner.archivedAt !== null && !onDeal.has(partner.id))
  if (!away) return
  const sentence = `${away.name} is archived and has no part in this deal. Restore the partner first, or leave it out.`
  throw new DomainError('INVALID', sentence, { fields: { shares: sentence } })
}
