import { z } from 'zod'
import type {
  AttributionModel,
  PartnerClass,
  PartnerTier,
  PartnerType,
  TouchRole,
  TouchType,
} from '#db/schema/index.ts'

export type { AttributionModel, PartnerClass, TouchRole, TouchType }

/** The models' names, and in one sentence who gets the credit. */
export const modelLabels: Record<AttributionModel, { label: string; says: string }> = {
  equal_split: { label: 'Equal split', says: 'Every partner with a touch that counts gets the same.' },
  equal_touches: { label: 'Equal touches', says: 'Every touch that counts weighs the same.' },
  first_touch: { label: 'First touch', says: 'The partner with the earliest touch gets everything.' },
  last_touch: { label: 'Last touch', says: 'The partner with the latest touch gets everything.' },
  time_decay: { label: 'Time decay', says: 'The older a touch is, the less it weighs: half as much per half-life.' },
  role_based: {
    label: 'Weight by touch type',
    says: 'Each type of touch has a weight, and a touch may carry its own.',
  },
  position_based: { label: 'Position', says: 'The first and the last touch weigh most; those between share the rest.' },
  custom: {
    label: 'Custom weights',
    says: 'A touch weighs what its type, its partner’s type and its partner’s tier multiply to.',
  },
  first_touch_sourcer: {
    label: 'Sourcer',
    says: 'The partner that registered the deal gets everything, if it has a touch that counts; else the earliest touch does.',
  },
  role_weighted: {
    label: 'Pools by role',
    says: 'Sourcing, influencing, implementing and closing each have a pool, shared evenly by the partners in that role.',
  },
  implementation_credit: {
    label: 'Implementation',
    says: 'The partner with the latest implementation touch gets everything; without one, the latest touch does.',
  },
  cosell_split: {
    label: 'Co-sell split',
    says: 'Hyperscalers, partners and vendors each have a pool, shared evenly by those on the deal.',
  },
}

export const touchLabels: Record<TouchType, string> = {
  referral: 'Referral',
  introduction: 'Introduction',
  demo: 'Demo',
  content_share: 'Content share',
  proposal: 'Proposal',
  negotiation: 'Negotiation',
  deal_registration: 'Deal registration',
  co_sell: 'Co-sell',
  technical_enablement: 'Technical enablement',
  crm_sync: 'CRM sync',
}

export const roleLabels: Record<TouchRole, string> = {
  sourcer: 'Sourcer',
  influencer: 'Influencer',
  implementer: 'Implementer',
  closer: 'Closer',
}

/** What a partner in that role did, for sentences: `60 % credit (sourced)`. */
export const roleVerbs: Record<TouchRole, string> = {
  sourcer: 'sourced',
  influencer: 'influenced',
  implementer: 'implemented',
  closer: 'closed',
}

/** The role of a touch that doesn't carry its own. */
export const defaultRoles: Record<TouchType, TouchRole> = {
  referral: 'sourcer',
  introduction: 'sourcer',
  demo: 'influencer',
  content_share: 'influencer',
  proposal: 'closer',
  negotiation: 'closer',
  deal_registration: 'sourcer',
  co_sell: 'influencer',
  technical_enablement: 'implementer',
  crm_sync: 'influencer',
}

const defaultTouchWeights: Record<TouchType, number> = {
  referral: 40,
  introduction: 35,
  demo: 25,
  content_share: 15,
  proposal: 20,
  negotiation: 10,
  deal_registration: 10,
  co_sell: 10,
  technical_enablement: 10,
  crm_sync: 10,
}

/** A touch's own weight in role_based has the same limits. */
export const touchWeight = whole('A weight', 1_000_000)
const percent = whole('A percentage', 10_000)

function whole(what: string, max: number) {
  return z
    .number({ error: `${what} must be a number.` })
    .int(`${what} must be a whole number.`)
    .min(0, `${what} can't be negative; 0 leaves it out.`)
    .max(max, `${what} can be at most ${max.toLocaleString('en-US')}.`)
}

/**
 * An object with one number a key. Input may leave any out; the output has all, so that what was stored with a run still
 * means the same after a default here changes.
 */
function numbers<K extends string>(defaults: Record<K, number>, number: z.ZodNumber) {
  const keys = Object.keys(defaults) as K[]
  const shape = Object.fromEntries(keys.map(key => [key, number.default(defaults[key])]))
  return z.strictObject(shape as Record<K, z.ZodDefault<z.ZodNumber>>)
}

const days = z
  .number({ error: 'Enter a number of days.' })
  .int('Days are whole.')
  .min(1, 'At least one day.')
  .max(3_650, 'At most 3,650 days, which is ten years.')
const types = Object.keys(touchLabels) as [TouchType, ...TouchType[]]
const hundredByTouchType = Object.fromEntries(types.map(type => [type, 100])) as Record<TouchType, number>
const hundredByPartnerType: Record<PartnerType, number> = {
  reseller: 100,
  referrer: 100,
  affiliate: 100,
  integrator: 100,
}
const hundredByTier: Record<PartnerTier, number> = { registered: 100, silver: 100, gold: 100, platinum: 100 }

/**
 * One set of parameters for all models, each with a default, so that models can be compared side by side with the same ones.
 * Weights and pools are whole numbers that count relative to each other; custom percentages are whole percent.
 */
export const programParameters = z.strictObject({
  halfLifeDays: days.default(7),
  /** Touches older than this before the cut-off don't count; null: however old. */
  lookbackDays: days.nullable().default(null),
  cutoff: z.enum(['close', 'qualified']).default('close'),
  countsCrmSync: z.boolean().default(false),
  /** Wins over `countsCrmSync`. */
  excludedTypes: z.array(z.enum(types)).max(types.length).default([]),
  touchWeights: numbers(defaultTouchWeights, touchWeight).prefault({}),
  positions: numbers({ first: 40, last: 40, middle: 20 }, touchWeight).prefault({}),
  customTypePercent: numbers(hundredByTouchType, percent).prefault({}),
  customPartnerTypePercent: numbers(hundredByPartnerType, percent).prefault({}),
  customTierPercent: numbers(hundredByTier, percent).prefault({}),
  rolePools: numbers<TouchRole>({ sourcer: 40, influencer: 20, implementer: 20, closer: 20 }, touchWeight).prefault({}),
  classPools: numbers<PartnerClass>({ hyperscaler: 30, partner: 20, vendor: 50 }, touchWeight).prefault({}),
  excludedPartnerIds: z.array(z.string().min(1).max(64)).max(1_000).default([]),
})
export type ProgramParameters = z.output<typeof programParameters>

/** Who gets how much of a deal, by decision instead of by model: basis points that sum to exactly 10,000. */
export const shares = z
  .array(
    z.strictObject({
      partnerId: z.string().min(1, 'A partner is missing.').max(64),
      bp: z
        .number({ error: 'Enter a share.' })
        .int('A share has at most two decimals of a percent.')
        .min(1, 'A share must be more than zero; leave the partner out instead.')
        .max(10_000, 'A share can be at most 100 %.'),
    }),
  )
  .min(1, 'Name at least one partner.')
  .max(100, 'At most 100 partners can share a deal.')
  .refine(list => new Set(list.map(share => share.partnerId)).size === list.length, {
    error: 'A partner is named twice. Add its shares up.',
  })
  .refine(list => list.reduce((sum, share) => sum + share.bp, 0) === 10_000, {
    error: issue => {
      const list = issue.input as { bp: number }[]
      const sum = list.reduce((total, share) => total + share.bp, 0)
      const off = percentText(Math.abs(sum - 10_000))
      return `The shares add up to ${percentText(sum)}: ${off} ${sum > 10_000 ? 'too much' : 'is missing'}.`
    },
  })

/** Basis points as people read them, exactly: `6154` → `61.54 %`. */
function percentText(bp: number): string {
  const digits = String(bp).padStart(3, '0')
  const fraction = digits.slice(-2).replace(/0+$/, '')
  return `${digits.slice(0, -2)}${fraction && '.'}${fraction} %`
}
