import type { z } from 'zod'
import { type AttributionModel, modelLabels, programParameters } from '#server/attribution/rules.ts'
import { readPercent } from '#server/lib/percent.ts'
import type { createProgramInput } from '#server/programs/rules.ts'

type Values = Omit<z.input<typeof createProgramInput>, 'idempotencyKey'>

/** The numbers of `parameters` that are one field each, by the name of the field: `rolePools.sourcer`. */
const groups = [
  'touchWeights',
  'positions',
  'customTypePercent',
  'customPartnerTypePercent',
  'customTierPercent',
  'rolePools',
  'classPools',
] as const

const defaults = programParameters.parse({})

/**
 * A program's form as the procedures take it, or what is wrong with it, by field. Runs in the browser too, for the sentence that
 * says what the settings come to. Excluded partners are not in it: they are looked up on the server.
 */
export function readProgramForm(
  form: FormData,
): { ok: true; values: Values & { model: AttributionModel } } | { ok: false; fields: Record<string, string> } {
  const fields: Record<string, string> = {}
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' ? value.trim() : ''
  }
  const whole = (name: string, fallback: number) => {
    const typed = text(name)
    if (typed === '') return fallback
    if (!/^\d{1,9}$/.test(typed)) {
      fields[name] = 'Write a whole number from 0 on, like 40.'
      return fallback
    }
    return Number(typed)
  }
  const model = text('model')
  if (!(model in modelLabels)) fields.model = 'Choose who gets the credit.'
  const numbers = Object.fromEntries(
    groups.map(group => [
      group,
      Object.fromEntries(
        Object.entries(defaults[group]).map(([key, fallback]) => [key, whole(`${group}.${key}`, fallback)]),
      ),
    ]),
  )
  const lookback = text('lookbackDays')
  const parsed = programParameters.safeParse({
    ...numbers,
    halfLifeDays: whole('halfLifeDays', defaults.halfLifeDays),
    lookbackDays: lookback === '' ? null : whole('lookbackDays', 0),
    cutoff: text('cutoff') === 'qualified' ? 'qualified' : 'close',
    countsCrmSync: text('countsCrmSync') === 'yes',
    excludedTypes: form.getAll('excludedTypes').map(String),
  })
  if (!parsed.success) for (const issue of parsed.error.issues) fields[issue.path.join('.')] ??= issue.message
  const debtCapBp = text('debtCap') === '' ? 10_000 : readPercent(text('debtCap'))
  if (debtCapBp === null) fields.debtCap = 'Write a percentage from 0 to 100, like 50.'
  const protectionDays = whole('protectionDays', 90)
  if (!parsed.success || Object.keys(fields).length > 0) return { ok: false, fields }
  return {
    ok: true,
    values: {
      name: text('name'),
      model: model as AttributionModel,
      parameters: parsed.data,
      timeZone: text('timeZone') || undefined,
      protectionDays,
      debtCapBp: debtCapBp ?? 10_000,
    },
  }
}

/** The fields' texts of a saved program, by name. */
export function programTexts(parameters: ReturnType<typeof programParameters.parse>): Record<string, string> {
  const numbers = groups.flatMap(group =>
    Object.entries(parameters[group]).map(([key, value]): [string, string] => [`${group}.${key}`, String(value)]),
  )
  return {
    ...Object.fromEntries(numbers),
    halfLifeDays: String(parameters.halfLifeDays),
    lookbackDays: parameters.lookbackDays === null ? '' : String(parameters.lookbackDays),
    cutoff: parameters.cutoff,
    countsCrmSync: parameters.countsCrmSync ? 'yes' : '',
  }
}
