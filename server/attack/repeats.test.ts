import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../lib/must.ts'
import type { TestDeps } from '../test/deps.ts'
import { schemaOf, validFor } from './inputs.ts'
import { admitted, call, definitions, fingerprint, procedures, withBytes } from './procedures.ts'
import { stories } from './repeats-stories.ts'
import { aCopy, makeTemplate, type Template, type Who } from './world.ts'

const seed = 20_260_302
/** How many inputs are tried until one is accepted: most take the first few. */
const tries = 400
const repeats = 5
const key = 'an intent of somebody'

/** Every procedure that takes the key of an intent, by reflection. */
const repeatable = procedures.filter(procedure => {
  const [input] = definitions.get(procedure)?.inputs ?? []
  return input && JSON.stringify(schemaOf(input)).includes('"idempotencyKey":')
})

let template: Template
beforeAll(async () => {
  template = await makeTemplate()
}, 60_000)
afterAll(() => template.remove())

interface Asked {
  who: Who
  input: object
}

/** One that is done, and another that the schema takes too, for the same person. */
interface Pair {
  first: Asked
  other: object
}

function schemaFor(procedure: string) {
  return must(definitions.get(procedure)?.inputs[0], `${procedure} takes nothing`)
}

/** Inputs as the schema describes them, by people whom the permission lets through. */
async function generated(procedure: string): Promise<Asked[]> {
  const people = await admitted(template, procedure)
  const values = validFor(schemaOf(schemaFor(procedure)), template.hints, '')
  return fc.sample(fc.tuple(fc.constantFrom(...people), values), { numRuns: tries, seed }).map(([who, value]) => {
    const { idempotencyKey: _, ...input } = value as Record<string, unknown>
    return { who, input }
  })
}

async function pairFor(procedure: string, story: Asked | null): Promise<Pair> {
  const samples = await generated(procedure)
  const first = story ?? (await firstAccepted(procedure, samples))
  const text = JSON.stringify(first.input)
  for (const { input } of [
    { input: { ...first.input, fileName: 'another.csv' } },
    ...samples,
    { input: { ...first.input, version: 99 } },
  ])
    if (JSON.stringify(input) !== text && (await schemaFor(procedure).safeParseAsync(withBytes(input))).success)
      return { first, other: input }
  throw new Error(`${procedure}: there is no other input`)
}

async function firstAccepted(procedure: string, samples: Asked[]): Promise<Asked> {
  let deps = await aCopy(template)
  try {
    for (const sample of samples) {
      const { writes } = deps.db.stats()
      if (!('error' in (await call(deps, template, { procedure, ...sample })))) return sample
      if (deps.db.stats().writes === writes) continue
      // A refusal that was counted somewhere: the next one begins anew.
      await deps.remove()
      deps = await aCopy(template)
    }
  } finally {
    await deps.remove()
  }
  throw new Error(`None of ${tries} inputs was accepted: ${procedure} needs a story`)
}

const sizes = (print: string) =>
  (JSON.parse(print) as unknown[]).map(part => (Array.isArray(part) ? part.length : part))

/** A link's secret is kept nowhere: who asks again for one gets another, which opens the same, and its hash is one more row. */
const withoutLinks = (answer: unknown) =>
  JSON.parse(JSON.stringify(answer).replaceAll(/(invitations\/)[\w-]{43}/g, '$1a-new-token'))

test.each(repeatable)(
  '%s: pressed five times with one key, one after the other and at once, it is done once',
  async procedure => {
    const tell = stories[procedure]
    /** A company in which it can be done, always the same. */
    const stage = async () => {
      const deps = await aCopy(template)
      return { deps, story: tell ? await tell(deps, template) : null }
    }
    const { deps, story } = await stage()
    const { first, other } = await pairFor(procedure, story)
    const asked = { who: first.who, procedure, input: { ...first.input, idempotencyKey: key } }
    const press = async (on: TestDeps) => withoutLinks(await call(on, template, asked))

    const before = await fingerprint(deps)
    const once = await press(deps)
    const except = JSON.stringify(once).includes('a-new-token') ? ['tokens'] : []
    const after = await fingerprint(deps, except)
    expect(once).not.toHaveProperty('error')
    expect(after).not.toBe(before)
    for (let again = 1; again < repeats; again++) expect(await press(deps)).toEqual(once)
    expect(await fingerprint(deps, except), 'a repetition changed something').toBe(after)
    // The same key for something else is somebody's mistake: neither is done again.
    const mistaken = await call(deps, template, { ...asked, input: { ...other, idempotencyKey: key } })
    expect(mistaken).toMatchObject({
      error: { code: 'CONFLICT', message: expect.stringContaining('already used with other input') },
    })
    expect(await fingerprint(deps, except), 'what was meant otherwise changed something').toBe(after)
    await deps.remove()

    const { deps: together } = await stage()
    const answers = await Promise.all(Array.from({ length: repeats }, () => press(together)))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]).not.toHaveProperty('error')
    expect(sizes(await fingerprint(together, except)), 'five at once left other rows than one').toEqual(sizes(after))
    await together.remove()
  },
)
