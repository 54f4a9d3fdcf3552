import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import type { Viewer } from '../auth/rules.ts'

export interface CompanySize {
  payouts: number
  partners: number
  /** UTC milliseconds of the newest payout; the others lie in the eighteen months before. */
  now: number
  /** How many payouts share a moment, for tests of ties; 1 unless given. */
  ties?: number
  /** How many different amounts there are; 900,000 unless given. */
  amounts?: number
}

const months18 = 540 * 24 * 60 * 60_000
const slice = 25_000

/** The admin in whose name a large company is looked at. Its payouts were prepared by someone else, so that they can be approved. */
export const benchAdmin: Viewer = {
  userId: 'usr_bench_admin',
  email: 'admin@bench.example',
  name: 'Ada Admin',
  membershipId: 'mem_bench_admin',
  orgId: 'org_bench',
  orgName: 'Bench & Sons',
  timeZone: 'UTC',
  role: 'admin',
  partnerId: null,
}

/** Fills an empty, migrated database with one company's payouts in every status, by a few statements; the same every time. */
export async function buildCompany(db: Database, size: CompanySize): Promise<void> {
  const { now } = size
  const { orgId, orgName, userId, email, name, membershipId } = benchAdmin
  await db.write(async tx => {
    await tx.run(
      sql`INSERT INTO organizations (id, name, next_payout_number, created_at, export_rows_per_day) VALUES (${orgId}, ${orgName}, ${size.payouts + 1}, ${now - months18}, 100000000)`,
    )
    await tx.run(
      sql`INSERT INTO users (id, email, name, created_at) VALUES (${userId}, ${email}, ${name}, ${now}), ('usr_bench_manager', 'manager@bench.example', 'Max Manager', ${now})`,
    )
    await tx.run(sql`INSERT INTO memberships (id, org_id, user_id, role, created_at) VALUES
      (${membershipId}, ${orgId}, ${userId}, 'admin', ${now}), ('mem_bench_manager', ${orgId}, 'usr_bench_manager', 'manager', ${now})`)
    await tx.run(sql`
      WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${size.partners - 1})
      INSERT INTO partners (id, org_id, name, email, reference, country, currency, stripe_account_id, transfers_status, destination_key, created_at)
      SELECT printf('par_%06d', i), ${orgId}, iif(i % 7 = 0, printf('Smith, Jones "%d" & Co', i), printf('Partner %d', i)), printf('partner-%d@bench.example', i),
             printf('P-%05d', i), 'DE', CASE i % 10 WHEN 0 THEN 'JPY' WHEN 1 THEN 'GBP' WHEN 2 THEN 'GBP' WHEN 3 THEN 'EUR' WHEN 4 THEN 'EUR' WHEN 5 THEN 'EUR' ELSE 'USD' END,
             printf('acct_%06d', i), 'active', printf('acct_%06d:bank', i), ${now - months18} FROM n`)
  })
  for (let from = 0; from < size.payouts; from += slice) {
    await addPayouts(db, size, from, Math.min(from + slice, size.payouts) - 1)
  }
}

/** Scattered by a multiplication, so that neighbours in time differ in partner, amount and status. */
async function addPayouts(db: Database, size: CompanySize, from: number, to: number) {
  const { payouts, partners, now, ties = 1, amounts = 900_000 } = size
  const { orgId } = benchAdmin
  const step = Math.floor(months18 / payouts)
  const rows = sql`
    WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to}),
    s AS (SELECT i, i * 2654435761 % 1000003 AS x, ${now} - (${payouts} - 1 - i) / ${ties} * ${ties * step} AS at FROM n),
    f AS (SELECT *, printf('pay_%025d', i) AS id, x % ${partners} AS partner, 100 + x * 37 % ${amounts} AS amount,
          CASE WHEN x % 20 < 3 THEN 'pending_approval' WHEN x % 20 < 5 THEN 'approved' WHEN x % 20 = 5 THEN 'failed' WHEN x % 20 = 6 THEN 'rejected'
               WHEN x % 20 = 7 THEN 'canceled' WHEN x % 20 = 8 THEN 'reversed' WHEN x % 400 = 9 THEN 'processing' ELSE 'paid' END AS status,
          x % 20 = 19 AS manual FROM s),
    g AS (SELECT *, status IN ('approved', 'failed', 'processing', 'paid', 'reversed') AS signed, status IN ('paid', 'reversed') AS sent FROM f)`
  await db.write(async tx => {
    await tx.run(sql`${rows}
      INSERT INTO payouts (id, org_id, partner_id, number, status, amount, currency, period, reference, notes, source, created_by, created_at, updated_at,
        approved_at, approved_digest, destination, reject_reason, closed_at, paid_via, paid_at, transfer_id, simulated,
        manual_method, manual_reference, manual_paid_on, amount_reversed, failure_code, failure_message, bank_status)
      SELECT id, ${orgId}, printf('par_%06d', partner), i + 1, status, amount, (SELECT currency FROM partners r WHERE r.id = printf('par_%06d', partner)),
        strftime('%Y-%m', at / 1000, 'unixepoch'), iif(x % 3 = 0, printf('INV-%07d', i), NULL), iif(x % 5 = 0, 'Referral, closed ' || i, NULL), 'demo', 'usr_bench_manager', at, at,
        iif(signed, at + 3600000, NULL), iif(signed, printf('%064d', i), NULL), iif(signed, printf('acct_%06d', partner), NULL), iif(status = 'rejected', 'The deal was refunded.', NULL),
        iif(status IN ('rejected', 'canceled'), at + 3600000, NULL), iif(sent, iif(manual, 'manual', 'stripe'), NULL), iif(sent, at + 7200000, NULL),
        iif(sent AND NOT manual, printf('tr_%020d', i), NULL), sent AND NOT manual, iif(sent AND manual, 'bank_transfer', NULL), iif(sent AND manual, 'SEPA ' || i, NULL),
        iif(sent AND manual, strftime('%Y-%m-%d', at / 1000, 'unixepoch'), NULL), iif(status = 'reversed', amount, 0),
        iif(status = 'failed', 'account_closed', NULL), iif(status = 'failed', 'The account was closed.', NULL), iif(sent AND NOT manual AND x % 2 = 0, 'arrived', NULL)
      FROM g`)
    await tx.run(sql`${rows}
      INSERT INTO payout_lines (id, payout_id, position, description, amount, currency)
      SELECT printf('pl_%025d', i), id, 1, 'Payout', amount, (SELECT currency FROM partners r WHERE r.id = printf('par_%06d', partner)) FROM g`)
  })
}
