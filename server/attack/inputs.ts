import fc from 'fast-check'
import { z } from 'zod'
import { allowedTexts, dates, numbers, refusedTexts, strangeKeys, strangeValues } from './corpus.ts'

/** The part of JSON Schema that our inputs come to. */
export interface Schema {
  type?: string | string[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  const?: unknown
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  propertyNames?: Schema
  items?: Schema
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

/**
 * What a field of this name may well hold: ids of things that exist, currencies, addresses; with `whole`, lists and objects. Null where
 * only the schema knows.
 */
export type Hints = (field: string, whole?: boolean) => readonly unknown[] | null

/** What the schema of a procedure's input looks like to whoever generates for it. */
export function schemaOf(input: z.ZodType): Schema {
  return z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Schema
}

/** How an input was meant: well-formed, with one thing broken, or with its structure broken. */
export interface Attempt {
  kind: 'valid' | 'near' | 'broken'
  input: unknown
}

/** Inputs for a schema: most would pass it and carry hostile content, some break one field, some break the structure. */
export function attempts(schema: Schema, hints: Hints): fc.Arbitrary<Attempt> {
  const valid = validFor(schema, hints, '')
  const strange = fc.constantFrom(...strangeValues())
  const near = fc
    .tuple(valid, fc.nat(10_000), strange)
    .map(([input, where, value]) => breakOne(input, where, () => value))
  const extra = fc
    .tuple(valid, fc.nat(10_000), fc.constantFrom(...strangeKeys), strange)
    .map(([input, where, key, value]) => addKey(input, where, key, value))
  const twisted = fc
    .tuple(valid, fc.nat(10_000))
    .map(([input, where]) => breakOne(input, where, value => (Array.isArray(value) ? { 0: value } : [value, value])))
  return fc.oneof(
    { weight: 60, arbitrary: valid.map(input => ({ kind: 'valid' as const, input })) },
    { weight: 25, arbitrary: near.map(input => ({ kind: 'near' as const, input })) },
    { weight: 15, arbitrary: fc.oneof(strange, extra, twisted).map(input => ({ kind: 'broken' as const, input })) },
  )
}

/** Inputs that keep to the schema as far as it says; rules across fields it does not say. */
export function validFor(schema: Schema, hints: Hints, field: string): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) {
    // `null` stands beside nearly every optional field: seldom, or nothing else is ever tried.
    return fc.oneof(
      ...choices.map(one => ({ weight: one.type === 'null' ? 1 : 4, arbitrary: validFor(one, hints, field) })),
    )
  }
  if (schema.allOf) return validFor(Object.assign({}, ...schema.allOf), hints, field)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'object': {
      const whole = hints(field, true)
      const made = anObject(schema, hints)
      return whole ? fc.oneof(fc.constantFrom(...whole), made) : made
    }
    case 'array': {
      const whole = hints(field, true)
      if (whole) return fc.constantFrom(...whole)
      const minLength = schema.minItems ?? 0
      const maxLength = Math.min(schema.maxItems ?? 5, Math.max(minLength, 5))
      return fc.array(validFor(schema.items ?? {}, hints, field), { minLength, maxLength })
    }
    case 'string':
      return aString(schema, hints(field))
    case 'integer':
    case 'number':
      return aNumber(schema, hints(field))
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default: {
      const known = hints(field)
      return known ? fc.constantFrom(...known) : fc.constantFrom(...strangeValues())
    }
  }
}

function anObject(schema: Schema, hints: Hints): fc.Arbitrary<unknown> {
  const required = new Set(schema.required ?? [])
  if (!schema.properties && schema.propertyNames) {
    const names = validFor(schema.propertyNames, hints, 'id').filter(name => typeof name === 'string')
    const values = validFor(
      typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {},
      hints,
      '',
    )
    return fc.array(fc.tuple(names, values), { maxLength: 4 }).map(entries => objectOf(entries as [string, unknown][]))
  }
  const parts = Object.entries(schema.properties ?? {}).map(([name, part]) => {
    const value = validFor(part, hints, name).map(it => [name, it] as [string, unknown])
    const often = optionalWeights[name] ?? 10
    return required.has(name)
      ? value
      : fc.oneof({ weight: 30, arbitrary: fc.constant(null) }, { weight: often, arbitrary: value })
  })
  return fc.tuple(...parts).map(entries => objectOf(entries.filter(entry => entry !== null)))
}

/** A version that is out of date and a key that was used refuse everything: seldom given, or nothing else is ever reached. */
const optionalWeights: Record<string, number> = { version: 4, idempotencyKey: 4, digest: 3, cursor: 6 }

function aString(schema: Schema, known: readonly unknown[] | null): fc.Arbitrary<unknown> {
  const { minLength = 0, maxLength = 300, pattern } = schema
  if (known) return fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: hostile() })
  if (pattern?.includes('(0[1-9]|1[0-2])'))
    return fc.constantFrom('2026-01', '2026-02', '2026-03', '1999-12', '9999-12')
  if (pattern?.startsWith('^\\d{4}-\\d{2}-\\d{2}')) {
    const near = fc.integer({ min: -40, max: 400 }).map(days => dayAt(Date.UTC(2026, 2, 2) + days * 86_400_000))
    return fc.oneof({ weight: 8, arbitrary: near }, { weight: 1, arbitrary: fc.constantFrom(...dates) })
  }
  if (pattern?.includes('[0-9a-f]{64}')) return fc.constantFrom('0'.repeat(64), 'f'.repeat(64))
  if (pattern?.includes('[A-Z]{2}')) return fc.constantFrom('US', 'DE', 'ZZ', '')
  if (pattern?.includes('\\d{1,3}')) return fc.constantFrom('0', '7', '999')
  const fit = (text: string) => text.padEnd(minLength, text || 'x').slice(0, Math.max(minLength, maxLength))
  return fc
    .oneof(
      { weight: 24, arbitrary: fc.constantFrom(...allowedTexts) },
      {
        weight: 6,
        arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: Math.min(minLength, 20), maxLength: 40 }),
      },
      { weight: 1, arbitrary: fc.constantFrom(...refusedTexts) },
      { weight: 1, arbitrary: fc.constant('x'.repeat(maxLength)) },
    )
    .map(fit)
}

function hostile(): fc.Arbitrary<unknown> {
  return fc.constantFrom(...allowedTexts, ...refusedTexts)
}

function aNumber(schema: Schema, known: readonly unknown[] | null): fc.Arbitrary<unknown> {
  if (known) return fc.constantFrom(...known)
  const safe = Number.MAX_SAFE_INTEGER
  const min = Math.max(schema.minimum ?? (schema.exclusiveMinimum ?? -safe - 1) + 1, -safe)
  const max = Math.min(schema.maximum ?? (schema.exclusiveMaximum ?? safe + 1) - 1, safe)
  const low = Math.min(max, Math.max(min, 0))
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: low, max: Math.min(max, low + 10_000) }) },
    { weight: 2, arbitrary: fc.constantFrom(min, max, low) },
    { weight: 1, arbitrary: fc.constantFrom(...numbers) },
  )
}

const dayAt = (at: number) => new Date(at).toISOString().slice(0, 10)

/** Own properties only: a key named `__proto__` stays a key, as JSON.parse leaves it. */
function objectOf(entries: readonly [string, unknown][]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [key, value] of entries) own(object, key, value)
  return object
}

function own(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}

/** A copy in which one value, somewhere, is another. */
function breakOne(input: unknown, where: number, change: (value: unknown) => unknown): unknown {
  const paths = pathsIn(input)
  const path = paths[where % paths.length] ?? []
  return replaced(input, path, change)
}

function addKey(input: unknown, where: number, key: string, value: unknown): unknown {
  const paths = pathsIn(input).filter(path => isPlain(valueAt(input, path)))
  const path = paths[where % Math.max(1, paths.length)]
  return path
    ? replaced(input, path, found => objectOf([...Object.entries(found as object), [key, value]]))
    : objectOf([[key, value]])
}

function pathsIn(value: unknown, path: string[] = []): string[][] {
  const inner = isPlain(value) || Array.isArray(value) ? Object.entries(value as object) : []
  return [path, ...inner.slice(0, 50).flatMap(([key, child]) => pathsIn(child, [...path, key]))]
}

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>((found, key) => (found as Record<string, unknown>)[key], value)
}

function replaced(value: unknown, [key, ...rest]: string[], change: (value: unknown) => unknown): unknown {
  if (key === undefined) return change(value)
  if (Array.isArray(value)) return value.map((item, at) => (String(at) === key ? replaced(item, rest, change) : item))
  return objectOf(
    Object.entries(value as object).map(([name, item]) => [name, name === key ? replaced(item, rest, change) : item]),
  )
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
