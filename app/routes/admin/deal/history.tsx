import { Card } from '#app/components/card.tsx'
import { changesBetween, Diff } from '#app/components/diff.tsx'
import { inWords } from '#app/components/status-badge.tsx'
import { formatMoment, When } from '#app/components/when.tsx'
import { modelLabels } from '#server/attribution/rules.ts'
import { formatMoney } from '#server/lib/money.ts'
import { percentWords } from '#server/lib/percent.ts'
import { useDealPage } from './page-data.ts'

const actionWords: Record<string, string> = {
  'deals.create': 'Deal added',
  'deals.update': 'Deal edited',
  'deals.win': 'Marked won',
  'deals.lose': 'Marked lost',
  'deals.reopen': 'Reopened',
  'deals.refund': 'Refund recorded',
  'deals.addTouch': 'Touch added',
  'deals.updateTouch': 'Touch edited',
  'deals.removeTouch': 'Touch removed',
  'deal.attributed': 'Attributed',
  'commissions.book': 'Commissions booked',
  'commissions.rematch': 'Rules matched again',
  'attribution.override': 'Shares set by hand',
  'attribution.clearOverride': 'Shares set by hand withdrawn',
  'attribution.recalculate': 'Recalculated on demand',
  'splits.open': 'Partners asked to agree on shares',
  'splits.propose': 'Shares proposed',
  'splits.accept': 'Shares accepted',
  'splits.decline': 'Shares declined',
  'splits.confirm': 'Agreed shares confirmed',
  'splits.withdraw': 'Agreement on shares withdrawn',
  'split.expired': 'Shares not agreed on in time',
}

/** Every change with who, when, and field by field what it was and became; the audit log's own rows. */
export function History() {
  const { deal } = useDealPage()
  return (
    <Card title="History" description="From the audit log, newest first.">
      <ol className="flex flex-col divide-y divide-line">
        {deal.history.map(({ seq, at, actor, action, before, after }) => (
          <li key={seq} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline justify-between gap-x-4">
              <p>
                <span className="font-medium">{actionWords[action] ?? inWords(action.replace('.', ' '))}</span>{' '}
                <span className="text-muted">by {actor}</span>
              </p>
              <p className="text-muted text-sm">
                <When at={at} />
              </p>
            </div>
            <Changes before={before} after={after} />
          </li>
        ))}
      </ol>
    </Card>
  )
}

function Changes({ before, after }: { before: string | null; after: string | null }) {
  const readable = useReadable()
  const changes = changesBetween(readable(before), readable(after))
  if (changes.length === 0) return null
  if (changes.some(change => change.before !== undefined)) return <Diff changes={changes} />
  return (
    <details data-print="">
      <summary className="min-h-6 w-fit rounded-sm text-muted text-sm hover:text-ink hover:underline">
        {changes.length} {changes.length === 1 ? 'field' : 'fields'}
      </summary>
      <Diff changes={changes} />
    </details>
  )
}

const amounts = new Set(['amount', 'refunded'])
const words = new Set(['stage', 'type', 'source', 'basis', 'role'])
/** What the page says elsewhere, or nobody reads. */
const quiet = new Set(['touchId', 'partnerId', 'number'])

/** An audit row's JSON in words: amounts as money, moments in the program's zone, shares by partner. */
function useReadable() {
  const { deal } = useDealPage()
  const names = new Map(
    [
      ...deal.touches.map(touch => touch.partner),
      ...deal.runs.flatMap(run =>
        run.credits.map(({ partnerId, partnerName }) => ({ id: partnerId, name: partnerName })),
      ),
      ...(deal.registeredBy ? [deal.registeredBy] : []),
    ].map(({ id, name }) => [id, name]),
  )
  return (json: string | null): Record<string, unknown> | null => {
    if (json === null) return null
    const record = JSON.parse(json) as Record<string, unknown>
    const currency = typeof record.currency === 'string' ? record.currency : deal.currency
    const fields = Object.entries(record).flatMap(([field, value]): [string, unknown][] => {
      if (quiet.has(field)) return []
      if (typeof value === 'number' && amounts.has(field))
        return [[field, formatMoney(value, currency, { code: true })]]
      if (typeof value === 'number' && (field === 'at' || field.endsWith('At')))
        return [[field === 'at' ? 'when' : field, formatMoment(value, deal.program.timeZone)]]
      if (field === 'shares' && typeof value === 'object' && value !== null) return [[field, sharesText(value, names)]]
      if (field === 'model' && typeof value === 'string')
        return [[field, modelLabels[value as keyof typeof modelLabels]?.label ?? value]]
      if (field === 'registeredBy' && typeof value === 'string') return [[field, names.get(value) ?? value]]
      if (field === 'programId') return [['program', value === deal.program.id ? deal.program.name : value]]
      if (typeof value === 'string' && words.has(field)) return [[field, inWords(value)]]
      return [[field, value]]
    })
    return Object.fromEntries(fields)
  }
}

function sharesText(shares: object, names: ReadonlyMap<string, string>): string {
  const parts = Object.entries(shares).map(([id, bp]) => `${names.get(id) ?? id} ${percentWords(Number(bp))}`)
  return parts.length > 0 ? parts.join(', ') : 'nobody'
}
