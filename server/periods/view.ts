import { and, eq, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { type CommissionKind, closedPeriods, organizations, payoutRuns, programs, users } from '#db/schema/index.ts'
import { allows, type Viewer } from '../auth/rules.ts'
import { groupBy } from '../lib/group.ts'
import type { Money } from '../lib/money.ts'
import { decodeCursor, type Page, toPage } from '../lib/page.ts'
import { formatPeriod, periodOf, shiftPeriod } from '../lib/period.ts'
import { payoutNumber } from '../payouts/rules.ts'
import { runNumber } from '../runs/rules.ts'
import { lastClosed } from './service.ts'

/** A month's books in one currency, in minor units. */
export interface PeriodTotals {
  currency: string
  /** Commissions earned, or imported. */
  accrued: number
  /** Corrections, and what disputes came to. */
  adjustments: number
  /** Taken back; negative. */
  reversals: number
  /** Paid out in that month (by UTC). */
  paid: number
  /** Paid out in that month or before, and reversed in this one; negative. */
  paidBack: number
}

/** A payment, or a part of it, that was reversed in a month; its own month keeps its figures. */
export interface ReversalRow extends Money {
  payout: { id: string; number: string }
  partner: { id: string; name: string }
  /** UTC milliseconds */
  at: number
  /** The month of the payment. */
  originMonth: string
}

export interface PeriodRow {
  period: string
  status: 'closed' | 'open' | 'running'
  closedAt: number | null
  closedBy: string | null
  totals: PeriodTotals[]
  /** Why it can't be closed now, and what would clear it; null if it can. Absent for who may not close. */
  refusal?: string | null
}

const partOf: Record<CommissionKind, 'accrued' | 'adjustments' | 'reversals' | null> = {
  earned: 'accrued',
  imported: 'accrued',
  adjustment: 'adjustments',
  dispute: 'adjustments',
  reversal: 'reversals',
  // A pair that sums to zero.
  carry: null,
}

/** The months that have figures, the latest first, and the one that is running. */
export async function listPeriods(
  db: Drizzle,
  viewer: Viewer,
  now: number,
  input: { before?: string; limit: number },
): Promise<{ rows: PeriodRow[]; next: string | null }> {
  const before = input.before ?? '9999-12'
  const running = periodOf(now, viewer.timeZone)
  const found = await db.all<{ period: string }>(sql`
    SELECT period FROM (
      SELECT DISTINCT period FROM period_totals WHERE org_id = ${viewer.orgId} AND period < ${before}
      UNION SELECT month FROM payout_months WHERE org_id = ${viewer.orgId} AND partner_id = '' AND month < ${before}
      UNION SELECT period FROM closed_periods WHERE org_id = ${viewer.orgId} AND period < ${before}
      UNION SELECT ${running} WHERE ${running} < ${before})
    ORDER BY period DESC LIMIT ${input.limit + 1}`)
  const periods = found.slice(0, input.limit).map(row => row.period)
  const rows = await readPeriods(db, viewer, running, periods)
  return { rows, next: found.length > input.limit ? (periods.at(-1) ?? null) : null }
}

async function readPeriods(db: Drizzle, viewer: Viewer, running: string, periods: string[]): Promise<PeriodRow[]> {
  const wanted = sql`(SELECT value FROM json_each(${JSON.stringify(periods)}))`
  const sums = await db.all<{
    period: string
    currency: string
    kind: CommissionKind | 'paid' | 'paidBack'
    amount: number
  }>(sql`
    SELECT period, currency, kind, amount FROM period_totals WHERE org_id = ${viewer.orgId} AND period IN ${wanted}
    UNION ALL SELECT month, currency, kind, iif(kind = 'paid', amount, -reversed) FROM payout_months, (SELECT 'paid' AS kind UNION ALL SELECT 'paidBack')
      WHERE org_id = ${viewer.orgId} AND partner_id = '' AND month IN ${wanted}
    ORDER BY 1, 2`)
  const closings = await db
    .select({ period: closedPeriods.period, at: closedPeriods.closedAt, by: users.name })
    .from(closedPeriods)
    .leftJoin(users, eq(users.id, closedPeriods.closedBy))
    .where(and(eq(closedPeriods.orgId, viewer.orgId), sql`${closedPeriods.period} IN ${wanted}`))
  const closed = await lastClosed(db, viewer.orgId)
  const sumsOf = groupBy(sums, sum => sum.period)
  const mayClose = allows(viewer.role, 'periods.close')
  return Promise.all(
    periods.map(async period => {
      const closing = closings.find(one => one.period === period)
      const isClosed = closed !== null && period <= closed
      return {
        period,
        status: isClosed ? ('closed' as const) : period >= running ? ('running' as const) : ('open' as const),
        closedAt: closing?.at ?? null,
        closedBy: closing?.by ?? null,
        totals: totalsOf(sumsOf.get(period) ?? []),
        ...(mayClose && !isClosed ? { refusal: await closeRefusal(db, viewer.orgId, period, running) } : {}),
      }
    }),
  )
}

function totalsOf(
  sums: { currency: string; kind: CommissionKind | 'paid' | 'paidBack'; amount: number }[],
): PeriodTotals[] {
  return [...groupBy(sums, sum => sum.currency)].map(([currency, own]) => {
    const totals = { currency, accrued: 0, adjustments: 0, reversals: 0, paid: 0, paidBack: 0 }
    for (const { kind, amount } of own) {
      const part = kind === 'paid' || kind === 'paidBack' ? kind : partOf[kind]
      if (part) totals[part] += amount
    }
    return totals
  })
}

/** Why a month can't be closed now, and what would clear it; null if it can. `running` is the month of today. */
export async function closeRefusal(
  db: Drizzle | Tx,
  orgId: string,
  period: string,
  running: string,
): Promise<string | null> {
  if (period >= running)
    return `${formatPeriod(period)} is not over. It can be closed from ${formatPeriod(shiftPeriod(period, 1))} on.`
  const closed = await lastClosed(db, orgId)
  const next = closed === null ? null : shiftPeriod(closed, 1)
  if (next !== null && period > next) return `Months are closed in order: close ${formatPeriod(next)} first.`
  const [draft] = await db
    .select({ number: payoutRuns.number })
    .from(payoutRuns)
    .where(and(eq(payoutRuns.orgId, orgId), eq(payoutRuns.status, 'draft'), sql`${payoutRuns.period} <= ${period}`))
    .orderBy(payoutRuns.number)
    .limit(1)
  if (draft) return `${runNumber(draft.number)} is a draft of it. Execute or discard that run first.`
  return null
}

/** What of a month is not paid yet: nothing keeps it from being closed, but whoever closes it should know. */
export interface PeriodWarning {
  what: 'unpaid_commissions' | 'unpaid_payouts'
  count: number
  amounts: Money[]
}

const slice = 5_000

export async function periodWarnings(db: Drizzle | Tx, orgId: string, period: string): Promise<PeriodWarning[]> {
  const open = new Map<string, { count: number; amount: number }>()
  let after: { createdAt: number; id: string } | undefined
  do {
    const behind = after ? sql`(created_at, id) > (${after.createdAt}, ${after.id})` : sql`true`
    const rows: { createdAt: number; id: string; status: string; currency: string; amount: number }[] =
      await db.all(sql`
      SELECT created_at AS createdAt, id, status, currency, amount FROM commissions
      WHERE org_id = ${orgId} AND period = ${period} AND ${behind} ORDER BY created_at, id LIMIT ${slice}`)
    for (const row of rows) {
      if (row.status !== 'accrued') continue
      const sum = open.get(row.currency) ?? { count: 0, amount: 0 }
      open.set(row.currency, { count: sum.count + 1, amount: sum.amount + row.amount })
    }
    after = rows.length === slice ? rows.at(-1) : undefined
  } while (after)
  const payouts = await db.all<{ currency: string; count: number; amount: number }>(sql`
    SELECT currency, count(*) AS count, sum(amount) AS amount FROM payouts
    WHERE org_id = ${orgId} AND period = ${period} AND status IN ('pending_approval', 'approved', 'processing', 'failed')
    GROUP BY currency ORDER BY currency`)
  const warning = (what: PeriodWarning['what'], sums: { currency: string; count: number; amount: number }[]) =>
    sums.length === 0
      ? []
      : [
          {
            what,
            count: sums.reduce((total, sum) => total + sum.count, 0),
            amounts: sums.map(({ currency, amount }) => ({ currency, amount })),
          },
        ]
  return [
    ...warning(
      'unpaid_commissions',
      [...open].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, sum]) => ({ currency, ...sum })),
    ),
    ...warning('unpaid_payouts', payouts),
  ]
}

/** One month, with what whoever closes it should know. */
export async function getPeriod(db: Drizzle, viewer: Viewer, now: number, period: string) {
  const running = periodOf(now, viewer.timeZone)
  const [row] = await readPeriods(db, viewer, running, [period])
  if (!row) throw new Error('no period')
  return { ...row, warnings: row.status === 'closed' ? [] : await periodWarnings(db, viewer.orgId, period) }
}

/** What was reversed in a month, the newest first, each with the month of its payment. */
export async function listReversals(
  db: Drizzle,
  viewer: Viewer,
  input: { period: string; cursor?: string; limit: number },
): Promise<Page<ReversalRow>> {
  const after = decodeCursor(input.cursor)
  const rows = await db.all<
    Money & {
      at: number
      key: string
      payoutId: string
      number: number
      partnerId: string
      name: string
      originMonth: string
    }
  >(sql`
    SELECT r.amount AS amount, r.currency AS currency, r.at AS at, r.payout_id || ' ' || r.total AS key, r.payout_id AS payoutId, p.number AS number,
      p.partner_id AS partnerId, w.name AS name, r.origin_month AS originMonth
    FROM payout_reversals r JOIN payouts p ON p.id = r.payout_id JOIN partners w ON w.id = p.partner_id
    WHERE r.org_id = ${viewer.orgId} AND r.month = ${input.period}
      AND ${after ? sql`(r.at, r.payout_id || ' ' || r.total) < (${after[0]}, ${after[1]})` : sql`true`}
    ORDER BY r.at DESC, key DESC LIMIT ${input.limit + 1}`)
  const page = toPage(rows, input.limit, row => [row.at, row.key])
  return {
    ...page,
    rows: page.rows.map(({ key: _, payoutId, number, partnerId, name, ...row }) => ({
      ...row,
      payout: { id: payoutId, number: payoutNumber(number) },
      partner: { id: partnerId, name },
    })),
  }
}

/** The month of today: the earliest of the organization's, its programs' and UTC's. */
export async function runningPeriod(db: Drizzle | Tx, orgId: string, now: number): Promise<string> {
  const [org] = await db.select({ zone: organizations.timeZone }).from(organizations).where(eq(organizations.id, orgId))
  const own = await db.select({ zone: programs.timeZone }).from(programs).where(eq(programs.orgId, orgId))
  // A month is over when it is over everywhere: deals are won in a program's own zone, and payments are counted by UTC.
  const running = new Set(['UTC', org?.zone ?? 'UTC', ...own.map(program => program.zone)])
  return [...running].map(zone => periodOf(now, zone)).sort()[0] ?? periodOf(now, 'UTC')
}
