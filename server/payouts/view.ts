import { and, desc, eq, gte, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import {
  audit,
  emails,
  memberships,
  type PayoutStatus,
  payoutApprovals,
  payoutAttempts,
  payoutMonths,
  payoutReleases,
  payoutTotals,
  users,
} from '#db/schema/index.ts'
import type { Role, Viewer } from '../auth/rules.ts'
import { notFound } from '../lib/errors.ts'
import { groupBy } from '../lib/group.ts'
import type { Money } from '../lib/money.ts'
import { type Page, toPage } from '../lib/page.ts'
import { periodOf, shiftPeriod } from '../lib/period.ts'
import { type Blocker, blockerSentence, blockers } from './blockers.ts'
import { type Loaded, loadPayouts, type OrgPolicy, type Payout, readPolicy } from './facts.ts'
import { type Allowance, readAllowance } from './limits.ts'
import { pageOfIds, sortColumn } from './list.ts'
import { partsOf } from './parts.ts'
import { type PayoutAction, type PayoutFilter, payoutMachine, payoutNumber, saysOf } from './rules.ts'
import { approvalRefusal } from './service.ts'
import { undecided } from './settle.ts'
import { type TimelineStep, timelineOf } from './timeline.ts'

/** An action this viewer may ask for here; `refusal` says why not now, and what would clear it. */
export interface Offer {
  action: PayoutAction
  label: string
  tone: 'primary' | 'danger' | 'neutral'
  refusal: string | null
}

/** One row of a list. Amounts are minor units, times UTC milliseconds. */
export interface PayoutRow {
  id: string
  number: string
  version: number
  status: PayoutStatus
  amount: number
  currency: string
  amountReversed: number
  period: string | null
  reference: string | null
  partner: { id: string; name: string }
  createdAt: number
  approvedAt: number | null
  paidAt: number | null
  paidVia: 'stripe' | 'manual' | null
  simulated: boolean
  bankStatus: Payout['bankStatus']
  /** What the state means to the partner, in words. */
  says: string
  /** For staff; null for partners. */
  failureMessage: string | null
  blockers: Blocker[]
  actions: Offer[]
}

export interface ReadScope {
  viewer: Viewer
  now: number
}

interface Who {
  userId: string
  email: string
  partnerIds: Set<string>
  /** What the organization's daily limits leave this person. */
  allowances: { approve: Allowance; pay: Allowance }
}

/** A page of payouts with their partners, blockers and the viewer's actions; eight statements whatever its length. */
export async function listPayouts(
  db: Drizzle,
  scope: ReadScope,
  input: PayoutFilter & { cursor?: string; limit: number },
): Promise<Page<PayoutRow>> {
  const { viewer, now } = scope
  const { cursor, limit, ...filter } = input
  const ids = await pageOfIds(
    db,
    { orgId: viewer.orgId, partnerId: viewer.partnerId, timeZone: viewer.timeZone },
    filter,
    { cursor, limit },
  )
  const policy = await readPolicy(db, viewer.orgId)
  const loaded = await loadPayouts(db, { orgId: viewer.orgId, partnerId: viewer.partnerId, now, policy }, ids)
  const who = await whoIs(db, scope)
  const rows = ids.flatMap(id => {
    const one = loaded.get(id)
    return one ? [rowOf(one, viewer.role, who, policy)] : []
  })
  const column = sortColumn(filter.sort)
  return toPage(rows, limit, row => [row[column] ?? 0, row.id])
}

async function whoIs(db: Drizzle, { viewer, now }: ReadScope): Promise<Who> {
  const own = await db
    .select({ partnerId: memberships.partnerId })
    .from(memberships)
    .where(eq(memberships.userId, viewer.userId))
  const person = { orgId: viewer.orgId, userId: viewer.userId, now, timeZone: viewer.timeZone }
  return {
    userId: viewer.userId,
    email: viewer.email,
    partnerIds: new Set(own.flatMap(row => row.partnerId ?? [])),
    allowances: {
      approve: await readAllowance(db, person, 'approve'),
      pay: await readAllowance(db, person, 'pay'),
    },
  }
}

function rowOf(one: Loaded, role: Role, who: Who, policy: OrgPolicy): PayoutRow {
  const { payout, partner, facts } = one
  const standing = blockers(facts).map(blocker => (role === 'partner' ? forPartner(blocker) : blocker))
  const limited = limitOf(one, role, who)
  return {
    id: payout.id,
    number: payoutNumber(payout.number),
    version: payout.version,
    status: payout.status,
    amount: payout.amount,
    currency: payout.currency,
    amountReversed: payout.amountReversed,
    period: payout.period,
    reference: payout.reference,
    partner: { id: partner.id, name: partner.name },
    createdAt: payout.createdAt,
    approvedAt: payout.approvedAt,
    paidAt: payout.paidAt,
    paidVia: payout.paidVia,
    simulated: payout.simulated,
    bankStatus: payout.bankStatus,
    says: saysOf(payout),
    // Why a transfer was refused can be the state of the payer's balance: not the partner's to know.
    failureMessage: role === 'partner' ? null : payout.failureMessage,
    blockers: limited ? [...standing, limited] : standing,
    actions: offersOf(one, role, who, policy, standing, limited),
  }
}

/** What the daily limit leaves this person to do with a payout in this state; nobody else's business. */
function limitOf({ payout }: Loaded, role: Role, who: Who): Blocker | null {
  const next = payoutMachine.from(payout.status, role)
  if (next.includes('approve')) return who.allowances.approve.refuses(payout)
  return next.includes('markPaid') ? who.allowances.pay.refuses(payout) : null
}

/** Why the payer stopped all transfers is the payer's affair, and may name another partner. */
function forPartner(blocker: Blocker): Blocker {
  if (blocker.code !== 'transfers_paused') return blocker
  return {
    ...blocker,
    message: 'All payouts are paused for the moment.',
    clears: { who: 'time', label: 'Nothing for you to do', to: null },
  }
}

function offersOf(
  one: Loaded,
  role: Role,
  who: Who,
  policy: OrgPolicy,
  standing: Blocker[],
  limited: Blocker | null,
): Offer[] {
  const { payout } = one
  const refusals: Partial<Record<PayoutAction, string | null>> = {
    approve: approvalRefusal(one, who, policy) ?? blockerSentence(limited),
    markPaid: blockerSentence(standing[0] ?? limited),
    markPaidManually: blockerSentence(limited),
    release: payout.needsReview ? null : 'Remit is still finding out by itself.',
  }
  return payoutMachine
    .from(payout.status, role)
    .filter(action => action !== 'release' || payout.needsReview)
    .map(action => ({
      action,
      label: payoutMachine.table[action].label,
      tone: payoutMachine.table[action].tone ?? 'neutral',
      refusal: refusals[action] ?? null,
    }))
}

/** Everything about one payout that this viewer may know. NOT_FOUND for what is another's. */
export async function getPayout(db: Drizzle, scope: ReadScope, payoutId: string) {
  const { viewer, now } = scope
  const policy = await readPolicy(db, viewer.orgId)
  const one = (
    await loadPayouts(db, { orgId: viewer.orgId, partnerId: viewer.partnerId, now, policy }, [payoutId])
  ).get(payoutId)
  if (!one) throw notFound('payout')
  const { payout } = one
  const who = await whoIs(db, scope)
  const row = rowOf(one, viewer.role, who, policy)
  const attempts = await db
    .select()
    .from(payoutAttempts)
    .where(eq(payoutAttempts.payoutId, payout.id))
    .orderBy(desc(payoutAttempts.number))
  const shared = {
    ...row,
    lines: one.lines,
    parts: await partsOf(db, payout),
    notes: payout.notes,
    rejectReason: payout.rejectReason,
    paidDetails: paidDetailsOf(payout),
    bankArrivalAt: payout.bankArrivalAt,
    bankFailureMessage: payout.bankFailureMessage,
    timeline: timelineOf(payout, attempts, row.blockers, viewer.role === 'partner') as TimelineStep[],
  }
  // A partner gets no staff names, no internal history and no other addresses: they are not in the answer at all.
  if (viewer.role === 'partner') return { ...shared, staff: null }
  return { ...shared, staff: await staffPart(db, viewer, one, attempts) }
}

async function staffPart(db: Drizzle, viewer: Viewer, one: Loaded, attempts: (typeof payoutAttempts.$inferSelect)[]) {
  const { payout } = one
  const approvals = await db
    .select({
      id: payoutApprovals.id,
      name: users.name,
      approvedAt: payoutApprovals.approvedAt,
      voidedAt: payoutApprovals.voidedAt,
    })
    .from(payoutApprovals)
    .innerJoin(users, eq(users.id, payoutApprovals.userId))
    .where(eq(payoutApprovals.payoutId, payout.id))
    .orderBy(payoutApprovals.approvedAt)
  const releases = await db
    .select({
      id: payoutReleases.id,
      name: users.name,
      evidence: payoutReleases.evidence,
      createdAt: payoutReleases.createdAt,
    })
    .from(payoutReleases)
    .innerJoin(users, eq(users.id, payoutReleases.userId))
    .where(eq(payoutReleases.payoutId, payout.id))
  const sent = await db
    .select({
      id: emails.id,
      template: emails.template,
      recipient: emails.recipient,
      subject: emails.subject,
      status: emails.status,
      createdAt: emails.createdAt,
    })
    .from(emails)
    .where(and(eq(emails.payoutId, payout.id), eq(emails.orgId, viewer.orgId)))
    .orderBy(desc(emails.createdAt))
    .limit(50)
  const history = await db
    .select({
      seq: audit.seq,
      at: audit.at,
      actor: audit.actorName,
      action: audit.action,
      before: audit.before,
      after: audit.after,
    })
    .from(audit)
    .where(and(eq(audit.orgId, viewer.orgId), eq(audit.targetType, 'payout'), eq(audit.targetId, payout.id)))
    .orderBy(desc(audit.seq))
    .limit(100)
  const [creator] = await db.select({ name: users.name }).from(users).where(eq(users.id, payout.createdBy))
  return {
    digest: one.facts.currentDigest,
    createdBy: creator?.name ?? '',
    source: payout.source,
    importId: payout.importId,
    destination: payout.destination,
    transferId: payout.transferId,
    destinationPayment: payout.destinationPayment,
    bankPayoutId: payout.bankPayoutId,
    needsReview: payout.needsReview,
    failureCode: payout.failureCode,
    undecidedReversal: payout.amountReversed > 0 ? await undecided({ tx: db as never }, payout.id) : 0,
    approvalsRequired: one.facts.org.approvalsRequired,
    approvals,
    releases,
    attempts: attempts.map(
      ({
        id,
        number,
        state,
        idempotencyKey,
        createdAt,
        lastSentAt,
        sends,
        transferId,
        failureCode,
        failureMessage,
        lastError,
        stripeRequestId,
      }) => ({
        id,
        number,
        state,
        idempotencyKey,
        createdAt,
        lastSentAt,
        sends,
        transferId,
        failureCode,
        failureMessage,
        lastError,
        stripeRequestId,
      }),
    ),
    emails: sent,
    history,
    flags: await flagsOf(db, payout, one.partner.destinationChangedAt),
  }
}

/** What an approver should look at twice. */
async function flagsOf(
  db: Drizzle,
  payout: Payout,
  destinationChangedAt: number | null,
): Promise<{ code: string; message: string; payoutId?: string }[]> {
  const flags: { code: string; message: string; payoutId?: string }[] = []
  const [earlier] = await db.all<{ id: string; number: number }>(sql`
    SELECT id, number FROM payouts WHERE org_id = ${payout.orgId} AND partner_id = ${payout.partnerId} AND id <> ${payout.id} AND amount = ${payout.amount}
      AND currency = ${payout.currency} AND period IS ${payout.period} AND status NOT IN ('rejected', 'canceled') AND created_at <= ${payout.createdAt}
    ORDER BY created_at DESC LIMIT 1`)
  if (earlier)
    flags.push({
      code: 'duplicate',
      message: `Same partner, amount and period as ${payoutNumber(earlier.number)}. Is it meant to be paid twice?`,
      payoutId: earlier.id,
    })
  const [paid] = await db.all<{ count: number }>(sql`
    SELECT coalesce(sum(count), 0) AS count FROM payout_totals WHERE org_id = ${payout.orgId} AND partner_id = ${payout.partnerId} AND status = 'paid'`)
  if (!paid?.count && payout.status !== 'paid')
    flags.push({ code: 'first_payout', message: 'The first payout to this partner.' })
  if (destinationChangedAt !== null && destinationChangedAt > payout.createdAt - 14 * 24 * 60 * 60_000)
    flags.push({
      code: 'destination_changed_lately',
      message: 'The partner changed payout details in the two weeks before this payout, or since.',
    })
  return flags
}

function paidDetailsOf(payout: Payout) {
  if (payout.paidVia !== 'manual' || !payout.manualMethod) return null
  return { method: payout.manualMethod, reference: payout.manualReference ?? '', paidOn: payout.manualPaidOn ?? '' }
}

export interface Figure {
  count: number
  /** By currency, in minor units; never across. */
  amounts: Money[]
}

export type Stats = Record<
  'total' | 'pending' | 'approved' | 'paid' | 'rejected' | 'processing' | 'failed' | 'canceled' | 'reversed',
  Figure
>

/**
 * Counts and sums by status and currency, read from the kept totals, so as fast for a million payouts as for ten. `paid` is net of what
 * was taken back; `reversed` counts fully reversed payouts and sums all that was taken back, partial ones too. `total` leaves out what was
 * rejected, canceled or reversed.
 */
export async function readStats(db: Drizzle, orgId: string, partnerId: string | null): Promise<Stats> {
  const rows = await db
    .select()
    .from(payoutTotals)
    .where(and(eq(payoutTotals.orgId, orgId), eq(payoutTotals.partnerId, partnerId ?? '')))
    .orderBy(payoutTotals.currency)
  const byStatus = groupBy(rows, row => row.status)
  const figure = (statuses: PayoutStatus[]): Figure => {
    const own = statuses.flatMap(status => byStatus.get(status) ?? [])
    const sums = groupBy(
      own.filter(row => row.count > 0),
      row => row.currency,
    )
    return {
      count: own.reduce((sum, row) => sum + row.count, 0),
      amounts: [...sums]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([currency, list]) => ({
          currency,
          amount: list.reduce((sum, row) => sum + row.amount - row.reversed, 0),
        })),
    }
  }
  const taken = groupBy(
    rows.filter(row => row.reversed > 0),
    row => row.currency,
  )
  return {
    total: figure(['pending_approval', 'approved', 'processing', 'paid', 'failed']),
    pending: figure(['pending_approval']),
    approved: figure(['approved']),
    paid: figure(['paid']),
    rejected: figure(['rejected']),
    processing: figure(['processing']),
    failed: figure(['failed']),
    canceled: figure(['canceled']),
    reversed: {
      count: figure(['reversed']).count,
      amounts: [...taken].map(([currency, list]) => ({
        currency,
        amount: list.reduce((sum, row) => sum + row.reversed, 0),
      })),
    },
  }
}

/**
 * Paid money of the last `months` months, the current one included, oldest first, by currency; in minor units. What was reversed
 * stands in the month in which that happened, so that a month that is over keeps its figures.
 */
export async function readMonths(
  db: Drizzle,
  orgId: string,
  partnerId: string | null,
  now: number,
  months: number,
): Promise<{ periods: string[]; currencies: { currency: string; paid: number[]; reversed: number[] }[] }> {
  const current = periodOf(now, 'UTC')
  const periods = Array.from({ length: months }, (_, index) => shiftPeriod(current, index - months + 1))
  const rows = await db
    .select({
      currency: payoutMonths.currency,
      month: payoutMonths.month,
      paid: payoutMonths.amount,
      reversed: payoutMonths.reversed,
    })
    .from(payoutMonths)
    .where(
      and(
        eq(payoutMonths.orgId, orgId),
        eq(payoutMonths.partnerId, partnerId ?? ''),
        gte(payoutMonths.month, periods[0] ?? current),
      ),
    )
    .orderBy(payoutMonths.currency)
  const byCurrency = groupBy(rows, row => row.currency)
  return {
    periods,
    currencies: [...byCurrency].map(([currency, list]) => ({
      currency,
      paid: periods.map(period => list.find(row => row.month === period)?.paid ?? 0),
      reversed: periods.map(period => list.find(row => row.month === period)?.reversed ?? 0),
    })),
  }
}

export interface PartnerSummary {
  totalEarned: Money[]
  totalPending: Money[]
  totalApproved: Money[]
  totalProcessing: Money[]
  payoutCount: number
  /** UTC milliseconds; null before the first */
  lastPayoutDate: number | null
}

/** What a partner has earned (paid, net of reversals), and what is coming, per currency. */
export async function readPartnerSummary(db: Drizzle, orgId: string, partnerId: string): Promise<PartnerSummary> {
  const stats = await readStats(db, orgId, partnerId)
  const [last] = await db.all<{ at: number | null }>(
    sql`SELECT max(paid_at) AS at FROM payouts WHERE org_id = ${orgId} AND partner_id = ${partnerId} AND status = 'paid'`,
  )
  return {
    totalEarned: stats.paid.amounts,
    totalPending: stats.pending.amounts,
    totalApproved: stats.approved.amounts,
    totalProcessing: stats.processing.amounts,
    payoutCount: stats.paid.count,
    lastPayoutDate: last?.at ?? null,
  }
}
