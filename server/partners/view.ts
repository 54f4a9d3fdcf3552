import { and, asc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle } from '#db/client.ts'
import { memberships, organizations, type PayoutStatus, partners, users } from '#db/schema/index.ts'
import { listInvitations } from '../auth/invitations.ts'
import { allows, type Viewer } from '../auth/rules.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../lib/errors.ts'
import { type Money, sumByCurrency } from '../lib/money.ts'
import { decodeCursor, type Page, toPage } from '../lib/page.ts'
import { type Blocker, blockers } from '../payouts/blockers.ts'
import { readMinimum } from '../runs/minimums.ts'
import {
  filterOf,
  type listPartnersInput,
  type PartnerFilter,
  partnerFilters,
  type partnerOptionsInput,
  statusesOf,
  transfersLabels,
} from './rules.ts'
import { setupOf } from './setup.ts'

type Partner = typeof partners.$inferSelect

/** One row of the list. Amounts are minor units by currency, times UTC milliseconds. */
export interface PartnerRow {
  id: string
  version: number
  name: string
  email: string
  reference: string | null
  type: Partner['type']
  country: string
  currency: string
  createdAt: number
  archivedAt: number | null
  /** Which tab it is under. */
  state: PartnerFilter
  transfersStatus: Partner['transfersStatus']
  label: string
  says: string
  /** What Stripe still wants, in words. */
  requirements: Partner['requirements']
  holdUntil: number | null
  /** Sent, less what was taken back. */
  paid: Money[]
  /** Everything that is still to be paid: waiting, approved, on its way or refused. */
  pending: Money[]
  payoutCount: number
}

interface Total {
  currency: string
  status: PayoutStatus
  count: number
  amount: number
  reversed: number
}

// Names written out: Drizzle drops the table's name from columns in a selection, and `org_id` alone would be the total's own.
const totals = sql<string>`(
  SELECT json_group_array(json_object('currency', t.currency, 'status', t.status, 'count', t.count, 'amount', t.amount, 'reversed', t.reversed))
  FROM payout_totals t WHERE t.org_id = partners.org_id AND t.partner_id = partners.id AND t.count > 0)`

const unpaid: readonly PayoutStatus[] = ['pending_approval', 'approved', 'processing', 'failed']

/** A page of partners by name, with what each was paid and is owed, in one statement. */
export async function listPartners(db: Drizzle, viewer: Viewer, input: z.infer<typeof listPartnersInput>) {
  const after = decodeCursor(input.cursor)
  const rows = await db
    .select({ partner: partners, totals })
    .from(partners)
    .where(
      and(
        eq(partners.orgId, viewer.orgId),
        input.status ? inFilter(input.status) : isNull(partners.archivedAt),
        input.q ? searched(input.q) : undefined,
        after ? sql`(${partners.name} COLLATE NOCASE, ${partners.id}) > (${after[0]}, ${after[1]})` : undefined,
      ),
    )
    .orderBy(sql`${partners.name} COLLATE NOCASE`, asc(partners.id))
    .limit(input.limit + 1)
  const page: Page<PartnerRow> = toPage(
    rows.map(row => rowOf(row.partner, JSON.parse(row.totals) as Total[])),
    input.limit,
    row => [row.name, row.id],
  )
  return { ...page, counts: await countPartners(db, viewer.orgId) }
}

function inFilter(filter: PartnerFilter): SQL {
  if (filter === 'archived') return sql`${partners.archivedAt} IS NOT NULL`
  return sql`${partners.archivedAt} IS NULL AND ${partners.transfersStatus} IN (SELECT value FROM json_each(${JSON.stringify(statusesOf[filter])}))`
}

function searched(q: string): SQL {
  const like = `%${q.replace(/[\\%_]/g, '\\$&')}%`
  return sql`(${partners.name} LIKE ${like} ESCAPE '\\' OR ${partners.email} LIKE ${like} ESCAPE '\\' OR ${partners.reference} LIKE ${like} ESCAPE '\\')`
}

/** How many partners are under each tab; `all` leaves out the archived ones, as the list does. */
async function countPartners(db: Drizzle, orgId: string): Promise<Record<PartnerFilter | 'all', number>> {
  const rows = await db
    .select({
      status: partners.transfersStatus,
      archived: sql<number>`${partners.archivedAt} IS NOT NULL`,
      count: sql<number>`count(*)`,
    })
    .from(partners)
    .where(eq(partners.orgId, orgId))
    .groupBy(partners.transfersStatus, sql`${partners.archivedAt} IS NOT NULL`)
  const counts = {
    all: 0,
    ...(Object.fromEntries(partnerFilters.map(filter => [filter, 0])) as Record<PartnerFilter, number>),
  }
  for (const row of rows) {
    counts[filterOf({ archivedAt: row.archived ? 0 : null, transfersStatus: row.status })] += row.count
    if (!row.archived) counts.all += row.count
  }
  return counts
}

function rowOf(partner: Partner, own: Total[]): PartnerRow {
  const {
    id,
    version,
    name,
    email,
    reference,
    type,
    country,
    currency,
    createdAt,
    archivedAt,
    transfersStatus,
    requirements,
    holdUntil,
  } = partner
  const ofStatus = (statuses: readonly PayoutStatus[]) => own.filter(total => statuses.includes(total.status))
  return {
    ...{
      id,
      version,
      name,
      email,
      reference,
      type,
      country,
      currency,
      createdAt,
      archivedAt,
      transfersStatus,
      requirements,
      holdUntil,
    },
    state: filterOf(partner),
    ...transfersLabels[transfersStatus],
    paid: sumByCurrency(
      ofStatus(['paid']).map(total => ({ currency: total.currency, amount: total.amount - total.reversed })),
    ),
    pending: sumByCurrency(ofStatus(unpaid).map(total => ({ currency: total.currency, amount: total.amount }))),
    payoutCount: own.reduce((sum, total) => sum + total.count, 0),
  }
}

/** Partners for a select: those that can get a payout, by name. */
export async function partnerOptions(db: Drizzle, viewer: Viewer, input: z.infer<typeof partnerOptionsInput>) {
  return db
    .select({ id: partners.id, name: partners.name, currency: partners.currency, email: partners.email })
    .from(partners)
    .where(and(eq(partners.orgId, viewer.orgId), isNull(partners.archivedAt), input.q ? searched(input.q) : undefined))
    .orderBy(sql`${partners.name} COLLATE NOCASE`, asc(partners.id))
    .limit(input.limit)
}

/** Everything staff may know of a partner. NOT_FOUND for another organization's. */
export async function getPartner(deps: Deps, viewer: Viewer, partnerId: string) {
  const db = deps.db.read
  const [row] = await db
    .select({ partner: partners, totals })
    .from(partners)
    .where(and(eq(partners.id, partnerId), eq(partners.orgId, viewer.orgId)))
  if (!row) throw notFound('partner')
  const { partner } = row
  const people = await db
    .select({
      membershipId: memberships.id,
      name: users.name,
      email: users.email,
      disabledAt: memberships.disabledAt,
      createdAt: memberships.createdAt,
    })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.partnerId, partner.id), eq(memberships.orgId, viewer.orgId)))
    .orderBy(asc(users.name))
  const invitations = (await listInvitations(deps, viewer.orgId)).filter(
    invitation => invitation.partnerId === partner.id,
  )
  const manages = allows(viewer.role, 'partners.manage')
  return {
    ...rowOf(partner, JSON.parse(row.totals) as Total[]),
    terms: {
      tier: partner.tier,
      class: partner.class,
      settlement: partner.settlement,
      defaultRateBp: partner.defaultRateBp,
      /** Minor units of the partner's currency. */
      minimum: await readMinimum({ tx: db, orgId: viewer.orgId }, partner.id, partner.currency),
    },
    connect: {
      accountId: partner.stripeAccountId,
      requirements: partner.requirements,
      syncedAt: partner.accountSyncedAt,
      destinationChangedAt: partner.destinationChangedAt,
    },
    users: people,
    invitations: invitations.map(({ id, email, inviterName, createdAt, expiresAt }) => ({
      id,
      email,
      inviterName,
      createdAt,
      expiresAt,
    })),
    blockers: await partnerBlockers(db, partner, deps.clock.now()),
    may: {
      edit: manages,
      invite: manages && partner.archivedAt === null,
      archive: manages && partner.archivedAt === null,
      restore: manages && partner.archivedAt !== null,
      remind: manages && partner.archivedAt === null && partner.transfersStatus !== 'active',
      sync: manages && partner.stripeAccountId !== null,
    },
  }
}

/** What stands between this partner and any payout: the same rules as a payout's own, asked for one that is approved. */
async function partnerBlockers(db: Drizzle, partner: Partner, now: number): Promise<Blocker[]> {
  const [org] = await db
    .select({
      pausedReason: organizations.transfersPausedReason,
      timeZone: organizations.timeZone,
      approvalsRequired: organizations.approvalsRequired,
    })
    .from(organizations)
    .where(eq(organizations.id, partner.orgId))
  if (!org) return []
  return blockers({
    status: 'approved',
    amount: 1,
    currency: partner.currency,
    approvedDigest: null,
    currentDigest: '',
    needsReview: false,
    approvals: org.approvalsRequired,
    partner: { ...partner, archived: partner.archivedAt !== null },
    org: { ...org, minimum: null },
    now,
  })
}

/** A partner's own profile, and how far its set-up is. */
export async function getOwnPartner(deps: Deps, viewer: Viewer) {
  const [partner] = await deps.db.read
    .select()
    .from(partners)
    .where(and(eq(partners.id, viewer.partnerId ?? ''), eq(partners.orgId, viewer.orgId)))
  if (!partner) throw notFound('partner')
  const { id, name, email, country, currency, reference } = partner
  return {
    ...{ id, name, email, country, currency, reference },
    archived: partner.archivedAt !== null,
    setup: setupOf(partner, deps.clock.now(), viewer.timeZone),
  }
}
