import fc from 'fast-check'
import type { z } from 'zod'
import {
  partnerClasses,
  partnerTiers,
  partnerTypes,
  type SeenPartner,
  type SeenTouch,
  type TouchType,
  touchRoles,
  touchTypes,
} from '#db/schema/index.ts'
import type { AttributeInput } from './attribute.ts'
import { type ProgramParameters, programParameters } from './rules.ts'

/** The close of the deals in these tests: noon of 10 Mar 2026, UTC. */
export const closedAt = Date.UTC(2026, 2, 10, 12)
export const day = 86_400_000

export function aPartner(id: string, but: Partial<SeenPartner> = {}): SeenPartner {
  return {
    id,
    name: `Partner ${id}`,
    type: 'referrer',
    tier: 'registered',
    class: 'partner',
    defaultRateBp: null,
    ...but,
  }
}

/** A touch so many days before the close, with an id of its own. */
export function aTouch(
  partnerId: string,
  type: TouchType,
  daysBefore: number,
  but: Partial<SeenTouch> = {},
): SeenTouch {
  const at = closedAt - daysBefore * day
  return { id: `${partnerId} ${type} ${daysBefore}`, partnerId, type, role: null, at, weight: null, ...but }
}

/** A $10,000 deal with these touches, of the partners that they name. */
export function aDeal(
  model: AttributeInput['model'],
  touches: SeenTouch[],
  { parameters = {}, ...but }: Partial<Omit<AttributeInput, 'parameters'>> & { parameters?: ParametersInput } = {},
): AttributeInput {
  const ids = [...new Set(touches.map(touch => touch.partnerId))]
  return {
    model,
    parameters: parametersOf(parameters),
    amount: 1_000_000,
    currency: 'USD',
    closedAt,
    qualifiedAt: null,
    registeredBy: null,
    touches,
    partners: ids.map(id => aPartner(id)),
    timeZone: 'UTC',
    ...but,
  }
}

type ParametersInput = z.input<typeof programParameters>

export function parametersOf(input: ParametersInput = {}): ProgramParameters {
  return programParameters.parse(input)
}

const ids = ['a', 'b', 'c', 'd', 'e']

/** A touch of one of five partners; half of the times collide, some lie after the close, some years before it. */
export const anyTouch: fc.Arbitrary<Omit<SeenTouch, 'id'>> = fc.record({
  partnerId: fc.constantFrom(...ids),
  type: fc.constantFrom(...touchTypes),
  role: fc.option(fc.constantFrom(...touchRoles), { freq: 3 }),
  at: fc
    .oneof(
      fc.integer({ min: -2, max: 12 }).map(days => days * day),
      fc.integer({ min: -day, max: 4_000 * day }),
    )
    .map(before => closedAt - before),
  weight: fc.option(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1_000_000 })), { freq: 3 }),
})

/** Touches with distinct ids, whose order is not that of the list. */
export const anyTouches: fc.Arbitrary<SeenTouch[]> = fc
  .tuple(fc.array(anyTouch, { maxLength: 9 }), fc.integer({ min: 1, max: 10 }))
  .map(([touches, step]) => touches.map((touch, index) => ({ ...touch, id: `t${(index * step) % 11}` })))

const few = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1_000_000 }))
const percent = fc.integer({ min: 0, max: 10_000 })
const some = <K extends string>(keys: readonly K[], value: fc.Arbitrary<number>) =>
  fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 3 }) as fc.Arbitrary<Partial<Record<K, number>>>

export const anyParameters: fc.Arbitrary<ProgramParameters> = fc
  .record(
    {
      halfLifeDays: fc.oneof(fc.constantFrom(1, 7, 3_650), fc.integer({ min: 1, max: 3_650 })),
      lookbackDays: fc.option(fc.integer({ min: 1, max: 3_650 })),
      cutoff: fc.constantFrom('close' as const, 'qualified' as const),
      countsCrmSync: fc.boolean(),
      excludedTypes: fc.array(fc.constantFrom(...touchTypes), { maxLength: 2 }),
      touchWeights: some(touchTypes, few),
      positions: some(['first', 'last', 'middle'] as const, few),
      customTypePercent: some(touchTypes, percent),
      customPartnerTypePercent: some(partnerTypes, percent),
      customTierPercent: some(partnerTiers, percent),
      rolePools: some(touchRoles, few),
      classPools: some(partnerClasses, few),
      excludedPartnerIds: fc.array(fc.constantFrom(...ids), { maxLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .map(parametersOf)

/** Five partners, of whom some have no touch. */
const anyPartners: fc.Arbitrary<SeenPartner[]> = fc.tuple(
  ...ids.map(id =>
    fc
      .record({
        type: fc.constantFrom(...partnerTypes),
        tier: fc.constantFrom(...partnerTiers),
        class: fc.constantFrom(...partnerClasses),
      })
      .map(but => aPartner(id, but)),
  ),
)

export function anyDeal(...models: AttributeInput['model'][]): fc.Arbitrary<AttributeInput> {
  return fc.record({
    model: fc.constantFrom(...models),
    parameters: anyParameters,
    amount: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1_000_000_000_000 })),
    currency: fc.constant('USD'),
    closedAt: fc.constant(closedAt),
    qualifiedAt: fc.option(fc.integer({ min: -2, max: 10 }).map(days => closedAt - days * day)),
    registeredBy: fc.option(fc.constantFrom(...ids)),
    touches: anyTouches,
    partners: anyPartners,
    timeZone: fc.constant('UTC'),
  })
}
