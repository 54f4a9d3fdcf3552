import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle } from '#db/client.ts'
import type { DealStage } from '#db/schema/index.ts'
import { dealSplits, registrations, splitAnswers, touches } from '#db/schema/index.ts'
import { roleLabels, touchLabels } from '../attribution/rules.ts'
import { dealNumber, stageLabels } from '../deals/rules.ts'
import { notFound } from '../lib/errors.ts'
import { decodeCursor, type Page, toPage } from '../lib/page.ts'
import { splitLabels } from '../splits/rules.ts'
import { type ownDealsInput, registrationNumber } from './rules.ts'

/** A deal as one of its partners may see it: its own part, and nothing of the others'. Amounts in minor units, `bp` basis points. */
export interface OwnDeal {
  id: string
  number: string
  name: string
  stage: DealStage
  stageLabel: string
  closedAt: number | null
  currency: string
  /** What it is credited with by the attribution that counts now; null where it isn't. */
  credit: { bp: number; amount: number; dealAmount: number; reason: string } | null
}

interface Row {
  id: string
  number: number
  name: string
  stage: DealStage
  closedAt: number | null
  currency: string
  bp: number | null
  amount: number | null
  dealAmount: number | null
  reason: string | null
}

function shown({ bp, amount, dealAmount, reason, number, ...row }: Row): OwnDeal {
  const credited = row.stage === 'won' && bp !== null && amount !== null && dealAmount !== null
  return {
    ...row,
    number: dealNumber(number),
    stageLabel: stageLabels[row.stage].label,
    credit: credited ? { bp, amount, dealAmount, reason: reason ?? '' } : null,
  }
}

/** The deals that a partner is credited for now, newest first. */
export async function listOwnDeals(
  db: Drizzle,
  orgId: string,
  partnerId: string,
  input: z.infer<typeof ownDealsInput>,
): Promise<Page<OwnDeal>> {
  const after = decodeCursor(input.cursor)
  const rows = await db.all<Row>(sql`
    SELECT d.id, d.number, d.name, d.stage, d.closed_at AS closedAt, d.currency, c.bp, c.amount, r.amount AS dealAmount, c.reason
    FROM attribution_credits c
    CROSS JOIN deals d ON d.id = c.deal_id AND d.current_run_id = c.run_id AND d.stage = 'won' AND d.removed_at IS NULL
    CROSS JOIN attribution_runs r ON r.id = c.run_id
    WHERE c.org_id = ${orgId} AND c.partner_id = ${partnerId} AND c.bp > 0 ${after ? sql`AND c.deal_id < ${String(after[0])}` : sql``}
    ORDER BY c.deal_id DESC LIMIT ${input.limit + 1}`)
  return toPage(rows.map(shown), input.limit, row => [row.id, row.id])
}

/** One deal with the partner's own touches, registration and negotiation. NOT_FOUND unless it has a part in it. */
export async function getOwnDeal(db: Drizzle, orgId: string, partnerId: string, dealId: string) {
  const [row] = await db.all<Row & { part: number }>(sql`
    SELECT d.id, d.number, d.name, d.stage, d.closed_at AS closedAt, d.currency, c.bp, c.amount, r.amount AS dealAmount, c.reason,
      d.registered_by IS ${partnerId} OR EXISTS (SELECT 1 FROM commissions m WHERE m.deal_id = d.id AND m.partner_id = ${partnerId}) AS part
    FROM deals d
    LEFT JOIN attribution_credits c ON c.run_id = d.current_run_id AND c.partner_id = ${partnerId} AND c.bp > 0
    LEFT JOIN attribution_runs r ON r.id = c.run_id
    WHERE d.id = ${dealId} AND d.org_id = ${orgId} AND d.removed_at IS NULL`)
  if (!row) throw notFound('deal')
  const { part, ...deal } = row
  const ownTouches = await db
    .select({ id: touches.id, type: touches.type, role: touches.role, at: touches.at })
    .from(touches)
    .where(and(eq(touches.dealId, dealId), eq(touches.partnerId, partnerId), isNull(touches.removedAt)))
    .orderBy(asc(touches.at), asc(touches.id))
  const splits = await db
    .selectDistinct({ id: dealSplits.id, status: dealSplits.status, deadline: dealSplits.deadline })
    .from(dealSplits)
    .innerJoin(splitAnswers, and(eq(splitAnswers.splitId, dealSplits.id), eq(splitAnswers.partnerId, partnerId)))
    .where(and(eq(dealSplits.dealId, dealId), eq(dealSplits.orgId, orgId)))
    .orderBy(asc(dealSplits.createdAt))
  const registration = await db
    .select({
      id: registrations.id,
      number: registrations.number,
      protectedUntil: registrations.protectedUntil,
      status: registrations.status,
    })
    .from(registrations)
    .where(
      and(eq(registrations.orgId, orgId), eq(registrations.partnerId, partnerId), eq(registrations.dealId, dealId)),
    )
  if (deal.bp === null && !part && ownTouches.length + splits.length + registration.length === 0) throw notFound('deal')
  return {
    ...shown(deal),
    touches: ownTouches.map(({ id, type, role, at }) => ({
      id,
      at,
      label: touchLabels[type],
      role: role && roleLabels[role],
    })),
    splits: splits.map(split => ({ ...split, ...splitLabels[split.status] })),
    registrations: registration.map(one => ({ ...one, number: registrationNumber(one.number) })),
  }
}
