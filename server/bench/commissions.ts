import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import { pendingTotals } from '../commissions/pending.ts'
import { benchAdmin } from './company.ts'

const day = 24 * 60 * 60_000
const slice = 25_000

/** Fills a bench company with open commissions: payable, debts, on hold and disputed, scattered over partners and two currencies. */
export async function addCommissions(
  db: Database,
  { commissions, partners, now }: { commissions: number; partners: number; now: number },
): Promise<void> {
  const { orgId } = benchAdmin
  const snapshot =
    '{"currency":"USD","deal":null,"run":null,"credit":null,"rule":null,"defaultRateBp":null,"losing":[],"steps":[],"installment":1}'
  for (let from = 0; from < commissions; from += slice) {
    const to = Math.min(from + slice, commissions) - 1
    await db.write(tx =>
      tx.run(sql`
        WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to}),
        s AS (SELECT i, i * 2654435761 % 1000003 AS x FROM n)
        INSERT INTO commissions (id, org_id, number, partner_id, program_id, kind, stream, amount, currency, period, release_at, disputed_at, snapshot, created_by, created_at, updated_at)
        SELECT printf('com_%025d', i), ${orgId}, i + 1, printf('par_%06d', x % ${partners}), ${`prg_${orgId}`}, 'imported', 'base',
          iif(x % 11 = 0, -1, 1) * (100 + x * 37 % 900000), iif(x % 4 = 0, 'EUR', 'USD'), '2026-02', ${now} + (x % 40 - 30) * ${day},
          iif(x % 97 = 0, ${now}, NULL), ${snapshot}, 'system', ${now} - i, ${now} FROM s`),
    )
  }
}

export interface PendingRun {
  groups: number
  lines: number
  ms: number
  reads: number
  /** The longest single read (ms): so long anything else had to wait for the database. */
  longestMs: number
}

/** What everybody is owed, slice by slice, as of `now` (UTC milliseconds). */
export async function runPending(db: Database, now: number): Promise<PendingRun> {
  const run: PendingRun = { groups: 0, lines: 0, ms: 0, reads: 0, longestMs: 0 }
  const started = performance.now()
  await db.snapshot(async read => {
    const timed = (ms: number) => {
      run.reads++
      run.longestMs = Math.max(run.longestMs, ms)
    }
    for await (const group of pendingTotals(read, benchAdmin.orgId, { now, timed })) {
      run.groups++
      run.lines += group.lines
    }
  })
  run.ms = performance.now() - started
  return run
}

/** The same sums for the `sqlite3` program, in one statement. */
export function pendingCliQuery(now: number): string {
  const free = `status = 'accrued' AND disputed_at IS NULL`
  return `SELECT partner_id, currency, count(*),
    coalesce(sum(amount) FILTER (WHERE ${free} AND release_at <= ${now} AND amount > 0), 0),
    coalesce(sum(amount) FILTER (WHERE ${free} AND release_at <= ${now} AND amount < 0), 0),
    coalesce(sum(amount) FILTER (WHERE ${free} AND release_at > ${now}), 0),
    coalesce(sum(amount) FILTER (WHERE status = 'accrued' AND disputed_at IS NOT NULL), 0),
    coalesce(sum(amount) FILTER (WHERE status = 'in_payout'), 0)
    FROM commissions WHERE org_id = '${benchAdmin.orgId}' AND status <> 'paid' GROUP BY partner_id, currency;`
}
