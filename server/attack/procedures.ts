import { TRPCError } from '@trpc/server'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { ZodError, type z } from 'zod'
import { DomainError } from '../lib/errors.ts'
import { appRouter } from '../router.ts'
import type { TestDeps } from '../test/deps.ts'
import { explain, sentenceOf } from '../trpc.ts'
import { insidesIn, notASentence } from './answers.ts'
import { type Attempt, attempts, schemaOf } from './inputs.ts'
import { aCopy, callAs, foreignCanary, siblingCanary, type Template, type Who } from './world.ts'

type Definition = { type: string; inputs: z.ZodType[] }
export const definitions = new Map(
  Object.entries(appRouter._def.procedures).map(([name, procedure]) => [
    name,
    (procedure as unknown as { _def: Definition })._def,
  ]),
)

/** All that can be asked, by reflection: what is new is attacked without a line here. */
export const procedures: readonly string[] = [...definitions.keys()]

/** What attacking one procedure came to. */
export interface Attacked {
  procedure: string
  inputs: number
  /** Got past permission and schema, to the code that does it. */
  reached: number
  accepted: number
  refused: number
  /** Refusals before and after which all tables were compared. */
  compared: number
  serverErrors: number
  insidesShown: number
  /** What must not happen, each with how to see it again. */
  problems: string[]
}

/** How to see it again, and more of it. */
export function repeatCommand(procedure: string, { inputs, seed }: { inputs: number; seed: number }): string {
  return `npm run fuzz -- --only ${procedure} --inputs ${inputs} --seed ${seed}`
}

/** How many calls a copy of the world serves: what was accepted changes it, until little is left to change. */
const callsPerWorld = 250
/** A full comparison of all tables before and after is slow: made for every so many calls, and whenever something was committed. */
const compareEvery = 40

const staff: Who[] = ['owner', 'admin', 'manager', 'viewer', 'partner', 'sibling', 'nobody']

/** Who gets past the permission: asked with an input that no schema takes, so that nothing is done. */
export async function admitted(template: Template, procedure: string): Promise<Who[]> {
  const deps = await aCopy(template)
  const through: Who[] = []
  for (const who of staff) {
    const answer = await call(deps, template, { who, procedure, input: { nothing: { takes: 'this' } } })
    if (!('error' in answer) || !isGate(answer.error)) through.push(who)
  }
  await deps.remove()
  return through
}

type Answer = { value: unknown; text: string } | { error: unknown }

/** One call, its answer read to the end: exports come in pieces, and may break off. */
export async function call(
  deps: TestDeps,
  template: Template,
  { who, procedure, input }: { who: Who; procedure: string; input: unknown },
): Promise<Answer> {
  const api = (await callAs(deps, template, who)) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >
  const [domain = '', name = ''] = procedure.split('.')
  try {
    const value = await api[domain]?.[name]?.(withBytes(input))
    return { value, text: await textOf(value) }
  } catch (error) {
    return { error }
  }
}

/** Files come as streams, which no schema can describe and no list of values can hold twice. */
export function withBytes(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, 'bytes')) return input
  const { bytes } = input as { bytes: unknown }
  if (typeof bytes !== 'object' || bytes === null || !Object.hasOwn(bytes, 'text')) return input
  return { ...input, bytes: streamOf(String((bytes as { text: unknown }).text)) }
}

async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

async function textOf(value: unknown): Promise<string> {
  let text = JSON.stringify(value) ?? ''
  const parts = typeof value === 'object' && value !== null ? [value, ...Object.values(value)] : []
  for (const part of parts)
    if (typeof part === 'object' && part !== null && Symbol.asyncIterator in part) {
      let pieces = 0
      for await (const piece of part as AsyncIterable<unknown>) {
        text += typeof piece === 'string' ? piece : JSON.stringify(piece)
        // Live changes never end.
        if (++pieces >= 50 || typeof piece !== 'string') break
      }
    }
  return text
}

/** Refused before the input was looked at. */
function isGate(error: unknown): boolean {
  return (
    error instanceof TRPCError &&
    !(error.cause instanceof DomainError) &&
    (error.code === 'FORBIDDEN' || error.code === 'UNAUTHORIZED')
  )
}

function isSchema(error: unknown): boolean {
  return error instanceof TRPCError && error.cause instanceof ZodError
}

/** Every row of every table but `except`; throttles count refusals, so they may change with one. */
export async function fingerprint(deps: TestDeps, except: readonly string[] = []): Promise<string> {
  const tables = await deps.db.read.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'throttles' ORDER BY name`,
  )
  const rows: unknown[] = []
  for (const { name } of tables)
    if (!except.includes(name)) rows.push(name, await deps.db.read.all(sql`SELECT * FROM ${sql.identifier(name)}`))
  return JSON.stringify(rows)
}

/**
 * Calls one procedure with `inputs` generated inputs, as people of all roles, and says what must not happen: a bug's answer, our
 * insides in an answer, a refusal that nobody understands or that changed something, another company's words.
 */
export async function attack(
  template: Template,
  procedure: string,
  { inputs, seed }: { inputs: number; seed: number },
): Promise<Attacked> {
  const definition = definitions.get(procedure)
  if (!definition) throw new Error(`There is no procedure ${procedure}`)
  const through = await admitted(template, procedure)
  const [input] = definition.inputs
  const tries: fc.Arbitrary<Attempt> = input
    ? attempts(schemaOf(input), template.hints)
    : fc.constant({ kind: 'valid', input: undefined })
  const who = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...(through.length > 0 ? through : staff)) },
    { weight: 1, arbitrary: fc.constantFrom(...staff) },
  )
  const result: Attacked = {
    procedure,
    inputs,
    reached: 0,
    accepted: 0,
    refused: 0,
    compared: 0,
    serverErrors: 0,
    insidesShown: 0,
    problems: [],
  }
  let deps = await aCopy(template)
  try {
    for (const [number, [person, attempt]] of fc.sample(fc.tuple(who, tries), { numRuns: inputs, seed }).entries()) {
      if (number > 0 && number % callsPerWorld === 0) {
        await deps.remove()
        deps = await aCopy(template)
      }
      const compare = number % compareEvery === 0
      const asked = { who: person, procedure, input: attempt.input }
      for (const problem of await one(deps, template, asked, compare, result))
        result.problems.push(`${procedure} #${number} as ${person}: ${problem}\n    input ${show(attempt.input)}`)
    }
  } finally {
    await deps.remove()
  }
  return result
}

async function one(
  deps: TestDeps,
  template: Template,
  asked: { who: Who; procedure: string; input: unknown },
  compare: boolean,
  result: Attacked,
): Promise<string[]> {
  const before = compare ? await fingerprint(deps) : null
  deps.log.lines.length = 0
  const { writes } = deps.db.stats()
  const answer = await call(deps, template, asked)
  if (!('error' in answer)) {
    result.reached++
    result.accepted++
    const problems = problemsOfAnswer(answer.text, asked.who)
    result.insidesShown += problems.filter(problem => problem.includes('our insides')).length
    return problems
  }
  result.refused++
  const { error } = answer
  if (!isGate(error) && !isSchema(error)) result.reached++
  const problems = problemsOfRefusal(error, deps)
  if (!(error instanceof TRPCError) || error.code === 'INTERNAL_SERVER_ERROR') result.serverErrors++
  result.insidesShown += problems.filter(problem => problem.includes('our insides')).length
  if (before !== null) result.compared++
  if (before !== null && before !== (await fingerprint(deps))) problems.push('the refused call changed the database')
  // Something was committed though it was refused: allowed is only a throttle's count. Asked once more, with a comparison around it.
  else if (before === null && deps.db.stats().writes !== writes) {
    const between = await fingerprint(deps)
    const again = await call(deps, template, asked)
    if ('error' in again && between !== (await fingerprint(deps)))
      problems.push('the refused call changed the database')
  }
  return problems
}

function problemsOfAnswer(text: string, who: Who): string[] {
  const problems: string[] = []
  if (text.includes(foreignCanary)) problems.push('the answer holds what belongs to another company')
  if (who === 'partner' && text.includes(siblingCanary))
    problems.push('the answer holds what belongs to another partner')
  const inside = insidesIn(text)
  if (inside) problems.push(`the answer shows our insides: ${inside}`)
  return problems
}

function problemsOfRefusal(error: unknown, deps: TestDeps): string[] {
  if (!(error instanceof TRPCError)) return [`something else than a refusal was thrown: ${String(error)}`]
  if (error.code === 'INTERNAL_SERVER_ERROR') {
    const cause = error.cause as (Error & { cause?: Error }) | undefined
    const inner = cause?.cause ? ` ← ${cause.cause.message}` : ''
    return [`a bug answered: ${(cause ?? error).stack?.split('\n').slice(0, 4).join(' ')}${inner}`]
  }
  const sentences = [sentenceOf(error, 'req_fuzz'), ...Object.values(explain(error).fields ?? {})]
  const problems = [...new Set(sentences)].flatMap(sentence => {
    const why = notASentence(sentence)
    return why ? [`the refusal is no sentence: ${why}: ${sentence.slice(0, 200)}`] : []
  })
  if (sentences.some(sentence => sentence.includes(foreignCanary))) problems.push('the refusal names another company’s')
  const logged = deps.log.lines.filter(({ level }) => level === 'error')
  if (logged.length > 0) problems.push(`an error was logged: ${logged[0]?.message}`)
  return problems
}

function show(value: unknown): string {
  const text = fc.stringify(value)
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text
}
