import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import type { RunView } from '#server/attribution/view.ts'
import { percentWords } from '#server/lib/percent.ts'
import { useDealPage } from './page-data.ts'

const bases: Record<RunView['basis'], string> = { model: '', override: 'Set by hand', split: 'Agreed split' }

/** Every version of the attribution, newest first: why it was made, and what it changed for whom. */
export function Versions() {
  const { deal } = useDealPage()
  if (deal.runs.length === 0) return null
  return (
    <Card title="Versions" description="Each attribution is kept as it was. A new one never rewrites what was paid.">
      <ol className="flex flex-col divide-y divide-line">
        {deal.runs.map(run => (
          <li key={run.id} className="py-2.5 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline justify-between gap-x-4">
              <p className="flex min-w-0 flex-wrap items-center gap-x-2">
                <span className="font-medium">Version {run.number}</span>
                {deal.current?.id === run.id ? <Badge tone="success">Counts now</Badge> : null}
                <Badge>{bases[run.basis] || run.modelLabel}</Badge>
                <span className="break-words">{run.cause}</span>
              </p>
              <p className="text-muted text-sm">
                {run.createdBy}, <When at={run.createdAt} />
              </p>
            </div>
            {run.reason ? <p className="text-sm">“{run.reason}”</p> : null}
            <Differences run={run} />
          </li>
        ))}
      </ol>
    </Card>
  )
}

function Differences({ run }: { run: RunView }) {
  if (run.differences.length === 0)
    return (
      <p className="text-muted text-sm">
        {run.credits.length === 0 ? 'Nobody is credited.' : 'The same shares, on other grounds.'}
      </p>
    )
  return (
    <ul className="mt-1 flex flex-col gap-0.5 text-sm">
      {run.differences.map(({ partnerId, partnerName, before, after }) => (
        <li key={partnerId} className="flex flex-wrap justify-between gap-x-4">
          <span className="break-words">{partnerName}</span>
          <span className="num">
            {before.bp > 0 || before.amount > 0 ? (
              <>
                <span className="text-muted">
                  {percentWords(before.bp)}, <Money amount={before.amount} currency={run.currency} />
                </span>{' '}
                <span aria-hidden="true">→</span>
                <span className="sr-only">became</span>{' '}
              </>
            ) : null}
            {after.bp > 0 || after.amount > 0 ? (
              <>
                {percentWords(after.bp)}, <Money amount={after.amount} currency={run.currency} />
              </>
            ) : (
              'nothing'
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}
