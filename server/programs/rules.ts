import { z } from 'zod'
import type { AttributionModel, PartnerClass, PartnerTier } from '#db/schema/index.ts'
import {
  modelLabels,
  type ProgramParameters,
  programParameters,
  roleLabels,
  touchLabels,
} from '../attribution/rules.ts'
import { id, idempotencyKey, version } from '../lib/inputs.ts'
import { maxPageSize } from '../lib/page.ts'
import { line } from '../lib/text.ts'
import { partnerTypeLabels } from '../partners/rules.ts'

const timeZones = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])
const timeZone = z.string().refine(zone => timeZones.has(zone), 'That is not a time zone we know.')
const model = z.enum(Object.keys(modelLabels) as [AttributionModel, ...AttributionModel[]], {
  error: 'Choose who gets the credit.',
})

/** How long an approved registration keeps rivals away, in days. */
const protectionDays = z
  .number({ error: 'Enter a number of days.' })
  .int('Days are whole.')
  .min(1, 'At least one day.')
  .max(730, 'At most 730 days, which is two years.')
/** The most of one payout that debts may take, in basis points. */
const debtCapBp = z
  .number({ error: 'Enter a percentage.' })
  .int('A percentage has at most two decimals.')
  .min(0, 'At least 0 %.')
  .max(10_000, 'At most 100 %.')

/** The time zone is the organization's where left out. */
export const createProgramInput = z
  .object({
    name: line(120, 'The name'),
    model,
    parameters: programParameters.prefault({}),
    timeZone: timeZone.optional(),
    protectionDays: protectionDays.optional(),
    debtCapBp: debtCapBp.optional(),
    idempotencyKey,
  })
  .strict()

/** What is left out stays as it is; `parameters` replaces the whole set. */
export const updateProgramInput = z
  .object({
    programId: id,
    version,
    idempotencyKey,
    name: line(120, 'The name').optional(),
    model: model.optional(),
    parameters: programParameters.optional(),
    timeZone: timeZone.optional(),
    protectionDays: protectionDays.optional(),
    debtCapBp: debtCapBp.optional(),
  })
  .strict()

export const programInput = z.object({ programId: id }).strict()
export const programChangeInput = z.object({ programId: id, version, idempotencyKey }).strict()

export const listProgramsInput = z
  .object({
    archived: z.boolean().default(false),
    cursor: z.string().max(400).optional(),
    limit: z.coerce.number().int().min(1).max(maxPageSize).default(100),
  })
  .strict()
  .prefault({})

/** What a program's settings come to, in sentences that its people can check against what they agreed. */
export function describeProgram(model: AttributionModel, parameters: ProgramParameters): string[] {
  const { lookbackDays, cutoff, countsCrmSync, excludedTypes, excludedPartnerIds } = parameters
  const until =
    cutoff === 'close' ? 'up to the deal’s close' : 'up to its qualification, where that was before the close'
  const since = lookbackDays === null ? 'however old they are' : `not older than ${countOf(lookbackDays, 'day')}`
  const types = excludedTypes
    .filter(type => type !== 'crm_sync' || countsCrmSync)
    .map(type => inside(touchLabels[type]))
  const left = [
    ...(countsCrmSync ? [] : ['CRM syncs']),
    ...(types.length > 0 ? [`touches of type ${types.join(', ')}`] : []),
    ...(excludedPartnerIds.length > 0 ? [`touches of ${countOf(excludedPartnerIds.length, 'excluded partner')}`] : []),
  ]
  return [
    modelLabels[model].says,
    ...weighing(model, parameters),
    `Touches count ${until}, ${since}${left.length > 0 ? `; ${left.join(', ')} don’t` : ''}.`,
  ]
}

function weighing(model: AttributionModel, parameters: ProgramParameters): string[] {
  const list = <K extends string>(labels: Record<K, string>, numbers: Record<K, number>, unit = '') =>
    (Object.keys(labels) as K[]).map(key => `${inside(labels[key])} ${numbers[key]}${unit}`).join(', ')
  const changed = <K extends string>(labels: Record<K, string>, percents: Record<K, number>) =>
    (Object.keys(labels) as K[])
      .filter(key => percents[key] !== 100)
      .map(key => `${inside(labels[key])} ${percents[key]} %`)
  switch (model) {
    case 'time_decay':
      return [
        `A touch weighs half as much as one ${parameters.halfLifeDays === 1 ? 'a day' : `${parameters.halfLifeDays} days`} later.`,
      ]
    case 'role_based':
      return [`Weights: ${list(touchLabels, parameters.touchWeights)}.`]
    case 'position_based': {
      const { first, last, middle } = parameters.positions
      return [`First ${first}, last ${last}, those between ${middle} together.`]
    }
    case 'role_weighted':
      return [`Pools: ${list(roleLabels, parameters.rolePools)}. Pools that nobody is in are left out.`]
    case 'cosell_split':
      return [`Pools: ${list(partnerClassLabels, parameters.classPools)}. Pools that nobody is in are left out.`]
    case 'custom': {
      const other = [
        ...changed(touchLabels, parameters.customTypePercent),
        ...changed(partnerTypeLabels, parameters.customPartnerTypePercent),
        ...changed(partnerTierLabels, parameters.customTierPercent),
      ]
      return [other.length > 0 ? `Everything weighs 100 %, but ${other.join(', ')}.` : 'Everything weighs 100 %.']
    }
    default:
      return []
  }
}

/** A label inside a sentence: `Content share` → `content share`, but `CRM sync`. */
function inside(label: string): string {
  return label.replace(/^[A-Z](?=[a-z])/, first => first.toLowerCase())
}

function countOf(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

export const partnerClassLabels: Record<PartnerClass, string> = {
  hyperscaler: 'Hyperscaler',
  partner: 'Partner',
  vendor: 'Vendor',
}

export const partnerTierLabels: Record<PartnerTier, string> = {
  registered: 'Registered',
  silver: 'Silver',
  gold: 'Gold',
  platinum: 'Platinum',
}
