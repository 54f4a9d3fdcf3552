import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import {
  audit,
  commissions,
  type DealStage,
  type DealType,
  dealTotals,
  partners,
  refunds,
  registrations,
  touches,
  users,
} from '#db/schema/index.ts'
import { currentRun } from '../attribution/run.ts'
import { listRuns, previewDeal, readDeal } from '../attribution/view.ts'
import { allows, type Permission, type Role, type Viewer } from '../auth/rules.ts'
import type { Money } from '../lib/money.ts'
import { type Page, toPage } from '../lib/page.ts'
import type { Deal } from './facts.ts'
import { pageOfIds, sortValue } from './list.ts'
import { type DealAction, type DealFilter, dealMachine, dealNumber } from './rules.ts'

export interface DealScope {
  viewer: Viewer
  now: number
}

/** One row of the list. Amounts in minor units, shares in basis points, times in UTC milliseconds. */
export interface DealRow {
  id: string
  number: string
  version: number
  name: string
  accountName: string
  stage: DealStage
  type: DealType
  amount: number
  currency: string
  refunded: number
  product: string | null
  territory: string | null
  program: { id: string; name: string }
  createdAt: number
  closedAt: number | null
  /** Those with most credit, of a won deal; at most three. */
  credited: { partnerId: string; name: string; bp: number }[]
  creditedCount: number
}

interface RawRow extends Omit<DealRow, 'number' | 'program' | 'credited'> {
  number: number
  programId: string
  programName: string
  credited: string
}

/** A page of deals with their program and who is credited; three statements whatever its length. */
export async function listDeals(
  db: Drizzle,
  { viewer }: DealScope,
  input: DealFilter & { cursor?: string; limit: number },
): Promise<Page<DealRow>> {
  const { cursor, limit, ...filter } = input
  const ids = await pageOfIds(db, { orgId: viewer.orgId, timeZone: viewer.timeZone }, filter, { cursor, limit })
  // An open or lost deal credits nobody, whatever its last attribution said.
  const rows = await db.all<RawRow>(sql`
    SELECT d.id AS id, d.number AS number, d.version AS version, d.name AS name, d.account_name AS accountName, d.stage AS stage, d.type AS type,
      d.amount AS amount, d.currency AS currency, d.refunded AS refunded, d.product AS product, d.territory AS territory,
      d.created_at AS createdAt, d.closed_at AS closedAt, p.id AS programId, p.name AS programName,
      (SELECT count(*) FROM attribution_credits c WHERE c.run_id = d.current_run_id AND d.stage = 'won') AS creditedCount,
      (SELECT json_group_array(json_object('partnerId', partner_id, 'name', name, 'bp', bp)) FROM (
        SELECT c.partner_id, r.name, c.bp FROM attribution_credits c JOIN partners r ON r.id = c.partner_id
        WHERE c.run_id = d.current_run_id AND d.stage = 'won' ORDER BY c.bp DESC, c.position LIMIT 3)) AS credited
    FROM json_each(${JSON.stringify(ids)}) j JOIN deals d ON d.id = j.value JOIN programs p ON p.id = d.program_id
    WHERE d.org_id = ${viewer.orgId} ORDER BY j.key`)
  return toPage(
    rows.map(({ programId, programName, ...row }) => ({
      ...row,
      number: dealNumber(row.number),
      program: { id: programId, name: programName },
      credited: JSON.parse(row.credited) as DealRow['credited'],
    })),
    limit,
    row => [sortValue(filter.sort, row), row.id],
  )
}

export interface StageFigure {
  count: number
  /** By currency, in minor units; never across. */
  amounts: Money[]
}

/** Counts and sums by stage from the kept totals; `unattributed` counts won deals that credit nobody. */
export async function dealCounts(
  db: Drizzle,
  orgId: string,
): Promise<Record<DealStage, StageFigure> & { unattributed: number; all: number }> {
  const rows = await db.select().from(dealTotals).where(eq(dealTotals.orgId, orgId)).orderBy(asc(dealTotals.currency))
  const figure = (stage: DealStage): StageFigure => {
    const own = rows.filter(row => row.stage === stage && row.count > 0)
    return {
      count: own.reduce((sum, row) => sum + row.count, 0),
      amounts: own.map(({ amount, currency }) => ({ amount, currency })),
    }
  }
  const [open, won, lost] = [figure('open'), figure('won'), figure('lost')]
  return {
    ...{ open, won, lost },
    all: open.count + won.count + lost.count,
    unattributed: rows.reduce((sum, row) => sum + row.uncredited, 0),
  }
}

/** An action this viewer may ask for here; `refusal` says why not now, and what would clear it. */
export interface DealOffer {
  action: DealAction | 'clearOverride'
  label: string
  tone: 'primary' | 'danger' | 'neutral'
  refusal: string | null
}

const needs: Record<DealAction, Permission> = {
  win: 'deals.manage',
  lose: 'deals.manage',
  reopen: 'deals.manage',
  refund: 'deals.manage',
  recalculate: 'deals.manage',
  override: 'attribution.override',
}

function offersOf(deal: Deal, role: Role): DealOffer[] {
  const refusals: Partial<Record<DealAction, string>> = {
    ...(deal.refunded === deal.amount ? { refund: 'Everything was refunded already.' } : {}),
    ...(deal.amount === 0 ? { refund: 'The deal’s amount is zero.' } : {}),
  }
  return dealMachine
    .from(deal.stage, role)
    .filter(action => allows(role, needs[action]))
    .map(action => ({
      action,
      label: dealMachine.table[action].label,
      tone: dealMachine.table[action].tone ?? 'neutral',
      refusal: refusals[action] ?? null,
    }))
}

/** Everything about one deal, for staff. NOT_FOUND for another organization's. */
export async function getDeal(db: Drizzle, { viewer, now }: DealScope, dealId: string) {
  const { deal, program } = await readDeal(db, viewer.orgId, dealId)
  const current = await currentRun(db, deal)
  const preview = await previewDeal(db, viewer.orgId, dealId, now)
  const runs = await listRuns(db, viewer.orgId, dealId)
  const whose = await readTouches(db, deal)
  const why = new Map(preview.excluded.map(one => [one.touchId, one.why]))
  const { id, version, name, accountName, accountDomain, contactEmail, amount, currency, product, territory } = deal
  const { type, stage, openedAt, qualifiedAt, closedAt, externalRef, notes, source, importId, refunded } = deal
  const mayManage = allows(viewer.role, 'deals.manage')
  const overridden = deal.stage === 'won' && current?.run.basis === 'override'
  return {
    ...{ id, version, name, accountName, accountDomain, contactEmail, amount, currency, product, territory },
    ...{ type, stage, openedAt, qualifiedAt, closedAt, externalRef, notes, source, importId, refunded },
    number: dealNumber(deal.number),
    createdAt: deal.createdAt,
    createdBy: await nameOf(db, deal.createdBy),
    registeredBy: await partnerName(db, viewer.orgId, deal.registeredBy),
    program: { id: program.id, name: program.name, model: program.model, timeZone: program.timeZone },
    /** The attribution that counts: of a won deal only. */
    current: deal.stage === 'won' ? (runs.find(run => run.id === deal.currentRunId) ?? null) : null,
    overridden,
    /** What the program's model says of the touches as they are; of an open deal as if it closed now. */
    preview: { credits: preview.credits, nobody: preview.nobody, cutoffAt: preview.cutoffAt },
    touches: whose.map(touch => ({ ...touch, whyNot: why.get(touch.id) ?? null })),
    runs,
    refunds: await readRefunds(db, deal),
    commissions: await readCommissions(db, deal),
    registration: await readRegistration(db, deal),
    history: await readHistory(db, deal),
    actions: offersOf(deal, viewer.role),
    mayManage,
    mayOverride: allows(viewer.role, 'attribution.override'),
    now,
  }
}

async function nameOf(db: Drizzle, userId: string): Promise<string> {
  const [user] = await db.select({ name: users.name }).from(users).where(eq(users.id, userId))
  return user?.name ?? 'Remit'
}

async function partnerName(
  db: Drizzle,
  orgId: string,
  id: string | null,
): Promise<{ id: string; name: string } | null> {
  if (id === null) return null
  const [partner] = await db
    .select({ id: partners.id, name: partners.name })
    .from(partners)
    .where(and(eq(partners.id, id), eq(partners.orgId, orgId)))
  return partner ?? null
}

function readTouches(db: Drizzle, deal: Deal) {
  return db
    .select({
      id: touches.id,
      version: touches.version,
      partner: { id: partners.id, name: partners.name },
      type: touches.type,
      role: touches.role,
      at: touches.at,
      weight: touches.weight,
      note: touches.note,
      source: touches.source,
      externalRef: touches.externalRef,
    })
    .from(touches)
    .innerJoin(partners, eq(partners.id, touches.partnerId))
    .where(and(eq(touches.dealId, deal.id), isNull(touches.removedAt)))
    .orderBy(asc(touches.at), asc(touches.id))
    .limit(500)
}

function readRefunds(db: Drizzle, deal: Deal) {
  return db
    .select({
      id: refunds.id,
      amount: refunds.amount,
      at: refunds.at,
      reason: refunds.reason,
      externalRef: refunds.externalRef,
      createdAt: refunds.createdAt,
      createdBy: users.name,
    })
    .from(refunds)
    .leftJoin(users, eq(users.id, refunds.createdBy))
    .where(eq(refunds.dealId, deal.id))
    .orderBy(asc(refunds.at), asc(refunds.id))
    .limit(200)
}

/** So many lines stand on the deal's page; the commissions list, filtered by the deal, has all in pages. */
export const linesOnPage = 100

/**
 * The deal's first lines, each with what it corrects, and how many there are in all; and the sum a partner, of all of them, in minor
 * units of the deal's currency.
 */
async function readCommissions(db: Drizzle, deal: Deal) {
  const rows = await db
    .select({
      id: commissions.id,
      number: commissions.number,
      partner: { id: partners.id, name: partners.name },
      kind: commissions.kind,
      stream: commissions.stream,
      installment: commissions.installment,
      amount: commissions.amount,
      currency: commissions.currency,
      status: commissions.status,
      releaseAt: commissions.releaseAt,
      disputedAt: commissions.disputedAt,
      payoutId: commissions.payoutId,
      originId: commissions.originId,
      note: commissions.note,
      createdAt: commissions.createdAt,
    })
    .from(commissions)
    .innerJoin(partners, eq(partners.id, commissions.partnerId))
    .where(eq(commissions.dealId, deal.id))
    .orderBy(asc(commissions.number))
    .limit(linesOnPage)
  const all = await db.all<{ partnerId: string; amount: number; count: number }>(sql`
    SELECT partner_id AS partnerId, sum(amount) AS amount, count(*) AS count FROM commissions WHERE deal_id = ${deal.id}
    GROUP BY partner_id ORDER BY min(number)`)
  return {
    rows: rows.map(row => ({ ...row, number: `C-${String(row.number).padStart(6, '0')}` })),
    count: all.reduce((sum, one) => sum + one.count, 0),
    sums: all.map(({ partnerId, amount }) => ({ partnerId, amount })),
  }
}

async function readRegistration(db: Drizzle, deal: Deal) {
  const [row] = await db
    .select({
      id: registrations.id,
      number: registrations.number,
      status: registrations.status,
      protectedUntil: registrations.protectedUntil,
      partner: { id: partners.id, name: partners.name },
    })
    .from(registrations)
    .innerJoin(partners, eq(partners.id, registrations.partnerId))
    .where(and(eq(registrations.orgId, deal.orgId), eq(registrations.dealId, deal.id)))
    .orderBy(desc(registrations.createdAt))
    .limit(1)
  return row ? { ...row, number: `R-${String(row.number).padStart(6, '0')}` } : null
}

function readHistory(db: Drizzle, deal: Deal) {
  return db
    .select({
      seq: audit.seq,
      at: audit.at,
      actor: audit.actorName,
      action: audit.action,
      before: audit.before,
      after: audit.after,
    })
    .from(audit)
    .where(and(eq(audit.orgId, deal.orgId), eq(audit.targetType, 'deal'), eq(audit.targetId, deal.id)))
    .orderBy(desc(audit.seq))
    .limit(100)
}
