import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServerBuild } from '@remix-run/node'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { anchorTask } from '../audit/anchors.ts'
import { createHttpApp } from '../http/app.ts'
import { checkInvariants } from '../invariants/check.ts'
import { aFullHistory } from '../invariants/testing.ts'
import { invariantsTask } from '../invariants/watch.ts'
import { aSession, asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'

const token = 'a token that nobody guesses'
const build = {
  entry: { module: { default: () => new Response('page') } },
  routes: {
    root: { id: 'root', path: '', module: { default: () => null } },
    payout: {
      id: 'payout',
      parentId: 'root',
      path: 'admin/payouts/:payoutId',
      module: { loader: () => new Response('ok') },
    },
  },
  assets: { entry: { module: '', imports: [] }, routes: {}, url: '', version: '' },
  publicPath: '/',
  assetsBuildDirectory: '',
  basename: '/',
  mode: 'production',
  future: { v3_singleFetch: true },
  isSpaMode: false,
} as unknown as ServerBuild

async function serve(deps: TestDeps, METRICS_TOKEN?: string) {
  const config = { ...deps.config, METRICS_TOKEN }
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on(
    'request',
    createHttpApp(
      { ...deps, config: { ...config, PUBLIC_URL: url } },
      { build, ready: async () => ({ ok: false, why: 'a secret reason' }) },
    ),
  )
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const scrape = async () => (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
  return { url, scrape }
}

function readSeries(text: string, series: string): number {
  const line = text.split('\n').find(one => one.startsWith(`${series} `))
  if (!line) throw new Error(`no ${series}`)
  return Number(line.slice(series.length + 1))
}

test('without a token there is no such page; with one it opens to it alone', async () => {
  const deps = await testDeps()
  const { url } = await serve(deps)
  const absent = await fetch(`${url}/metrics`)
  expect(await absent.text()).not.toContain('remit_')
  const { url: guarded } = await serve(deps, token)
  for (const authorization of ['', 'Bearer ', `Bearer ${token}x`, token, `Basic ${token}`]) {
    const refused = await fetch(`${guarded}/metrics`, { headers: { authorization } })
    expect([refused.status, await refused.text()]).toEqual([401, 'Send METRICS_TOKEN as the bearer token.'])
  }
  expect((await fetch(`${guarded}/metrics`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
})

test('it counts what is open, unknown and broken, and says how old the last looks are', async () => {
  const { deps, ids } = await aFullHistory()
  const { scrape } = await serve(deps, token)
  const before = await scrape()
  expect(readSeries(before, 'remit_invariants_age_seconds')).toBe(-1)
  expect(readSeries(before, 'remit_audit_anchor_age_seconds')).toBe(-1)
  expect(readSeries(before, 'remit_transfers_open{state="queued"}')).toBe(1)
  expect(readSeries(before, 'remit_outbox_jobs{topic="payout.transfer",state="queued"}')).toBeGreaterThan(0)
  await anchorTask().run(deps)
  await deps.db.write(tx =>
    tx.run(sql`UPDATE payout_attempts SET state = 'unknown' WHERE payout_id = ${ids.processing}`),
  )
  await deps.db.write(tx =>
    tx.run(sql`UPDATE payouts SET needs_review = 1, version = version + 1 WHERE id = ${ids.processing}`),
  )
  await deps.db.write(tx => tx.run(sql`UPDATE period_totals SET count = count + 1`))
  await invariantsTask().run(deps)
  deps.clock.advance(90_000)
  const after = await scrape()
  const expected = await checkInvariants(deps.db.read, { now: deps.clock.now() })
  expect(readSeries(after, 'remit_invariant_violations{invariant="company_totals_are_sums"}')).toBe(expected.length)
  expect(readSeries(after, 'remit_invariant_violations{invariant="one_transfer"}')).toBe(0)
  expect(readSeries(after, 'remit_invariants_age_seconds')).toBe(90)
  expect(readSeries(after, 'remit_audit_anchor_age_seconds')).toBe(90)
  // What the alarm wrote since: one entry for its one subject.
  expect(readSeries(after, 'remit_audit_unanchored_entries')).toBe(1)
  expect(readSeries(after, 'remit_transfers_open{state="unknown"}')).toBe(1)
  expect(readSeries(after, 'remit_transfers_in_review')).toBe(1)
  expect(readSeries(after, 'remit_organizations_paused')).toBe(1)
  expect(readSeries(after, 'remit_outbox_oldest_seconds{topic="payout.transfer"}')).toBeGreaterThanOrEqual(90)
  expect(readSeries(after, 'remit_db_writes_total')).toBeGreaterThan(readSeries(before, 'remit_db_writes_total'))
  expect(after).toContain('nodejs_eventloop_lag_seconds')
})

test('requests are counted by pattern and status; no id, name, address or secret is ever a label', async () => {
  const { deps, ids, owner } = await aFullHistory()
  const { url, scrape } = await serve(deps, token)
  const { cookie, sessionId } = await aSession(deps, owner)
  await fetch(`${url}/admin/payouts/${ids.paid}`, { headers: { cookie } })
  await fetch(`${url}/admin/payouts/${ids.paid}.data`, { method: 'POST' })
  await fetch(`${url}/api/trpc/payouts.get?input=${encodeURIComponent(JSON.stringify({ payoutId: ids.paid }))}`)
  for (const path of ['/%2e%2e/etc/passwd', '/search?email=ann@example.org', '/hooks/whsec_platform'])
    await fetch(url + path)
  const text = await scrape()
  expect(text).toMatch(/remit_http_request_duration_seconds_count\{[^}]*route="\/admin\/payouts\/:payoutId"[^}]*\} 1/)
  expect(text).toMatch(/remit_http_request_duration_seconds_count\{[^}]*route="\/api\/trpc\/\*",status="401"\} 1/)
  expect(readSeries(text, 'remit_http_refusals_total{status="401"}')).toBe(1)
  expect(readSeries(text, 'remit_http_refusals_total{status="403"}')).toBe(1)
  const names = await deps.db.read.all<{ name: string }>(
    sql`SELECT name FROM organizations UNION SELECT name FROM partners UNION SELECT email FROM partners UNION SELECT email FROM users UNION SELECT id FROM users UNION SELECT id FROM payouts UNION SELECT id FROM organizations`,
  )
  const secrets = [
    token,
    sessionId,
    cookie,
    'whsec_',
    'sk_test',
    'passwd',
    'ann@',
    'acct_',
    'tr_pay',
    ...names.map(row => row.name),
  ]
  for (const secret of secrets) expect(text).not.toContain(secret)
})

test('each request is one line with who, where and how it ended, and what it logs on its way has its id', async () => {
  const deps = await testDeps()
  const owner = await asRole(deps, 'owner')
  const { cookie } = await aSession(deps, owner)
  const { url } = await serve(deps)
  deps.log.lines.length = 0
  const answer = await fetch(`${url}/api/trpc/payouts.get?input=${encodeURIComponent('{"payoutId":"pay_none"}')}`, {
    headers: { cookie },
  })
  const requestId = answer.headers.get('x-request-id')
  await answer.text()
  await expect.poll(() => deps.log.lines.filter(line => line.message === 'request')).toHaveLength(1)
  expect(deps.log.lines.at(-1)).toMatchObject({
    level: 'info',
    fields: {
      requestId,
      actor: owner.user.id,
      org: owner.org.id,
      role: 'owner',
      method: 'GET',
      route: '/api/trpc/*',
      status: 404,
    },
  })
  expect(JSON.stringify(deps.log.lines)).not.toMatch(/pay_none|@example/)
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, 'not ready'])
  expect(deps.log.lines.some(line => line.message === 'not ready')).toBe(true)
})

test('every metric that the runbook alerts on is there, and every metric of ours is alerted on or explained there', async () => {
  const deps = await testDeps()
  const { scrape } = await serve(deps, token)
  const text = await scrape()
  const measured = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name))
  const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')
  const named = new Set(
    [...runbook.matchAll(/\b(?:remit|nodejs)_\w+/g)].map(([name]) => name.replace(/_(count|sum|bucket)$/, '')),
  )
  expect([...named].filter(name => !measured.has(name))).toEqual([])
  expect([...measured].filter(name => name.startsWith('remit_') && !named.has(name))).toEqual([])
})
