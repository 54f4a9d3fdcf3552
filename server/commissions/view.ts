import { and, desc, eq, or, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { commissions, deals, partners, payouts, programs, refunds } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { dealNumber } from '../deals/rules.ts'
import { type DisputeView, disputesOf } from '../disputes/view.ts'
import { notFound } from '../lib/errors.ts'
import { type Page, toPage } from '../lib/page.ts'
import { payoutNumber } from '../payouts/rules.ts'
import { explain, type Token } from './explain.ts'
import { pageStatement } from './list.ts'
import { type CommissionFilter, type CommissionKind, type CommissionState, commissionNumber, stateOf } from './rules.ts'

type Commission = typeof commissions.$inferSelect

/** One row of a list. Amounts in minor units, times in UTC milliseconds. */
export interface CommissionRow {
  id: string
  number: string
  kind: CommissionKind
  stream: Commission['stream']
  state: CommissionState
  amount: number
  currency: string
  partner: { id: string; name: string }
  program: { id: string; name: string }
  deal: { id: string; number: string; name: string } | null
  payout: { id: string; number: string; status: string } | null
  period: string
  originPeriod: string | null
  releaseAt: number
  /** Which month of how many; null where it is earned at once. */
  installment: { number: number; of: number } | null
  /** The one-sentence explanation: tokens that link to their records, and the same as text. */
  tokens: Token[]
  text: string
  note: string | null
  createdAt: number
  version: number
}

export interface CommissionScope {
  viewer: Viewer
  now: number
}

/** A page of commissions, newest first; two statements whatever its length. A partner sees its own. */
export async function listCommissions(
  db: Drizzle,
  { viewer, now }: CommissionScope,
  input: CommissionFilter & { cursor?: string; limit: number },
): Promise<Page<CommissionRow>> {
  const { cursor, limit, ...filter } = input
  const scope = { orgId: viewer.orgId, partnerId: viewer.partnerId, now }
  const ids = await db.all<{ id: string }>(await pageStatement(db, scope, filter, { cursor, limit }))
  const rows = await readRows(
    db,
    viewer,
    now,
    ids.map(row => row.id),
  )
  return toPage(rows, limit, row => [row.createdAt, row.id])
}

/** These commissions as rows, in the order of the ids; foreign ones are left out. */
export async function readRows(db: Drizzle, viewer: Viewer, now: number, ids: string[]): Promise<CommissionRow[]> {
  const found = await joined(db).where(
    and(
      sql`${commissions.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
      sql`+${commissions.orgId} = ${viewer.orgId}`,
      viewer.partnerId ? sql`+${commissions.partnerId} = ${viewer.partnerId}` : undefined,
    ),
  )
  const rows = new Map(found.map(one => [one.commission.id, rowOf(one, now)]))
  return ids.flatMap(id => rows.get(id) ?? [])
}

function joined(db: Drizzle) {
  return db
    .select({
      commission: commissions,
      partner: { id: partners.id, name: partners.name },
      program: { id: programs.id, name: programs.name },
      deal: { id: deals.id, number: deals.number, name: deals.name },
      payout: { id: payouts.id, number: payouts.number, status: payouts.status },
    })
    .from(commissions)
    .innerJoin(partners, eq(partners.id, commissions.partnerId))
    .innerJoin(programs, eq(programs.id, commissions.programId))
    .leftJoin(deals, eq(deals.id, commissions.dealId))
    .leftJoin(payouts, eq(payouts.id, commissions.payoutId))
    .$dynamic()
}

type Joined = Awaited<ReturnType<typeof joined>>[number]

function rowOf({ commission, partner, program, deal, payout }: Joined, now: number): CommissionRow {
  const tokens = explain(commission)
  const months = commission.snapshot.rule?.months ?? 1
  return {
    id: commission.id,
    number: commissionNumber(commission.number),
    kind: commission.kind,
    stream: commission.stream,
    state: stateOf(commission, now),
    amount: commission.amount,
    currency: commission.currency,
    partner,
    program,
    deal: deal && { ...deal, number: dealNumber(deal.number) },
    payout: payout && { ...payout, number: payoutNumber(payout.number) },
    period: commission.period,
    originPeriod: commission.originPeriod,
    releaseAt: commission.releaseAt,
    installment: months > 1 ? { number: commission.installment, of: months } : null,
    tokens,
    text: tokens.map(token => token.text).join(''),
    note: commission.note,
    createdAt: commission.createdAt,
    version: commission.version,
  }
}

/** Everything about one commission. */
export interface CommissionDetail extends CommissionRow {
  snapshot: Omit<Commission['snapshot'], 'losing'>
  /** The rules that did not decide, and why; for staff, empty for partners. */
  losing: Commission['snapshot']['losing']
  /** Until when a refund takes it back; null: for ever. */
  clawbackUntil: number | null
  /** What it corrects or takes back, where it does. */
  origin: CommissionRow | null
  /** What corrected it, or took of it back, in order. */
  corrections: CommissionRow[]
  /** It and its corrections, in minor units. */
  sum: number
  /** Refunds of its deal that came after the clawback window and take nothing back. */
  lateRefunds: { id: string; amount: number; at: number }[]
  /** The newest first. */
  disputes: DisputeView[]
  /** Whether the viewer may dispute it now, or why not; null for staff. */
  dispute: { refusal: string | null } | null
}

/** One commission with all that explains it. NOT_FOUND for another organization's, and for a sibling's when a partner asks. */
export async function getCommission(
  db: Drizzle,
  { viewer, now }: CommissionScope,
  commissionId: string,
): Promise<CommissionDetail> {
  const [row] = await readRows(db, viewer, now, [commissionId])
  const [commission] = await db.select().from(commissions).where(eq(commissions.id, commissionId))
  if (!row || !commission) throw notFound('commission')
  const linked = await db
    .select({ id: commissions.id, originId: commissions.originId })
    .from(commissions)
    .where(or(eq(commissions.originId, commissionId), eq(commissions.id, commission.originId ?? '')))
    .orderBy(commissions.createdAt, commissions.number)
  const others = await readRows(
    db,
    viewer,
    now,
    linked.map(one => one.id),
  )
  const corrections = others.filter(one => one.id !== commission.originId)
  const { losing, ...snapshot } = commission.snapshot
  const disputes = await disputesOf(db, viewer, commissionId)
  return {
    ...row,
    snapshot,
    losing: viewer.partnerId ? [] : losing,
    clawbackUntil: commission.clawbackUntil,
    origin: others.find(one => one.id === commission.originId) ?? null,
    corrections,
    sum: corrections.reduce((sum, one) => sum + one.amount, row.amount),
    lateRefunds: await lateRefunds(db, commission),
    disputes,
    dispute: viewer.partnerId ? { refusal: disputeRefusal(disputes) } : null,
  }
}

function disputeRefusal(disputes: DisputeView[]): string | null {
  return disputes.some(dispute => dispute.status === 'open')
    ? 'You have disputed this already; add to that dispute, or withdraw it.'
    : null
}

async function lateRefunds(db: Drizzle, { dealId, clawbackUntil }: Commission) {
  if (dealId === null || clawbackUntil === null) return []
  return db
    .select({ id: refunds.id, amount: refunds.amount, at: refunds.at })
    .from(refunds)
    .where(and(eq(refunds.dealId, dealId), sql`${refunds.at} > ${clawbackUntil}`))
    .orderBy(desc(refunds.at))
}
