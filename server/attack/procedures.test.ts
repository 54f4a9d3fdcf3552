import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { appRouter } from '../router.ts'
import { schemaOf, validFor } from './inputs.ts'
import { attack, procedures, repeatCommand } from './procedures.ts'
import { makeTemplate, type Template } from './world.ts'

/** Per procedure; `npm run fuzz` has no such limit. */
const inputs = 100
const seed = 20_260_302

let template: Template
const unhandled: unknown[] = []
const listen = (error: unknown) => unhandled.push(error)
let [tried, reached] = [0, 0]

beforeAll(async () => {
  process.on('unhandledRejection', listen)
  template = await makeTemplate()
}, 60_000)
afterAll(() => {
  process.off('unhandledRejection', listen)
  template.remove()
})

test.each(procedures)(
  '%s: whatever it is sent, it answers or refuses in a sentence, and what it refuses changes nothing',
  async procedure => {
    const attacked = await attack(template, procedure, { inputs, seed })
    const again = `Repeat it: ${repeatCommand(procedure, { inputs, seed })}`
    expect(attacked.problems.slice(0, 10), again).toEqual([])
    // Else the schema, or a gate, was attacked and nothing behind it.
    expect(attacked.reached / inputs, again).toBeGreaterThanOrEqual(0.1)
    tried += inputs
    reached += attacked.reached
  },
)

test('over all procedures, at least a fifth of the inputs reach the code behind the schema', () => {
  expect(reached / tried).toBeGreaterThanOrEqual(0.2)
  expect(unhandled).toEqual([])
})

test.each(procedures)('%s: its input has a schema, which refuses fields that nobody asked for', async procedure => {
  const { inputs } = (appRouter._def.procedures as unknown as Record<string, { _def: { inputs: z.ZodType[] } }>)[
    procedure
  ]?._def ?? { inputs: [] }
  for (const schema of inputs) {
    const described = schemaOf(schema)
    const own = JSON.stringify(described)
    const [input] = fc.sample(validFor(described, template.hints, ''), { numRuns: 1, seed })
    for (const key of ['orgId', 'role', 'approvedBy', '__proto__', 'constructor']) {
      if (own.includes(`"${key}":`)) continue
      const given = Object.defineProperty({ ...(input as object) }, key, { value: 'owner', enumerable: true })
      const { error } = await schema.safeParseAsync(given)
      expect(deep(error?.issues ?? []), `${procedure} takes ${key}`).toContain(key)
    }
  }
})

/** The keys that were refused, in whatever branch of the schema. */
function deep(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.flatMap(issue =>
    issue.code === 'unrecognized_keys' ? issue.keys : issue.code === 'invalid_union' ? issue.errors.flatMap(deep) : [],
  )
}
