import type { ActionFunctionArgs } from '@remix-run/node'
import { mutate } from '#app/api.server.ts'
import { readFilter } from './filter.server.ts'

export type BulkAction = 'approve' | 'markPaid'

/** What the page shows after a bulk form: what is about to happen, what happened, or why nothing did. */
export type BulkAnswer =
  | { step: 'confirm'; what: BulkAction; ids: string[]; problem?: string }
  | { step: 'done'; what: BulkAction; count: number; skipped: { id: string; label: string; reason: string }[] }
  | { step: 'refused'; message: string }

/** First the step that shows the totals, then, with its box ticked, the change. Works as plain posts. */
export async function answerBulk(args: ActionFunctionArgs): Promise<BulkAnswer> {
  const form = await args.request.formData()
  const intent = String(form.get('intent'))
  const what: BulkAction = intent.endsWith('markPaid') ? 'markPaid' : 'approve'
  const ids = [...new Set(form.getAll('ids').map(String))]
  if (ids.length === 0) return { step: 'refused', message: 'Choose at least one payout first.' }
  if (intent.startsWith('review:')) return { step: 'confirm', what, ids }
  if (form.get('confirmed') !== 'yes')
    return { step: 'confirm', what, ids, problem: 'Tick the box once you have checked the amounts.' }

  const seen = readSeen(form)
  const changed = await changedSince(args, seen)
  const payoutIds = ids.filter(id => !changed.has(id))
  const label = (id: string) => seen.get(id)?.label ?? id
  const skipped = [...changed].map(id => ({ id, label: label(id), reason: 'It changed while you were looking at it.' }))
  if (payoutIds.length === 0) return { step: 'done', what, count: 0, skipped }
  const idempotencyKey = String(form.get('idempotencyKey') ?? '') || undefined
  const outcome = await mutate(args, async api => {
    if (what === 'approve') {
      const { approved, skipped } = await api.payouts.bulkApprove({ payoutIds, idempotencyKey })
      return { count: approved, skipped }
    }
    const { queued, skipped } = await api.payouts.bulkMarkPaid({ payoutIds, idempotencyKey })
    return { count: queued, skipped }
  })
  if (!outcome.ok) return { step: 'refused', message: outcome.message }
  for (const { id, reason } of outcome.value.skipped) skipped.push({ id, reason, label: label(id) })
  return { step: 'done', what, count: outcome.value.count, skipped }
}

/** What the confirmation showed of each payout: `id|version|label`. */
function readSeen(form: FormData): Map<string, { version: number; label: string }> {
  return new Map(
    form.getAll('seen').map(entry => {
      const [id = '', version = '', ...label] = String(entry).split('|')
      return [id, { version: Number(version), label: label.join('|') }] as const
    }),
  )
}

/** Those on this page of the list that are no longer what the confirmation showed: nobody agreed to the new amounts. */
async function changedSince(args: ActionFunctionArgs, seen: Map<string, { version: number }>): Promise<Set<string>> {
  const params = new URL(args.request.url).searchParams
  const outcome = await mutate(args, api =>
    api.payouts.list({ ...readFilter(params).filter, cursor: params.get('after') ?? undefined, limit: 50 }),
  )
  if (!outcome.ok) return new Set()
  return new Set(
    outcome.value.rows.filter(row => seen.has(row.id) && seen.get(row.id)?.version !== row.version).map(row => row.id),
  )
}
