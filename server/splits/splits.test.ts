import { and, eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import {
  attributionCredits,
  attributionRuns,
  audit,
  commissions,
  dealSplits,
  deals,
  splitAnswers,
} from '#db/schema/index.ts'
import type { Role } from '#server/auth/rules.ts'
import { day, mails, sendMails } from '#server/registrations/testing.ts'
import { contextFor } from '#server/test/callers.ts'
import { type TestDeps, testDeps } from '#server/test/deps.ts'
import { aMember, anOrg, aPartner, type Org, type Partner } from '#server/test/factories.ts'
import { addTouch, createDeal, loseDeal, reopenDeal, winDeal } from '../deals/service.ts'
import { actorOf, createCallerFactory } from '../trpc.ts'
import { type Work, work } from '../work.ts'
import { expireSplits } from './deadlines.ts'
import { splitsRouter } from './router.ts'
import { splitMachine } from './rules.ts'

async function as(deps: TestDeps, role: Role, org: Org, partner?: Partner) {
  const member = await aMember(deps, { role, org, ...(partner ? { partner } : {}) })
  return { ...member, api: createCallerFactory(splitsRouter)(contextFor(deps, member.viewer)) }
}

/** A deal of $10,000.00 with two partners on it, each of whom earns 10 % of its credit; and the people around it. */
async function aDeal(stage: 'open' | 'won' = 'won') {
  const deps = await testDeps()
  const org = await anOrg(deps, { name: 'Acme' })
  const admin = await as(deps, 'admin', org)
  const made = (name: string) => aPartner(deps, { orgId: org.id, name, defaultRateBp: 1_000 })
  const [ann, ben, cat] = [await made('Ann'), await made('Ben'), await made('Cat')]
  const at = deps.clock.now()
  const inDeal = <T>(fn: (unit: Work) => Promise<T>) => work(deps, { orgId: org.id, actor: actorOf(admin.viewer) }, fn)
  const dealId = await inDeal(async unit => {
    const { id } = await createDeal(unit, {
      name: 'Contoso rollout',
      accountName: 'Contoso',
      amount: 1_000_000,
      currency: 'USD',
    })
    for (const partner of [ann, ben])
      await addTouch(unit, { dealId: id, partnerId: partner.id, type: 'demo', at: at - 5 * day })
    if (stage === 'won') await winDeal(unit, { dealId: id, closedAt: at })
    return id
  })
  return {
    ...{ deps, org, admin, ann, ben, cat, dealId, inDeal },
    asAnn: await as(deps, 'partner', org, ann),
    asBen: await as(deps, 'partner', org, ben),
    asCat: await as(deps, 'partner', org, cat),
  }
}

const deadlineOn = '2026-03-16'

/** The same deal with a negotiation that all have settled at 70 to 30. */
async function anAgreement(stage: 'open' | 'won' = 'won') {
  const one = await aDeal(stage)
  const { id: splitId } = await one.admin.api.open({ dealId: one.dealId, deadlineOn })
  await one.asAnn.api.propose({ splitId, shares: sharesOf(one, 7_000) })
  const accepted = await one.asBen.api.accept({ splitId, round: 1 })
  return { ...one, splitId, accepted }
}

function sharesOf({ ann, ben }: { ann: Partner; ben: Partner }, bp: number) {
  return [
    { partnerId: ann.id, bp },
    { partnerId: ben.id, bp: 10_000 - bp },
  ]
}

async function creditsOf(deps: TestDeps, dealId: string) {
  const rows = await deps.db.read
    .select({ partnerId: attributionCredits.partnerId, bp: attributionCredits.bp, basis: attributionRuns.basis })
    .from(attributionCredits)
    .innerJoin(attributionRuns, eq(attributionRuns.id, attributionCredits.runId))
    .innerJoin(deals, and(eq(deals.id, dealId), eq(deals.currentRunId, attributionRuns.id)))
  return Object.fromEntries(rows.map(({ partnerId, bp, basis }) => [partnerId, [basis, bp]]))
}

async function earned(deps: TestDeps, partner: Partner): Promise<number> {
  const rows = await deps.db.read.select().from(commissions).where(eq(commissions.partnerId, partner.id))
  return rows.reduce((sum, row) => sum + row.amount, 0)
}

test('proposed, accepted by all, confirmed: the agreed shares decide, and the difference is booked', async () => {
  const { deps, admin, ann, ben, cat, dealId, asAnn, asBen, splitId, accepted } = await anAgreement()
  expect(accepted).toMatchObject({ status: 'accepted', round: 1 })
  expect(await creditsOf(deps, dealId)).toEqual({ [ann.id]: ['model', 5_000], [ben.id]: ['model', 5_000] })
  expect(await earned(deps, ann)).toBe(50_000)
  const confirmed = await admin.api.confirm({ splitId, version: accepted.version })
  expect(confirmed).toMatchObject({ status: 'confirmed', booked: 2 })
  expect(await creditsOf(deps, dealId)).toEqual({ [ann.id]: ['split', 7_000], [ben.id]: ['split', 3_000] })
  expect([await earned(deps, ann), await earned(deps, ben), await earned(deps, cat)]).toEqual([70_000, 30_000, 0])
  expect(await asAnn.api.get({ splitId })).toMatchObject({
    status: 'confirmed',
    actions: [],
    partners: [
      { name: 'Ann', own: true, bp: 7_000, answer: 'accepted' },
      { name: 'Ben', own: false, bp: 3_000, answer: 'accepted' },
    ],
  })
  expect(new Set((await mails(deps)).map(({ template, to }) => `${template} ${Object.values(to)[0]}`))).toEqual(
    new Set([
      `splitOpened ${ann.id}`,
      `splitOpened ${ben.id}`,
      `splitProposed ${ben.id}`,
      'splitAccepted splits.confirm',
      `splitConfirmed ${ann.id}`,
      `splitConfirmed ${ben.id}`,
    ]),
  )
  const sent = await sendMails(deps)
  expect(sent.map(mail => mail.subject)).toEqual(Array(2).fill('[SIMULATED] Settled: your shares of Contoso rollout'))
  expect(sent[0]?.text).toContain('Ann: 70 %')
  expect(
    (await deps.db.read.select().from(audit)).filter(row => row.action.startsWith('splits.')).map(row => row.action),
  ).toEqual(['splits.open', 'splits.propose', 'splits.accept', 'splits.confirm'])
  // What was agreed on outlives corrections of the deal.
  await expect(asBen.api.propose({ splitId, shares: sharesOf({ ann, ben }, 1) })).rejects.toMatchObject({
    code: 'CONFLICT',
  })
})

test('confirmed before the deal is won, it decides when it is; lost and reopened it stays agreed', async () => {
  const { deps, admin, ann, ben, dealId, splitId, inDeal } = await anAgreement('open')
  expect(await admin.api.confirm({ splitId })).toMatchObject({ status: 'confirmed', booked: 0 })
  expect(await deps.db.read.select().from(commissions)).toEqual([])
  await inDeal(unit => winDeal(unit, { dealId }))
  expect(await creditsOf(deps, dealId)).toEqual({ [ann.id]: ['split', 7_000], [ben.id]: ['split', 3_000] })
  await inDeal(unit => reopenDeal(unit, { dealId, reason: 'A slip' }))
  await inDeal(unit => winDeal(unit, { dealId }))
  expect(await earned(deps, ann)).toBe(70_000)
})

test('withdrawing a confirmed split gives the deal back to the model, with the reason kept', async () => {
  const { deps, admin, ann, ben, dealId, splitId } = await anAgreement()
  await admin.api.confirm({ splitId })
  await expect(admin.api.withdraw({ splitId, reason: ' ' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(await admin.api.withdraw({ splitId, reason: 'Ben left the deal.' })).toMatchObject({
    status: 'withdrawn',
    booked: 2,
  })
  expect(await creditsOf(deps, dealId)).toEqual({ [ann.id]: ['model', 5_000], [ben.id]: ['model', 5_000] })
  expect([await earned(deps, ann), await earned(deps, ben)]).toEqual([50_000, 50_000])
  const [entry] = await deps.db.read.select().from(audit).where(eq(audit.action, 'splits.withdraw'))
  expect(entry?.after).toContain('Ben left the deal.')
  await admin.api.open({ dealId, deadlineOn })
})

test('a new proposal voids earlier answers, also when all had accepted; its proposer counts as accepting', async () => {
  const { ann, ben, asAnn, asBen, splitId, admin } = await anAgreement()
  expect(await asBen.api.propose({ splitId, shares: sharesOf({ ann, ben }, 5_500) })).toMatchObject({
    status: 'open',
    round: 2,
  })
  expect(await asAnn.api.get({ splitId })).toMatchObject({
    proposedBy: 'Ben',
    waitsForYou: true,
    partners: [
      { name: 'Ann', answer: 'invited', bp: 5_500 },
      { name: 'Ben', answer: 'accepted', bp: 4_500 },
    ],
  })
  await expect(admin.api.confirm({ splitId })).rejects.toThrow('it is open now')
  await asAnn.api.decline({ splitId, round: 2 })
  expect((await asBen.api.get({ splitId })).partners[0]).toMatchObject({ name: 'Ann', answer: 'declined' })
  expect(await asAnn.api.accept({ splitId, round: 2 })).toMatchObject({ status: 'accepted' })
})

test('whoever takes part sees it move, and nobody else', async () => {
  const { deps, ann, ben, admin, asBen, dealId, cat } = await aDeal()
  const { id: splitId } = await admin.api.open({ dealId, deadlineOn })
  const heard = new Set<string | null>()
  deps.changes.subscribe(({ partnerId }) => heard.add(partnerId))
  await asBen.api.propose({ splitId, shares: sharesOf({ ann, ben }, 5_500) })
  expect(heard).toEqual(new Set([ann.id, ben.id]))
  expect(heard).not.toContain(cat.id)
})

test('a partner may be left out of the shares, but its word is still asked', async () => {
  const { ann, ben, asAnn, asBen, dealId, admin, deps } = await aDeal()
  const { id: splitId } = await admin.api.open({ dealId, deadlineOn })
  await asBen.api.propose({ splitId, shares: [{ partnerId: ann.id, bp: 10_000 }] })
  expect((await asAnn.api.get({ splitId })).partners.map(({ bp }) => bp)).toEqual([10_000, 0])
  await asAnn.api.accept({ splitId, round: 1 })
  await admin.api.confirm({ splitId })
  expect([await earned(deps, ann), await earned(deps, ben)]).toEqual([100_000, 0])
})

test('refusals say what would clear them', async () => {
  const { deps, admin, ann, ben, cat, dealId, asAnn, asBen, org, inDeal } = await aDeal()
  await expect(admin.api.open({ dealId, deadlineOn: '2026-03-01' })).rejects.toThrow('today or later')
  await expect(admin.api.open({ dealId, deadlineOn: '2027-04-01' })).rejects.toThrow('a year away')
  await expect(admin.api.open({ dealId, deadlineOn: '2026-02-30' })).rejects.toThrow('That day does not exist.')
  await expect(admin.api.open({ dealId, deadlineOn, partnerIds: [ann.id, cat.id] })).rejects.toThrow(
    'Only partners with a touch',
  )
  const manager = await as(deps, 'manager', org)
  await expect(manager.api.open({ dealId, deadlineOn })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const { id: splitId } = await admin.api.open({ dealId, deadlineOn })
  await expect(admin.api.open({ dealId, deadlineOn })).rejects.toThrow('A split of this deal is open already')
  await expect(asAnn.api.accept({ splitId, round: 1 })).rejects.toMatchObject({ code: 'CONFLICT' })
  const propose = (shares: { partnerId: string; bp: number }[]) => asAnn.api.propose({ splitId, shares })
  await expect(propose([{ partnerId: ann.id, bp: 9_999 }])).rejects.toThrow()
  await expect(
    propose([
      { partnerId: ann.id, bp: 5_000 },
      { partnerId: ann.id, bp: 5_000 },
    ]),
  ).rejects.toThrow()
  await expect(
    propose([
      { partnerId: ann.id, bp: 5_000 },
      { partnerId: cat.id, bp: 5_000 },
    ]),
  ).rejects.toThrow('only to the partners in this negotiation')
  await asAnn.api.propose({ splitId, version: 1, shares: sharesOf({ ann, ben }, 6_000) })
  await expect(asBen.api.propose({ splitId, version: 1, shares: sharesOf({ ann, ben }, 4_000) })).rejects.toMatchObject(
    {
      code: 'CONFLICT',
    },
  )
  await expect(asBen.api.accept({ splitId, round: 2 })).rejects.toThrow('Other shares were proposed meanwhile')
  await expect(admin.api.confirm({ splitId })).rejects.toMatchObject({ code: 'CONFLICT' })
  await inDeal(unit => loseDeal(unit, { dealId }))
  await admin.api.withdraw({ splitId, reason: 'Lost' })
  await expect(admin.api.open({ dealId, deadlineOn })).rejects.toThrow('is lost')
  const alone = await inDeal(unit =>
    createDeal(unit, { name: 'Alone', accountName: 'Alone', amount: 1, currency: 'USD' }),
  )
  await expect(admin.api.open({ dealId: alone.id, deadlineOn })).rejects.toThrow('At least two partners')
})

test('who was not asked sees nothing, and who was sees nothing of the deal but its name and the shares', async () => {
  const { deps, admin, ann, ben, asAnn, asCat, splitId, org } = await anAgreement()
  for (const call of [
    () => asCat.api.get({ splitId }),
    () => asCat.api.accept({ splitId, round: 1 }),
    () => asCat.api.decline({ splitId, round: 1 }),
    () => asCat.api.propose({ splitId, shares: sharesOf({ ann, ben }, 1) }),
  ])
    await expect(call()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await asCat.api.list({})).rows).toEqual([])
  const foreign = await as(deps, 'admin', await anOrg(deps))
  await expect(foreign.api.confirm({ splitId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(foreign.api.withdraw({ splitId, reason: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await foreign.api.list({})).rows).toEqual([])
  const shown = JSON.stringify([await asAnn.api.get({ splitId }), await asAnn.api.list({})])
  for (const secret of [admin.user.name, '1000000', '$10,000', 'Contoso"', ben.email])
    expect(shown).not.toContain(secret)
  expect(shown).toContain('Contoso rollout')
  expect((await (await as(deps, 'viewer', org)).api.list({})).rows).toHaveLength(1)
})

test('both answer at once: the last yes settles it, once', async () => {
  const one = await aDeal()
  const { deps, admin, ann, ben, cat, dealId, inDeal, asAnn, asBen, asCat } = one
  await inDeal(unit => addTouch(unit, { dealId, partnerId: cat.id, type: 'referral', at: deps.clock.now() - day }))
  const { id: splitId } = await admin.api.open({ dealId, deadlineOn })
  await asAnn.api.propose({
    splitId,
    shares: [
      ...sharesOf({ ann, ben }, 4_000).slice(0, 1),
      { partnerId: ben.id, bp: 4_000 },
      { partnerId: cat.id, bp: 2_000 },
    ],
  })
  const outcomes = await Promise.all([
    asBen.api.accept({ splitId, round: 1 }),
    asCat.api.accept({ splitId, round: 1 }),
    asBen.api.accept({ splitId, round: 1 }).catch((error: unknown) => error),
  ])
  expect(outcomes.map(outcome => (outcome as { status?: string }).status)).toContain('accepted')
  expect(await deps.db.read.select().from(dealSplits)).toMatchObject([{ status: 'accepted', round: 1 }])
  expect((await mails(deps)).filter(({ template }) => template === 'splitAccepted')).toHaveLength(1)
})

test('an answer and a new proposal at once: an answer never counts for shares that were not read', async () => {
  for (const order of ['accept first', 'proposal first']) {
    const { deps, admin, ann, ben, asAnn, asBen, dealId } = await aDeal()
    const { id: splitId } = await admin.api.open({ dealId, deadlineOn })
    await asAnn.api.propose({ splitId, shares: sharesOf({ ann, ben }, 6_000) })
    const calls = [
      () => asBen.api.accept({ splitId, round: 1 }),
      () => asAnn.api.propose({ splitId, shares: sharesOf({ ann, ben }, 9_000) }),
    ]
    await Promise.allSettled((order === 'accept first' ? calls : calls.reverse()).map(call => call()))
    expect(await deps.db.read.select().from(dealSplits)).toMatchObject([{ status: 'open', round: 2 }])
    expect(
      await deps.db.read
        .select()
        .from(splitAnswers)
        .where(and(eq(splitAnswers.round, 2), eq(splitAnswers.partnerId, ben.id))),
    ).toMatchObject([{ answer: 'invited' }])
  }
})

test('the deadline: nothing counts after it, and the task ends it once; the model decides', async () => {
  const { deps, admin, ann, ben, asAnn, asBen, splitId, dealId } = await anAgreement()
  deps.clock.set(Date.UTC(2026, 2, 17) - 1)
  expect(await expireSplits(deps)).toBe(0)
  deps.clock.set(Date.UTC(2026, 2, 17))
  await expect(admin.api.confirm({ splitId })).rejects.toThrow('The deadline passed')
  await expect(asAnn.api.propose({ splitId, shares: sharesOf({ ann, ben }, 1) })).rejects.toThrow('The deadline passed')
  expect((await asBen.api.get({ splitId })).actions).toEqual([])
  const counts = await Promise.all([expireSplits(deps), expireSplits(deps)])
  expect(counts.reduce((a, b) => a + b)).toBe(1)
  expect(await expireSplits(deps)).toBe(0)
  expect(await deps.db.read.select().from(dealSplits)).toMatchObject([{ status: 'expired' }])
  expect(await creditsOf(deps, dealId)).toEqual({ [ann.id]: ['model', 5_000], [ben.id]: ['model', 5_000] })
  expect((await mails(deps)).filter(({ template }) => template === 'splitExpired')).toHaveLength(2)
  await admin.api.open({ dealId, deadlineOn: '2026-04-01' })
})

test('confirming and expiring at once: one of them stands', async () => {
  const { deps, admin, splitId } = await anAgreement()
  const deadline = Date.UTC(2026, 2, 17) - 1
  deps.clock.set(deadline)
  const confirming = admin.api.confirm({ splitId })
  deps.clock.set(deadline + 1)
  const [outcome, expired] = await Promise.all([
    confirming.then(() => 'confirmed').catch(() => 'refused'),
    expireSplits(deps),
  ])
  const [row] = await deps.db.read.select().from(dealSplits)
  expect([outcome, expired, row?.status]).toEqual(
    outcome === 'confirmed' ? ['confirmed', 0, 'confirmed'] : ['refused', 1, 'expired'],
  )
})

test('two admins at once: one confirms, or one withdraws, never both from the same page', async () => {
  const { deps, admin, org, splitId, accepted } = await anAgreement()
  const second = await as(deps, 'owner', org)
  const outcomes = await Promise.allSettled([
    admin.api.confirm({ splitId, version: accepted.version }),
    second.api.withdraw({ splitId, version: accepted.version, reason: 'No' }),
    second.api.confirm({ splitId, version: accepted.version }),
  ])
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('the deal’s page: what is live, who can be asked, and why none can be opened', async () => {
  const { admin, dealId, splitId, deps, org } = await anAgreement()
  const viewer = await as(deps, 'viewer', org)
  expect(await admin.api.ofDeal({ dealId })).toMatchObject({
    live: {
      id: splitId,
      status: 'accepted',
      staff: { openedBy: admin.user.name },
      actions: [{ action: 'confirm' }, { action: 'withdraw' }],
    },
    candidates: [{ name: 'Ann' }, { name: 'Ben' }],
    open: { refusal: null },
  })
  expect(await viewer.api.ofDeal({ dealId })).toMatchObject({ live: { actions: [] }, open: null })
})

test('the database holds the same edges as the table', async () => {
  const { deps, dealId, org, admin } = await aDeal()
  const statuses = ['open', 'accepted', 'confirmed', 'expired', 'withdrawn'] as const
  const legal = new Set(splitMachine.edges().map(([from, to]) => `${from}>${to}`))
  for (const from of statuses)
    for (const to of statuses) {
      if (from === to) continue
      const id = deps.ids.id('spl')
      await deps.db.write(tx =>
        tx.insert(dealSplits).values({
          id,
          orgId: org.id,
          dealId,
          status: from,
          shares: [],
          deadline: 1,
          createdBy: admin.user.id,
          createdAt: 1,
          updatedAt: 1,
        }),
      )
      const moved = await deps.db
        .write(tx => tx.update(dealSplits).set({ status: to }).where(eq(dealSplits.id, id)))
        .then(
          () => true,
          () => false,
        )
      expect(`${from}>${to} ${moved}`).toBe(`${from}>${to} ${legal.has(`${from}>${to}`)}`)
      await deps.db.write(tx => tx.delete(splitAnswers).where(eq(splitAnswers.splitId, id)))
      await deps.db.write(tx => tx.delete(dealSplits).where(eq(dealSplits.id, id)))
    }
})
