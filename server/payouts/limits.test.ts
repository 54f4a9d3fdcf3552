import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DailyLimit } from '../orgs/limits.ts'
import { updateSettings } from '../orgs/service.ts'
import { type TestDeps, testDeps } from '../test/deps.ts'
import { aMember, anOrg, aPartner, aPayout, type Member } from '../test/factories.ts'
import { actorOf } from '../trpc.ts'
import { type Work, work } from '../work.ts'
import { windowMs } from './limits.ts'
import { bulkMarkPaid, markPaid } from './pay.ts'
import { approvePayout, bulkApprove, unapprovePayout, updatePayout } from './service.ts'
import { getPayout, listPayouts } from './view.ts'

const minute = 60_000
const hour = 60 * minute

async function aCompany(limits: DailyLimit[] = [], given?: TestDeps) {
  const deps = given ?? (await testDeps())
  const org = await anOrg(deps)
  const partner = await aPartner(deps, { orgId: org.id })
  const owner = await aMember(deps, { role: 'owner', org })
  const ada = await aMember(deps, { role: 'admin', org })
  const bea = await aMember(deps, { role: 'admin', org })
  const as = <T>(member: Member, fn: (unit: Work) => Promise<T>) =>
    work(deps, { orgId: org.id, actor: actorOf(member.viewer) }, fn)
  const setLimits = (member: Member, dailyLimits: DailyLimit[]) =>
    as(member, unit => updateSettings(unit, { dailyLimits }))
  if (limits.length > 0) await setLimits(owner, limits)
  const payout = (amount: number, status: 'pending_approval' | 'approved' = 'pending_approval') =>
    aPayout(deps, { partner, amount, status })
  const approve = (member: Member, ...ids: string[]) => as(member, unit => bulkApprove(unit, ids)).then(plain)
  const pay = (member: Member, ...ids: string[]) => as(member, unit => bulkMarkPaid(unit, ids)).then(plain)
  return { deps, org, partner, owner, ada, bea, as, setLimits, payout, approve, pay }
}

/** With spaces where sentences have ones that don't break. */
function plain<T>(answer: T): T {
  return JSON.parse(JSON.stringify(answer).replaceAll('\u00a0', ' '))
}

const approvals = (amount: number, currency = 'USD'): DailyLimit => ({ act: 'approve', currency, amount })

test('without a limit anything goes; with one, splitting and bulk do not get past it', async () => {
  const free = await aCompany()
  expect(await free.approve(free.ada, (await free.payout(90_000_000)).id)).toMatchObject({ approved: 1 })

  const { ada, bea, payout, approve, as } = await aCompany([approvals(10_000)])
  const small = await Promise.all(Array.from({ length: 6 }, () => payout(2_000)))
  const bulk = await approve(ada, ...small.map(one => one.id))
  expect(bulk.approved).toBe(5)
  expect(bulk.skipped).toEqual([
    {
      id: small[5]!.id,
      reason:
        'One person may approve at most USD 100.00 within 24 hours, and you have approved USD 100.00 of it. Another approver can approve it, or you after 3 Mar 2026, 09:00.',
    },
  ])
  await expect(as(ada, unit => approvePayout(unit, { payoutId: small[5]!.id }))).rejects.toThrow('Another approver')
  expect(await approve(bea, small[5]!.id)).toMatchObject({ approved: 1 })
})

test('what is more than the limit by itself nobody can approve, and the sentence says who can change that', async () => {
  const { ada, payout, approve } = await aCompany([approvals(10_000)])
  const { skipped } = await approve(ada, (await payout(10_001)).id)
  expect(skipped[0]?.reason).toBe(
    'One person may approve at most USD 100.00 within 24 hours, and this is more. An owner can raise the limit under Settings.',
  )
})

test('the window rolls: to the millisecond after a day, and not before', async () => {
  const { deps, ada, payout, approve } = await aCompany([approvals(10_000)])
  const began = deps.clock.now()
  await approve(ada, (await payout(6_000)).id)
  deps.clock.advance(10 * hour)
  await approve(ada, (await payout(4_000)).id)
  const [next, last] = [await payout(6_000), await payout(1)]
  deps.clock.set(began + windowMs - 1)
  expect(await approve(ada, next.id)).toMatchObject({ approved: 0 })
  deps.clock.set(began + windowMs)
  expect(await approve(ada, next.id)).toMatchObject({ approved: 1 })
  expect(await approve(ada, last.id)).toMatchObject({ approved: 0 })
  deps.clock.set(began + windowMs + 10 * hour)
  expect(await approve(ada, last.id)).toMatchObject({ approved: 1 })
})

test('what was voided still counts, once; edited and approved again it counts with the larger amount', async () => {
  const { ada, bea, payout, approve, as } = await aCompany([approvals(10_000)])
  const one = await payout(6_000)
  for (let round = 0; round < 3; round++) {
    expect(await approve(ada, one.id)).toMatchObject({ approved: 1 })
    await as(bea, unit => unapprovePayout(unit, { payoutId: one.id }))
  }
  expect(await approve(ada, (await payout(4_001)).id)).toMatchObject({ approved: 0 })
  await as(bea, unit => updatePayout(unit, { payoutId: one.id, amount: 1 }))
  expect(await approve(ada, one.id)).toMatchObject({ approved: 1 })
  expect(await approve(ada, (await payout(4_001)).id)).toMatchObject({ approved: 0 })
  await as(bea, unit => updatePayout(unit, { payoutId: one.id, amount: 9_000 }))
  expect(await approve(ada, one.id)).toMatchObject({ approved: 1 })
  expect(await approve(ada, (await payout(1_000)).id)).toMatchObject({ approved: 1 })
  expect(await approve(ada, (await payout(1)).id)).toMatchObject({ approved: 0 })
})

test('sending has its own limit, by Stripe and elsewhere alike; currencies are counted apart', async () => {
  const { deps, org, ada, bea, payout, pay, approve, as } = await aCompany([
    { act: 'pay', currency: 'USD', amount: 10_000 },
    approvals(500, 'EUR'),
  ])
  const manual = { method: 'other', reference: 'cash', paidOn: '2026-03-02' } as const
  const [first, second, third] = [
    await payout(6_000, 'approved'),
    await payout(4_000, 'approved'),
    await payout(1, 'approved'),
  ]
  await as(ada, unit => markPaid(unit, { payoutId: first.id, manual }))
  expect(await pay(ada, second.id, third.id)).toMatchObject({
    queued: 1,
    skipped: [{ id: third.id, reason: expect.stringContaining('Another person can send it') }],
  })
  await expect(as(ada, unit => markPaid(unit, { payoutId: third.id, manual }))).rejects.toMatchObject({
    code: 'BLOCKED',
    message: expect.stringMatching(/you have sent USD.100\.00 of it/),
  })
  expect(await pay(bea, third.id)).toMatchObject({ queued: 1 })

  expect(await approve(ada, (await payout(99_999_999)).id)).toMatchObject({ approved: 1 })
  const inEuro = await aPartner(deps, { orgId: org.id, currency: 'EUR' })
  const euros = await aPayout(deps, { partner: inEuro, amount: 501 })
  expect(await approve(ada, euros.id)).toMatchObject({ approved: 0 })
})

test('whoever raises a limit is bound by the earlier one for a day, in however many steps', async () => {
  const { deps, owner, ada, payout, approve, setLimits } = await aCompany([approvals(10_000)])
  await setLimits(owner, [approvals(50_000)])
  deps.clock.advance(hour)
  await setLimits(owner, [approvals(90_000)])
  await setLimits(owner, [approvals(80_000)])
  const [big, other] = [await payout(80_000), await payout(80_000)]
  const refused = await approve(owner, big.id)
  expect(refused.skipped[0]?.reason).toBe(
    'You raised this limit yourself: for you the earlier one, USD 100.00 within 24 hours, holds until 3 Mar 2026, 10:00. Another approver can approve it now.',
  )
  expect(await approve(ada, other.id)).toMatchObject({ approved: 1 })
  deps.clock.advance(windowMs - 1)
  expect(await approve(owner, big.id)).toMatchObject({ approved: 0 })
  deps.clock.advance(1)
  expect(await approve(owner, big.id)).toMatchObject({ approved: 1 })
})

test('a raised limit of sending binds whoever raised it, and another person can send now', async () => {
  const { owner, ada, payout, pay, setLimits } = await aCompany([{ act: 'pay', currency: 'USD', amount: 10_000 }])
  await setLimits(owner, [{ act: 'pay', currency: 'USD', amount: 50_000 }])
  const { id } = await payout(20_000, 'approved')
  expect((await pay(owner, id)).skipped[0]?.reason).toMatch(
    /You raised this limit yourself.* Another person can send it now\.$/,
  )
  expect(await pay(ada, id)).toMatchObject({ queued: 1 })
})

test('a limit that was taken away binds nobody else', async () => {
  const { owner, ada, payout, approve, setLimits } = await aCompany([approvals(10_000)])
  await setLimits(owner, [])
  expect(await approve(ada, (await payout(90_000)).id)).toMatchObject({ approved: 1 })
})

test('taking a limit away is raising it; another owner’s word frees the first', async () => {
  const { deps, org, owner, payout, approve, setLimits } = await aCompany([approvals(10_000)])
  const second = await aMember(deps, { role: 'owner', org })
  await setLimits(owner, [])
  const one = await payout(10_001)
  expect(await approve(owner, one.id)).toMatchObject({ approved: 0 })
  await setLimits(second, [approvals(20_000)])
  expect(await approve(owner, one.id)).toMatchObject({ approved: 0 })
  await setLimits(second, [approvals(30_000)])
  expect(await approve(owner, one.id)).toMatchObject({ approved: 1 })
  expect(await approve(second, (await payout(25_000)).id)).toMatchObject({ approved: 0 })
})

test('the page says it to whom it concerns, with what clears it; a partner never hears of it', async () => {
  const { deps, partner, ada, bea, payout, approve } = await aCompany([approvals(10_000)])
  await approve(ada, (await payout(10_000)).id)
  const one = await payout(5_000)
  const read = { now: deps.clock.now() }
  const shown = async (member: Member) => {
    const found = await getPayout(deps.db.read, { viewer: member.viewer, ...read }, one.id)
    return {
      blocker: found.blockers.find(({ code }) => code === 'daily_limit'),
      refusal: found.actions.find(({ action }) => action === 'approve')?.refusal,
    }
  }
  expect(await shown(ada)).toEqual({
    blocker: expect.objectContaining({
      clears: expect.objectContaining({ who: 'approver' }),
      until: deps.clock.now() + windowMs,
    }),
    refusal: expect.stringContaining('Another approver'),
  })
  expect(await shown(bea)).toEqual({ blocker: undefined, refusal: null })
  const paid = await aMember(deps, { role: 'partner', partner, org: bea.org })
  const list = await listPayouts(deps.db.read, { viewer: paid.viewer, ...read }, { sort: 'newest', limit: 10 })
  expect(JSON.stringify(list)).not.toContain('daily_limit')
})

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('approve' as const), which: fc.nat(7), many: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('pay' as const), which: fc.nat(7), many: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('edit' as const),
        which: fc.nat(7),
        amount: fc.integer({ min: 1, max: 9_000 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('void' as const), which: fc.nat(7) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('add' as const), amount: fc.integer({ min: 1, max: 9_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(1, hour, 7 * hour, windowMs - 1, windowMs),
      }),
    },
  ),
  { minLength: 15, maxLength: 45 },
)

/** What somebody answered for, written down by the test itself and not by the product. */
interface Act {
  act: 'approve' | 'pay'
  payoutId: string
  amount: number
  at: number
}

test('no history of splitting, editing, voiding and bulk gets one person past the limit within any 24 hours', async () => {
  const limit = 10_000
  const shared = await testDeps()
  const seen = { approve: 0, pay: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(steps, async history => {
      const company = await aCompany([approvals(limit), { act: 'pay', currency: 'USD', amount: limit }], shared)
      const { deps, ada, bea, as, payout } = company
      const amounts = new Map<string, number>()
      const add = async (amount: number) => amounts.set((await payout(amount)).id, amount)
      for (const amount of [2_500, 4_000, 9_000]) await add(amount)
      const acts: Act[] = []
      for (const step of history) {
        const ids = [...amounts.keys()]
        const one = 'which' in step ? ids[step.which % ids.length]! : ''
        if (step.do === 'wait') deps.clock.advance(step.ms)
        if (step.do === 'add') await add(step.amount)
        if (step.do === 'void') await as(bea, unit => unapprovePayout(unit, { payoutId: one })).catch(() => {})
        if (step.do === 'edit')
          await as(bea, unit => updatePayout(unit, { payoutId: one, amount: step.amount })).then(
            () => amounts.set(one, step.amount),
            () => {},
          )
        if (step.do === 'approve' || step.do === 'pay') {
          const asked = step.many ? ids : [one]
          const { skipped } = await company[step.do](ada, ...asked)
          const done = asked.filter(id => !skipped.some(skip => skip.id === id))
          for (const payoutId of done)
            acts.push({ act: step.do, payoutId, amount: amounts.get(payoutId)!, at: deps.clock.now() })
          seen[step.do] += done.length
          seen.refused += skipped.filter(skip => skip.reason.includes('within 24 hours')).length
        }
      }
      for (const last of acts) expect(answeredFor(acts, last)).toBeLessThanOrEqual(limit)
    }),
    { numRuns: 25, seed: 4 },
  )
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50)
}, 120_000)

/** Within the 24 hours that end with an act: each payout once, at its largest. */
function answeredFor(acts: Act[], { act, at }: Act): number {
  const largest = new Map<string, number>()
  for (const one of acts)
    if (one.act === act && one.at > at - windowMs && one.at <= at)
      largest.set(one.payoutId, Math.max(one.amount, largest.get(one.payoutId) ?? 0))
  return [...largest.values()].reduce((sum, amount) => sum + amount, 0)
}

test('two people at once each have their own limit, and one person in two windows has one', async () => {
  const { ada, bea, payout, approve } = await aCompany([approvals(10_000)])
  const [a, b, c] = [await payout(6_000), await payout(6_000), await payout(6_000)]
  const results = await Promise.all([approve(ada, a.id), approve(ada, b.id), approve(bea, c.id)])
  expect(results.map(({ approved }) => approved).sort()).toEqual([0, 1, 1])
  expect(results[2]?.approved).toBe(1)
})
