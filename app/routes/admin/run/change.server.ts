import { type ActionFunctionArgs, data } from '@remix-run/node'
import { mutate, type Refusal, redirectWithToast } from '#app/api.server.ts'
import { formatMoney } from '#server/lib/money.ts'
import { changeOf, textOf } from '../read-query.server.ts'

export type RunIntent = 'refresh' | 'include' | 'exclude' | 'execute' | 'discard'

/** A refused form: which one, and why. */
export interface RunAnswer {
  intent: string
  refusal: Refusal
}

/** Changes the run as the form's `intent` says, and shows it again. */
export async function changeRun(args: ActionFunctionArgs) {
  const runId = args.params.runId ?? ''
  const form = await args.request.formData()
  const intent = textOf(form, 'intent')
  const change = { runId, ...changeOf(form) }
  // Filters and page survive: whoever takes rows out goes on where they were.
  const here = new URL(args.request.url)
  const done = (message: string, search = here.search) =>
    redirectWithToast(args.context, `/admin/runs/${runId}${search}`, { kind: 'success', message })
  const refused = (refusal: Refusal) => {
    const answer: RunAnswer = { intent, refusal }
    return data(answer, { status: refusal.status })
  }
  const problem = (message: string, field = '_') =>
    refused({ ok: false, status: 400, message, fields: { [field]: message } })

  switch (intent as RunIntent) {
    case 'refresh': {
      const outcome = await mutate(args, api => api.runs.refresh(change))
      return outcome.ok ? done('Planned anew, from what is owed now.') : refused(outcome)
    }
    case 'include':
    case 'exclude': {
      const included = intent === 'include'
      const rowIds = [...new Set(form.getAll('ids').map(String))]
      if (rowIds.length === 0) return problem('Choose at least one row first.')
      const outcome = await mutate(args, api => api.runs.include({ ...change, rowIds, included }))
      if (!outcome.ok) return refused(outcome)
      const rows = rowIds.length === 1 ? '1 row' : `${rowIds.length} rows`
      return done(included ? `${rows} will be paid.` : `${rows} taken out: they are in the next plan.`)
    }
    case 'execute': {
      if (form.get('confirmed') !== 'yes') return problem('Tick the box once you have checked the totals.', 'confirmed')
      const outcome = await mutate(args, api => api.runs.execute({ ...change, digest: textOf(form, 'digest') }))
      if (!outcome.ok) return refused(outcome)
      const { payouts, totals } = outcome.value
      const sums = totals.map(one => formatMoney(one.amount, one.currency, { code: true })).join(' and ')
      return done(
        `${payouts === 1 ? '1 payout is' : `${payouts} payouts are`} made: ${sums}. They wait for approval.`,
        '',
      )
    }
    case 'discard': {
      const outcome = await mutate(args, api => api.runs.discard(change))
      return outcome.ok ? done('The run is discarded; nothing was created.', '') : refused(outcome)
    }
    default:
      return problem('This page doesn’t know that action.')
  }
}
