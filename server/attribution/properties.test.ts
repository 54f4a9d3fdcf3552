import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attributionModels } from '#db/schema/index.ts'
import { type Attribution, attribute, attributeByShares } from './attribute.ts'
import { anyDeal, anyTouch, anyTouches, closedAt, day } from './testing.ts'
import { countTouches } from './touches.ts'

// A failing property prints its seed and path: pass both to fc.assert beside numRuns to repeat it.
const runs = { numRuns: 10_000 }
const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0)
const partOf = ({ credits }: Attribution, id: string) => {
  const { bp = 0, amount = 0 } = credits.find(credit => credit.partnerId === id) ?? {}
  return { bp, amount }
}

test('every model: credits sum to 10,000 and amounts to the deal, or nobody is credited and a sentence says why', () => {
  fc.assert(
    fc.property(anyDeal(...attributionModels), input => {
      const { credits, nobody } = attribute(input)
      const credited = credits.length > 0
      expect(sum(credits.map(credit => credit.bp))).toBe(credited ? 10_000 : 0)
      expect(sum(credits.map(credit => credit.amount))).toBe(credited ? input.amount : 0)
      expect(nobody === null).toBe(credited)
      for (const { bp, amount, reason } of credits) {
        expect(bp >= 0 && amount >= 0 && bp + amount > 0).toBe(true)
        expect(reason).not.toBe('')
      }
      expect(new Set(credits.map(credit => credit.partnerId)).size).toBe(credits.length)
    }),
    runs,
  )
})

test('every model: a credit comes from touches of its own partner that count, and no touch is both credited and excluded', () => {
  fc.assert(
    fc.property(anyDeal(...attributionModels), input => {
      const { credits, excluded, cutoffAt } = attribute(input)
      const out = new Set(excluded.map(one => one.touchId))
      expect(out.size).toBe(excluded.length)
      const byId = new Map(input.touches.map(touch => [touch.id, touch]))
      for (const { partnerId, touchIds } of credits) {
        expect(touchIds.length).toBeGreaterThan(0)
        expect(input.parameters.excludedPartnerIds).not.toContain(partnerId)
        for (const id of touchIds) {
          const touch = byId.get(id)!
          expect(touch.partnerId).toBe(partnerId)
          expect(touch.at <= cutoffAt && !out.has(id)).toBe(true)
          expect(input.parameters.excludedTypes).not.toContain(touch.type)
        }
      }
    }),
    runs,
  )
})

test('every model: the result does not depend on the order of the input', () => {
  const shuffled = anyDeal(...attributionModels).chain(input =>
    fc.record({
      input: fc.constant(input),
      touches: fc.shuffledSubarray([...input.touches], { minLength: input.touches.length }),
      partners: fc.shuffledSubarray([...input.partners], { minLength: input.partners.length }),
    }),
  )
  fc.assert(
    fc.property(shuffled, ({ input, touches, partners }) => {
      expect(attribute({ ...input, touches, partners })).toEqual(attribute(input))
    }),
    runs,
  )
})

// What makes it hold: an extra touch can only raise its own partner's weight and place among equals, and leaves the others'
// weights alone. Not so in role_weighted (a touch in a higher, crowded pool) and time_decay (a newer touch ages all
// others, one's own too).
test('a partner never loses by its own extra touch, whatever its type and time, where only its own weight can grow', () => {
  const models = [
    'first_touch',
    'last_touch',
    'first_touch_sourcer',
    'implementation_credit',
    'equal_split',
    'equal_touches',
    'role_based',
    'custom',
  ] as const
  // Ids before, between and after the others', since id decides between touches of the same time.
  const extraId = fc.constantFrom('a0', 't0x', 't2x', 't5x', 'z0')
  fc.assert(
    fc.property(anyDeal(...models), anyTouch, extraId, (input, extra, id) => {
      const before = partOf(attribute(input), extra.partnerId)
      const after = partOf(attribute({ ...input, touches: [...input.touches, { ...extra, id }] }), extra.partnerId)
      expect(after.bp).toBeGreaterThanOrEqual(before.bp)
      expect(after.amount).toBeGreaterThanOrEqual(before.amount)
    }),
    runs,
  )
})

test('time_decay: nor by one that is not newer than the newest', () => {
  fc.assert(
    fc.property(anyDeal('time_decay'), anyTouch, fc.nat(40 * day), (input, extra, age) => {
      const { deal } = countTouches(input)
      if (!deal) return
      const touch = { ...extra, id: 'extra', at: deal.last.at - age }
      const before = partOf(attribute(input), extra.partnerId)
      const after = partOf(attribute({ ...input, touches: [...input.touches, touch] }), extra.partnerId)
      expect(after.bp).toBeGreaterThanOrEqual(before.bp)
      expect(after.amount).toBeGreaterThanOrEqual(before.amount)
    }),
    runs,
  )
})

test('time_decay: shifting all times changes no credit', () => {
  const shift = fc.integer({ min: -40_000 * day, max: 40_000 * day })
  fc.assert(
    fc.property(anyDeal('time_decay'), shift, (input, by) => {
      const shifted = attribute({
        ...input,
        closedAt: input.closedAt + by,
        qualifiedAt: input.qualifiedAt === null ? null : input.qualifiedAt + by,
        touches: input.touches.map(touch => ({ ...touch, at: touch.at + by })),
      })
      const credits = ({ credits }: Attribution) => credits.map(({ reason: _, ...credit }) => credit)
      expect(credits(shifted)).toEqual(credits(attribute(input)))
    }),
    runs,
  )
})

test('time_decay: however long or short the half-life and however old the touches, the newest has its full weight', () => {
  const age = fc.oneof(fc.integer({ min: 0, max: 50_000 * day }), fc.integer({ min: 0, max: 100 }))
  fc.assert(
    fc.property(anyDeal('time_decay'), age, fc.constantFrom(1, 2, 7, 3_649, 3_650), (input, older, halfLifeDays) => {
      const parameters = { ...input.parameters, halfLifeDays, lookbackDays: null }
      const old = input.touches.map(touch => ({ ...touch, at: touch.at - older }))
      const result = attribute({ ...input, parameters, touches: old })
      const { deal } = countTouches({ ...input, parameters, touches: old })
      expect(result.credits.length > 0).toBe(deal !== null)
      if (!deal) return
      // No touch weighs more than the newest, so among n its partner has at least an n-th, give or take the rounding.
      const { bp } = partOf(result, deal.last.partnerId)
      expect(bp * deal.touches.length).toBeGreaterThan(10_000 - deal.touches.length)
    }),
    runs,
  )
})

test('decided shares: they come back as given, sum to the deal, and their order does not matter', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 9_999 }), { maxLength: 9 })
  const listed = cuts.chain(points => {
    const edges = [0, ...points.toSorted((a, b) => a - b), 10_000]
    const shares = edges
      .slice(1)
      .map((edge, index) => ({ partnerId: `${'abcdefghij'[index]}`, bp: edge - edges[index]! }))
    return fc.tuple(fc.constant(shares), fc.shuffledSubarray(shares, { minLength: shares.length }))
  })
  fc.assert(
    fc.property(listed, fc.nat(1_000_000_000_000), anyTouches, ([shares, shuffled], amount, touches) => {
      const credits = attributeByShares(amount, 'USD', shares, 'Agreed', touches)
      expect(sum(credits.map(credit => credit.amount))).toBe(amount)
      expect(Object.fromEntries(credits.map(({ partnerId, bp }) => [partnerId, bp]))).toEqual(
        Object.fromEntries(shares.map(({ partnerId, bp }) => [partnerId, bp])),
      )
      expect(attributeByShares(amount, 'USD', shuffled, 'Agreed', touches.toReversed())).toEqual(credits)
    }),
    runs,
  )
})

test('the generators reach what matters: ties, nobody, uncounted and weightless touches', () => {
  const seen = { ties: 0, nobody: 0, weightless: 0, late: 0, several: 0 }
  for (const input of fc.sample(anyDeal(...attributionModels), { numRuns: 2_000, seed: 7 })) {
    const result = attribute(input)
    const times = input.touches.map(touch => touch.at)
    if (new Set(times).size < times.length) seen.ties++
    if (result.nobody) seen.nobody++
    if (result.credits.length > 2) seen.several++
    if (times.some(at => at > closedAt)) seen.late++
    if (result.excluded.some(one => /weighs? 0|weight of 0|pool of|weight rounds/.test(one.why))) seen.weightless++
  }
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(50)
})
