import { and, eq, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { type Requirement, runMinimums, type TransfersStatus } from '#db/schema/index.ts'
import { createPacer } from '#db/turns.ts'
import { dayOf } from '../lib/period.ts'
import { readPolicy } from '../payouts/facts.ts'
import { ratesAround } from '../rates/service.ts'
import { type OpenCommission, type Payee, type PlannedRow, planInTurns, type RunFacts } from './plan.ts'

/** What a run is of: everything released by `cutoffAt` (UTC milliseconds), in these programs, or in all. */
export interface RunScope {
  orgId: string
  now: number
  cutoffAt: number
  programIds: string[] | null
}

/** So many commissions are read at once: a statement holds everybody up for some milliseconds, however long the run. */
const slice = 2_000

/**
 * What may be paid: accrued, not disputed, released by the cut-off. What is taken back counts as soon as it is released, also after
 * the cut-off: a refund meets its commission before that is paid, not a month later. What was carried comes with its opposite.
 */
export function isCandidate({ now, cutoffAt, programIds }: RunScope) {
  const released = sql`(c.release_at <= ${cutoffAt} OR (c.release_at <= ${now} AND (c.amount < 0 OR c.kind = 'carry')))`
  const inPrograms = programIds
    ? sql`c.program_id IN (SELECT value FROM json_each(${JSON.stringify(programIds)}))`
    : sql`true`
  // What takes back a commission that waits (on hold, disputed, of another run's programs) waits with it.
  const ofPrograms = programIds
    ? sql`o.program_id IN (SELECT value FROM json_each(${JSON.stringify(programIds)}))`
    : sql`true`
  const withOrigin = sql`(c.amount > 0 OR c.kind = 'carry' OR c.origin_id IS NULL OR NOT EXISTS (
    SELECT 1 FROM commissions o WHERE o.id = c.origin_id AND o.status = 'accrued'
      AND NOT (o.disputed_at IS NULL AND o.release_at <= ${cutoffAt} AND ${ofPrograms})))`
  return sql`c.status = 'accrued' AND c.status <> 'paid' AND c.disputed_at IS NULL AND ${released} AND ${inPrograms} AND ${withOrigin}`
}

/** The plan of now. Everything in it runs in turns with whatever else the process does. */
export async function planNow(db: Drizzle | Tx, scope: RunScope): Promise<PlannedRow[]> {
  return planInTurns(await readRunFacts(db, scope), createPacer())
}

/** Reads all that a plan depends on, in slices and never a partner at a time. */
async function readRunFacts(db: Drizzle | Tx, scope: RunScope): Promise<RunFacts> {
  const { orgId, now, cutoffAt } = scope
  const policy = await readPolicy(db, orgId)
  const commissions = await readCandidates(db, scope)
  const rateDay = dayOf(cutoffAt, policy.timeZone)
  const programs = await db.all<{ id: string; name: string; cap: number }>(
    sql`SELECT id, name, debt_cap_bp AS cap FROM programs WHERE org_id = ${orgId}`,
  )
  const minimums = await readMinimums(db, orgId)
  return {
    now,
    rateDay,
    timeZone: policy.timeZone,
    commissions,
    payees: await readPayees(db, orgId, [...new Set(commissions.map(one => one.partnerId))]),
    programs: new Map(programs.map(({ id, name, cap }) => [id, { name, debtCapBp: cap }])),
    minimums: { organization: policy.minimums, ...minimums },
    rates: await ratesAround(db, orgId, rateDay),
  }
}

interface CandidateRow {
  id: string
  number: number
  partnerId: string
  programId: string
  amount: number
  currency: string
  kind: OpenCommission['kind']
  stream: OpenCommission['stream']
  installment: number
  originId: string | null
  note: string | null
  dealName: string | null
  dealNumber: number | null
}

async function readCandidates(db: Drizzle | Tx, scope: RunScope): Promise<OpenCommission[]> {
  const found: OpenCommission[] = []
  let last: CandidateRow | undefined
  do {
    const after = last
      ? sql`(c.partner_id, c.currency, c.id) > (${last.partnerId}, ${last.currency}, ${last.id})`
      : sql`true`
    const rows: CandidateRow[] = await db.all<CandidateRow>(sql`
      SELECT c.id AS id, c.number AS number, c.partner_id AS partnerId, c.program_id AS programId, c.amount AS amount, c.currency AS currency,
             c.kind AS kind, c.stream AS stream, c.installment AS installment, c.origin_id AS originId, c.note AS note, d.name AS dealName, d.number AS dealNumber
      FROM commissions c INDEXED BY commissions_open LEFT JOIN deals d ON d.id = c.deal_id AND +d.org_id = c.org_id
      WHERE c.org_id = ${scope.orgId} AND ${isCandidate(scope)} AND ${after}
      ORDER BY c.partner_id, c.currency, c.id LIMIT ${slice}`)
    for (const { dealName, dealNumber, ...row } of rows)
      found.push({
        ...row,
        deal: dealName !== null && dealNumber !== null ? { name: dealName, number: dealNumber } : null,
      })
    last = rows.length === slice ? rows.at(-1) : undefined
  } while (last)
  return found
}

const partnersAtOnce = 500

async function readPayees(db: Drizzle | Tx, orgId: string, ids: string[]): Promise<Map<string, Payee>> {
  const payees = new Map<string, Payee>()
  for (let at = 0; at < ids.length; at += partnersAtOnce) {
    const rows = await db.all<{
      id: string
      name: string
      archived: number
      currency: string
      settlement: Payee['settlement']
      transfersStatus: TransfersStatus
      requirements: string
      holdUntil: number | null
      destinationChangedAt: number | null
      payouts: number
      paid: number
      last: string
    }>(sql`
      SELECT p.id AS id, p.name AS name, p.archived_at IS NOT NULL AS archived, p.currency AS currency, p.settlement AS settlement,
             p.transfers_status AS transfersStatus, p.requirements AS requirements, p.hold_until AS holdUntil,
             p.destination_changed_at AS destinationChangedAt,
             (SELECT coalesce(sum(count), 0) FROM payout_totals t WHERE t.org_id = p.org_id AND t.partner_id = p.id
                AND t.status NOT IN ('rejected', 'canceled')) AS payouts,
             (SELECT coalesce(sum(count), 0) FROM payout_totals t WHERE t.org_id = p.org_id AND t.partner_id = p.id
                AND t.status IN ('paid', 'reversed')) AS paid,
             (SELECT json_group_object(currency, amount) FROM (
                SELECT o.currency AS currency, o.amount AS amount, max(o.number) FROM payouts o
                WHERE o.org_id = p.org_id AND o.partner_id = p.id AND o.source = 'run' AND o.status NOT IN ('rejected', 'canceled')
                GROUP BY o.currency)) AS last
      FROM json_each(${JSON.stringify(ids.slice(at, at + partnersAtOnce))}) j JOIN partners p ON p.id = j.value AND +p.org_id = ${orgId}`)
    for (const { paid, archived, requirements, last, ...row } of rows)
      payees.set(row.id, {
        ...row,
        archived: archived === 1,
        requirements: JSON.parse(requirements) as Requirement[],
        everPaid: paid > 0,
        last: JSON.parse(last) as Record<string, number>,
      })
  }
  return payees
}

async function readMinimums(db: Drizzle | Tx, orgId: string) {
  const rows = await db
    .select()
    .from(runMinimums)
    .where(and(eq(runMinimums.orgId, orgId)))
  const of = (scope: 'program' | 'partner') => {
    const found = new Map<string, Record<string, number>>()
    for (const row of rows)
      if (row.scope === scope) found.set(row.scopeId, { ...found.get(row.scopeId), [row.currency]: row.amount })
    return found
  }
  return { program: of('program'), partner: of('partner') }
}
