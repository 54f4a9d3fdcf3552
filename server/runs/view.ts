import { and, desc, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle } from '#db/client.ts'
import {
  type CommissionKind,
  type CommissionSnapshot,
  type PayoutStatus,
  type PlanBlocker,
  type PlanFlag,
  type PlanLine,
  type PlanOutcome,
  payoutRuns,
  programs,
  users,
} from '#db/schema/index.ts'
import { allows, type Viewer } from '../auth/rules.ts'
import { explanationText } from '../commissions/explain.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../lib/errors.ts'
import { fromStripeAmount, type Money } from '../lib/money.ts'
import { decodeCursor, type Page, toPage } from '../lib/page.ts'
import { type linesInput, type listRunsInput, type rowsInput, runNumber } from './rules.ts'
import type { Run } from './service.ts'
import { readWaiting } from './waiting.ts'

/** Counts and sums of a run's rows in one currency; minor units. */
export interface RunTotal {
  outcome: PlanOutcome
  currency: string
  count: number
  amount: number
  /** Of `pay`: those that somebody did not take out. */
  includedCount: number
  includedAmount: number
  flagged: number
}

/** Runs, the newest first, with what each pays by currency. */
export async function listRuns(db: Drizzle, orgId: string, input: z.infer<typeof listRunsInput>) {
  const after = decodeCursor(input.cursor)
  const rows = await db
    .select({
      id: payoutRuns.id,
      number: payoutRuns.number,
      status: payoutRuns.status,
      period: payoutRuns.period,
      cutoffAt: payoutRuns.cutoffAt,
      createdAt: payoutRuns.createdAt,
      createdBy: users.name,
      executedAt: payoutRuns.executedAt,
      sums: sql<string>`(SELECT json_group_array(json_object('currency', s.currency, 'count', s.n, 'amount', s.amount)) FROM (
        SELECT r.currency AS currency, count(*) AS n, sum(r.amount) AS amount FROM payout_run_rows r
        WHERE r.run_id = payout_runs.id AND r.included = 1 GROUP BY r.currency ORDER BY r.currency) s)`,
    })
    .from(payoutRuns)
    .leftJoin(users, eq(users.id, payoutRuns.createdBy))
    .where(
      and(
        eq(payoutRuns.orgId, orgId),
        input.status ? eq(payoutRuns.status, input.status) : undefined,
        input.period ? eq(payoutRuns.period, input.period) : undefined,
        after ? sql`(${payoutRuns.createdAt}, ${payoutRuns.id}) < (${after[0]}, ${after[1]})` : undefined,
      ),
    )
    .orderBy(desc(payoutRuns.createdAt), desc(payoutRuns.id))
    .limit(input.limit + 1)
  const page = toPage(rows, input.limit, row => [row.createdAt, row.id])
  return {
    ...page,
    rows: page.rows.map(({ sums, number, createdBy, ...row }) => {
      const amounts = JSON.parse(sums) as (Money & { count: number })[]
      return {
        ...row,
        number: runNumber(number),
        createdBy: createdBy ?? '',
        count: amounts.reduce((count, sum) => count + sum.count, 0),
        amounts: amounts.map(({ currency, amount }) => ({ currency, amount })),
      }
    }),
  }
}

async function runOf(db: Drizzle, orgId: string, runId: string): Promise<Run> {
  const [run] = await db
    .select()
    .from(payoutRuns)
    .where(and(eq(payoutRuns.id, runId), eq(payoutRuns.orgId, orgId)))
  if (!run) throw notFound('payout run')
  return run
}

/** A run for its review: totals, what waits and why, the cash it needs against what Stripe holds. NOT_FOUND for another's. */
export async function getRun(deps: Deps, viewer: Viewer, runId: string) {
  const db = deps.db.read
  const run = await runOf(db, viewer.orgId, runId)
  const totals = await readTotals(db, run.id)
  const draft = run.status === 'draft'
  const names = await db
    .select({ id: users.id, name: users.name })
    .from(users)
    .where(sql`${users.id} IN (${run.createdBy}, ${run.executedBy})`)
  const nameOf = (id: string | null) => names.find(user => user.id === id)?.name ?? null
  const chosen = run.programIds
    ? await db
        .select({ id: programs.id, name: programs.name })
        .from(programs)
        .where(
          and(
            eq(programs.orgId, viewer.orgId),
            sql`${programs.id} IN (SELECT value FROM json_each(${JSON.stringify(run.programIds)}))`,
          ),
        )
        .orderBy(programs.name)
    : null
  const { id, version, status, period, cutoffAt, digest, plannedAt, executedAt } = run
  return {
    ...{ id, version, status, period, cutoffAt, digest, plannedAt, executedAt },
    number: runNumber(run.number),
    createdBy: nameOf(run.createdBy),
    executedBy: nameOf(run.executedBy),
    programs: chosen,
    totals,
    waiting: draft ? await readWaiting(db, run, deps.clock.now()) : [],
    funds: draft ? await readFunds(deps, viewer.orgId, totals) : null,
    payouts: status === 'executed' ? await readPayouts(db, run.id) : [],
    mayPrepare: allows(viewer.role, 'runs.prepare'),
  }
}

function readTotals(db: Drizzle, runId: string): Promise<RunTotal[]> {
  return db.all<RunTotal>(sql`
    SELECT outcome, currency, count(*) AS count, sum(amount) AS amount, sum(included) AS includedCount,
           coalesce(sum(CASE WHEN included = 1 THEN amount END), 0) AS includedAmount, sum(flags <> '[]') AS flagged
    FROM payout_run_rows WHERE run_id = ${runId} GROUP BY outcome, currency ORDER BY outcome, currency`)
}

/** What became of the run's payouts. */
function readPayouts(db: Drizzle, runId: string) {
  return db.all<{ status: PayoutStatus; currency: string; count: number; amount: number }>(sql`
    SELECT status, currency, count(*) AS count, sum(amount) AS amount FROM payouts WHERE run_id = ${runId}
    GROUP BY status, currency ORDER BY status, currency`)
}

/** What a currency's payouts need, against what Stripe holds; minor units. `available` is null where Stripe did not answer. */
export interface Funds {
  answered: boolean
  currencies: {
    currency: string
    needed: number
    available: number | null
    /** Other payouts that wait for the same money. */
    alsoWaiting: number
  }[]
}

const balanceTimeoutMs = 4_000

/** Asks Stripe, so never inside a write. A silence is said, and holds nobody up for long. */
async function readFunds(deps: Deps, orgId: string, totals: RunTotal[]): Promise<Funds> {
  const needed = totals.filter(total => total.outcome === 'pay' && total.includedCount > 0)
  const waiting = await deps.db.read.all<{ currency: string; amount: number }>(sql`
    SELECT currency, sum(amount) AS amount FROM payout_totals
    WHERE org_id = ${orgId} AND partner_id = '' AND status IN ('pending_approval', 'approved', 'failed') GROUP BY currency`)
  const held = await balanceOf(deps)
  return {
    answered: held !== null,
    currencies: needed.map(({ currency, includedAmount }) => ({
      currency,
      needed: includedAmount,
      available: held === null ? null : (held.get(currency) ?? 0),
      alsoWaiting: waiting.find(one => one.currency === currency)?.amount ?? 0,
    })),
  }
}

async function balanceOf(deps: Deps): Promise<Map<string, number> | null> {
  try {
    const { available } = await deps.stripe.balance.retrieve({}, { timeout: balanceTimeoutMs })
    return new Map(
      available.map(({ amount, currency }) => [
        currency.toUpperCase(),
        fromStripeAmount(amount, currency.toUpperCase()),
      ]),
    )
  } catch (error) {
    deps.log.warn({ err: error }, 'Stripe did not tell its balance')
    return null
  }
}

export interface RunRow {
  id: string
  partner: { id: string; name: string }
  currency: string
  amount: number
  lastAmount: number | null
  outcome: PlanOutcome
  reason: string | null
  included: boolean
  lineCount: number
  flags: PlanFlag[]
  blockers: PlanBlocker[]
  payoutId: string | null
}

/** A page of a run's rows, the largest amounts first. */
export async function listRows(db: Drizzle, orgId: string, input: z.infer<typeof rowsInput>): Promise<Page<RunRow>> {
  const run = await runOf(db, orgId, input.runId)
  const after = decodeCursor(input.cursor)
  const like = input.q ? `%${input.q.replace(/[\\%_]/g, '\\$&')}%` : null
  const rows = await db.all<{
    id: string
    partnerId: string
    name: string
    currency: string
    amount: number
    lastAmount: number | null
    outcome: PlanOutcome
    reason: string | null
    included: number
    lineCount: number
    flags: string
    blockers: string
    payoutId: string | null
  }>(sql`
    SELECT r.id AS id, r.partner_id AS partnerId, p.name AS name, r.currency AS currency, r.amount AS amount, r.last_amount AS lastAmount,
           r.outcome AS outcome, r.reason AS reason, r.included AS included, json_array_length(r.lines) AS lineCount, r.flags AS flags,
           r.blockers AS blockers, r.payout_id AS payoutId
    FROM payout_run_rows r JOIN partners p ON p.id = r.partner_id
    WHERE r.run_id = ${run.id}
      AND ${input.outcome ? sql`r.outcome = ${input.outcome}` : sql`true`}
      AND ${input.flagged ? sql`r.flags <> '[]'` : sql`true`}
      AND ${input.currency ? sql`r.currency = ${input.currency}` : sql`true`}
      AND ${like ? sql`(p.name LIKE ${like} ESCAPE '\\' OR p.email LIKE ${like} ESCAPE '\\' OR p.reference LIKE ${like} ESCAPE '\\')` : sql`true`}
      AND ${after ? sql`(r.amount, r.id) < (${after[0]}, ${after[1]})` : sql`true`}
    ORDER BY r.amount DESC, r.id DESC LIMIT ${input.limit + 1}`)
  return toPage(
    rows.map(({ partnerId, name, included, flags, blockers, ...row }) => ({
      ...row,
      partner: { id: partnerId, name },
      included: included === 1,
      flags: JSON.parse(flags) as PlanFlag[],
      blockers: JSON.parse(blockers) as PlanBlocker[],
    })),
    input.limit,
    row => [row.amount, row.id],
  )
}

export interface RunLine extends PlanLine {
  /** The commission's own number and sentence; null for what is carried, before the run is executed. */
  commission: { id: string; number: number; kind: CommissionKind; explanation: string; note: string | null } | null
}

/** A page of one row's lines, each with the sentence that explains its commission. */
export async function listLines(db: Drizzle, orgId: string, input: z.infer<typeof linesInput>) {
  const run = await runOf(db, orgId, input.runId)
  const [row] = await db.all<{
    id: string
    partnerId: string
    name: string
    currency: string
    amount: number
    count: number
  }>(sql`
    SELECT r.id AS id, r.partner_id AS partnerId, p.name AS name, r.currency AS currency, r.amount AS amount, json_array_length(r.lines) AS count
    FROM payout_run_rows r JOIN partners p ON p.id = r.partner_id WHERE r.id = ${input.rowId} AND r.run_id = ${run.id}`)
  if (!row) throw notFound('row')
  const found = await db.all<{
    line: string
    id: string | null
    number: number
    kind: CommissionKind
    stream: 'base' | 'spiff'
    amount: number
    snapshot: string
    note: string | null
  }>(sql`
    SELECT j.value AS line, c.id AS id, c.number AS number, c.kind AS kind, c.stream AS stream, c.amount AS amount, c.snapshot AS snapshot, c.note AS note
    FROM payout_run_rows r, json_each(r.lines) j LEFT JOIN commissions c ON c.id = j.value ->> 'commissionId' AND +c.org_id = ${orgId}
    WHERE r.id = ${row.id} AND j.key >= ${input.from} ORDER BY j.key LIMIT ${input.limit}`)
  const lines = found.map(({ line, id, number, kind, stream, amount, snapshot, note }): RunLine => {
    const commission =
      id === null
        ? null
        : {
            ...{ id, number, kind, note },
            explanation: explanationText({
              ...{ kind, stream, amount },
              snapshot: JSON.parse(snapshot) as CommissionSnapshot,
            }),
          }
    return { ...(JSON.parse(line) as PlanLine), commission }
  })
  const next = input.from + lines.length
  return {
    rowId: row.id,
    partner: { id: row.partnerId, name: row.name },
    currency: row.currency,
    amount: row.amount,
    count: row.count,
    lines,
    next: next < row.count ? next : null,
  }
}
