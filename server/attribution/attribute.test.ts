import { expect, test } from 'vitest'
import type { AttributionModel, SeenTouch } from '#db/schema/index.ts'
import { applyRate } from '../lib/shares.ts'
import { type Attribution, attribute, attributeByShares } from './attribute.ts'
import { modelLabels } from './rules.ts'
import { aDeal, aPartner, aTouch, closedAt, day } from './testing.ts'

const models = Object.keys(modelLabels) as AttributionModel[]

// The definition's three deals.
const t1 = [aTouch('p1', 'referral', 3)]
const t2 = [aTouch('p1', 'referral', 14), aTouch('p2', 'demo', 7)]
const t3 = [
  aTouch('p1', 'referral', 21),
  aTouch('p2', 'demo', 14),
  aTouch('p2', 'proposal', 7),
  aTouch('p3', 'negotiation', 1),
]

const partsOf = ({ credits }: Attribution) => credits.map(({ partnerId, bp, amount }) => [partnerId, bp, amount])
const reasonsOf = ({ credits }: Attribution) => credits.map(credit => credit.reason)

test.each(models)('%s credits nobody without touches, and says so', model => {
  const { credits, excluded, nobody, cutoffAt } = attribute(aDeal(model, []))
  expect({ credits, excluded, cutoffAt }).toEqual({ credits: [], excluded: [], cutoffAt: closedAt })
  expect(nobody).toBe('Nobody is credited: the deal has no touches.')
})

test.each(models)('%s gives a partner that is alone everything', model => {
  const { credits, nobody } = attribute(aDeal(model, t1))
  expect(credits).toEqual([
    expect.objectContaining({ partnerId: 'p1', bp: 10_000, amount: 1_000_000, touchIds: ['p1 referral 3'] }),
  ])
  expect(nobody).toBeNull()
})

test.each<[AttributionModel, SeenTouch[], [string, number, number][], number[], number[]]>([
  [
    'equal_split',
    t2,
    [
      ['p1', 5_000, 500_000],
      ['p2', 5_000, 500_000],
    ],
    [1_000, 2_000],
    [50_000, 100_000],
  ],
  [
    'equal_split',
    t3,
    [
      ['p1', 3_334, 333_334],
      ['p2', 3_333, 333_333],
      ['p3', 3_333, 333_333],
    ],
    [2_500, 1_500, 2_000],
    [83_334, 50_000, 66_667],
  ],
  ['first_touch', t2, [['p1', 10_000, 1_000_000]], [1_000], [100_000]],
  ['last_touch', t2, [['p2', 10_000, 1_000_000]], [2_000], [200_000]],
  [
    'time_decay',
    t2,
    [
      ['p1', 3_333, 333_333],
      ['p2', 6_667, 666_667],
    ],
    [1_000, 2_000],
    [33_333, 133_333],
  ],
  [
    'role_based',
    t2,
    [
      ['p1', 6_154, 615_385],
      ['p2', 3_846, 384_615],
    ],
    [1_000, 2_000],
    [61_538, 76_923],
  ],
])('the definition’s table: %s', (model, touches, parts, rates, commissions) => {
  const result = attribute(aDeal(model, touches))
  expect(partsOf(result)).toEqual(parts)
  expect(result.credits.map(({ amount }, index) => applyRate(amount, rates[index]!))).toEqual(commissions)
})

test('role_weighted: one partner a role has 40/20/20/20', () => {
  const touches = [
    aTouch('s', 'referral', 9),
    aTouch('i', 'demo', 8),
    aTouch('t', 'technical_enablement', 7),
    aTouch('c', 'negotiation', 6),
  ]
  const result = attribute(aDeal('role_weighted', touches))
  expect(partsOf(result)).toEqual([
    ['s', 4_000, 400_000],
    ['i', 2_000, 200_000],
    ['t', 2_000, 200_000],
    ['c', 2_000, 200_000],
  ])
  expect(result.credits.map(credit => credit.role)).toEqual(['sourcer', 'influencer', 'implementer', 'closer'])
})

test('role_weighted: a partner in two roles takes the higher, and the other pool is not in use', () => {
  const touches = [aTouch('a', 'referral', 9), aTouch('b', 'demo', 8), aTouch('a', 'negotiation', 1)]
  const result = attribute(aDeal('role_weighted', touches))
  expect(partsOf(result)).toEqual([
    ['a', 6_667, 666_667],
    ['b', 3_333, 333_333],
  ])
  expect(reasonsOf(result)).toEqual([
    'Sourced (referral); pool of 40 shared with nobody, of 60 in use',
    'Influenced (demo); pool of 20 shared with nobody, of 60 in use',
  ])
  expect(result.credits[0]?.touchIds).toEqual(['a referral 9'])
})

test.each([
  [['demo', 'technical_enablement', 'negotiation', 'referral'], 'sourcer'],
  [['demo', 'technical_enablement', 'negotiation'], 'closer'],
  [['demo', 'technical_enablement'], 'implementer'],
  [['demo'], 'influencer'],
] as const)('role_weighted: of equal pools, %j makes a %s', (types, role) => {
  const rolePools = { sourcer: 5, influencer: 5, implementer: 5, closer: 5 }
  const touches = types.map((type, index) => aTouch('a', type, 9 - index))
  expect(attribute(aDeal('role_weighted', touches, { parameters: { rolePools } })).credits[0]?.role).toBe(role)
})

test('role_weighted: the highest role is the one with the largest pool, and a touch may override its role', () => {
  const rolePools = { sourcer: 10, influencer: 30, implementer: 0, closer: 0 }
  const touches = [
    aTouch('a', 'referral', 9),
    aTouch('a', 'demo', 8),
    aTouch('b', 'negotiation', 7, { role: 'sourcer' }),
  ]
  const result = attribute(aDeal('role_weighted', touches, { parameters: { rolePools } }))
  expect(result.credits.map(({ partnerId, role, bp }) => [partnerId, role, bp])).toEqual([
    ['a', 'influencer', 7_500],
    ['b', 'sourcer', 2_500],
  ])
})

test('role_weighted: partners in a role share its pool evenly', () => {
  const touches = [
    aTouch('a', 'referral', 9),
    aTouch('b', 'referral', 8),
    aTouch('c', 'referral', 7),
    aTouch('d', 'demo', 6),
  ]
  const result = attribute(aDeal('role_weighted', touches))
  expect(partsOf(result)).toEqual([
    ['a', 2_222, 222_222],
    ['b', 2_222, 222_222],
    ['c', 2_222, 222_222],
    ['d', 3_334, 333_334],
  ])
  expect(reasonsOf(result)[0]).toBe('Sourced (referral); pool of 40 shared with 2 others, of 60 in use')
})

test('first_touch_sourcer: who registered it, though another came first', () => {
  const touches = [aTouch('a', 'referral', 10), aTouch('b', 'deal_registration', 5)]
  const result = attribute(aDeal('first_touch_sourcer', touches, { registeredBy: 'b' }))
  expect(partsOf(result)).toEqual([['b', 10_000, 1_000_000]])
  expect(result.credits[0]).toMatchObject({
    role: 'sourcer',
    reason: 'Registered the deal, and has a counted touch: deal registration on 5 Mar 2026',
  })
})

test('first_touch_sourcer: a registration without a touch that counts falls to the earliest touch', () => {
  const touches = [aTouch('a', 'referral', 10), aTouch('b', 'crm_sync', 12)]
  const registered = attribute(aDeal('first_touch_sourcer', touches, { registeredBy: 'b' }))
  expect(partsOf(registered)).toEqual([['a', 10_000, 1_000_000]])
  expect(reasonsOf(registered)).toEqual([
    'The only counted touch: referral on 28 Feb 2026; who registered the deal has none',
  ])
  const unregistered = attribute(aDeal('first_touch_sourcer', touches))
  expect(reasonsOf(unregistered)).toEqual([
    'The only counted touch: referral on 28 Feb 2026; nobody registered the deal',
  ])
})

const cloud = [aTouch('h', 'co_sell', 9), aTouch('p', 'demo', 8), aTouch('v', 'proposal', 7)]
const classes = [aPartner('h', { class: 'hyperscaler' }), aPartner('p'), aPartner('v', { class: 'vendor' })]

test('cosell_split of $100k: 30/20/50 by class, and 60/40 without a vendor', () => {
  const all = attribute(aDeal('cosell_split', cloud, { amount: 10_000_000, partners: classes }))
  expect(partsOf(all)).toEqual([
    ['h', 3_000, 3_000_000],
    ['p', 2_000, 2_000_000],
    ['v', 5_000, 5_000_000],
  ])
  const noVendor = attribute(aDeal('cosell_split', cloud.slice(0, 2), { amount: 10_000_000, partners: classes }))
  expect(partsOf(noVendor)).toEqual([
    ['h', 6_000, 6_000_000],
    ['p', 4_000, 4_000_000],
  ])
  expect(reasonsOf(noVendor)).toEqual([
    'Hyperscaler; pool of 30 shared with nobody, of 50 in use',
    'Partner; pool of 20 shared with nobody, of 50 in use',
  ])
})

test('cosell_split goes by the class on the partner, never by its name', () => {
  const partners = [aPartner('h', { name: 'Lawson & Dawson' }), aPartner('p', { class: 'vendor', name: 'AWS' })]
  const result = attribute(aDeal('cosell_split', cloud.slice(0, 2), { partners }))
  expect(result.credits.map(({ partnerId, bp }) => [partnerId, bp])).toEqual([
    ['h', 2_857],
    ['p', 7_143],
  ])
})

test('equal_touches: a touch is a touch', () => {
  const result = attribute(aDeal('equal_touches', t3))
  expect(partsOf(result)).toEqual([
    ['p1', 2_500, 250_000],
    ['p2', 5_000, 500_000],
    ['p3', 2_500, 250_000],
  ])
  expect(reasonsOf(result)[1]).toBe('2 of 4 counted touches')
})

test.each<[number, Record<string, number>]>([
  [1, { a: 10_000 }],
  [2, { a: 5_000, b: 5_000 }],
  [3, { a: 4_000, b: 2_000, c: 4_000 }],
  [4, { a: 4_000, b: 1_000, c: 1_000, d: 4_000 }],
  [5, { a: 4_000, b: 667, c: 667, d: 666, e: 4_000 }],
])('position_based with %i touches of as many partners', (count, shares) => {
  const touches = [...'abcde'].slice(0, count).map((id, index) => aTouch(id, 'demo', 9 - index))
  const { credits } = attribute(aDeal('position_based', touches))
  expect(Object.fromEntries(credits.map(({ partnerId, bp }) => [partnerId, bp]))).toEqual(shares)
})

test('position_based is by touch: the first and one between are one partner’s', () => {
  const touches = [aTouch('a', 'demo', 9), aTouch('a', 'demo', 8), aTouch('b', 'demo', 7), aTouch('b', 'demo', 6)]
  const result = attribute(aDeal('position_based', touches))
  expect(result.credits.map(credit => credit.bp)).toEqual([5_000, 5_000])
  expect(reasonsOf(result)).toEqual([
    'Of 4 counted touches the first (40), 1 of the 2 between (which share 20); 100 in use',
    'Of 4 counted touches the 1 of the 2 between (which share 20), last (40); 100 in use',
  ])
})

test('position_based: a program that gives the last touch nothing is not overruled where nothing is between', () => {
  const { credits, excluded } = attribute(
    aDeal('position_based', t2, { parameters: { positions: { first: 80, last: 0, middle: 20 } } }),
  )
  expect(credits.map(({ partnerId, bp }) => [partnerId, bp])).toEqual([['p1', 10_000]])
  expect(excluded).toEqual([{ touchId: 'p2 demo 7', why: 'A touch in its position weighs 0 in this program.' }])
})

test('role_based: a touch’s own weight replaces its type’s, also with 0; types without one weigh 10', () => {
  const touches = [
    aTouch('a', 'referral', 9, { weight: 5 }),
    aTouch('a', 'demo', 8),
    aTouch('b', 'co_sell', 7),
    aTouch('c', 'demo', 6, { weight: 0 }),
  ]
  const result = attribute(aDeal('role_based', touches))
  expect(result.credits.map(({ partnerId, bp }) => [partnerId, bp])).toEqual([
    ['a', 7_500],
    ['b', 2_500],
  ])
  expect(reasonsOf(result)).toEqual([
    'Weight 30 of 40: referral 5 (its own weight) + demo 25',
    'Weight 10 of 40: co-sell 10',
  ])
  expect(result.excluded).toEqual([{ touchId: 'c demo 6', why: 'It carries a weight of 0.' }])
})

test('role_based: the program’s weights go over the defaults, one by one', () => {
  const result = attribute(aDeal('role_based', t2, { parameters: { touchWeights: { demo: 120 } } }))
  expect(result.credits.map(credit => credit.bp)).toEqual([2_500, 7_500])
})

test('custom: type of the touch × type of the partner × tier, and the reason multiplies out', () => {
  const touches = [aTouch('a', 'referral', 9), aTouch('a', 'demo', 8), aTouch('b', 'demo', 7, { weight: 99 })]
  const partners = [aPartner('a', { type: 'reseller', tier: 'gold' }), aPartner('b')]
  const parameters = {
    customTypePercent: { referral: 120 },
    customPartnerTypePercent: { reseller: 50 },
    customTierPercent: { gold: 150 },
  }
  const result = attribute(aDeal('custom', touches, { parameters, partners }))
  expect(result.credits.map(credit => credit.bp)).toEqual([6_226, 3_774])
  expect(reasonsOf(result)).toEqual([
    'Weight 165 % of 265 %: (referral 120 % + demo 100 %) × reseller 50 % × gold 150 %',
    'Weight 100 % of 265 %: demo 100 % × referrer 100 % × registered 100 %',
  ])
})

test('custom without any weights is equal_touches', () => {
  expect(partsOf(attribute(aDeal('custom', t3)))).toEqual(partsOf(attribute(aDeal('equal_touches', t3))))
})

test('implementation_credit: the latest implementation, else the latest touch', () => {
  const touches = [
    aTouch('a', 'technical_enablement', 9),
    aTouch('b', 'demo', 8, { role: 'implementer' }),
    aTouch('c', 'negotiation', 1),
  ]
  const result = attribute(aDeal('implementation_credit', touches))
  expect(partsOf(result)).toEqual([['b', 10_000, 1_000_000]])
  expect(reasonsOf(result)).toEqual(['Implemented: last of 2 implementation touches, demo on 2 Mar 2026'])
  const without = attribute(aDeal('implementation_credit', t3))
  expect(partsOf(without)).toEqual([['p3', 10_000, 1_000_000]])
  expect(reasonsOf(without)).toEqual(['Last of 4 counted touches: negotiation on 9 Mar 2026; nobody implemented'])
})

test('a reason names its touch and day, in the program’s time zone', () => {
  const late = [
    aTouch('p1', 'referral', 0, { at: Date.UTC(2026, 2, 3, 23, 30) }),
    ...t2.slice(1).map(t => ({ ...t, at: closedAt })),
  ]
  expect(reasonsOf(attribute(aDeal('first_touch', late)))).toEqual([
    'First of 2 counted touches: referral on 3 Mar 2026',
  ])
  expect(reasonsOf(attribute(aDeal('first_touch', late, { timeZone: 'Europe/Berlin' })))).toEqual([
    'First of 2 counted touches: referral on 4 Mar 2026',
  ])
})

test('touches at the same time go by id, partners by id', () => {
  const touches = [aTouch('b', 'demo', 5, { id: 'x1' }), aTouch('a', 'demo', 5, { id: 'x2' })]
  expect(attribute(aDeal('first_touch', touches)).credits[0]?.partnerId).toBe('b')
  expect(attribute(aDeal('last_touch', touches)).credits[0]?.partnerId).toBe('a')
  expect(partsOf(attribute(aDeal('equal_split', touches, { amount: 3 })))).toEqual([
    ['a', 5_000, 2],
    ['b', 5_000, 1],
  ])
})

test('the odd cent goes to the earlier first touch, not to the lower id', () => {
  const touches = [aTouch('a', 'demo', 4), aTouch('b', 'demo', 5)]
  expect(partsOf(attribute(aDeal('equal_split', touches, { amount: 3 })))).toEqual([
    ['b', 5_000, 2],
    ['a', 5_000, 1],
  ])
})

test('where everything weighs nothing, nobody is credited', () => {
  const parameters = {
    touchWeights: { referral: 0, demo: 0 },
    positions: { first: 0, last: 0, middle: 0 },
    customTierPercent: { registered: 0 },
    rolePools: { sourcer: 0, influencer: 0 },
    classPools: { partner: 0 },
  }
  for (const model of ['role_based', 'position_based', 'custom', 'role_weighted', 'cosell_split'] as const) {
    const { credits, nobody, excluded } = attribute(aDeal(model, t2, { parameters }))
    expect(credits).toEqual([])
    expect(nobody).toBe('Nobody is credited: all 2 touches that count weigh 0 in this program.')
    expect(excluded.map(({ touchId }) => touchId)).toEqual(t2.map(touch => touch.id))
  }
})

test('a cent among 1,500 partners, and a billion dollars among 7, are exact', () => {
  const many = Array.from({ length: 1_500 }, (_, i) => aTouch(`p${String(i).padStart(4, '0')}`, 'demo', 5))
  for (const model of [
    'equal_split',
    'equal_touches',
    'time_decay',
    'role_based',
    'role_weighted',
    'cosell_split',
  ] as const) {
    const { credits } = attribute(aDeal(model, many, { amount: 1 }))
    expect(credits).toHaveLength(1_500)
    expect(credits.reduce((sum, credit) => sum + credit.bp, 0)).toBe(10_000)
    expect(credits.map(credit => credit.amount)).toEqual([1, ...Array(1_499).fill(0)])
    const billion = attribute(aDeal(model, many.slice(0, 7), { amount: 100_000_000_000 }))
    expect(billion.credits.map(credit => credit.amount)).toEqual([
      ...Array(5).fill(14_285_714_286),
      ...Array(2).fill(14_285_714_285),
    ])
  }
})

test('time_decay: a partner too small for a basis point and a cent is left out, and its touch says so', () => {
  const touches = [aTouch('old', 'demo', 30), aTouch('new', 'demo', 0)]
  const result = attribute(aDeal('time_decay', touches, { amount: 100, parameters: { halfLifeDays: 1 } }))
  expect(partsOf(result)).toEqual([['new', 10_000, 100]])
  expect(result.excluded).toEqual([
    { touchId: 'old demo 30', why: 'It counts, but the share of its partner rounds to nothing.' },
  ])
  const older = attribute(
    aDeal('time_decay', [aTouch('old', 'demo', 45), ...touches.slice(1)], { parameters: { halfLifeDays: 1 } }),
  )
  expect(older.excluded[0]?.why).toBe('So old, next to the newest touch, that its weight rounds to 0.')
})

test('time_decay: all touches years old at the close still credit by their distance to each other', () => {
  const old = t2.map(touch => ({ ...touch, at: touch.at - 3_650 * day }))
  const result = attribute(aDeal('time_decay', old, { parameters: { halfLifeDays: 1 } }))
  expect(partsOf(result)).toEqual([
    ['p1', 78, 7_752],
    ['p2', 9_922, 992_248],
  ])
})

test('a deal of nothing has credits and no money', () => {
  expect(partsOf(attribute(aDeal('equal_split', t2, { amount: 0 })))).toEqual([
    ['p1', 5_000, 0],
    ['p2', 5_000, 0],
  ])
})

test('an impossible deal throws instead of paying somebody', () => {
  expect(() => attribute(aDeal('equal_split', t2, { partners: [aPartner('p1')] }))).toThrow('unknown partner p2')
  const uncounted = [...t1, aTouch('p9', 'crm_sync', 2)]
  expect(() => attribute(aDeal('equal_split', uncounted, { partners: [aPartner('p1')] }))).toThrow('unknown partner p9')
  expect(() => attribute(aDeal('equal_split', [...t1, ...t1]))).toThrow('touch was given twice')
  expect(() => attribute(aDeal('equal_split', t1, { partners: [aPartner('p1'), aPartner('p1')] }))).toThrow('twice')
  expect(() => attribute(aDeal('equal_split', t1, { amount: -1 }))).toThrow(RangeError)
  expect(() => attribute(aDeal('equal_split', t1, { amount: 0.5 }))).toThrow(RangeError)
  expect(() => attribute(aDeal('equal_split', t1, { currency: 'usd' }))).toThrow(RangeError)
  const hidden = [aTouch('p1', 'demo', 3), aTouch('p1', 'demo', 2, { weight: -10 })]
  expect(() => attribute(aDeal('role_based', hidden))).toThrow('negative weight')
})

test('decided shares: the odd cent goes by first touch, then id, whatever order they are given in', () => {
  const shares = [
    { partnerId: 'c', bp: 3_333 },
    { partnerId: 'a', bp: 3_333 },
    { partnerId: 'b', bp: 3_334 },
  ]
  const plain = attributeByShares(3_334, 'USD', shares, 'Agreed on 3 Mar 2026')
  expect(plain).toEqual(attributeByShares(3_334, 'USD', shares.toReversed(), 'Agreed on 3 Mar 2026'))
  expect(plain[0]).toEqual({
    partnerId: 'a',
    bp: 3_333,
    amount: 1_111,
    role: null,
    reason: 'Agreed on 3 Mar 2026',
    touchIds: [],
  })
  const halves = [
    { partnerId: 'a', bp: 5_000 },
    { partnerId: 'b', bp: 5_000 },
  ]
  expect(attributeByShares(3, 'USD', halves, '').map(({ partnerId, amount }) => [partnerId, amount])).toEqual([
    ['a', 2],
    ['b', 1],
  ])
  const touched = attributeByShares(3, 'USD', halves, '', [aTouch('a', 'demo', 1), aTouch('b', 'demo', 2)])
  expect(touched.map(({ partnerId, amount }) => [partnerId, amount])).toEqual([
    ['b', 2],
    ['a', 1],
  ])
  const half = attributeByShares(3, 'USD', halves, '', [aTouch('b', 'demo', 2)])
  expect(half.map(({ partnerId }) => partnerId)).toEqual(['b', 'a'])
})

test('decided shares that are not a whole throw', () => {
  expect(() => attributeByShares(3, 'USD', [{ partnerId: 'a', bp: 9_999 }], '')).toThrow('99.99 %')
  expect(() => attributeByShares(-3, 'USD', [{ partnerId: 'a', bp: 10_000 }], '')).toThrow(RangeError)
})
