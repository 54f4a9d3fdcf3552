import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { ruleVersions } from '#db/schema/index.ts'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg, type Org } from '../test/factories.ts'
import { blankWording, type Wording } from './rules.ts'

const wording: Wording = { ...blankWording('2026-03-01'), pay: { kind: 'percent', rateBp: 1_500 } }

async function aTeam() {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const author = await asRole(deps, 'admin', { org })
  const second = await asRole(deps, 'admin', { org })
  const manager = await asRole(deps, 'manager', { org })
  return { deps, org, author, second, manager }
}

const rule = { name: 'Gold', stream: 'base' as const, programId: null, wording }

test('a draft pays nobody until a second person publishes it', async () => {
  const { deps, author, second } = await aTeam()
  const draft = await author.api.rules.create(rule)
  expect(draft).toMatchObject({ number: 1, status: 'draft', version: 1 })
  await expect(author.api.rules.publish({ ruleVersionId: draft.ruleVersionId })).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringMatching(/^You wrote this draft.*invite a second person under Team/),
  })
  const published = await second.api.rules.publish({ ruleVersionId: draft.ruleVersionId, version: 1 })
  expect(published).toMatchObject({ status: 'published', version: 2 })
  const actions = await deps.db.read.all<{ action: string }>(
    sql`SELECT action FROM audit WHERE target_id = ${draft.ruleVersionId} ORDER BY seq`,
  )
  expect(actions.map(row => row.action)).toEqual(['rules.create', 'rules.publish'])
})

test('whoever changed a draft may not publish it either; its author still may not', async () => {
  const { author, second, manager } = await aTeam()
  const draft = await manager.api.rules.create(rule)
  await second.api.rules.updateDraft({
    ruleVersionId: draft.ruleVersionId,
    wording: { ...wording, pay: { kind: 'percent', rateBp: 9_000 } },
  })
  await expect(second.api.rules.publish({ ruleVersionId: draft.ruleVersionId })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  expect((await author.api.rules.publish({ ruleVersionId: draft.ruleVersionId })).status).toBe('published')
})

test('where creators may approve, the author publishes alone', async () => {
  const { deps, org, author } = await aTeam()
  const draft = await author.api.rules.create(rule)
  await deps.db.write(tx => tx.run(sql`UPDATE organizations SET creator_may_approve = 1 WHERE id = ${org.id}`))
  expect((await author.api.rules.publish({ ruleVersionId: draft.ruleVersionId })).status).toBe('published')
})

test('the database refuses what the code would let through', async () => {
  const { deps, author } = await aTeam()
  const draft = await author.api.rules.create(rule)
  await expect(
    deps.db.write(tx =>
      tx
        .update(ruleVersions)
        .set({ status: 'published', publishedBy: author.user.id, publishedAt: 1, version: 2 })
        .where(sql`id = ${draft.ruleVersionId}`),
    ),
  ).rejects.toMatchObject({ cause: { message: expect.stringContaining('creator_cannot_publish') } })
})

test('a published version never changes; the next one starts from it, and the differences are readable', async () => {
  const { author, second } = await aTeam()
  const first = await author.api.rules.create(rule)
  await second.api.rules.publish({ ruleVersionId: first.ruleVersionId })
  await expect(author.api.rules.updateDraft({ ruleVersionId: first.ruleVersionId, wording })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'This version is published and never changes. Write a new version.',
  })
  const next = await author.api.rules.newVersion({ ruleId: first.ruleId })
  expect(next).toMatchObject({ number: 2, status: 'draft' })
  await expect(author.api.rules.newVersion({ ruleId: first.ruleId })).rejects.toMatchObject({ code: 'CONFLICT' })
  await author.api.rules.updateDraft({
    ruleVersionId: next.ruleVersionId,
    version: next.version,
    wording: { ...wording, currency: 'USD', cap: 100_000, pay: { kind: 'percent', rateBp: 1_250 } },
  })
  const detail = await second.api.rules.get({ ruleId: first.ruleId })
  expect(detail.versions.map(version => [version.number, version.status])).toEqual([
    [2, 'draft'],
    [1, 'published'],
  ])
  expect(detail.versions[0]?.differences).toEqual([
    { field: 'Currency', before: 'Every', after: 'USD' },
    { field: 'Pays', before: '15 %', after: '12.5 %' },
    { field: 'Cap', before: '–', after: '$1,000.00' },
  ])
  expect(detail.versions[0]?.actions.find(action => action.action === 'publish')?.refusal).toBe(null)
  expect((await author.api.rules.get({ ruleId: first.ruleId })).versions[0]?.actions[0]?.refusal).toMatch(/^You wrote/)
})

test('name, kind and program stay once a version was published', async () => {
  const { author, second } = await aTeam()
  const first = await author.api.rules.create(rule)
  await author.api.rules.updateDraft({ ruleVersionId: first.ruleVersionId, name: 'Gold partners', wording })
  await second.api.rules.publish({ ruleVersionId: first.ruleVersionId })
  const next = await author.api.rules.newVersion({ ruleId: first.ruleId })
  await expect(
    author.api.rules.updateDraft({ ruleVersionId: next.ruleVersionId, name: 'Platinum', wording }),
  ).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringMatching(/published before/) })
})

test('stale and double edits are refused, and a taken name is', async () => {
  const { author } = await aTeam()
  const draft = await author.api.rules.create(rule)
  await author.api.rules.updateDraft({ ruleVersionId: draft.ruleVersionId, version: 1, wording })
  await expect(
    author.api.rules.updateDraft({ ruleVersionId: draft.ruleVersionId, version: 1, wording }),
  ).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(author.api.rules.create({ ...rule, name: 'gold' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'There is a rule called “gold” already. Choose another name.',
  })
})

test('a discarded draft is over, and the next version has a new number', async () => {
  const { author, second } = await aTeam()
  const draft = await author.api.rules.create(rule)
  await author.api.rules.discardDraft({ ruleVersionId: draft.ruleVersionId })
  await expect(second.api.rules.publish({ ruleVersionId: draft.ruleVersionId })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  expect(await author.api.rules.newVersion({ ruleId: draft.ruleId })).toMatchObject({ number: 2 })
})

test('two people publish at once: one does', async () => {
  const { deps, org, manager, second } = await aTeam()
  const third = await asRole(deps, 'owner', { org })
  const draft = await manager.api.rules.create(rule)
  const outcomes = await Promise.allSettled([
    second.api.rules.publish({ ruleVersionId: draft.ruleVersionId }),
    third.api.rules.publish({ ruleVersionId: draft.ruleVersionId }),
  ])
  expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
})

test.each<[string, Partial<Wording>, RegExp]>([
  ['amounts without a currency', { cap: 100 }, /Choose the currency/],
  ['a cap below the floor', { currency: 'USD', floor: 200, cap: 100 }, /cap is below the floor/],
  ['dates upside down', { effectiveTo: '2026-01-01' }, /upside down/],
  ['sizes upside down', { currency: 'USD', conditions: { sizeFrom: 2, sizeTo: 1 } }, /sizes are upside down/],
  ['more than 100 %', { pay: { kind: 'percent', rateBp: 10_001 } }, /at most 100 %/],
  ['fractions of a basis point', { pay: { kind: 'percent', rateBp: 0.15 } }, /whole basis points/],
  [
    'brackets out of order',
    {
      currency: 'USD',
      pay: {
        kind: 'brackets',
        brackets: [
          { upTo: 200, rateBp: 1 },
          { upTo: 100, rateBp: 1 },
          { upTo: null, rateBp: 1 },
        ],
      },
    },
    /must end above the one before/,
  ],
  [
    'brackets without an end',
    { currency: 'USD', pay: { kind: 'brackets', brackets: [{ upTo: 200, rateBp: 1 }] } },
    /last bracket/,
  ],
])('%s are refused in words', async (_, but, sentence) => {
  const { author } = await aTeam()
  await expect(author.api.rules.create({ ...rule, wording: { ...wording, ...but } })).rejects.toThrow(sentence)
})

test('a program of another organization does not exist', async () => {
  const { deps, author } = await aTeam()
  const other: Org = await anOrg(deps)
  await expect(author.api.rules.create({ ...rule, programId: `prg_${other.id}` })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('the list is the order of evaluation, with drafts that wait and what overlaps', async () => {
  const { deps, author, second } = await aTeam()
  const add = async (name: string, but: Partial<Wording>, stream: 'base' | 'spiff' = 'base') => {
    const draft = await author.api.rules.create({ name, stream, programId: null, wording: { ...wording, ...but } })
    deps.clock.advance(1_000)
    await second.api.rules.publish({ ruleVersionId: draft.ruleVersionId })
  }
  await add('Everybody', { priority: 50 })
  await add('Gold', { priority: 60, conditions: { tiers: ['gold'] } })
  await add('New business', { priority: 10, conditions: { dealTypes: ['new'] } })
  await add('Renewals', { priority: 10, conditions: { dealTypes: ['renewal'] } })
  await add('Resellers', { priority: 10, conditions: { partnerTypes: ['reseller'] } })
  await add('Push', { priority: 1 }, 'spiff')
  await author.api.rules.create({ name: 'Later', stream: 'base', programId: null, wording })
  const list = await second.api.rules.list()
  expect(list.rules.map(one => [one.name, one.state])).toEqual([
    ['Resellers', 'in_force'],
    ['Renewals', 'in_force'],
    ['New business', 'in_force'],
    ['Everybody', 'in_force'],
    ['Gold', 'in_force'],
    ['Later', 'draft'],
    ['Push', 'in_force'],
  ])
  expect(list.drafts).toBe(1)
  expect(list.overlaps.map(one => [one.kind, one.rule.name, one.other.name]).sort()).toEqual([
    ['same_priority', 'New business', 'Resellers'],
    ['same_priority', 'Renewals', 'Resellers'],
    ['shadowed', 'Gold', 'Everybody'],
    ['shadowed', 'Later', 'Everybody'],
  ])
})
