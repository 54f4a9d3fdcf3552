import { expect, test } from 'vitest'
import { emails } from '#db/schema/index.ts'
import { templates } from '#emails/index.tsx'
import type { Viewer } from '../auth/rules.ts'
import { contextFor } from '../test/callers.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aMember, anOrg } from '../test/factories.ts'
import { createCallerFactory } from '../trpc.ts'
import { emailsRouter } from './router.ts'
import { templateLabels } from './rules.ts'

const as = (deps: TestDeps, viewer: Viewer) => createCallerFactory(emailsRouter)(contextFor(deps, viewer))

async function anEmail(deps: TestDeps, values: Partial<typeof emails.$inferInsert> & { orgId: string }) {
  const id = deps.ids.id('eml')
  const row = {
    id,
    eventId: id,
    template: 'payoutOnItsWay',
    recipient: 'ana@northwind.example',
    subject: 'Your payout is on the way',
    html: '<p>hello</p>',
    text: 'hello',
    messageId: `<${id}@host>`,
    status: 'sent' as const,
    createdAt: deps.clock.now(),
    ...values,
  }
  await deps.db.write(tx => tx.insert(emails).values(row))
  return id
}

async function company() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const viewer = await aMember(deps, { role: 'viewer', org })
  return { deps, org, api: as(deps, viewer.viewer) }
}

test('every template has its words', () => {
  expect(Object.keys(templateLabels).sort()).toEqual(Object.keys(templates).sort())
})

test('the latest first, in pages, without bodies', async () => {
  const { deps, org, api } = await company()
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.unshift(await anEmail(deps, { orgId: org.id, createdAt: 100 + Math.floor(i / 2) }))
  const first = await api.list({ limit: 3 })
  const second = await api.list({ limit: 3, cursor: first.next ?? '' })
  const seen = [...first.rows, ...second.rows]
  expect(seen.map(row => row.id).sort()).toEqual(ids.sort())
  expect(seen.map(row => row.createdAt)).toEqual([102, 101, 101, 100, 100])
  expect(first.rows[0]).not.toHaveProperty('html')
  expect(second.next).toBeNull()
})

test('they are found by template, status, partner, payout, recipient and subject', async () => {
  const { deps, org, api } = await company()
  const plain = await anEmail(deps, { orgId: org.id })
  const other = await anEmail(deps, {
    orgId: org.id,
    template: 'passwordReset',
    status: 'failed',
    recipient: 'bo_b@example.org',
    subject: '100% yours',
    partnerId: 'par_1',
    payoutId: 'pay_1',
  })
  const find = async (filter: Parameters<typeof api.list>[0]) => (await api.list(filter)).rows.map(row => row.id)
  for (const filter of [
    { template: 'passwordReset' },
    { status: 'failed' },
    { partnerId: 'par_1' },
    { payoutId: 'pay_1' },
    { q: 'bo_b' },
    { q: '100%' },
  ] as const)
    expect(await find(filter), JSON.stringify(filter)).toEqual([other])
  expect(await find({ q: 'NORTHWIND' })).toEqual([plain])
  expect(await find({ q: 'a_a' })).toEqual([])
})

test('one mail with its parts and headers; another organization’s is not there, and partners see none', async () => {
  const { deps, org, api } = await company()
  const id = await anEmail(deps, { orgId: org.id, recipientName: 'Ana' })
  expect(await api.get({ emailId: id })).toMatchObject({
    html: '<p>hello</p>',
    text: 'hello',
    headers: expect.arrayContaining([
      { name: 'To', value: 'Ana <ana@northwind.example>' },
      { name: 'Message-ID', value: `<${id}@host>` },
    ]),
  })
  const stranger = as(deps, (await aMember(deps, { role: 'owner' })).viewer)
  await expect(stranger.get({ emailId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await stranger.list({})).rows).toEqual([])
  const partner = as(deps, (await aMember(deps, { role: 'partner', org })).viewer)
  await expect(partner.list({})).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(partner.get({ emailId: id })).rejects.toMatchObject({ code: 'FORBIDDEN' })
})
