import { useLoaderData } from '@remix-run/react'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { kindLabels, statusLabels } from '#server/imports/rules.ts'
import type { loader } from '../import.tsx'
import { counted } from './status.tsx'

/** How far the worker is. Live updates read the page again; without scripts a link does. */
export function Progress() {
  const { one } = useLoaderData<typeof loader>()
  const { done, of, unit } = measure(one)
  const share = of === 0 ? 0 : Math.min(100, Math.floor((done / of) * 100))
  return (
    <Card title={one.attributing ? 'Attributing won deals' : statusLabels[one.status].label}>
      <div className="flex flex-col gap-2">
        <progress value={done} max={of || 1} aria-label="Progress" className="h-2 w-full accent-(--accent)">
          {share} %
        </progress>
        <p className="num text-sm">
          {of > 0 ? `${done.toLocaleString('en-US')} of ${counted(of, unit)}` : `${counted(done, unit)} so far`}
        </p>
        <p className="text-muted text-sm">
          {statusLabels[one.status].says}. It goes on by itself, also when you leave this page or Remit is restarted.
        </p>
        <noscript>
          <LinkButton to={`/admin/imports/${one.importId}`} reloadDocument size="sm" icon="refresh">
            Look again
          </LinkButton>
        </noscript>
      </div>
    </Card>
  )
}

function measure(one: ReturnType<typeof useLoaderData<typeof loader>>['one']): {
  done: number
  of: number
  unit: string
} {
  const unit = kindLabels[one.kind].one
  if (one.status === 'checking') return { done: one.checked, of: one.rows, unit: 'row' }
  if (one.attributing) return { done: one.attributed, of: 0, unit: 'deal' }
  if (one.status === 'committing') return { done: one.done, of: one.checked - one.errors - one.duplicates, unit }
  if (one.status === 'undoing')
    return {
      done: one.checked - one.errors - one.duplicates - one.done,
      of: one.checked - one.errors - one.duplicates,
      unit,
    }
  return { done: 0, of: one.rows, unit: 'row' }
}
