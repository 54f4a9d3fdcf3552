import type { ReactNode } from 'react'
import { Money } from '#app/components/money.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { formatPeriod } from '#server/lib/period.ts'
import type { PortalRow } from './words.ts'

/** A partner's payouts: cards on a phone, each a link, with the status in plain words. */
export function PayoutTable({
  rows,
  caption,
  empty,
}: {
  rows: readonly PortalRow[]
  caption: string
  empty: ReactNode
}) {
  return (
    <Table
      caption={caption}
      rows={rows}
      rowKey={row => row.id}
      rowTo={row => `/portal/payouts/${row.id}`}
      empty={empty}
      columns={[
        {
          key: 'payout',
          header: 'Payout',
          card: 'title',
          cell: row => (
            <span className="inline-flex flex-col whitespace-nowrap">
              {row.period ? formatPeriod(row.period) : 'Payout'}
              <span className="num font-normal text-muted text-sm">{row.number}</span>
            </span>
          ),
        },
        {
          key: 'amount',
          header: 'Amount',
          align: 'end',
          card: 'aside',
          cell: row => (
            <span className="inline-flex flex-col items-end">
              <Money amount={row.amount} currency={row.currency} className="font-medium" />
              {row.amountReversed > 0 && row.status !== 'reversed' ? (
                <span className="font-normal text-muted text-sm">
                  <Money amount={-row.amountReversed} currency={row.currency} code={false} /> taken back
                </span>
              ) : null}
            </span>
          ),
        },
        {
          key: 'status',
          header: 'Status',
          cell: row => (
            <span className="inline-flex flex-col items-start gap-0.5 max-sm:items-end max-sm:text-end">
              <StatusBadge status={row.status} />
              <span className="text-muted text-sm">{row.says}</span>
            </span>
          ),
        },
        {
          key: 'when',
          header: 'When',
          align: 'end',
          cell: row => (
            <span className="text-muted text-sm">
              {row.paidAt === null ? 'created ' : 'paid '}
              <When at={row.paidAt ?? row.createdAt} mode="date" />
            </span>
          ),
        },
      ]}
    />
  )
}
