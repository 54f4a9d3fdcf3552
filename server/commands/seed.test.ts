import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '#db/client.ts'
import { users } from '#db/schema/index.ts'
import { demoLogins } from '#db/seed.ts'
import { verifyPassword } from '#server/auth/password.ts'
import { checkInvariants } from '#server/invariants/check.ts'
import { blockers } from '#server/payouts/blockers.ts'
import { loadPayouts, readPolicy } from '#server/payouts/facts.ts'
import { statusLabels } from '#server/payouts/rules.ts'
import { startSimulator } from '#server/simulator/http.ts'
import { testConfig } from '#server/test/deps.ts'
import { seed } from './seed.ts'

// Six runs instead of thirty-nine: the same story, told shorter.
test('the demo has every status and blocker, holds together, agrees with its simulator, and is seeded once', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'remit-seed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const simulator = await startSimulator()
  onTestFinished(() => simulator.close())
  const file = path.join(folder, 'demo', 'remit.db')
  const config = testConfig({ DATABASE_URL: `file:${file}`, STRIPE_API_BASE: simulator.url })
  const said: string[] = []
  const say = (words: string) => void said.push(words)

  // It throws unless Stripe's side and ours agree on every transfer.
  await seed(config, say, { runs: 6 })
  expect(said.join('\n')).toContain('no difference')
  await seed(config, say, { runs: 6 })
  expect(said.at(-1)).toBe('The demo is there already.')

  const db = await openDatabase({ url: config.DATABASE_URL })
  onTestFinished(() => db.close())
  expect(await checkInvariants(db.read, { now: Date.now() })).toEqual([])

  const statuses = await db.read.all<{ status: string }>(sql`SELECT DISTINCT status FROM payouts`)
  expect(statuses.map(row => row.status).sort()).toEqual(Object.keys(statusLabels).sort())
  const banks = await db.read.all<{ status: string | null }>(sql`SELECT DISTINCT bank_status AS status FROM payouts`)
  expect(banks.map(row => row.status)).toEqual(expect.arrayContaining([null, 'arrived', 'in_transit', 'failed']))

  const found = new Set<string>()
  for (const { id: orgId } of await db.read.all<{ id: string }>(sql`SELECT id FROM organizations`)) {
    const policy = await readPolicy(db.read, orgId)
    const ids = await db.read.all<{ id: string }>(sql`SELECT id FROM payouts WHERE org_id = ${orgId}`)
    const scope = { orgId, now: Date.now(), policy }
    const loaded = await loadPayouts(
      db.read,
      scope,
      ids.map(row => row.id),
    )
    for (const { facts } of loaded.values()) for (const { code } of blockers(facts)) found.add(code)
  }
  // `destination_changed` can't be seen: the services void such an approval in the moment they learn of it.
  expect([...found].sort()).toEqual([
    'account_closed',
    'account_pending',
    'account_restricted',
    'below_minimum',
    'needs_review',
    'no_account',
    'not_approved',
    'on_hold',
    'partner_archived',
    'second_approval',
    'transfers_paused',
  ])

  // The money of the last months comes from deals, and everything that can be said about it is there to be seen.
  const seen = await db.read.all<{ what: string }>(sql`
    SELECT DISTINCT 'deal ' || stage AS what FROM deals UNION SELECT DISTINCT 'run ' || status FROM payout_runs
    UNION SELECT DISTINCT 'commission ' || kind || ' ' || status FROM commissions UNION SELECT DISTINCT 'spiff' FROM commissions WHERE stream = 'spiff'
    UNION SELECT DISTINCT 'dispute ' || status FROM disputes UNION SELECT DISTINCT 'registration ' || status FROM registrations
    UNION SELECT DISTINCT 'split ' || status FROM deal_splits UNION SELECT DISTINCT 'rule ' || status FROM rule_versions`)
  expect(seen.map(row => row.what)).toEqual(
    expect.arrayContaining([
      ...['deal open', 'deal won', 'deal lost', 'run draft', 'run executed', 'rule published', 'rule draft', 'spiff'],
      ...['commission earned accrued', 'commission earned in_payout', 'dispute open', 'dispute adjusted', 'split open'],
      ...['registration approved', 'registration declined', 'registration submitted'],
    ]),
  )

  // Nothing is left for the worker that would move the story on by itself, and what was paid is settled once.
  const open = await db.read.all(sql`SELECT topic FROM outbox WHERE status <> 'done'`)
  expect(open).toEqual([])
  const odd = await db.read.all(sql`
    SELECT payout_id FROM ledger_entries WHERE kind = 'settle' GROUP BY payout_id HAVING count(*) > 1
    UNION ALL SELECT id FROM payouts WHERE paid_via = 'stripe' AND id NOT IN (SELECT payout_id FROM ledger_entries WHERE kind = 'settle')`)
  expect(odd).toEqual([])

  const logins = JSON.parse(readFileSync(path.join(folder, 'demo', 'logins.json'), 'utf8')) as {
    email: string
    password: string
  }[]
  expect(logins.map(login => login.email)).toEqual(demoLogins.map(login => login.email))
  const people = await db.read.select().from(users)
  for (const { email, password } of logins)
    expect(await verifyPassword(people.find(user => user.email === email)?.passwordHash, password)).toBe(true)
}, 300_000)

test.each(['2026-12-01T05:20:00Z', '2027-03-31T23:55:00Z'])(
  'it can be seeded at %s, too',
  async moment => {
    const today = Date.parse(moment)
    const folder = mkdtempSync(path.join(tmpdir(), 'remit-seed-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const simulator = await startSimulator({ now: () => today })
    onTestFinished(() => simulator.close())
    const config = testConfig({ DATABASE_URL: `file:${path.join(folder, 'remit.db')}`, STRIPE_API_BASE: simulator.url })
    const said: string[] = []
    await seed(config, words => void said.push(words), { runs: 2, today })
    expect(said.join('\n')).toContain('no difference')
  },
  120_000,
)

test('it is refused where real money could be meant', async () => {
  const config = { ...testConfig(), PAYMENTS: 'stripe' as const }
  await expect(seed(config, () => {})).rejects.toThrow('simulator only')
})
