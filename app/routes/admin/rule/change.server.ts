import { type ActionFunctionArgs, data } from '@remix-run/node'
import { mutate, type Outcome, type Refusal } from '#app/api.server.ts'
import type { Caller } from '#server/router.ts'
import { changeOf, summaryOf, textOf, typedIn } from '../read-query.server.ts'
import { fieldName } from './read-form.ts'

/** Publishes, discards or continues a rule as the form's `intent` says; where to go on is in the answer. */
export async function changeRule(
  args: ActionFunctionArgs,
  ruleId: string,
  form: FormData,
): Promise<Outcome<{ message: string; to: string }>> {
  const intent = textOf(form, 'intent')
  const change = { ruleVersionId: textOf(form, 'ruleVersionId'), ...changeOf(form) }
  const page = `/admin/rules/${ruleId}`
  const done = (message: string, to = page) => ({ message, to })
  switch (intent) {
    case 'publish': {
      if (textOf(form, 'confirmed') !== 'yes') return confirmFirst()
      const outcome = await mutate(args, api => api.rules.publish(change))
      return outcome.ok ? { ok: true, value: done(`Version ${outcome.value.number} is published.`) } : outcome
    }
    case 'discard': {
      const outcome = await mutate(args, api => api.rules.discardDraft(change))
      return outcome.ok ? { ok: true, value: done(`Draft ${outcome.value.number} is discarded.`) } : outcome
    }
    case 'newVersion': {
      const { idempotencyKey } = change
      const outcome = await mutate(args, api => api.rules.newVersion({ ruleId, idempotencyKey }))
      return outcome.ok
        ? { ok: true, value: done(`Draft ${outcome.value.number} is started.`, `${page}/edit`) }
        : outcome
    }
    default:
      return { ok: false, status: 400, message: 'This page doesn’t know that action.', fields: {} }
  }
}

function confirmFirst(): Refusal {
  const message = 'Tick the box: publishing can’t be taken back.'
  return { ok: false, status: 400, message, fields: { confirmed: message } }
}

/** What the rule's forms choose from. */
export async function ruleChoices(api: Caller) {
  const programs = await api.programs.list({})
  return {
    programs: programs.rows.map(({ id, name }) => ({ value: id, label: name })),
    currencies: Intl.supportedValuesOf('currency'),
  }
}

const boxNames = ['partnerTypes', 'tiers', 'dealTypes'] as const

/** The answer of a refused form: what is wrong, and what was typed. */
export function refusedRule(refusal: Refusal, form: FormData) {
  const fields = Object.fromEntries(
    Object.entries(refusal.fields).map(([name, text]) => [fieldName(name.split('.')), text]),
  )
  const shown = { ...refusal, fields }
  const boxes = Object.fromEntries(boxNames.map(name => [name, form.getAll(name).map(String)]))
  return data({ ...shown, summary: summaryOf(shown), values: typedIn(form), boxes }, { status: refusal.status })
}

/** What the form itself got wrong, before any procedure saw it. */
export function refusedFields(fields: Record<string, string>, form: FormData) {
  const boxes = Object.fromEntries(boxNames.map(name => [name, form.getAll(name).map(String)]))
  const shown: Refusal = { ok: false, status: 400, message: Object.values(fields)[0] ?? 'Look again.', fields }
  return data({ ...shown, summary: summaryOf(shown), values: typedIn(form), boxes }, { status: 400 })
}
