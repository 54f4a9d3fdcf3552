import type { ActionFunctionArgs } from '@remix-run/node'
import { mutate } from '#app/api.server.ts'

export type BulkAction = 'approve' | 'markPaid'

/** What the page shows after a bulk form: what is about to happen, what happened, or why nothing did. */
export type BulkAnswer =
  | { step: 'confirm'; what: BulkAction; ids: string[]; problem?: string }
  | { step: 'done'; what: BulkAction; count: number; skipped: { id: string; label: string; reason: string }[] }
  | { step: 'refused'; status: number; message: string }

/** First the step that shows the totals, then, with its box ticked, the change. Works as plain posts. */
export async function answerBulk(args: ActionFunctionArgs): Promise<BulkAnswer> {
  const form = await args.request.formData()
  const intent = String(form.get('intent'))
  const what: BulkAction = intent.endsWith('markPaid') ? 'markPaid' : 'approve'
  const ids = [...new Set(form.getAll('ids').map(String))]
  if (ids.length === 0) return { step: 'refused', status: 400, message: 'Choose at least one payout first.' }
  if (intent.startsWith('review:')) return { step: 'confirm', what, ids }
  if (form.get('confirmed') !== 'yes')
    return { step: 'confirm', what, ids, problem: 'Tick the box once you have checked the amounts.' }

  const seen = readSeen(form)
  const versions = Object.fromEntries([...seen].map(([id, { version }]) => [id, version]))
  const label = (id: string) => seen.get(id)?.label ?? id
  const idempotencyKey = String(form.get('idempotencyKey') ?? '') || undefined
  const outcome = await mutate(args, async api => {
    if (what === 'approve') {
      const { approved, skipped } = await api.payouts.bulkApprove({ payoutIds: ids, versions, idempotencyKey })
      return { count: approved, skipped }
    }
    const { queued, skipped } = await api.payouts.bulkMarkPaid({ payoutIds: ids, versions, idempotencyKey })
    return { count: queued, skipped }
  })
  if (!outcome.ok) return { step: 'refused', status: outcome.status, message: outcome.message }
  const skipped = outcome.value.skipped.map(({ id, reason }) => ({ id, reason, label: label(id) }))
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
