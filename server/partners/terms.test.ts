import { expect, test } from 'vitest'
import { asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'

test('a partner’s terms are set, changed and recorded; a minimum is in its currency', async () => {
  const deps = await testDeps()
  const { api } = await asRole(deps, 'manager')
  const plain = await api.partners.create({ name: 'A', email: 'a@x.example', country: 'US' })
  expect((await api.partners.get({ partnerId: plain.id })).terms).toEqual({
    ...{ tier: 'registered', class: 'partner', settlement: 'one' },
    ...{ defaultRateBp: null, minimum: null },
  })
  const { id, version } = await api.partners.create({
    ...{ name: 'B', email: 'b@x.example', country: 'DE', tier: 'gold', class: 'vendor', settlement: 'each' },
    ...{ defaultRateBp: 1_250, minimum: 5_000 },
  })
  expect((await api.partners.get({ partnerId: id })).terms).toEqual({
    ...{ tier: 'gold', class: 'vendor', settlement: 'each' },
    ...{ defaultRateBp: 1_250, minimum: 5_000 },
  })
  expect(await api.runs.minimums({ scope: 'partner', scopeId: id })).toMatchObject([{ currency: 'EUR', amount: 5_000 }])

  const changed = await api.partners.update({ partnerId: id, version, minimum: 6_000, defaultRateBp: null })
  expect(changed.version).toBe(version + 1)
  await expect(api.partners.update({ partnerId: id, version, minimum: 7_000 })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  // Nothing new is no change.
  expect(await api.partners.update({ partnerId: id, version: version + 1, minimum: 6_000 })).toMatchObject({
    version: version + 1,
  })
  await api.partners.update({ partnerId: id, minimum: null })
  expect((await api.partners.get({ partnerId: id })).terms).toMatchObject({ defaultRateBp: null, minimum: null })
  const { api: owner } = await asRole(deps, 'owner', { org: (await deps.db.read.query.organizations.findFirst())! })
  const [last, before] = (await owner.audit.list({ action: 'partners.update' })).rows
  expect(last?.changes).toEqual([{ field: 'minimum', before: 6_000, after: null }])
  expect(before?.changes).toEqual(
    expect.arrayContaining([
      { field: 'minimum', before: 5_000, after: 6_000 },
      { field: 'defaultRateBp', before: 1_250, after: null },
    ]),
  )
})

test.each([
  [{ defaultRateBp: 10_001 }, 'between 0 and 100'],
  [{ defaultRateBp: 12.5 }, 'two decimals'],
  [{ minimum: 0 }, 'more than zero'],
  [{ tier: 'diamond' }, 'Choose a tier'],
  [{ settlement: 'cash' }, 'Choose how it is paid'],
])('%o is refused', async (terms, sentence) => {
  const deps = await testDeps()
  const { api } = await asRole(deps, 'owner')
  await expect(
    api.partners.create({ name: 'A', email: 'a@x.example', country: 'US', ...(terms as object) }),
  ).rejects.toThrow(sentence)
})
