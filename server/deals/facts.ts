import { and, desc, eq, isNull, sql } from 'drizzle-orm'
import { audit, deals, partners, programs } from '#db/schema/index.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import type { Work } from '../work.ts'
import { type DealAction, dealMachine, dealNumber, stageLabels } from './rules.ts'

export type Deal = typeof deals.$inferSelect
export type Program = typeof programs.$inferSelect
export type Loaded = { deal: Deal; program: Program }

/** The deal and its program, for a change. NOT_FOUND when it isn't this organization's, or was taken back with its import. */
export async function dealOf(work: Pick<Work, 'tx' | 'orgId'>, dealId: string): Promise<Loaded> {
  const [row] = await work.tx
    .select({ deal: deals, program: programs })
    .from(deals)
    .innerJoin(programs, eq(programs.id, deals.programId))
    .where(and(eq(deals.id, dealId), eq(deals.orgId, work.orgId), isNull(deals.removedAt)))
  if (!row) throw notFound('deal')
  return row
}

/** Refuses what the deal's stage, or a newer version than the caller saw, doesn't allow. */
export async function expectStage(
  work: Work,
  deal: Deal,
  action: DealAction,
  version: number | undefined,
): Promise<void> {
  if (!dealMachine.allows(action, deal.stage)) throw await conflict(work, deal)
  if (version !== undefined && version !== deal.version) throw await conflict(work, deal)
}

/** The guarded update: only at the version that was read, which it raises by one. */
export async function setDeal(work: Work, deal: Deal, set: Partial<Omit<Deal, 'id' | 'version'>>): Promise<Deal> {
  const [changed] = await work.tx
    .update(deals)
    .set({ ...set, updatedAt: work.at, version: sql`${deals.version} + 1` })
    .where(and(eq(deals.id, deal.id), eq(deals.orgId, work.orgId), eq(deals.version, deal.version)))
    .returning()
  if (!changed) throw await conflict(work, deal)
  work.changed('deals')
  return changed
}

/** The sentence for the slower of two people. */
export async function conflict(work: Work, { id, number }: Pick<Deal, 'id' | 'number'>): Promise<DomainError> {
  const [now] = await work.tx.select({ stage: deals.stage }).from(deals).where(eq(deals.id, id))
  const [last] = await work.tx
    .select({ by: audit.actorName, action: audit.action })
    .from(audit)
    .where(
      and(
        eq(audit.orgId, work.orgId),
        eq(audit.targetType, 'deal'),
        eq(audit.targetId, id),
        sql`(${audit.action} LIKE 'deals.%' OR ${audit.action} LIKE 'attribution.%')`,
      ),
    )
    .orderBy(desc(audit.seq))
    .limit(1)
  const done = last ? `: ${last.by} ${pastOf[last.action] ?? 'changed it'}` : ''
  const stage = stageLabels[now?.stage ?? 'open'].label.toLowerCase()
  return new DomainError(
    'CONFLICT',
    `${dealNumber(number)} has moved on${done}. It is ${stage} now, and nothing was changed; look again.`,
  )
}

const pastOf: Record<string, string> = {
  'deals.create': 'created it',
  'deals.update': 'edited it',
  'deals.win': 'marked it won',
  'deals.lose': 'marked it lost',
  'deals.reopen': 'reopened it',
  'deals.refund': 'recorded a refund',
  'deals.addTouch': 'added a touch',
  'deals.updateTouch': 'edited a touch',
  'deals.removeTouch': 'removed a touch',
  'attribution.override': 'set its shares by hand',
  'attribution.clearOverride': 'withdrew the shares set by hand',
  'attribution.recalculate': 'recalculated it',
}

/** A partner to be put on a deal. NOT_FOUND for another organization's; INVALID for an archived one. */
export async function activePartner(
  work: Work,
  partnerId: string,
  field: string,
): Promise<{ id: string; name: string }> {
  const [partner] = await work.tx
    .select({ id: partners.id, name: partners.name, archivedAt: partners.archivedAt })
    .from(partners)
    .where(and(eq(partners.id, partnerId), eq(partners.orgId, work.orgId)))
  if (!partner) throw notFound('partner')
  if (partner.archivedAt !== null)
    throw new DomainError('INVALID', `${partner.name} is archived. Restore the partner first.`, {
      fields: { [field]: `${partner.name} is archived.` },
    })
  return partner
}
