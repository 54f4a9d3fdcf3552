import { eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import {
  type AttributionModel,
  attributionCredits,
  attributionRuns,
  audit,
  dealSplits,
  deals,
  partners,
} from '#db/schema/index.ts'
import { aDeal, aProgram, asSomebody, day } from '../deals/testing.ts'
import { asRole } from '../test/callers.ts'
import { start, testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { recalculate } from './run.ts'

/** A won deal of two partners in a program that splits evenly. */
async function aWonDeal({ model = 'equal_split' as AttributionModel, parameters = {} } = {}) {
  const deps = await testDeps()
  const org = await anOrg(deps)
  const [acme, bolt, coda] = [
    await aPartner(deps, { orgId: org.id, name: 'Acme', defaultRateBp: 1_000 }),
    await aPartner(deps, { orgId: org.id, name: 'Bolt', defaultRateBp: 2_000 }),
    await aPartner(deps, { orgId: org.id, name: 'Coda' }),
  ]
  const admin = await asRole(deps, 'admin', { org })
  const program = await aProgram(deps, org, { model, parameters })
  const touches = [
    { partner: acme, daysAgo: 14 },
    { partner: bolt, type: 'demo' as const, daysAgo: 7 },
  ]
  const deal = await aDeal(deps, org, { programId: program.id, touches, won: true })
  const credits = async () => {
    const { current } = await admin.api.deals.get({ dealId: deal.id })
    return current?.credits.map(({ partnerName, bp, amount }) => [partnerName, bp, amount])
  }
  const runs = () => deps.db.read.select().from(attributionRuns).where(eq(attributionRuns.dealId, deal.id))
  return { deps, org, acme, bolt, coda, admin, program, deal, credits, runs }
}

const even = [
  ['Acme', 5_000, 500_000],
  ['Bolt', 5_000, 500_000],
]

test('recalculated without a change that decides, there is no new version, and the log says that somebody looked', async () => {
  const { deps, admin, deal, runs } = await aWonDeal()
  const result = await admin.api.attribution.recalculate({ dealId: deal.id })
  expect(result).toMatchObject({ run: 1, attributed: false, booked: 0, version: deal.version })
  expect(await runs()).toHaveLength(1)
  const entries = await deps.db.read.select().from(audit).where(eq(audit.action, 'attribution.recalculate'))
  expect(entries).toHaveLength(1)
})

test('a new model of the program decides from the next recalculation on, not before', async () => {
  const { admin, deal, program, credits } = await aWonDeal()
  await admin.api.programs.update({ programId: program.id, model: 'last_touch' })
  expect(await credits()).toEqual(even)
  expect(await admin.api.attribution.recalculate({ dealId: deal.id })).toMatchObject({ run: 2, attributed: true })
  expect(await credits()).toEqual([['Bolt', 10_000, 1_000_000]])
})

test('a run keeps what it was computed from, and nothing can change it', async () => {
  const { deps, deal, runs, acme, bolt } = await aWonDeal()
  const [run] = await runs()
  expect(run).toMatchObject({ number: 1, basis: 'model', model: 'equal_split', amount: 1_000_000, closedAt: start })
  expect(run?.touches.map(({ partnerId }) => partnerId)).toEqual([acme.id, bolt.id])
  expect(run?.partners.map(({ name, defaultRateBp }) => [name, defaultRateBp]).sort()).toEqual([
    ['Acme', 1_000],
    ['Bolt', 2_000],
  ])
  const frozen = /attribution is append-only/
  await expect(deps.db.write(tx => tx.update(attributionRuns).set({ amount: 1 }))).rejects.toMatchObject({
    cause: { message: expect.stringMatching(frozen) },
  })
  await expect(
    deps.db.write(tx => tx.delete(attributionCredits).where(eq(attributionCredits.dealId, deal.id))),
  ).rejects.toMatchObject({ cause: { message: expect.stringMatching(frozen) } })
})

test('a partner promoted after the win is seen as it was; a partner new to the deal as it is now', async () => {
  const parameters = { customTierPercent: { gold: 300 } }
  const { deps, admin, deal, acme, coda, credits, runs } = await aWonDeal({ model: 'custom', parameters })
  await deps.db.write(tx =>
    tx.update(partners).set({ tier: 'gold' }).where(sql`${partners.id} IN (${acme.id}, ${coda.id})`),
  )
  expect(await admin.api.attribution.recalculate({ dealId: deal.id })).toMatchObject({ attributed: false })
  expect(await credits()).toEqual(even)
  await admin.api.deals.addTouch({ dealId: deal.id, partnerId: coda.id, type: 'demo', at: start - day })
  expect(await credits()).toEqual([
    ['Acme', 2_000, 200_000],
    ['Bolt', 2_000, 200_000],
    ['Coda', 6_000, 600_000],
  ])
  const latest = (await runs()).find(run => run.number === 2)
  expect(latest?.partners.map(({ name, tier }) => [name, tier]).sort()).toEqual([
    ['Acme', 'registered'],
    ['Bolt', 'registered'],
    ['Coda', 'gold'],
  ])
})

test('shares set by hand stand over corrections until they are withdrawn, and both are audited with what was and became', async () => {
  const { deps, admin, deal, acme, bolt, coda, credits } = await aWonDeal()
  const shares = [
    { partnerId: bolt.id, bp: 3_334 },
    { partnerId: coda.id, bp: 6_666 },
  ]
  const set = await admin.api.attribution.override({ dealId: deal.id, shares, reason: 'Coda brought the deal.' })
  expect(set).toMatchObject({ run: 2, attributed: true })
  expect(await credits()).toEqual([
    ['Bolt', 3_334, 333_400],
    ['Coda', 6_666, 666_600],
  ])
  expect(await admin.api.deals.update({ dealId: deal.id, amount: 2_000_000 })).toMatchObject({ run: 3 })
  expect(await credits()).toEqual([
    ['Bolt', 3_334, 666_800],
    ['Coda', 6_666, 1_333_200],
  ])
  await admin.api.deals.addTouch({ dealId: deal.id, partnerId: acme.id, type: 'demo', at: start - day })
  const shown = await admin.api.deals.get({ dealId: deal.id })
  expect(shown).toMatchObject({ overridden: true, current: { number: 3, reason: 'Coda brought the deal.' } })
  // Partners read the reason of their credit: what staff wrote isn't in it.
  expect(shown.current?.credits[0]?.reason).toBe('Shares set by hand')

  await admin.api.attribution.clearOverride({ dealId: deal.id })
  expect(await credits()).toEqual([
    ['Acme', 5_000, 1_000_000],
    ['Bolt', 5_000, 1_000_000],
  ])
  const [entry] = await deps.db.read.select().from(audit).where(eq(audit.action, 'attribution.override'))
  expect(JSON.parse(entry?.before ?? '')).toEqual({ run: 1, shares: { [acme.id]: 5_000, [bolt.id]: 5_000 } })
  expect(JSON.parse(entry?.after ?? '')).toEqual({
    run: 2,
    shares: { [bolt.id]: 3_334, [coda.id]: 6_666 },
    reason: 'Coda brought the deal.',
  })
  await expect(admin.api.attribution.clearOverride({ dealId: deal.id })).rejects.toThrow('there is nothing to withdraw')
})

test('shares by hand are refused unless they make 100 %, name each partner once, and are given a reason on a won deal', async () => {
  const { deps, org, admin, deal, acme, bolt, coda } = await aWonDeal()
  const set = (shares: { partnerId: string; bp: number }[], reason = 'Because.') =>
    admin.api.attribution.override({ dealId: deal.id, shares, reason })
  await expect(set([{ partnerId: acme.id, bp: 9_999 }])).rejects.toThrow(
    'The shares add up to 99.99 %: 0.01 % is missing.',
  )
  const half = { partnerId: acme.id, bp: 5_000 }
  await expect(set([half, half])).rejects.toThrow('A partner is named twice')
  await expect(set([{ partnerId: acme.id, bp: 10_000 }], ' ')).rejects.toThrow('Say why')
  const stranger = await aPartner(deps, { orgId: (await anOrg(deps)).id })
  await expect(set([half, { partnerId: stranger.id, bp: 5_000 }])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await admin.api.partners.archive({ partnerId: coda.id })
  await admin.api.partners.archive({ partnerId: bolt.id })
  await expect(set([half, { partnerId: coda.id, bp: 5_000 }])).rejects.toThrow(
    'Coda is archived and has no part in this deal. Restore the partner first, or leave it out.',
  )
  // Bolt did its part before it was archived.
  await set([half, { partnerId: bolt.id, bp: 5_000 }])
  const open = await aDeal(deps, org, { programId: (await admin.api.programs.list({})).rows[0]!.id })
  await expect(
    admin.api.attribution.override({ dealId: open.id, shares: [{ partnerId: acme.id, bp: 10_000 }], reason: 'x' }),
  ).rejects.toThrow('It is open now')
})

test('of an override and a split confirmed later, while the deal was open again, the split decides; withdrawn, the model does', async () => {
  const { deps, org, admin, deal, acme, bolt, credits } = await aWonDeal()
  const all = [{ partnerId: acme.id, bp: 10_000 }]
  await admin.api.attribution.override({ dealId: deal.id, shares: all, reason: 'For now.' })
  await admin.api.deals.reopen({ dealId: deal.id, reason: 'Not signed yet.' })
  deps.clock.advance(60_000)
  const now = deps.clock.now()
  const shares = [
    { partnerId: acme.id, bp: 1_000 },
    { partnerId: bolt.id, bp: 9_000 },
  ]
  const splitId = deps.ids.id('spl')
  await deps.db.write(tx =>
    tx.insert(dealSplits).values({
      ...{ id: splitId, orgId: org.id, dealId: deal.id, status: 'confirmed', shares, deadline: now, createdAt: now },
      ...{ confirmedAt: now, updatedAt: now, createdBy: admin.user.id, confirmedBy: admin.user.id },
    }),
  )
  await admin.api.deals.win({ dealId: deal.id })
  expect(await credits()).toEqual([
    ['Acme', 1_000, 100_000],
    ['Bolt', 9_000, 900_000],
  ])
  await deps.db.write(tx =>
    tx.update(dealSplits).set({ status: 'withdrawn', version: 2 }).where(eq(dealSplits.id, splitId)),
  )
  const result = await asSomebody(deps, org, unit => recalculate(unit, deal.id, 'The split was withdrawn'))
  expect(result).toMatchObject({ created: true, number: 4 })
  expect(await credits()).toEqual(even)
})

test('all models stand side by side on a deal’s touches, and nothing is stored', async () => {
  const { deps, org, admin, deal, program, acme, bolt, runs } = await aWonDeal()
  const before = await deps.db.read.select().from(deals)
  const { models, partners: named, assumed } = await admin.api.attribution.compare({ dealId: deal.id })
  expect(assumed).toBe(false)
  expect(named.map(({ name }) => name)).toEqual(['Acme', 'Bolt'])
  expect(models).toHaveLength(12)
  const amounts = Object.fromEntries(
    models.map(({ model, parts }) => [model, [parts[acme.id]?.amount ?? 0, parts[bolt.id]?.amount ?? 0]]),
  )
  expect(amounts).toMatchObject({
    equal_split: [500_000, 500_000],
    first_touch: [1_000_000, 0],
    last_touch: [0, 1_000_000],
    time_decay: [333_333, 666_667],
    role_based: [615_385, 384_615],
  })
  expect(models.filter(({ chosen }) => chosen).map(({ model }) => model)).toEqual(['equal_split'])
  expect(await runs()).toHaveLength(1)
  expect(await deps.db.read.select().from(deals)).toEqual(before)

  const open = await aDeal(deps, org, { programId: program.id })
  const empty = await admin.api.attribution.compare({ dealId: open.id })
  expect(empty).toMatchObject({ assumed: true, partners: [], closedAt: start })
  expect(empty.models[0]?.nobody).toBe('Nobody is credited: the deal has no touches.')
})

test('a deal won without touches has a version that credits nobody, and is found as such', async () => {
  const { deps, org, admin, program } = await aWonDeal()
  const deal = await aDeal(deps, org, { programId: program.id, won: true })
  expect(deal).toMatchObject({ run: 1, attributed: true, booked: 0 })
  const found = await admin.api.deals.list({ unattributed: true })
  expect(found.rows.map(({ id }) => id)).toEqual([deal.id])
  expect(await admin.api.deals.counts()).toMatchObject({ unattributed: 1, won: { count: 2 } })
})
