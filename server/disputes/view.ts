import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Drizzle } from '#db/client.ts'
import { commissions, disputeMessages, disputes, partners, users } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { explanationText } from '../commissions/explain.ts'
import { commissionNumber } from '../commissions/rules.ts'
import { notFound } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import { decodeCursor, type Page, toPage } from '../lib/page.ts'
import { type DisputeAction, type DisputeFilter, type DisputeStatus, disputeMachine } from './rules.ts'

/** A dispute with its whole conversation. Amounts in minor units, times in UTC milliseconds. */
export interface DisputeView {
  id: string
  status: DisputeStatus
  commission: { id: string; number: string; amount: number; currency: string; text: string }
  partner: { id: string; name: string }
  openedAt: number
  openedBy: string
  resolvedAt: number | null
  resolvedBy: string | null
  /** What a decision added or took away. */
  adjustment: { id: string; number: string; amount: number; currency: string } | null
  /** Whether the commission waits because of it; one that was paid before, or is being sent, is not held. */
  holds: boolean
  messages: { id: string; side: 'partner' | 'staff'; who: string; body: string; at: number }[]
  /** What the viewer may do now. */
  actions: { action: DisputeAction; label: string; tone: 'primary' | 'danger' | 'neutral' }[]
  version: number
}

/** A commission's disputes, the newest first. The caller has checked that the viewer may see the commission. */
export async function disputesOf(db: Drizzle, viewer: Viewer, commissionId: string): Promise<DisputeView[]> {
  const ids = await db
    .select({ id: disputes.id })
    .from(disputes)
    .where(and(eq(disputes.commissionId, commissionId), eq(disputes.orgId, viewer.orgId)))
    .orderBy(desc(disputes.openedAt), desc(disputes.id))
  return read(
    db,
    viewer,
    ids.map(row => row.id),
  )
}

/** A page of disputes, the newest first; a partner sees its own. */
export async function listDisputes(
  db: Drizzle,
  viewer: Viewer,
  input: DisputeFilter & { cursor?: string; limit: number },
): Promise<Page<DisputeView>> {
  const behind = decodeCursor(input.cursor)
  const partnerId = viewer.partnerId ?? input.partnerId
  if (viewer.partnerId && input.partnerId && input.partnerId !== viewer.partnerId) return { rows: [], next: null }
  const ids = await db
    .select({ id: disputes.id })
    .from(disputes)
    .where(
      and(
        eq(disputes.orgId, viewer.orgId),
        partnerId ? eq(disputes.partnerId, partnerId) : undefined,
        input.status ? eq(disputes.status, input.status) : undefined,
        input.commissionId ? eq(disputes.commissionId, input.commissionId) : undefined,
        behind ? sql`(${disputes.openedAt}, ${disputes.id}) < (${behind[0]}, ${behind[1]})` : undefined,
      ),
    )
    .orderBy(desc(disputes.openedAt), desc(disputes.id))
    .limit(input.limit + 1)
  const rows = await read(
    db,
    viewer,
    ids.map(row => row.id),
  )
  return toPage(rows, input.limit, row => [row.openedAt, row.id])
}

/** NOT_FOUND for another organization's, and for a sibling's when a partner asks. */
export async function getDispute(db: Drizzle, viewer: Viewer, disputeId: string): Promise<DisputeView> {
  const [dispute] = await read(db, viewer, [disputeId])
  if (!dispute) throw notFound('dispute')
  return dispute
}

/** How many wait for an answer or a decision. */
export async function countOpen(db: Drizzle, viewer: Viewer): Promise<number> {
  const [row] = await db
    .select({ count: sql<number>`count(*)` })
    .from(disputes)
    .where(
      and(
        eq(disputes.orgId, viewer.orgId),
        eq(disputes.status, 'open'),
        viewer.partnerId ? eq(disputes.partnerId, viewer.partnerId) : undefined,
      ),
    )
  return row?.count ?? 0
}

async function read(db: Drizzle, viewer: Viewer, ids: string[]): Promise<DisputeView[]> {
  const opener = alias(users, 'opener')
  const resolver = alias(users, 'resolver')
  const adjustment = alias(commissions, 'adjustment')
  const found = await db
    .select({
      dispute: disputes,
      commission: commissions,
      partner: { id: partners.id, name: partners.name },
      opener: opener.name,
      resolver: resolver.name,
      adjustment: {
        id: adjustment.id,
        number: adjustment.number,
        amount: adjustment.amount,
        currency: adjustment.currency,
      },
    })
    .from(disputes)
    .innerJoin(commissions, eq(commissions.id, disputes.commissionId))
    .innerJoin(partners, eq(partners.id, disputes.partnerId))
    .innerJoin(opener, eq(opener.id, disputes.openedBy))
    .leftJoin(resolver, eq(resolver.id, disputes.resolvedBy))
    .leftJoin(adjustment, eq(adjustment.id, disputes.adjustmentId))
    .where(
      and(
        sql`${disputes.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
        sql`+${disputes.orgId} = ${viewer.orgId}`,
        viewer.partnerId ? sql`+${disputes.partnerId} = ${viewer.partnerId}` : undefined,
      ),
    )
  const messages = await db
    .select({ message: disputeMessages, name: users.name })
    .from(disputeMessages)
    .innerJoin(users, eq(users.id, disputeMessages.userId))
    .where(
      inArray(
        disputeMessages.disputeId,
        found.map(row => row.dispute.id),
      ),
    )
    .orderBy(disputeMessages.at, disputeMessages.id)
  const byDispute = groupBy(messages, row => row.message.disputeId)
  // A partner deals with the company, not with whoever of its staff happened to answer.
  const staffName = (name: string | null) => (viewer.partnerId && name !== null ? viewer.orgName : name)
  const views = new Map(
    found.map(({ dispute, commission, partner, adjustment: adjusted, ...names }) => [
      dispute.id,
      {
        id: dispute.id,
        status: dispute.status,
        commission: {
          id: commission.id,
          number: commissionNumber(commission.number),
          amount: commission.amount,
          currency: commission.currency,
          text: explanationText(commission),
        },
        partner,
        openedAt: dispute.openedAt,
        openedBy: names.opener,
        resolvedAt: dispute.resolvedAt,
        resolvedBy: dispute.status === 'withdrawn' ? names.resolver : staffName(names.resolver),
        adjustment: adjusted && { ...adjusted, number: commissionNumber(adjusted.number) },
        holds: dispute.status === 'open' && commission.disputedAt !== null,
        messages: (byDispute.get(dispute.id) ?? []).map(({ message, name }) => ({
          id: message.id,
          side: message.side,
          who: message.side === 'staff' ? (staffName(name) ?? '') : name,
          body: message.body,
          at: message.at,
        })),
        actions: disputeMachine.from(dispute.status, viewer.role).map(action => {
          const { label, tone = 'neutral' } = disputeMachine.table[action]
          return { action, label, tone }
        }),
        version: dispute.version,
      },
    ]),
  )
  return ids.flatMap(id => views.get(id) ?? [])
}
