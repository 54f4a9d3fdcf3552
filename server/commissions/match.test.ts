import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchRules } from './match.ts'
import { aRule, aMatchedDeal as deal } from './testing.ts'

const partner = { type: 'reseller', tier: 'gold' } as const

function winnerOf(rules: Parameters<typeof matchRules>[0], but: Partial<typeof deal> = {}) {
  return matchRules(rules, 'base', { ...deal, ...but }, partner).winner?.id ?? null
}

test('the lowest priority wins, then the newer publication', () => {
  const rules = [
    aRule({ id: 'a', priority: 20 }),
    aRule({ id: 'b', priority: 10, publishedAt: 1 }),
    aRule({ id: 'c', priority: 10, publishedAt: 2 }),
  ]
  expect(winnerOf(rules)).toBe('c')
  const { losing } = matchRules(rules, 'base', deal, partner)
  expect(losing.map(rule => [rule.ruleVersionId, rule.why])).toEqual([
    ['b', 'It matches too, with the same priority 10; “Gold” v1 was published later.'],
    ['a', 'It matches too, but “Gold” v1 comes first: priority 10 before 20.'],
  ])
})

test('of one rule the newest version that began by the closing day governs, and an older one does not come back', () => {
  const rules = [
    aRule({ id: 'v1', ruleId: 'r', number: 1, effectiveFrom: '2026-01-01' }),
    aRule({ id: 'v2', ruleId: 'r', number: 2, effectiveFrom: '2026-02-01', effectiveTo: '2026-02-09' }),
    aRule({ id: 'v3', ruleId: 'r', number: 3, effectiveFrom: '2026-03-01' }),
  ]
  expect(winnerOf(rules, { closingDay: '2026-01-31' })).toBe('v1')
  expect(winnerOf(rules, { closingDay: '2026-02-09' })).toBe('v2')
  expect(winnerOf(rules, { closingDay: '2026-02-10' })).toBe(null)
  expect(winnerOf(rules, { closingDay: '2026-03-01' })).toBe('v3')
  const { losing } = matchRules(rules, 'base', deal, partner)
  expect(losing).toEqual([
    { ruleVersionId: 'v2', name: 'Gold', number: 2, why: 'Ended on 9 Feb 2026; the deal closed on 10 Feb 2026.' },
  ])
})

test.each([
  [
    'partner type',
    { conditions: { partnerTypes: ['referrer' as const] } },
    'For partners of type referrer; here it is reseller.',
  ],
  [
    'tier',
    { conditions: { tiers: ['silver' as const, 'platinum' as const] } },
    'For tier silver or platinum; here it is gold.',
  ],
  ['product', { conditions: { products: ['Cloud'] } }, 'For product Cloud; here it is not set.'],
  ['territory', { conditions: { territories: ['EMEA'] } }, 'For territory EMEA; here it is not set.'],
  ['deal type', { conditions: { dealTypes: ['renewal' as const] } }, 'For deals of type renewal; here it is new.'],
  [
    'size from',
    { conditions: { sizeFrom: 1_000_001 }, currency: 'USD' },
    'For deals from $10,000.01; this one is $10,000.00.',
  ],
  [
    'size to',
    { conditions: { sizeTo: 999_999 }, currency: 'USD' },
    'For deals up to $9,999.99; this one is $10,000.00.',
  ],
  ['currency', { currency: 'EUR' }, 'For deals in EUR; this one is in USD.'],
  ['a later begin', { effectiveFrom: '2026-02-11' }, 'In force from 11 Feb 2026; the deal closed on 10 Feb 2026.'],
])('%s keeps a rule out, and is named', (_, but, why) => {
  const { winner, losing } = matchRules([aRule(but)], 'base', deal, partner)
  expect(winner).toBe(null)
  expect(losing[0]?.why).toBe(why)
})

test('bounds and days are included, case and space of a product do not matter', () => {
  expect(winnerOf([aRule({ conditions: { sizeFrom: 1_000_000, sizeTo: 1_000_000 }, currency: 'USD' })])).toBe('rv_1')
  expect(winnerOf([aRule({ effectiveFrom: '2026-02-10', effectiveTo: '2026-02-10' })])).toBe('rv_1')
  expect(winnerOf([aRule({ conditions: { products: ['cloud '] } })], { product: 'Cloud' })).toBe('rv_1')
})

test('a rule of another program or stream is no candidate, and not among the losing', () => {
  expect(
    matchRules([aRule({ programId: 'prg_2' }), aRule({ id: 's', stream: 'spiff' })], 'base', deal, partner),
  ).toEqual({
    winner: null,
    losing: [],
  })
})

test('of versions that have not begun the first to begin speaks for the rule, whichever is newer', () => {
  const rules = [
    aRule({ id: 'v2', ruleId: 'r', number: 2, effectiveFrom: '2026-04-01' }),
    aRule({ id: 'v1', ruleId: 'r', number: 1, effectiveFrom: '2026-05-01' }),
    aRule({ id: 'v3', ruleId: 'r', number: 3, effectiveFrom: '2026-06-01' }),
  ]
  const { winner, losing } = matchRules(rules, 'base', { ...deal, closingDay: '2026-03-01' }, partner)
  expect(winner).toBeNull()
  expect(losing.map(({ ruleVersionId }) => ruleVersionId)).toEqual(['v2'])
})

test('the answer does not depend on the order of the rules', () => {
  const rule = fc.record({
    ruleId: fc.constantFrom('a', 'b', 'c'),
    number: fc.integer({ min: 1, max: 9 }),
    priority: fc.integer({ min: 1, max: 3 }),
    publishedAt: fc.integer({ min: 1, max: 3 }),
    effectiveFrom: fc.constantFrom('2026-01-01', '2026-02-10', '2026-03-01'),
    effectiveTo: fc.constantFrom(null, '2026-02-09', '2026-12-31'),
  })
  const rules = fc.uniqueArray(rule, { maxLength: 8, selector: one => `${one.ruleId} ${one.number}` })
  fc.assert(
    fc.property(rules, fc.infiniteStream(fc.nat()), (list, order) => {
      const all = list.map(but => aRule({ id: `${but.ruleId} ${but.number}`, ...but }))
      const keys = new Map(all.map(one => [one, order.next().value ?? 0]))
      const shuffled = [...all].sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
      expect(matchRules(shuffled, 'base', deal, partner)).toEqual(matchRules(all, 'base', deal, partner))
    }),
    { numRuns: 10_000 },
  )
})
