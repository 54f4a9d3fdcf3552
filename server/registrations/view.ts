import { and, asc, desc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle } from '#db/client.ts'
import { audit, deals, partners, programs, type Role, registrations, users } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import { dealNumber } from '../deals/rules.ts'
import { notFound } from '../lib/errors.ts'
import { decodeCursor, type Page, toPage } from '../lib/page.ts'
import { type Conflict, findConflicts, sentIn, tell } from './conflicts.ts'
import {
  type listRegistrationsInput,
  type RegistrationAction,
  type RegistrationStatus,
  registrationLabels,
  registrationMachine,
  registrationNumber,
} from './rules.ts'

type Registration = typeof registrations.$inferSelect

/** One row of a list. `expectedAmount` in minor units, times in UTC milliseconds. */
export interface RegistrationRow {
  id: string
  number: string
  version: number
  status: RegistrationStatus
  label: string
  says: string
  accountName: string
  accountDomain: string | null
  contactEmail: string | null
  expectedAmount: number | null
  currency: string
  program: { id: string; name: string }
  createdAt: number
  submittedAt: number | null
  decidedAt: number | null
  declineReason: string | null
  protectedUntil: number | null
  deal: { id: string; number: string; name: string; stage: 'open' | 'won' | 'lost' } | null
  actions: { action: Exclude<RegistrationAction, 'expire'>; label: string; tone: 'primary' | 'danger' | 'neutral' }[]
  /** For staff only. */
  partner: { id: string; name: string } | null
  /** For staff only: what stands against one that waits. */
  conflicts: Conflict[]
}

export interface ReadScope {
  viewer: Viewer
  now: number
}

const columns = {
  row: registrations,
  program: { id: programs.id, name: programs.name },
  partner: { id: partners.id, name: partners.name },
  deal: { id: deals.id, number: deals.number, name: deals.name, stage: deals.stage },
}

/** A partner sees its own; staff see what was sent in, never drafts. */
function visible({ orgId, partnerId }: Viewer): SQL | undefined {
  return and(
    eq(registrations.orgId, orgId),
    partnerId === null ? sql`${registrations.submittedAt} IS NOT NULL` : eq(registrations.partnerId, partnerId),
  )
}

function select(db: Drizzle) {
  return db
    .select(columns)
    .from(registrations)
    .innerJoin(programs, eq(programs.id, registrations.programId))
    .innerJoin(partners, eq(partners.id, registrations.partnerId))
    .leftJoin(deals, eq(deals.id, registrations.dealId))
}

/** A page of registrations: those that wait oldest first, all others newest first; with how many are in each state. */
export async function listRegistrations(
  db: Drizzle,
  { viewer, now }: ReadScope,
  input: z.infer<typeof listRegistrationsInput>,
) {
  if (viewer.partnerId && input.partnerId && input.partnerId !== viewer.partnerId) throw notFound('partner')
  const after = decodeCursor(input.cursor)
  const oldestFirst = input.status === 'submitted' && viewer.partnerId === null
  const sort = oldestFirst ? asc : desc
  const behind = oldestFirst
    ? sql`(${registrations.createdAt}, ${registrations.id}) > (${after?.[0]}, ${after?.[1]})`
    : sql`(${registrations.createdAt}, ${registrations.id}) < (${after?.[0]}, ${after?.[1]})`
  const rows = await select(db)
    .where(
      and(
        visible(viewer),
        input.status ? eq(registrations.status, input.status) : undefined,
        input.partnerId ? eq(registrations.partnerId, input.partnerId) : undefined,
        input.q ? searched(input.q) : undefined,
        after ? behind : undefined,
      ),
    )
    .orderBy(sort(registrations.createdAt), sort(registrations.id))
    .limit(input.limit + 1)
  const waiting =
    viewer.partnerId === null ? rows.map(({ row }) => row).filter(({ status }) => status === 'submitted') : []
  const conflicts = await findConflicts(
    db,
    viewer.orgId,
    waiting.map(row => ({ ...row, key: row.id })),
    now,
  )
  const page: Page<RegistrationRow> = toPage(
    rows.map(found => rowOf(found, viewer.role, conflicts.get(found.row.id) ?? [])),
    input.limit,
    row => [row.createdAt, row.id],
  )
  return { ...page, counts: await countRegistrations(db, viewer) }
}

function searched(q: string): SQL {
  const like = `%${q.replace(/[\\%_]/g, '\\$&')}%`
  const number = /^(?:r-)?0*(\d{1,9})$/i.exec(q)?.[1]
  return sql`(${registrations.accountName} LIKE ${like} ESCAPE '\\' OR ${registrations.contactEmail} LIKE ${like} ESCAPE '\\'
    OR ${registrations.number} = ${number ? Number(number) : -1})`
}

async function countRegistrations(db: Drizzle, viewer: Viewer): Promise<Record<RegistrationStatus, number>> {
  const rows = await db
    .select({ status: registrations.status, count: sql<number>`count(*)` })
    .from(registrations)
    .where(visible(viewer))
    .groupBy(registrations.status)
  const none = Object.fromEntries(Object.keys(registrationLabels).map(status => [status, 0]))
  return { ...none, ...Object.fromEntries(rows.map(({ status, count }) => [status, count])) } as Record<
    RegistrationStatus,
    number
  >
}

type Found = Awaited<ReturnType<typeof select>>[number]

function rowOf({ row, program, partner, deal }: Found, role: Role, conflicts: Conflict[]): RegistrationRow {
  const { id, version, status, accountName, accountDomain, contactEmail, expectedAmount, currency } = row
  const { createdAt, submittedAt, decidedAt, declineReason, protectedUntil } = row
  const forStaff = role !== 'partner'
  return {
    ...{ id, version, status, accountName, accountDomain, contactEmail, expectedAmount, currency, program },
    ...{ createdAt, submittedAt, decidedAt, declineReason, protectedUntil },
    number: registrationNumber(row.number),
    ...registrationLabels[status],
    deal: deal && { ...deal, number: dealNumber(deal.number) },
    actions: offersOf(row, role),
    partner: forStaff ? partner : null,
    conflicts: forStaff ? sentIn(conflicts) : [],
  }
}

function offersOf({ status }: Registration, role: Role): RegistrationRow['actions'] {
  return registrationMachine.from(status, role).map(action => ({
    action: action as Exclude<RegistrationAction, 'expire'>,
    label: registrationMachine.table[action].label,
    tone: registrationMachine.table[action].tone ?? 'neutral',
  }))
}

/** Everything about one registration that this viewer may know. NOT_FOUND for what is another's, and for staff a draft. */
export async function getRegistration(db: Drizzle, { viewer, now }: ReadScope, registrationId: string) {
  const [found] = await select(db).where(and(visible(viewer), eq(registrations.id, registrationId)))
  if (!found) throw notFound('registration')
  const { row } = found
  const open = row.status === 'draft' || row.status === 'submitted'
  const conflicts = open
    ? ((await findConflicts(db, viewer.orgId, [{ ...row, key: row.id }], now)).get(row.id) ?? [])
    : []
  const shared = { ...rowOf(found, viewer.role, conflicts), notes: row.notes, programId: row.programId }
  // A partner is told that somebody is there, and nothing else: no names, no history, no colleagues of the payer.
  if (viewer.role === 'partner')
    return { ...shared, told: row.status === 'draft' ? tell(conflicts) : null, staff: null }
  return { ...shared, told: null, staff: await staffPart(db, viewer, row, now) }
}

async function staffPart(db: Drizzle, { orgId }: Viewer, row: Registration, now: number) {
  const [decider] = row.decidedBy
    ? await db.select({ name: users.name }).from(users).where(eq(users.id, row.decidedBy))
    : []
  const [program] = await db.select().from(programs).where(eq(programs.id, row.programId))
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
    .where(and(eq(audit.orgId, orgId), eq(audit.targetType, 'registration'), eq(audit.targetId, row.id)))
    .orderBy(desc(audit.seq))
    .limit(100)
  const dayMs = 24 * 60 * 60_000
  return {
    decidedBy: decider?.name ?? null,
    protectionDays: program?.protectionDays ?? 0,
    /** What approving now would protect it until. */
    wouldProtectUntil: now + (program?.protectionDays ?? 0) * dayMs,
    linkable: row.status === 'submitted' ? await linkableDeals(db, row) : [],
    history,
  }
}

/** Open deals that may be what the partner speaks of, and that nobody else has registered. */
function linkableDeals(db: Drizzle, row: Registration) {
  return db
    .select({ id: deals.id, number: deals.number, name: deals.name, amount: deals.amount, currency: deals.currency })
    .from(deals)
    .where(
      and(
        // By domain or contact, not by walking all of an organization's deals in the order of their numbers.
        sql`${deals.id} IN (SELECT id FROM deals WHERE org_id = ${row.orgId} AND account_domain = ${row.accountDomain}
          UNION SELECT id FROM deals WHERE org_id = ${row.orgId} AND contact_email = ${row.contactEmail})`,
        sql`+${deals.orgId} = ${row.orgId}`,
        sql`+${deals.stage} = 'open'`,
        isNull(deals.removedAt),
        sql`(${deals.registeredBy} IS NULL OR ${deals.registeredBy} = ${row.partnerId})`,
      ),
    )
    .orderBy(sql`+${deals.number}`)
    .limit(20)
    .then(rows => rows.map(deal => ({ ...deal, number: dealNumber(deal.number) })))
}

/** How many wait for an answer, for the navigation. */
export async function countWaiting(db: Drizzle, orgId: string): Promise<number> {
  const [row] = await db
    .select({ count: sql<number>`count(*)` })
    .from(registrations)
    .where(and(eq(registrations.orgId, orgId), eq(registrations.status, 'submitted')))
  return row?.count ?? 0
}

/** What the form offers: the programs that are open, and the currency that the partner is paid in. */
export async function readChoices(db: Drizzle, orgId: string, partnerId: string) {
  const open = await db
    .select({ id: programs.id, name: programs.name, protectionDays: programs.protectionDays })
    .from(programs)
    .where(and(eq(programs.orgId, orgId), isNull(programs.archivedAt)))
    .orderBy(programs.name)
  const [partner] = await db.select({ currency: partners.currency }).from(partners).where(eq(partners.id, partnerId))
  return { programs: open, currency: partner?.currency ?? 'USD' }
}
