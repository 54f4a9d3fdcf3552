import { invalid, parameterMissing, parameterUnknown } from './errors.ts'
import { isObject, type Raw, type RawObject } from './form.ts'

/** What one parameter may hold. `free` accepts anything: a part of the API that has no effect here. */
type ParameterKind = 'string' | 'integer' | 'boolean' | 'strings' | 'metadata' | 'range' | 'free'
export type ParameterSpec = { readonly [name: string]: ParameterKind | ParameterSpec }

export interface Range {
  gt?: number
  gte?: number
  lt?: number
  lte?: number
}

/** New values for some names; null removes the name. `''` for the whole removes all. */
export type MetadataChange = Record<string, string | null> | ''

interface Kinds {
  string: string
  integer: number
  boolean: boolean
  strings: string[]
  metadata: MetadataChange
  range: Range
  free: Raw
}

export type Values<S extends ParameterSpec> = {
  -readonly [N in keyof S]?: S[N] extends ParameterKind
    ? Kinds[S[N]]
    : S[N] extends ParameterSpec
      ? Values<S[N]>
      : never
}

/** Checks and types parameters. `json` says that values arrive typed (v2) instead of as text (v1). Throws an ApiError. */
export function readParameters<S extends ParameterSpec>(
  raw: RawObject,
  spec: S,
  json: boolean,
  within = '',
): Values<S> {
  const values: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(raw)) {
    const param = within ? `${within}[${name}]` : name
    const kind = Object.hasOwn(spec, name) ? spec[name] : undefined
    if (!kind) throw parameterUnknown(json ? param.replaceAll('[', '.').replaceAll(']', '') : param)
    if (json && value === null && kind !== 'free') continue
    if (typeof kind !== 'string') {
      if (!isObject(value)) throw invalid(`Invalid object: ${param}`, { param })
      values[name] = readParameters(value, kind, json, param)
    } else {
      values[name] = READERS[kind](value, param, json)
    }
  }
  return values as Values<S>
}

export function requireParameters(values: Record<string, unknown>, required: readonly string[]): void {
  for (const name of required) {
    if (values[name] === undefined || values[name] === '') throw parameterMissing(name)
  }
}

/** Metadata after a change: a null or empty value removes its name. */
export function mergeMetadata(
  before: Record<string, string>,
  change: MetadataChange | undefined,
): Record<string, string> {
  if (change === undefined) return before
  if (change === '') return {}
  const after = { ...before }
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === '') delete after[name]
    else after[name] = value
  }
  if (Object.keys(after).length > 50) throw invalid('Metadata can hold at most 50 names.', { param: 'metadata' })
  return after
}

const READERS: { [K in ParameterKind]: (value: Raw, param: string, json: boolean) => Kinds[K] } = {
  string: (value, param) => {
    if (typeof value !== 'string') throw invalid(`Invalid string: ${param}`, { param })
    if (value.length > 5000) throw invalid(`${param} is too long.`, { param })
    return value
  },
  integer: readInteger,
  boolean: (value, param, json) => {
    if (json && typeof value === 'boolean') return value
    if (!json && (value === 'true' || value === 'false')) return value === 'true'
    throw invalid(`Invalid boolean: ${String(value)}`, { param })
  },
  strings: (value, param) => {
    if (value === '') return []
    if (!Array.isArray(value) || value.some(one => typeof one !== 'string'))
      throw invalid(`Invalid array: ${param}`, { param })
    return value as string[]
  },
  metadata: readMetadata,
  range: (value, param, json) => {
    if (!isObject(value)) {
      const exact = readInteger(value, param, json)
      return { gte: exact, lte: exact }
    }
    return readParameters(value, { gt: 'integer', gte: 'integer', lt: 'integer', lte: 'integer' }, json, param)
  },
  free: value => value,
}

function readInteger(value: Raw, param: string, json: boolean): number {
  const number = json ? value : typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : null
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw invalid(`Invalid integer: ${String(value)}`, { code: 'parameter_invalid_integer', param })
  }
  return number
}

function readMetadata(value: Raw, param: string): MetadataChange {
  if (value === '') return ''
  const entries = Array.isArray(value) ? Object.entries(value) : isObject(value) ? Object.entries(value) : null
  if (!entries) throw invalid(`Invalid hash: ${param}`, { param })
  const change: Record<string, string | null> = {}
  for (const [name, one] of entries) {
    if (one !== null && typeof one !== 'string')
      throw invalid(`Metadata values must be strings: ${name}`, { param: `${param}[${name}]` })
    if (name.length > 40)
      throw invalid(`Metadata names can have at most 40 characters: ${name}`, { param: `${param}[${name}]` })
    if (one && one.length > 500)
      throw invalid(`Metadata values can have at most 500 characters: ${name}`, { param: `${param}[${name}]` })
    change[name] = one
  }
  return change
}

/** The text if it is one of the choices; otherwise an ApiError. */
export function oneOf<const T extends string>(param: string, text: string, choices: readonly T[]): T {
  const found = choices.find(choice => choice === text)
  if (!found) throw invalid(`Invalid ${param}: must be one of ${choices.join(', ')}`, { param })
  return found
}
