import { Card } from '#app/components/card.tsx'
import { type Change, changesBetween, Diff } from '#app/components/diff.tsx'
import { inWords } from '#app/components/status-badge.tsx'
import { formatMoment, useTimeZone, When } from '#app/components/when.tsx'
import { formatMoney } from '#server/lib/money.ts'
import { usePayoutPage } from './page-data.ts'
import { actionLabel } from './words.ts'

/** Every change with who, when, and field by field what it was and became; the audit log's own rows. */
export function History() {
  const { payout, staff } = usePayoutPage()
  const reading = { currency: payout.currency, timeZone: useTimeZone() }
  return (
    <Card title="History" description="From the audit log, newest first.">
      {staff.history.length === 0 ? <p className="text-muted">Nothing is recorded.</p> : null}
      <ol className="flex flex-col divide-y divide-line">
        {staff.history.map(({ seq, at, actor, action, before, after }) => (
          <li key={seq} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline justify-between gap-x-4">
              <p>
                <span className="font-medium">{actionLabel(action)}</span>{' '}
                <span className="text-muted">by {actor}</span>
              </p>
              <p className="text-muted text-sm">
                <When at={at} />
              </p>
            </div>
            <Changes
              changes={changesBetween(readable(before, reading), readable(after, reading))}
              of={actionLabel(action)}
            />
          </li>
        ))}
      </ol>
    </Card>
  )
}

/** What was one thing and became another stands open; what was only written down beside it unfolds. */
function Changes({ changes, of }: { changes: readonly Change[]; of: string }) {
  const turned = changes.filter(({ before }) => before !== undefined && before !== null)
  const noted = changes.filter(change => !turned.includes(change))
  return (
    <>
      {turned.length > 0 ? <Diff changes={turned} /> : null}
      {noted.length > 0 ? (
        <details data-print="">
          <summary className="min-h-6 w-fit rounded-sm text-muted text-sm hover:text-ink hover:underline">
            {noted.length} {turned.length > 0 ? 'more ' : ''}
            {noted.length === 1 ? 'field' : 'fields'}
            <span className="sr-only"> of “{of}”</span>
          </summary>
          <Diff changes={noted} />
        </details>
      ) : null}
    </>
  )
}

const amounts = new Set(['amount', 'reversed'])
const words = new Set(['status', 'decision', 'method', 'via', 'source', 'bankStatus'])
/** What the page says elsewhere, or nobody reads. */
const quiet = new Set(['digest', 'partnerId', 'number', 'currency'])

interface Reading {
  currency: string
  timeZone: string
}

/** An audit row's JSON in words: amounts as money, moments in the viewer's zone, statuses as on the badges. */
function readable(json: string | null, { currency, timeZone }: Reading): Record<string, unknown> | null {
  if (json === null) return null
  const record = JSON.parse(json) as Record<string, unknown>
  const fields = Object.entries(record).flatMap(([field, value]): [string, unknown][] => {
    if (quiet.has(field)) return []
    if (typeof value === 'number' && amounts.has(field)) return [[field, formatMoney(value, currency, { code: true })]]
    if (typeof value === 'number' && field.endsWith('At')) return [[field, formatMoment(value, timeZone)]]
    if (typeof value === 'string' && words.has(field)) return [[field, inWords(value)]]
    return [[field, value]]
  })
  return Object.fromEntries(fields)
}
