import type { ReactNode } from 'react'
import { Card } from '#app/components/card.tsx'
import { Money, None } from '#app/components/money.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { kindLabels } from '#server/commissions/rules.ts'
import type { CommissionRow } from '#server/commissions/view.ts'
import { periodLabel } from '../payouts/period.ts'
import { CommissionBadge } from './state-badge.tsx'

const columns: (Column<CommissionRow> & { key: string })[] = [
  {
    key: 'number',
    header: 'Commission',
    card: 'title',
    cell: row => (
      <span className="flex min-h-6 flex-col">
        <span className="num whitespace-nowrap">{row.number}</span>
        <span className="font-normal text-muted text-xs">
          {kindLabels[row.kind].label}
          {row.stream === 'spiff' ? ', spiff' : ''}
          {row.installment ? `, month ${row.installment.number} of ${row.installment.of}` : ''}
        </span>
      </span>
    ),
  },
  { key: 'partner', header: 'Partner', cell: row => <span className="break-words">{row.partner.name}</span> },
  {
    key: 'why',
    header: 'Deal, and why',
    className: 'min-w-56 max-w-md',
    cell: row => (
      <span className="flex flex-col">
        {row.deal ? (
          <span className="break-words">
            {row.deal.name} <span className="num text-muted text-xs">{row.deal.number}</span>
          </span>
        ) : (
          <None label="No deal" />
        )}
        <span className="break-words text-muted text-xs">{row.text}</span>
      </span>
    ),
  },
  {
    key: 'state',
    header: 'State',
    cell: row => (
      <span className="inline-flex flex-col items-start gap-0.5 max-sm:items-end">
        <CommissionBadge state={row.state} />
        {row.state === 'on_hold' ? (
          <span className="text-muted text-xs">
            until <When at={row.releaseAt} mode="date" />
          </span>
        ) : row.payout ? (
          <span className="num text-muted text-xs">{row.payout.number}</span>
        ) : null}
      </span>
    ),
  },
  {
    key: 'period',
    header: 'Period',
    cell: row => (
      <span className="whitespace-nowrap">
        {periodLabel(row.period)}
        {row.originPeriod ? (
          <span className="block text-muted text-xs">for {periodLabel(row.originPeriod)}</span>
        ) : null}
      </span>
    ),
  },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    card: 'aside',
    cell: row => <Money amount={row.amount} currency={row.currency} />,
  },
]

export function CommissionTable({
  rows,
  empty,
  caption = 'Commissions',
}: {
  rows: readonly CommissionRow[]
  empty?: ReactNode
  caption?: string
}) {
  return (
    <Card padding="none">
      <Table
        caption={caption}
        columns={columns}
        rows={rows}
        rowKey={row => row.id}
        rowTo={row => `/admin/commissions/${row.id}`}
        empty={empty}
      />
    </Card>
  )
}
