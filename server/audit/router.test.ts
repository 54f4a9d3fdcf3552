import { expect, test } from 'vitest'
import type { Viewer } from '../auth/rules.ts'
import { payoutNumber } from '../payouts/rules.ts'
import { contextFor } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aMember, anOrg, aPartner, aPayout } from '../test/factories.ts'
import { createCallerFactory } from '../trpc.ts'
import { type Actor, system, work } from '../work.ts'
import { hashLink } from './audit.ts'
import { auditRouter } from './router.ts'

const as = (deps: TestDeps, viewer: Viewer) => createCallerFactory(auditRouter)(contextFor(deps, viewer))

async function aLog() {
  const deps = await testDeps()
  const org = await anOrg(deps, { timeZone: 'America/New_York' })
  const owner = await aMember(deps, { role: 'owner', org })
  const ada: Actor = { kind: 'user', id: 'usr_ada', name: 'Ada' }
  const add = (actor: Actor, action: string, id: string, before?: object, after?: object) =>
    work(deps, { orgId: org.id, actor }, async unit =>
      unit.audit({ action, target: { type: action.split('.')[0]!, id }, before, after }),
    )
  return { deps, org, owner, ada, add, api: as(deps, owner.viewer) }
}

test('the latest first, page by page, each entry once, with the fields that changed', async () => {
  const { add, ada, api } = await aLog()
  for (let i = 1; i <= 7; i++)
    await add(
      ada,
      'payouts.update',
      `pay_${i}`,
      { amount: i, note: 'same' },
      { amount: i + 1, note: 'same', period: '2026-02' },
    )
  const seen: number[] = []
  let cursor: string | undefined
  do {
    const page = await api.list({ limit: 3, cursor })
    seen.push(...page.rows.map(row => row.seq))
    expect(page.rows[0]?.changes).toEqual([
      { field: 'amount', before: page.rows[0]!.seq, after: page.rows[0]!.seq + 1 },
      { field: 'period', before: null, after: '2026-02' },
    ])
    cursor = page.next ?? undefined
  } while (cursor)
  expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1])
})

test('payouts are called by their numbers, and found by them; other organizations’ are not', async () => {
  const { deps, org, add, ada, api } = await aLog()
  const payout = await aPayout(deps, { partner: await aPartner(deps, { orgId: org.id }) })
  const foreign = await aPayout(deps, { partner: await aPartner(deps, { orgId: (await anOrg(deps)).id }) })
  const note = (type: string, id: string) =>
    work(deps, { orgId: org.id, actor: ada }, async unit => unit.audit({ action: 'x.y', target: { type, id } }))
  for (const id of [payout.id, foreign.id]) await note('payout', id)
  await note('partner', payout.partnerId)
  await add(ada, 'payouts.update', 'pay_gone')
  const names = (await api.list({})).rows.map(row => [row.target.id, row.target.name])
  const number = payoutNumber(payout.number)
  expect(names).toEqual([
    ['pay_gone', null],
    [payout.partnerId, null],
    [foreign.id, null],
    [payout.id, number],
  ])
  const found = async (targetId: string) => (await api.list({ targetId })).rows.map(row => row.target.id)
  for (const written of [number, number.toLowerCase(), `PO-${payout.number}`, payout.id])
    expect(await found(written)).toEqual([payout.id])
  expect(await found('PO-999999')).toEqual([])
})

test('it is filtered by who, what, on what, and when in the organization’s own days', async () => {
  const { deps, add, ada, api } = await aLog()
  deps.clock.set(Date.UTC(2026, 2, 3, 4, 59))
  await add(ada, 'payouts.approve', 'pay_1')
  deps.clock.set(Date.UTC(2026, 2, 3, 5))
  await add(system, 'payout.settled', 'pay_1')
  await add(ada, 'orgs.update', 'org_1')
  const actions = async (filter: Parameters<typeof api.list>[0]) => (await api.list(filter)).rows.map(row => row.action)
  expect(await actions({ actor: 'usr_ada' })).toEqual(['orgs.update', 'payouts.approve'])
  expect(await actions({ actor: 'ada' })).toEqual(['orgs.update', 'payouts.approve'])
  expect(await actions({ actor: '%' })).toEqual([])
  expect(await actions({ action: 'payouts' })).toEqual(['payouts.approve'])
  expect(await actions({ action: 'payouts.approve' })).toEqual(['payouts.approve'])
  expect(await actions({ targetType: 'payout', targetId: 'pay_1' })).toEqual(['payout.settled'])
  expect(await actions({ to: '2026-03-02' })).toEqual(['payouts.approve'])
  expect(await actions({ from: '2026-03-03', to: '2026-03-03' })).toEqual(['orgs.update', 'payout.settled'])
  await expect(actions({ from: '2026-03-04', to: '2026-03-03' })).rejects.toThrow('upside down')
})

test('a rare entry far down in a long log is found', async () => {
  const { deps, org, add, ada, api } = await aLog()
  await add(ada, 'orgs.rename', 'org_1')
  await work(deps, { orgId: org.id, actor: system }, async unit => {
    for (let i = 0; i < 21_000; i++)
      unit.audit({ action: 'payouts.approve', target: { type: 'payout', id: `pay_${i}` } })
  })
  const page = await api.list({ action: 'orgs', limit: 10 })
  expect(page).toMatchObject({ rows: [{ seq: 1, action: 'orgs.rename' }], next: null })
})

test('owner, admin and viewer read it; manager and partner don’t; nobody reads another organization’s', async () => {
  const { deps, org, add, ada } = await aLog()
  await add(ada, 'payouts.approve', 'pay_1')
  for (const role of ['admin', 'viewer'] as const) {
    const { viewer } = await aMember(deps, { role, org })
    expect((await as(deps, viewer).list({})).rows).toHaveLength(1)
    expect(await as(deps, viewer).verify()).toMatchObject({ ok: true, entries: 1 })
  }
  for (const role of ['manager', 'partner'] as const) {
    const api = as(deps, (await aMember(deps, { role, org })).viewer)
    await expect(api.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(api.verify()).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(api.export({})).rejects.toMatchObject({ code: 'FORBIDDEN' })
  }
  const stranger = as(deps, (await aMember(deps, { role: 'owner' })).viewer)
  expect(await stranger.list({})).toEqual({ rows: [], next: null })
  expect(await stranger.verify()).toMatchObject({ entries: 0 })
})

async function textOf(file: { chunks: AsyncIterable<string> }): Promise<string> {
  let text = ''
  for await (const chunk of file.chunks) text += chunk
  return text
}

test('an export holds what the list shows, can be verified by itself, and is recorded', async () => {
  const { org, add, ada, api } = await aLog()
  for (let i = 1; i <= 3; i++) await add(ada, 'payouts.approve', `pay_${i}`, { n: 1 }, { n: 2 })
  await add(ada, 'orgs.update', 'org_1')
  const file = await api.export({ action: 'payouts' })
  expect(file).toMatchObject({
    contentType: 'application/x-ndjson; charset=utf-8',
    fileName: expect.stringMatching(/^audit-.*\.jsonl$/),
  })
  const lines = (await textOf(file))
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines.map(line => line.seq)).toEqual([3, 2, 1])
  for (const { hash, ...link } of lines) expect(hashLink(link)).toBe(hash)
  expect((await api.list({ action: 'audit' })).rows).toMatchObject([
    { action: 'audit.exported', changes: [{ field: 'complete' }, { field: 'rows', after: 3 }] },
    {
      action: 'audit.export',
      changes: [
        { field: 'filter', after: { action: 'payouts' } },
        { field: 'format', after: 'jsonl' },
      ],
    },
  ])
  expect(lines[0].orgId).toBe(org.id)
})

test('an export of many pieces holds each entry once', async () => {
  const { deps, org, api } = await aLog()
  await work(deps, { orgId: org.id, actor: system }, async unit => {
    for (let i = 0; i < 2_500; i++)
      unit.audit({ action: 'payouts.approve', target: { type: 'payout', id: `pay_${i}` } })
  })
  const lines = (await textOf(await api.export({}))).trimEnd().split('\n')
  expect(lines.map(line => JSON.parse(line).seq)).toEqual(Array.from({ length: 2_500 }, (_, i) => 2_500 - i))
})

test('the CSV is safe for spreadsheets', async () => {
  const { add, api } = await aLog()
  await add({ kind: 'user', id: 'usr_x', name: '=HYPERLINK("http://evil")' }, 'payouts.approve', 'pay_1', { a: 'x,y' })
  const [head, row] = (await textOf(await api.export({ format: 'csv' }))).split('\r\n')
  expect(head).toBe('seq,at,actorKind,actorId,actorName,action,targetType,targetId,before,after,prev,hash')
  expect(row).toContain(`"'=HYPERLINK(""http://evil"")"`)
  expect(row).toContain('"{""a"":""x,y""}"')
})
