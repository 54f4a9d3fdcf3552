import { expect, test } from 'vitest'
import { attributionModels, touchRoles, touchTypes } from '#db/schema/index.ts'
import '../lib/plain-words.ts'
import { defaultRoles, modelLabels, programParameters, roleLabels, roleVerbs, shares, touchLabels } from './rules.ts'

test('every model, type and role has its words, in the schema’s order', () => {
  expect(Object.keys(modelLabels)).toEqual([...attributionModels])
  expect(Object.keys(touchLabels)).toEqual([...touchTypes])
  expect(Object.keys(roleLabels)).toEqual([...touchRoles])
  expect(Object.keys(roleVerbs)).toEqual([...touchRoles])
  for (const { says } of Object.values(modelLabels)) expect(says).toMatch(/^[A-Z].*\.$/)
})

test('the definition’s roles', () => {
  expect(defaultRoles).toEqual({
    deal_registration: 'sourcer',
    referral: 'sourcer',
    introduction: 'sourcer',
    content_share: 'influencer',
    demo: 'influencer',
    co_sell: 'influencer',
    technical_enablement: 'implementer',
    proposal: 'closer',
    negotiation: 'closer',
    crm_sync: 'influencer',
  })
})

test('the definition’s defaults', () => {
  expect(programParameters.parse({})).toEqual({
    halfLifeDays: 7,
    lookbackDays: null,
    cutoff: 'close',
    countsCrmSync: false,
    excludedTypes: [],
    touchWeights: {
      referral: 40,
      introduction: 35,
      demo: 25,
      proposal: 20,
      content_share: 15,
      negotiation: 10,
      deal_registration: 10,
      co_sell: 10,
      technical_enablement: 10,
      crm_sync: 10,
    },
    positions: { first: 40, last: 40, middle: 20 },
    customTypePercent: Object.fromEntries(touchTypes.map(type => [type, 100])),
    customPartnerTypePercent: { reseller: 100, referrer: 100, affiliate: 100, integrator: 100 },
    customTierPercent: { registered: 100, silver: 100, gold: 100, platinum: 100 },
    rolePools: { sourcer: 40, influencer: 20, implementer: 20, closer: 20 },
    classPools: { hyperscaler: 30, partner: 20, vendor: 50 },
    excludedPartnerIds: [],
  })
})

test('what is stored reads back as itself, and a part leaves the rest at its default', () => {
  const parsed = programParameters.parse({ touchWeights: { demo: 0 }, lookbackDays: 90, rolePools: { closer: 7 } })
  expect(parsed.touchWeights).toMatchObject({ demo: 0, referral: 40 })
  expect(parsed.rolePools).toEqual({ sourcer: 40, influencer: 20, implementer: 20, closer: 7 })
  expect(programParameters.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed)
})

const refusal = (schema: typeof programParameters | typeof shares, input: unknown) =>
  schema.safeParse(input).error?.issues.map(issue => issue.message)

test.each([
  [{ touchWeights: { demo: -1 } }, "A weight can't be negative; 0 leaves it out."],
  [{ touchWeights: { demo: 1_000_001 } }, 'A weight can be at most 1,000,000.'],
  [{ touchWeights: { demo: 1.5 } }, 'A weight must be a whole number.'],
  [{ touchWeights: { demo: Number.NaN } }, 'A weight must be a number.'],
  [{ positions: { first: -40 } }, "A weight can't be negative; 0 leaves it out."],
  [{ rolePools: { sourcer: -1 } }, "A weight can't be negative; 0 leaves it out."],
  [{ classPools: { vendor: -1 } }, "A weight can't be negative; 0 leaves it out."],
  [{ customTierPercent: { gold: -1 } }, "A percentage can't be negative; 0 leaves it out."],
  [{ customTypePercent: { demo: 10_001 } }, 'A percentage can be at most 10,000.'],
  [{ customPartnerTypePercent: { reseller: 0.5 } }, 'A percentage must be a whole number.'],
  [{ halfLifeDays: 0 }, 'At least one day.'],
  [{ halfLifeDays: 3_651 }, 'At most 3,650 days, which is ten years.'],
  [{ lookbackDays: 1.5 }, 'Days are whole.'],
  [{ touchWeights: { dema: 1 } }, 'There is no field “dema” here.'],
  [{ halflife: 7 }, 'There is no field “halflife” here.'],
])('%j is refused with a sentence', (input, sentence) => {
  expect(refusal(programParameters, input)).toEqual([sentence])
})

test.each([{ excludedTypes: ['dema'] }, { cutoff: 'won' }, { halfLifeDays: null }, { countsCrmSync: 'yes' }])(
  '%j is refused',
  input => {
    expect(programParameters.safeParse(input).success).toBe(false)
  },
)

const a = (bp: number) => ({ partnerId: 'a', bp })
const b = (bp: number) => ({ partnerId: 'b', bp })

test.each([
  [[], ['Name at least one partner.', 'The shares add up to 0 %: 100 % is missing.']],
  [[a(9_950)], ['The shares add up to 99.5 %: 0.5 % is missing.']],
  [[a(9_999), b(2)], ['The shares add up to 100.01 %: 0.01 % too much.']],
  [[a(5_000), a(5_000)], ['A partner is named twice. Add its shares up.']],
  [[a(10_000), b(0)], ['A share must be more than zero; leave the partner out instead.']],
  [
    [a(10_001), b(-1)],
    ['A share can be at most 100 %.', 'A share must be more than zero; leave the partner out instead.'],
  ],
  [
    [a(5_000.5), b(4_999.5)],
    ['A share has at most two decimals of a percent.', 'A share has at most two decimals of a percent.'],
  ],
])('shares %j are refused with a sentence', (input, sentences) => {
  expect(refusal(shares, input)).toEqual(sentences)
})

test('shares that make a whole are taken, up to a hundred partners', () => {
  expect(shares.parse([a(1), b(9_999)])).toEqual([a(1), b(9_999)])
  const equal = (count: number, bp: number) => Array.from({ length: count }, (_, i) => ({ partnerId: `p${i}`, bp }))
  expect(shares.parse(equal(100, 100))).toHaveLength(100)
  expect(refusal(shares, [...equal(100, 99), ...equal(101, 100).slice(100)])).toEqual([
    'At most 100 partners can share a deal.',
  ])
})
