import { type ActionFunctionArgs, data } from '@remix-run/node'
import type { Refusal } from '#app/api.server.ts'
import { programParameters } from '#server/attribution/rules.ts'
import { badFields } from '../deal/bad-fields.server.ts'
import { summaryOf, typedIn } from '../read-query.server.ts'
import { readExcluded } from './excluded.server.ts'
import { readProgramForm } from './read-form.ts'

/** A program's form with the partners it excludes, as the procedures take it; or the refusal to answer with. */
export async function readProgram(args: ActionFunctionArgs, form: FormData) {
  const read = readProgramForm(form)
  const excluded = await readExcluded(args, form)
  const fields = {
    ...(read.ok ? {} : read.fields),
    ...('problem' in excluded ? { excludedMore: excluded.problem } : {}),
  }
  if (!read.ok || 'problem' in excluded)
    return {
      ok: false as const,
      answer: refused(badFields(fields), form),
    }
  const parameters = programParameters.parse({ ...read.values.parameters, excludedPartnerIds: excluded })
  return { ok: true as const, values: { ...read.values, parameters } }
}

/** The answer of a refused form: what is wrong, and what was typed. */
export function refused(refusal: Refusal, form: FormData) {
  const shown = { ...refusal, fields: named(refusal.fields) }
  const excludedTypes = form.getAll('excludedTypes').map(String)
  return data({ ...shown, summary: summaryOf(shown), values: typedIn(form), excludedTypes }, { status: refusal.status })
}

/** The procedures' names of fields are paths; the form's are what stands in it. */
function named(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name.replace(/^parameters\./, ''), text]))
}
