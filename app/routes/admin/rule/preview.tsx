import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import type { Preview as PreviewData } from '#server/rules/preview.ts'
import { useRulePage } from './page-data.ts'

type PartnerChange = PreviewData['partners'][number]

const columns: Column<PartnerChange>[] = [
  {
    key: 'partner',
    header: 'Partner',
    card: 'title',
    cell: row => <span className="flex min-h-6 items-center break-words">{row.name}</span>,
  },
  {
    key: 'before',
    header: 'Rules in force',
    align: 'end',
    cell: row => <Money amount={row.before} currency={row.currency} />,
  },
  {
    key: 'after',
    header: 'With the draft',
    align: 'end',
    cell: row => <Money amount={row.after} currency={row.currency} />,
  },
  {
    key: 'difference',
    header: 'Difference',
    align: 'end',
    card: 'aside',
    cell: row => (
      <span className={row.after > row.before ? 'text-success' : 'text-danger'}>
        <Money amount={row.after - row.before} currency={row.currency} sign />
      </span>
    ),
  },
]

/** What the draft would have paid in the last 90 days: who gains, who loses, and the total. */
export function Preview() {
  const { preview } = useRulePage()
  if (!preview) return null
  const { deals, affected, totals, partners } = preview
  return (
    <Card
      title="On the last 90 days"
      description={
        deals === 0
          ? 'No deal was won in the last 90 days, so there is nothing to compare.'
          : `${count(deals, 'won deal')} looked at; ${affected === 0 ? 'none' : count(affected, 'deal')} would pay something else. The draft counts as in force on all these days; nothing of this is booked.`
      }
      padding="none"
    >
      {deals === 0 ? null : (
        <>
          <dl className="grid gap-x-8 gap-y-2 border-line border-b p-4 sm:grid-cols-3">
            {totals.map(({ currency, before, after }) => (
              <div key={currency}>
                <dt className="text-muted text-sm">In all, {currency}</dt>
                <dd>
                  <Money amount={after} currency={currency} className="font-semibold" />
                  <span className="block text-muted text-sm">
                    <Money amount={after - before} currency={currency} sign /> against the rules in force
                  </span>
                </dd>
              </div>
            ))}
            <div>
              <dt className="text-muted text-sm">Partners</dt>
              <dd>{gainAndLose(preview)}</dd>
            </div>
          </dl>
          <Table
            caption="Who gains and who loses"
            columns={columns}
            rows={partners}
            rowKey={row => `${row.id} ${row.currency}`}
            rowTo={row => `/admin/partners/${row.id}`}
            empty={<p className="p-4 text-muted">Nobody would earn more or less.</p>}
          />
        </>
      )}
    </Card>
  )
}

/** `2 partners gain, 1 loses.` */
export function gainAndLose({ gainers, losers }: Pick<PreviewData, 'gainers' | 'losers'>): string {
  if (gainers + losers === 0) return 'Nobody gains or loses.'
  return `${count(gainers, 'partner')} ${gainers === 1 ? 'gains' : 'gain'}, ${losers} ${losers === 1 ? 'loses' : 'lose'}.`
}

function count(many: number, one: string): string {
  return `${many.toLocaleString('en-US')} ${one}${many === 1 ? '' : 's'}`
}
