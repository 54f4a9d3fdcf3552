import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type AttributionModel, audit } from '#db/schema/index.ts'
import { programParameters } from '../attribution/rules.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { describeProgram } from './rules.ts'

async function aCompany() {
  const deps = await testDeps()
  const org = await anOrg(deps, { timeZone: 'Asia/Tokyo' })
  const admin = await asRole(deps, 'admin', { org })
  return { deps, org, admin, api: admin.api }
}

test('every organization starts with one program, and it can’t be archived while it is the only one', async () => {
  const { api } = await aCompany()
  const { rows } = await api.programs.list({})
  expect(rows).toMatchObject([
    { name: 'Partner program', model: 'equal_split', modelLabel: 'Equal split', timeZone: 'Asia/Tokyo', version: 1 },
  ])
  await expect(api.programs.archive({ programId: rows[0]!.id })).rejects.toThrow(
    'This is the only program, and every deal needs one. Add another program first.',
  )
})

test('a program takes its model, its parameters with the rest by default, and the organization’s time zone', async () => {
  const { deps, org, api } = await aCompany()
  const partner = await aPartner(deps, { orgId: org.id, name: 'Acme' })
  const { id } = await api.programs.create({
    name: 'Resellers',
    model: 'time_decay',
    parameters: { halfLifeDays: 30, excludedPartnerIds: [partner.id] },
    debtCapBp: 5_000,
  })
  const program = await api.programs.get({ programId: id })
  expect(program).toMatchObject({
    timeZone: 'Asia/Tokyo',
    debtCapBp: 5_000,
    protectionDays: 90,
    parameters: { halfLifeDays: 30, cutoff: 'close', rolePools: { sourcer: 40 } },
    excluded: [{ id: partner.id, name: 'Acme' }],
    mayEdit: true,
  })
  const [entry] = await deps.db.read.select().from(audit).where(eq(audit.targetId, id))
  expect(entry).toMatchObject({ action: 'programs.create' })
})

test('parameters that can’t be are refused in words', async () => {
  const { api } = await aCompany()
  const make = (parameters: object, more: object = {}) =>
    api.programs.create({ name: 'New', model: 'role_based', parameters, ...more })
  await expect(make({ touchWeights: { demo: -1 } })).rejects.toThrow('A weight can')
  await expect(make({ halfLifeDays: 0 })).rejects.toThrow('At least one day.')
  await expect(make({ unknown: 1 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(make({}, { timeZone: 'Mars/Olympus' })).rejects.toThrow('That is not a time zone we know.')
  await expect(make({}, { name: 'Partner program' })).rejects.toThrow(
    'There is a program named Partner program already.',
  )
})

test('a change is at the version that was seen, names what it was and became, and archived programs come back', async () => {
  const { deps, api } = await aCompany()
  const { id } = await api.programs.create({ name: 'Resellers', model: 'first_touch' })
  const changed = await api.programs.update({ programId: id, version: 1, model: 'last_touch' })
  expect(changed.version).toBe(2)
  await expect(api.programs.update({ programId: id, version: 1, name: 'X' })).rejects.toThrow(
    'Resellers has changed since you opened the page.',
  )
  expect(await api.programs.update({ programId: id, model: 'last_touch' })).toEqual(changed)
  const [entry] = await deps.db.read.select().from(audit).where(eq(audit.action, 'programs.update'))
  expect([entry?.before, entry?.after].map(json => JSON.parse(json ?? ''))).toEqual([
    { model: 'first_touch' },
    { model: 'last_touch' },
  ])
  await api.programs.archive({ programId: id })
  expect((await api.programs.list({})).rows.map(({ name }) => name)).toEqual(['Partner program'])
  expect((await api.programs.list({ archived: true })).rows.map(({ name }) => name)).toEqual(['Resellers'])
  await expect(api.programs.archive({ programId: id })).rejects.toMatchObject({ code: 'CONFLICT' })
  await api.programs.restore({ programId: id })
  await expect(api.programs.restore({ programId: id })).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('two admins change a program at once: one is told', async () => {
  const { deps, org, api } = await aCompany()
  const other = await asRole(deps, 'owner', { org })
  const { id } = await api.programs.create({ name: 'Resellers', model: 'first_touch' })
  const results = await Promise.allSettled([
    api.programs.update({ programId: id, version: 1, model: 'last_touch' }),
    other.api.programs.update({ programId: id, version: 1, model: 'equal_split' }),
  ])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('another organization’s program and partners do not exist', async () => {
  const { deps, org, api } = await aCompany()
  const { id } = await api.programs.create({ name: 'Resellers', model: 'first_touch' })
  const partner = await aPartner(deps, { orgId: org.id })
  const stranger = await asRole(deps, 'owner')
  const notFound = { code: 'NOT_FOUND' }
  await expect(stranger.api.programs.get({ programId: id })).rejects.toMatchObject(notFound)
  await expect(stranger.api.programs.update({ programId: id, name: 'Mine' })).rejects.toMatchObject(notFound)
  await expect(stranger.api.programs.archive({ programId: id })).rejects.toMatchObject(notFound)
  const parameters = { excludedPartnerIds: [partner.id] }
  await expect(stranger.api.programs.create({ name: 'X', model: 'first_touch', parameters })).rejects.toMatchObject(
    notFound,
  )
  expect((await stranger.api.programs.list({})).rows).toHaveLength(1)
})

test.each<[AttributionModel, object, string]>([
  [
    'equal_split',
    {},
    'Every partner with a touch that counts gets the same. Touches count up to the deal’s close, however old they are; CRM syncs don’t.',
  ],
  [
    'time_decay',
    { halfLifeDays: 1, lookbackDays: 90, countsCrmSync: true, excludedTypes: ['demo'] },
    'The older a touch is, the less it weighs: half as much per half-life. A touch weighs half as much as one a day later. ' +
      'Touches count up to the deal’s close, not older than 90 days; touches of type demo don’t.',
  ],
  [
    'cosell_split',
    { cutoff: 'qualified', countsCrmSync: true, classPools: { vendor: 0 } },
    'Hyperscalers, partners and vendors each have a pool, shared evenly by those on the deal. ' +
      'Pools: hyperscaler 30, partner 20, vendor 0. Pools that nobody is in are left out. ' +
      'Touches count up to its qualification, where that was before the close, however old they are.',
  ],
])('%s is described with its parameters', (model, parameters, says) => {
  expect(describeProgram(model, programParameters.parse(parameters)).join(' ')).toBe(says)
})
