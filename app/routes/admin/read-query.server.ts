import type { z } from 'zod'
import type { Refusal } from '#app/api.server.ts'
import type { FormErrors } from '#app/components/form.tsx'
import { cursorIn } from '#app/components/trail.ts'
import { plainWords } from '#server/lib/plain-words.ts'

/**
 * A list's filter from an address or a posted form, by the schema that the procedure uses. What can't be used is left out, with a
 * sentence for the page to show.
 */
export function readQuery<Schema extends z.ZodObject>(schema: Schema, params: URLSearchParams | FormData) {
  const input: Record<string, unknown> = {}
  for (const field of Object.keys(schema.shape)) {
    const value = params.get(field)
    if (typeof value === 'string' && value !== '') input[field] = value
  }
  return takeWhatFits(schema, input)
}

/** What of an input its schema takes; each field that it doesn't is left out, with a sentence. */
export function takeWhatFits<Schema extends z.ZodObject>(
  schema: Schema,
  given: Record<string, unknown>,
): { filter: z.infer<Schema>; problems: string[] } {
  const input = { ...given }
  const problems = new Set<string>()
  for (;;) {
    const parsed = schema.safeParse(input)
    if (parsed.success) return { filter: parsed.data, problems: [...problems] }
    const bad = parsed.error.issues.filter(issue => String(issue.path[0]) in input)
    if (bad.length === 0) return { filter: schema.parse({}), problems: [...problems] }
    for (const issue of bad) {
      const field = String(issue.path[0])
      // The first problem of a field takes it out; what else is said of it is about a value that is gone.
      if (!(field in input)) continue
      problems.add(sentence(field, issue, input[field]))
      delete input[field]
    }
  }
}

/** A field's own sentence says what is wrong; the general ones are for forms, where the field stands beside them. */
function sentence(field: string, issue: z.core.$ZodIssue, input: unknown): string {
  return issue.message === plainWords({ ...issue, input } as Parameters<typeof plainWords>[0])
    ? `“${field}” in the address has a value we don’t know, so it is left out.`
    : issue.message
}

/** The page's cursor. One that is longer than any of ours reads as none. */
export function cursorOf(params: URLSearchParams, max?: number): string | undefined {
  return cursorIn(params, 'after', max)
}

/** A form's text field, trimmed; empty where it is missing or a file. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/** What every change carries: the version that the page showed, and the key of this intent. */
export function changeOf(form: FormData): { version?: number; idempotencyKey?: string } {
  const version = Number(textOf(form, 'version'))
  const idempotencyKey = textOf(form, 'idempotencyKey')
  return {
    ...(Number.isSafeInteger(version) && version > 0 ? { version } : {}),
    ...(idempotencyKey ? { idempotencyKey } : {}),
  }
}

/** What was typed, for the form that comes back refused. Never for forms with passwords. */
export function typedIn(form: FormData): Record<string, string> {
  return Object.fromEntries([...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
}

/**
 * What the box above a refused form says: one problem as it is, several as a list that leads to the fields. Made once, in the
 * action: a new object at each render would take the focus each time.
 */
export function summaryOf({ message, fields }: Refusal): FormErrors {
  return Object.keys(fields).length > 1 ? { fields } : { message }
}
