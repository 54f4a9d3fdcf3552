import { readdirSync, readFileSync } from 'node:fs'
import { eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { audit, downloads, organizations, outbox } from '#db/schema/index.ts'
import type { Caller } from '../router.ts'
import { asRole } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aCommission, anOrg, aPartner, aPayout } from '../test/factories.ts'
import type { Download } from './download.ts'

const hour = 60 * 60_000
const day = 24 * hour

async function aCompany({ most = 100, payouts = 3 }: { most?: number; payouts?: number } = {}) {
  const deps = await testDeps()
  const org = await anOrg(deps, { exportRowsPerDay: most })
  const partner = await aPartner(deps, { orgId: org.id })
  const made = []
  for (let i = 0; i < payouts; i++) made.push(await aPayout(deps, { partner, status: 'paid' }))
  const manager = await asRole(deps, 'manager', { org })
  const setQuota = (rows: number) =>
    deps.db.write(tx => tx.update(organizations).set({ exportRowsPerDay: rows }).where(eq(organizations.id, org.id)))
  return { deps, org, partner, payouts: made, manager, setQuota }
}

async function read(file: Download, pieces = Number.POSITIVE_INFINITY): Promise<string> {
  let text = ''
  let count = 0
  for await (const chunk of file.chunks) {
    text += chunk
    if (++count >= pieces) break
  }
  return text
}

const kept = (deps: TestDeps) =>
  deps.db.read
    .select({ what: downloads.what, rows: downloads.rows, complete: downloads.complete, endedAt: downloads.endedAt })
    .from(downloads)
    .orderBy(downloads.startedAt, downloads.id)

const exportsIn = async (deps: TestDeps) => {
  const rows = await deps.db.read
    .select({ action: audit.action, after: audit.after })
    .from(audit)
    .where(eq(audit.targetType, 'export'))
    .orderBy(audit.seq)
  return rows.map(({ action, after }) => ({ action, after: JSON.parse(after ?? '{}') as object }))
}

test('a download is counted with its rows, and recorded with its filter before and its rows after', async () => {
  const { deps, manager } = await aCompany()
  const file = await manager.api.payouts.export({ status: ['paid'] })
  expect(await kept(deps)).toEqual([{ what: 'payouts', rows: 3, complete: false, endedAt: null }])
  await read(file)
  expect(await kept(deps)).toEqual([{ what: 'payouts', rows: 3, complete: true, endedAt: deps.clock.now() }])
  expect(await exportsIn(deps)).toEqual([
    { action: 'payouts.export', after: { filter: { status: ['paid'], sort: 'newest' } } },
    { action: 'payouts.exported', after: { rows: 3, complete: true } },
  ])
})

test('one that is broken off counts what left, and nothing where nobody read', async () => {
  const { deps, manager } = await aCompany()
  await read(await manager.api.payouts.export({}), 1)
  deps.clock.advance(1)
  const never = (await manager.api.payouts.export({})).chunks[Symbol.asyncIterator]()
  await never.return?.()
  deps.clock.advance(1)
  await read(await manager.api.payouts.export({}), 2)
  expect((await kept(deps)).map(({ rows, complete }) => [rows, complete])).toEqual([
    [0, false],
    [0, false],
    [3, false],
  ])
})

test('the quota rolls: what a file has too much is refused with the time from which it fits, to the millisecond', async () => {
  const { deps, manager } = await aCompany({ most: 5 })
  const began = deps.clock.now()
  await read(await manager.api.payouts.export({}))
  deps.clock.advance(hour)
  await expect(manager.api.payouts.export({})).rejects.toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    message:
      'One person may download 5 rows within 24 hours, and you have had 3 rows; this file has 3 rows. There is room for it again from 3 Mar 2026, 09:00; or narrow the filter, or ask an owner to raise the limit under Settings.',
    cause: expect.objectContaining({ retryAfterMs: day - hour }),
  })
  expect((await exportsIn(deps)).at(-1)).toMatchObject({ action: 'payouts.exportRefused', after: { rows: 3 } })
  deps.clock.set(began + day - 1)
  await expect(manager.api.payouts.export({})).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  deps.clock.set(began + day)
  await read(await manager.api.payouts.export({}))
})

test('a file larger than any day has room for says so', async () => {
  const { manager } = await aCompany({ most: 2 })
  await expect(manager.api.payouts.export({})).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    message: expect.stringContaining('this file has more. Narrow the filter'),
  })
})

test('many at once get no further than one after the other; another person has a quota of their own', async () => {
  const { deps, org, manager } = await aCompany({ most: 7 })
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => manager.api.payouts.export({})))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  expect((await kept(deps)).reduce((sum, { rows }) => sum + rows, 0)).toBe(6)
  const other = await asRole(deps, 'viewer', { org })
  await read(await other.api.payouts.export({}))
})

test('owners get one mail when somebody passes half, not one for each download', async () => {
  const { deps, manager } = await aCompany({ most: 10 })
  const mails = async () =>
    (await deps.db.read.select({ payload: outbox.payload }).from(outbox).where(eq(outbox.topic, 'email.send')))
      .map(({ payload }) => payload as { template: string; to: object; about: object })
      .filter(({ template }) => template === 'manyRowsDownloaded')
  await read(await manager.api.payouts.export({}))
  expect(await mails()).toEqual([])
  await read(await manager.api.payouts.export({}))
  await read(await manager.api.payouts.export({}))
  expect(await mails()).toEqual([
    expect.objectContaining({
      to: { staffWith: 'settings.manage' },
      about: expect.objectContaining({ name: manager.user.name, rows: 6, most: 10 }),
    }),
  ])
})

/** Every route that hands out a file, by its module, and the procedure that it asks. A new one without a line here fails. */
const routes: Record<string, keyof typeof procedures | { exempt: string }> = {
  'payouts-csv.ts': 'payouts.export',
  'commissions-csv.ts': 'commissions.export',
  'audit-jsonl.ts': 'audit.export',
  'statement-csv.ts': 'payouts.statement',
  'import-errors-csv.ts': 'payouts.importErrors',
  'data-import-failed-csv.ts': 'imports.failed',
  'sample-csv.ts': { exempt: 'two invented rows' },
  'data-import-sample-csv.ts': { exempt: 'invented rows, with the addresses of two partners at most' },
  'email-body.ts': { exempt: 'one mail as it is shown on its page' },
  'theme.ts': { exempt: 'no file' },
}

type World = Awaited<ReturnType<typeof aCompany>>
const procedures = {
  'payouts.export': (api: Caller) => api.payouts.export({}),
  'commissions.export': (api: Caller) => api.commissions.export({}),
  'audit.export': (api: Caller) => api.audit.export({ format: 'csv' }),
  'payouts.statement': (api: Caller, { payouts }: World) => api.payouts.statement({ payoutId: payouts[0]!.id }),
  'payouts.importErrors': async (api: Caller) => {
    const text = 'partner email,amount\nnobody@nowhere.example,1\n'
    const { importId } = await api.payouts.importDraft({ fileName: 'a.csv', text })
    return api.payouts.importErrors({ importId })
  },
  'imports.failed': async (api: Caller, { deps }: World) => {
    async function* bytes() {
      yield new TextEncoder().encode('name,email\nA,a@b.example\n')
    }
    const { importId } = await api.imports.upload({ kind: 'partners', fileName: 'a.csv', bytes: bytes() })
    await deps.db.write(tx => tx.run(sql`UPDATE import_rows SET status = 'error', problem = 'It is wrong.'`))
    return api.imports.failed({ importId })
  },
} satisfies Record<string, (api: Caller, world: World) => Promise<Download>>

const folder = new URL('../../app/routes/resources/', import.meta.url)
const modules = readdirSync(folder).filter(name => name.endsWith('.ts') && !name.includes('.server'))

test('every route that hands out a file asks a procedure with a quota, or says why it needs none', () => {
  expect(Object.keys(routes).sort()).toEqual(modules.sort())
  const urls = readFileSync(new URL('../../app/routes.ts', import.meta.url), 'utf8')
  for (const [, url, file] of urls.matchAll(/route\('([^']*\.[a-z]+)', '([^']+)'/g))
    expect(file, url).toMatch(/^routes\/resources\//)
  for (const name of modules) {
    const source = readFileSync(new URL(name, folder), 'utf8')
    const asks = routes[name]!
    if (typeof asks === 'string') {
      expect(source, name).toContain(`api.${asks}(`)
      expect(source, name).toContain('downloadResponse(')
    }
    // Only samples may skip what `Download` stands for.
    expect(/\bfileResponse\(|streamOf\(/.test(source), name).toBe(name.endsWith('sample-csv.ts'))
  }
})

test.each(Object.entries(procedures))('%s is recorded, counted and refused past the quota', async (name, ask) => {
  const world = await aCompany({ payouts: 1 })
  const { deps, org, partner, setQuota } = world
  await aCommission(deps, { partner })
  const { api } = await asRole(deps, 'owner', { org })
  await api.orgs.updateSettings({ approvalsRequired: 2 })
  const text = await read(await ask(api, world))
  const [{ rows } = { rows: 0 }, ...others] = await kept(deps)
  expect({ others, rows: rows > 0, complete: (await kept(deps))[0]?.complete }).toEqual({
    others: [],
    rows: true,
    complete: true,
  })
  expect(text.length).toBeGreaterThan(0)
  expect((await exportsIn(deps)).map(({ action }) => action.split('.')[1])).toEqual(['export', 'exported'])
  await setQuota(rows)
  await expect(ask(api, world), name).rejects.toMatchObject({
    code: expect.stringMatching(/^(TOO_MANY_REQUESTS|PAYLOAD_TOO_LARGE)$/),
  })
})
