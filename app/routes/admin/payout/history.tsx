import { Card } from '#app/components/card.tsx'
import { changesBetween, Diff } from '#app/components/diff.tsx'
import { inWords } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { formatMoney } from '#server/lib/money.ts'
import { usePayoutPage } from './page-data.ts'
import { actionLabel } from './words.ts'

/** Every change with who, when, and field by field what it was and became; the audit log's own rows. */
export function History() {
  const { payout, staff } = usePayoutPage()
  return (
    <Card title="History" description="From the audit log, newest first.">
      {staff.history.length === 0 ? <p className="text-muted">Nothing is recorded.</p> : null}
      <ol className="flex flex-col divide-y divide-line">
        {staff.history.map(({ seq, at, actor, action, before, after }) => {
          const changes = changesBetween(readable(before, payout.currency), readable(after, payout.currency))
          return (
            <li key={seq} className="py-3 first:pt-0 last:pb-0">
              <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                <p>
                  <span className="font-medium">{actionLabel(action)}</span>{' '}
                  <span className="text-muted">by {actor}</span>
                </p>
                <p className="text-muted text-sm">
                  <When at={at} />
                </p>
              </div>
              {changes.length > 0 ? (
                <div className="mt-1">
                  <Diff changes={changes} />
                </div>
              ) : null}
            </li>
          )
        })}
      </ol>
    </Card>
  )
}

const amounts = new Set(['amount', 'reversed', 'taken'])
/** What the page says elsewhere, or nobody reads. */
const quiet = new Set(['digest', 'partnerId', 'number', 'currency'])

/** An audit row's JSON in words: amounts as money, statuses as on the badges. */
function readable(json: string | null, currency: string): Record<string, unknown> | null {
  if (json === null) return null
  const record = JSON.parse(json) as Record<string, unknown>
  const fields = Object.entries(record).flatMap(([field, value]): [string, unknown][] => {
    if (quiet.has(field)) return []
    if (amounts.has(field) && typeof value === 'number') return [[field, formatMoney(value, currency, { code: true })]]
    if ((field === 'status' || field === 'decision' || field === 'method') && typeof value === 'string')
      return [[field, inWords(value)]]
    return [[field, value]]
  })
  return Object.fromEntries(fields)
}
