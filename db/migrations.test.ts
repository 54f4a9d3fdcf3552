import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { addCommissions } from '#server/bench/commissions.ts'
import { buildCompany } from '#server/bench/company.ts'
import { type Database, openDatabase } from './client.ts'
import { latestVersion, migrate, readMigrations } from './migrate.ts'
import { columnsOf, fingerprint, pourInto, statementsOf, sums } from './testing.ts'

const all = new URL('./migrations/', import.meta.url)

/** An organization as the first version left it: payouts in several states, a ledger, lines. */
const populated = `
  INSERT INTO organizations (id, name, created_at, next_payout_number) VALUES ('org_a', 'A', 1, 5);
  INSERT INTO users (id, email, name, created_at) VALUES ('usr_a', 'a@example.com', 'A', 1), ('usr_b', 'b@example.com', 'B', 1);
  INSERT INTO partners (id, org_id, name, email, country, currency, created_at) VALUES ('par_a', 'org_a', 'P', 'p@example.com', 'US', 'USD', 1);
  INSERT INTO payouts (id, org_id, partner_id, number, status, amount, currency, source, created_by, created_at, updated_at)
  VALUES ('pay_1', 'org_a', 'par_a', 1, 'pending_approval', 10000, 'USD', 'form', 'usr_a', 1, 1),
         ('pay_2', 'org_a', 'par_a', 2, 'pending_approval', 2500, 'USD', 'import', 'usr_a', 2, 2);
  INSERT INTO payouts (id, org_id, partner_id, number, status, amount, currency, source, created_by, created_at, updated_at, approved_at, approved_digest, paid_via, paid_at, transfer_id)
  VALUES ('pay_3', 'org_a', 'par_a', 3, 'paid', 700, 'USD', 'demo', 'usr_a', 3, 3, 3, 'd', 'stripe', 3, 'tr_3');
  INSERT INTO payouts (id, org_id, partner_id, number, status, amount, currency, source, created_by, repays, created_at, updated_at)
  VALUES ('pay_4', 'org_a', 'par_a', 4, 'pending_approval', 300, 'USD', 'form', 'usr_a', 'pay_3', 4, 4);
  INSERT INTO payout_lines SELECT 'pl' || id, id, 1, 'Payout', amount, currency FROM payouts;
  INSERT INTO payout_editors VALUES ('pay_1', 'usr_b', 2);
  INSERT INTO ledger_entries VALUES
    ('le_1', 'org_a', 'par_a', 'pay_3', 'accrual', 2, 'commission_expense', 'partner_payable', 700, 'USD', 2),
    ('le_2', 'org_a', 'par_a', 'pay_3', 'mark_paid', 3, 'partner_payable', 'transfer_clearing', 700, 'USD', 3),
    ('le_3', 'org_a', 'par_a', 'pay_3', 'settle', 4, 'transfer_clearing', 'stripe_balance', 700, 'USD', 3);`

test('each migration keeps every row and every cent of a database that is in use', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'remit-migrations-'))
  const db = await openDatabase({ url: 'file::memory:' })
  onTestFinished(async () => {
    await db.close()
    rmSync(folder, { recursive: true })
  })
  copyFileSync(new URL('0001_foundation.sql', all), join(folder, '0001_foundation.sql'))
  await migrate(db, folder)
  await db.script(populated)
  const books = () =>
    Promise.all([
      db.read.all(
        sql`SELECT status, count(*) AS count, sum(amount) AS amount, sum(version) AS versions FROM payouts GROUP BY status`,
      ),
      db.read.all(
        sql`SELECT kind, debit, credit, currency, sum(amount) AS amount FROM ledger_entries GROUP BY kind, debit, credit, currency`,
      ),
      db.read.all(sql`SELECT payout_id, description, amount FROM payout_lines ORDER BY id`),
      db.read.all(sql`SELECT * FROM payout_totals ORDER BY partner_id, status`),
      db.read.all(sql`SELECT partner_id, currency, month, count, amount FROM payout_months ORDER BY partner_id`),
      db.read.all(sql`SELECT id, repays, import_id, transfer_id FROM payouts ORDER BY id`),
    ])
  const before = await books()
  for (const name of readdirSync(all).filter(file => file > '0001_foundation.sql'))
    copyFileSync(new URL(name, all), join(folder, name))
  const applied = await migrate(db, folder)
  expect(applied[0]).toBe('0002_deals_and_commissions.sql')
  expect(await books()).toEqual(before)

  // What guarded the tables guards the new ones.
  const refused = (text: string) => expect(db.script(text)).rejects.toThrow()
  await refused(`UPDATE payouts SET status = 'paid', version = version + 1 WHERE id = 'pay_1'`)
  await refused(`UPDATE payouts SET amount = 1, version = version + 1 WHERE id = 'pay_3'`)
  await refused(`UPDATE payouts SET notes = 'x' WHERE id = 'pay_1'`)
  await refused(`DELETE FROM payouts WHERE id = 'pay_1'`)
  await refused(`UPDATE ledger_entries SET amount = 1`)
  await refused(`INSERT INTO payout_approvals VALUES ('apv', 'org_a', 'pay_1', 'usr_a', 'd', 1, NULL)`)
  await db.script(`UPDATE payouts SET status = 'canceled', version = version + 1 WHERE id = 'pay_2'`)
  expect(
    await db.read.all(sql`SELECT status, count, amount FROM payout_totals WHERE partner_id = '' ORDER BY status`),
  ).toEqual(
    expect.arrayContaining([
      { status: 'canceled', count: 1, amount: 2500 },
      { status: 'pending_approval', count: 2, amount: 10300 },
    ]),
  )
  // An organization that was there has a program, and so has every new one.
  await db.script(`INSERT INTO organizations (id, name, created_at) VALUES ('org_b', 'B', 2)`)
  expect(await db.read.all(sql`SELECT org_id AS org, name FROM programs ORDER BY org_id`)).toEqual([
    { org: 'org_a', name: 'Partner program' },
    { org: 'org_b', name: 'Partner program' },
  ])
})

test('what was reversed is set beside what was paid: the month of the payment gets its figure back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'remit-migrations-'))
  const db = await openDatabase({ url: 'file::memory:' })
  onTestFinished(async () => {
    await db.close()
    rmSync(folder, { recursive: true })
  })
  for (const name of readdirSync(all).filter(file => file < '0003'))
    copyFileSync(new URL(name, all), join(folder, name))
  await migrate(db, folder)
  const [january, march] = [Date.UTC(2026, 0, 20), Date.UTC(2026, 2, 3)]
  await db.script(`
    INSERT INTO organizations (id, name, created_at, next_payout_number) VALUES ('org_a', 'A', 1, 5);
    INSERT INTO users (id, email, name, created_at) VALUES ('usr_a', 'a@example.com', 'A', 1);
    INSERT INTO partners (id, org_id, name, email, country, currency, created_at) VALUES ('par_a', 'org_a', 'P', 'p@example.com', 'US', 'USD', 1);
    INSERT INTO payouts (id, org_id, partner_id, number, status, amount, currency, source, created_by, created_at, updated_at, approved_at, approved_digest, paid_via, paid_at, transfer_id)
    VALUES ('pay_1', 'org_a', 'par_a', 1, 'paid', 700, 'USD', 'demo', 'usr_a', 3, 3, 3, 'd', 'stripe', ${january}, 'tr_1'),
           ('pay_2', 'org_a', 'par_a', 2, 'paid', 50, 'USD', 'demo', 'usr_a', 3, 3, 3, 'd', 'stripe', ${january}, 'tr_2');
    INSERT INTO ledger_entries (id, org_id, partner_id, payout_id, kind, seq, debit, credit, amount, currency, at) VALUES
      ('le_1', 'org_a', 'par_a', 'pay_1', 'reversal', 1, 'stripe_balance', 'reversal_suspense', 200, 'USD', ${january + 1}),
      ('le_2', 'org_a', 'par_a', 'pay_1', 'reversal', 2, 'stripe_balance', 'reversal_suspense', 100, 'USD', ${march});
    UPDATE payouts SET amount_reversed = 200, version = version + 1 WHERE id = 'pay_1';
    UPDATE payouts SET amount_reversed = 300, version = version + 1 WHERE id = 'pay_1';`)
  for (const name of readdirSync(all).filter(file => file >= '0003'))
    copyFileSync(new URL(name, all), join(folder, name))
  await migrate(db, folder)
  expect(
    await db.read.all(
      sql`SELECT partner_id AS partner, month, count, amount, reversed FROM payout_months ORDER BY 1, 2`,
    ),
  ).toEqual(
    ['', 'par_a'].flatMap(partner => [
      { partner, month: '2026-01', count: 2, amount: 750, reversed: 200 },
      { partner, month: '2026-03', count: 0, amount: 0, reversed: 100 },
    ]),
  )
  expect(
    await db.read.all(
      sql`SELECT payout_id AS payout, total, amount, month, origin_month AS origin FROM payout_reversals`,
    ),
  ).toEqual([
    { payout: 'pay_1', total: 200, amount: 200, month: '2026-01', origin: '2026-01' },
    { payout: 'pay_1', total: 300, amount: 100, month: '2026-03', origin: '2026-01' },
  ])
  await expect(db.script(`UPDATE payout_reversals SET amount = 1`)).rejects.toThrow('append-only')
})

const start = Date.UTC(2026, 2, 2)

/** What a migration is there to change, by table: its own test says to what. */
const meant: Record<string, Record<string, string[]>> = {
  '0003_corrections.sql': { payout_months: ['amount'] },
}

/** A company of this version, with payouts in every status and commissions. */
async function aCompany(payouts: number): Promise<Database> {
  const db = await openDatabase({ url: 'file::memory:' })
  await migrate(db)
  await buildCompany(db, { payouts, partners: 50, now: start })
  await addCommissions(db, { commissions: payouts / 5, partners: 50, now: start })
  return db
}

/** The files up to a version, in a folder that more can be put into. */
function filesUpTo(version: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'remit-migrations-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const { name } of readMigrations().slice(0, version)) copyFileSync(new URL(name, all), join(folder, name))
  return folder
}

/** A database that is at a version, in use, and whole. */
async function usedAt(version: number, filled: Database): Promise<{ db: Database; folder: string }> {
  const db = await openDatabase({ url: 'file::memory:' })
  onTestFinished(() => db.close())
  const folder = filesUpTo(version)
  await migrate(db, folder)
  await pourInto(db, filled)
  expect(await db.read.all(sql`PRAGMA foreign_key_check`)).toEqual([])
  return { db, folder }
}

test('each migration keeps every count and every sum of a database of the version before it, with 10,000 payouts', {
  timeout: 240_000,
}, async () => {
  const filled = await aCompany(10_000)
  for (let version = 1; version < latestVersion(); version++) {
    const { db } = await usedAt(version, filled)
    const columns = await columnsOf(db)
    const changed = meant[readMigrations()[version]?.name ?? ''] ?? {}
    for (const [table, names] of Object.entries(changed))
      columns[table] = (columns[table] ?? []).filter(({ name }) => !names.includes(name))
    const before = await sums(db, columns)
    expect(before.payouts).toMatchObject({ rows: 10_000 })
    const [applied] = await migrate(db, filesUpTo(version + 1))
    expect(await sums(db, columns), `before and after ${applied}`).toEqual(before)
    expect(await db.read.all(sql`PRAGMA foreign_key_check`), applied).toEqual([])
    expect(await db.read.all(sql`PRAGMA integrity_check`), applied).toEqual([{ integrity_check: 'ok' }])
  }
  await filled.close()
})

test('a migration that fails at any of its statements leaves schema and data as they were', {
  timeout: 240_000,
}, async () => {
  const filled = await aCompany(40)
  for (const { version, name, sql: text } of readMigrations().slice(1)) {
    const { db, folder } = await usedAt(version - 1, filled)
    const before = await fingerprint(db)
    const statements = statementsOf(text)
    for (let at = 0; at <= statements.length; at++) {
      writeFileSync(join(folder, name), [...statements.slice(0, at), 'INSERT INTO nowhere VALUES (1)'].join(';\n'))
      const failed = migrate(db, folder)
      await expect(failed, `${name}, statement ${at + 1}`).rejects.toMatchObject({
        message: `Migration ${name} failed, nothing of it was applied`,
        cause: { message: expect.stringContaining('nowhere') },
      })
      expect(await fingerprint(db), `${name}, statement ${at + 1}: ${statements[at]}`).toEqual(before)
    }
    // Whole, and in its own statements, it works.
    writeFileSync(join(folder, name), statements.join(';\n'))
    expect(await migrate(db, folder)).toEqual([name])
  }
  await filled.close()
})
