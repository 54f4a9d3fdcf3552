import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import Libsql from 'libsql'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase } from '#db/client.ts'
import { aDatabase } from '../test/db.ts'
import { testDeps } from '../test/deps.ts'
import { system, work } from '../work.ts'
import { checkInvariants, type InvariantName, invariantNames, invariants } from './check.ts'
import { looseLinks, noLinks, readTables } from './references.ts'
import { aFullHistory } from './testing.ts'

type World = Awaited<typeof world>

const folder = mkdtempSync(path.join(tmpdir(), 'remit-invariants-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** One for all: each corruption is of a copy. */
const world = (async () => {
  const db = await aDatabase(`file:${folder}/healthy.db`)
  const made = await aFullHistory(db)
  await db.close()
  return { ...made, now: made.deps.clock.now() }
})()

/** What a hand at the file does, past every guard that it drops; and what else can't be right then, where it can't be done alone. */
interface Corruption {
  without?: string[]
  break(world: World): string[]
  more?: InvariantName[]
}

const frozen = ['payout_attempts_frozen']
const entries = ['ledger_append_only_update']
const lines = ['payout_lines_frozen']

const corruptions: Record<InvariantName, Corruption> = {
  one_transfer: {
    without: ['payout_attempts_one_live'],
    break: ({ ids }) => [
      `INSERT INTO payout_attempts (id, org_id, payout_id, number, idempotency_key, amount, currency, destination, request, state, created_at)
        SELECT 'att_again', org_id, payout_id, 2, 'payout:' || payout_id || ':a2', amount, currency, destination,
          json_set(request, '$.metadata.attempt_id', 'att_again'), 'unknown', created_at FROM payout_attempts WHERE payout_id = '${ids.paid}'`,
    ],
  },
  attempt_as_approved: {
    without: frozen,
    break: ({ ids }) => [
      `UPDATE payout_attempts SET destination = 'acct_evil', request = json_set(request, '$.destination', 'acct_evil') WHERE payout_id = '${ids.processing}'`,
    ],
  },
  review_before_paid: {
    // The table's own CHECK is the second guard.
    more: ['file_intact'],
    break: ({ ids }) => [`UPDATE payouts SET needs_review = 1, version = version + 1 WHERE id = '${ids.paid}'`],
  },
  digest_as_approved: {
    without: lines,
    break: ({ ids }) => [`UPDATE payout_lines SET description = 'Something else' WHERE payout_id = '${ids.paid}'`],
  },
  enough_approvals: {
    break: ({ ids }) => [`UPDATE payout_approvals SET voided_at = 1 WHERE payout_id = '${ids.approved}'`],
  },
  four_eyes: {
    break: ({ ids, owner }) => [
      `INSERT INTO payout_editors (payout_id, user_id, edited_at) VALUES ('${ids.approved}', '${owner.viewer.userId}', 1)`,
    ],
  },
  payee_never_approves: {
    break: ({ ids, owner }) => [
      `UPDATE users SET email = (SELECT email FROM partners WHERE id = '${ids.partner}') WHERE id = '${owner.viewer.userId}'`,
    ],
  },
  payout_is_its_lines: {
    without: lines,
    break: ({ ids }) => [`UPDATE payout_lines SET amount = amount + 1 WHERE payout_id = '${ids.pending}'`],
  },
  line_is_its_commission: {
    without: lines,
    break: ({ ids }) => [
      `UPDATE payout_lines SET amount = amount + iif(commission_id = '${ids.lines[0]}', 1, -1)
        WHERE payout_id = '${ids.runPayout}' AND commission_id IN ('${ids.lines[0]}', '${ids.lines[1]}')`,
    ],
  },
  commission_in_one_payout: {
    break: ({ ids }) => [`UPDATE commissions SET status = 'paid' WHERE id = '${ids.lines[0]}'`],
  },
  carries_cancel_out: {
    without: ['commissions_frozen'],
    more: ['owed_is_what_is_open', 'company_totals_are_sums'],
    break: () => [`UPDATE commissions SET amount = amount + 1 WHERE kind = 'carry' AND status = 'accrued'`],
  },
  ledger_entry_is_its_own: {
    without: entries,
    break: ({ ids }) => [
      `UPDATE ledger_entries SET debit = 'paid_outside' WHERE kind = 'accrual' AND payout_id = '${ids.approved}'`,
    ],
  },
  ledger_follows_commissions: {
    without: entries,
    // What one lacks the other has too much of, so that the balance is right.
    break: ({ ids }) => [
      `UPDATE ledger_entries SET amount = amount + iif(commission_id = '${ids.lines[0]}', 1, -1) WHERE commission_id IN ('${ids.lines[0]}', '${ids.lines[1]}')`,
    ],
  },
  ledger_follows_status: {
    without: entries,
    break: ({ ids }) => [
      `UPDATE ledger_entries SET amount = amount - 1 WHERE kind = 'settle' AND payout_id = '${ids.paid}'`,
    ],
  },
  owed_is_what_is_open: {
    without: entries,
    // A balance is off by an entry: the entry is off, too.
    more: ['ledger_follows_commissions'],
    break: ({ ids }) => [`UPDATE ledger_entries SET amount = amount + 1 WHERE commission_id = '${ids.lines[0]}'`],
  },
  legal_steps: { break: () => [] },
  status_in_audit: { break: () => [] },
  audit_chain: {
    without: ['audit_append_only_update'],
    break: ({ org }) => [`UPDATE audit SET actor_name = 'Somebody else' WHERE org_id = '${org.id}' AND seq = 2`],
  },
  numbers_without_gaps: {
    break: ({ org }) => [`UPDATE counters SET next = next + 1 WHERE org_id = '${org.id}' AND name = 'runs'`],
  },
  attempts_in_order: {
    without: frozen,
    break: ({ ids }) => [
      `UPDATE payout_attempts SET idempotency_key = 'payout:other:a1' WHERE payout_id = '${ids.paid}'`,
    ],
  },
  references_exist: {
    break: ({ ids }) => [`UPDATE payout_approvals SET user_id = 'usr_gone' WHERE payout_id = '${ids.manual}'`],
  },
  one_organization: {
    break: ({ ids, org }) => [
      `INSERT INTO payout_imports (id, org_id, status, file_name, sha256, rows, row_count, created_by, created_at)
        SELECT 'imp_foreign', (SELECT org_id FROM partners WHERE id = '${ids.stranger}'), 'draft', 'x.csv', '', '[]', 0, created_by, 1 FROM payouts WHERE id = '${ids.pending}'`,
      `UPDATE payouts SET import_id = 'imp_foreign', version = version + 1 WHERE id = '${ids.pending}' AND org_id = '${org.id}'`,
    ],
  },
  work_goes_on: {
    break: () => [`UPDATE outbox SET run_at = 0 WHERE id = (SELECT min(id) FROM outbox WHERE status = 'queued')`],
  },
  one_paid_mail: {
    break: ({ ids, org }) =>
      ['one', 'two'].map(
        event => `INSERT INTO emails (id, org_id, event_id, template, recipient, payout_id, subject, html, text, message_id, status, created_at)
          VALUES ('${event}', '${org.id}', '${event}', 'payoutOnItsWay', 'p@example.org', '${ids.paid}', '', '', '', '${event}', 'sent', 1)`,
      ),
  },
  payout_totals_are_sums: {
    break: ({ ids }) => [
      `UPDATE payout_totals SET amount = amount + 1 WHERE status = 'paid' AND currency = 'USD' AND partner_id IN ('', '${ids.partner}')`,
    ],
  },
  company_totals_are_sums: {
    break: ({ org }) => [`UPDATE period_totals SET count = count + 1 WHERE org_id = '${org.id}' AND kind = 'imported'`],
  },
  file_intact: { break: ({ ids }) => [`UPDATE partners SET tier = 'bronze' WHERE id = '${ids.partner}'`] },
}

/** What a hand writes to the audit log with a good hash: a step that can't be, and one that did not happen. */
const forged: Partial<Record<InvariantName, (world: World) => { id: string; steps: [string, string][] }>> = {
  legal_steps: ({ ids }) => ({
    id: ids.paid,
    steps: [
      ['paid', 'canceled'],
      ['canceled', 'paid'],
    ],
  }),
  status_in_audit: ({ ids }) => ({ id: ids.approved, steps: [['approved', 'canceled']] }),
}

let copies = 0
async function aCopy(change: (file: Libsql.Database) => void = () => {}): Promise<Database> {
  await world
  const file = path.join(folder, `copy-${++copies}.db`)
  copyFileSync(path.join(folder, 'healthy.db'), file)
  // Not through our door, which would refuse most of this.
  const raw = new Libsql(file)
  raw.exec('PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON')
  change(raw)
  raw.close()
  const db = await openDatabase({ url: `file:${file}`, synchronous: 'NORMAL' })
  onTestFinished(() => db.close())
  return db
}

function dropGuards(file: Libsql.Database, names: string[] = []): void {
  for (const name of names) {
    const guard = file.prepare('SELECT type FROM sqlite_schema WHERE name = ?').get(name) as { type: string }
    file.exec(`DROP ${guard.type} ${name}`)
  }
}

// The first to run waits for the history to be made.
test('a company to which everything has happened breaks none of them', { timeout: 120_000 }, async () => {
  const { now } = await world
  expect(await checkInvariants((await aCopy()).read, { now })).toEqual([])
})

test.each(invariantNames)('%s is named when it is broken', async name => {
  const known = await world
  const { without, break: broken, more = [] } = corruptions[name]
  const db = await aCopy(file => {
    dropGuards(file, without)
    for (const statement of broken(known)) file.exec(statement)
  })
  const forgery = forged[name]?.(known)
  if (forgery)
    await work(
      await testDeps({ db, now: known.now, seed: 'forger' }),
      { orgId: known.org.id, actor: system },
      async unit => {
        for (const [before, after] of forgery.steps)
          unit.audit({
            action: 'payouts.cancel',
            target: { type: 'payout', id: forgery.id },
            before: { status: before },
            after: { status: after },
          })
      },
    )
  const found = await checkInvariants(db.read, { now: known.now })
  expect([...new Set(found.map(one => one.invariant))].sort()).toEqual([name, ...more].sort())
})

test('each says in a sentence what it promises, and what is wrong with what', async () => {
  for (const { promises } of Object.values(invariants)) expect(promises).toMatch(/^[A-Z].+[^.]\.$/)
  const { org, now } = await world
  const { read } = await aCopy()
  const later = now + 7 * 60 * 60_000
  const found = await checkInvariants(read, { now: later })
  expect(found[0]).toMatchObject({ invariant: 'work_goes_on', orgId: org.id, subject: { type: 'job' } })
  expect(found[0]?.says).toMatch(/^job job_\w+ .+ is queued, and nobody takes it though its time has long come\.$/)
  // What waited while nobody ran is not late.
  expect(await checkInvariants(read, { now: later, workingSince: later })).toEqual([])
})

test('one company is judged alone, and slices of a few rows find the same', async () => {
  const { org, ids, now } = await world
  const { read } = await aCopy(file =>
    file.exec(`UPDATE payout_approvals SET voided_at = 1 WHERE payout_id = '${ids.approved}'`),
  )
  const elsewhere = await read.get<{ id: string }>(sql`SELECT org_id AS id FROM partners WHERE id = ${ids.stranger}`)
  const own = await checkInvariants(read, { now, orgId: org.id, slice: 2 })
  expect(own.map(one => [one.invariant, one.orgId, one.subject.id])).toEqual([
    ['enough_approvals', org.id, ids.approved],
  ])
  expect(await checkInvariants(read, { now, orgId: elsewhere?.id ?? '' })).toEqual([])
})

test('whatever ends in _id is a foreign key, a loose reference, or known to be neither', async () => {
  const { read } = await aCopy()
  const unknown = [...(await readTables(read)).values()].flatMap(({ name, columns, links }) =>
    columns
      .filter(column => column.endsWith('_id') && !links.some(link => link.columns.includes(column)))
      .map(column => `${name}.${column}`)
      .filter(column => !noLinks.has(column) && !(column in looseLinks)),
  )
  // Kept sums and logs also have rows that belong to no partner, or to no company: their totals are an invariant of their own.
  expect(
    unknown.filter(column => !/^(audit|outbox|idempotency|emails|payout_totals|payout_months)\./.test(column)),
  ).toEqual([])
})
