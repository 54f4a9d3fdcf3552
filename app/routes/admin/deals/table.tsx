import type { ReactNode } from 'react'
import { Card } from '#app/components/card.tsx'
import { Money, None } from '#app/components/money.tsx'
import { withParams } from '#app/components/search-params.ts'
import { type Column, type Sort, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import type { DealSort } from '#server/deals/rules.ts'
import type { DealRow } from '#server/deals/view.ts'
import { percentWords } from '#server/lib/percent.ts'
import { StageBadge } from './stage-badge.tsx'

const columns: (Column<DealRow> & { key: string })[] = [
  {
    key: 'deal',
    header: 'Deal',
    card: 'title',
    cell: row => (
      <span className="flex min-h-6 flex-col">
        <span className="break-words">{row.name}</span>
        <span className="num font-normal text-muted text-xs">{row.number}</span>
      </span>
    ),
  },
  { key: 'account', header: 'Account', cell: row => <span className="break-words">{row.accountName}</span> },
  { key: 'stage', header: 'Stage', cell: row => <StageBadge stage={row.stage} /> },
  { key: 'credited', header: 'Credited', cell: row => <Credited row={row} /> },
  { key: 'program', header: 'Program', cell: row => row.program.name },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    sort: 'amount',
    card: 'aside',
    cell: row => (
      <span className="inline-flex flex-col items-end">
        <Money amount={row.amount} currency={row.currency} />
        {row.refunded > 0 ? (
          <span className="text-warning text-xs">
            <Money amount={-row.refunded} currency={row.currency} /> refunded
          </span>
        ) : null}
      </span>
    ),
  },
  {
    key: 'closed',
    header: 'Closed',
    align: 'end',
    sort: 'closed',
    cell: row => <When at={row.closedAt} mode="date" />,
  },
  {
    key: 'created',
    header: 'Created',
    align: 'end',
    sort: 'created',
    card: 'hide',
    cell: row => <When at={row.createdAt} mode="date" />,
  },
]

function Credited({ row }: { row: DealRow }) {
  if (row.stage !== 'won') return <None label="Nobody yet" />
  if (row.creditedCount === 0) return <span className="text-warning">Nobody</span>
  const more = row.creditedCount - row.credited.length
  return (
    <span className="inline-flex flex-col max-sm:items-end">
      {row.credited.map(({ partnerId, name, bp }) => (
        <span key={partnerId} className="break-words">
          {name} <span className="num text-muted">{percentWords(bp)}</span>
        </span>
      ))}
      {more > 0 ? <span className="text-muted text-xs">and {more} more</span> : null}
    </span>
  )
}

const sortNames = {
  created: ['oldest', 'newest'],
  amount: ['amount_asc', 'amount_desc'],
  closed: ['closed_asc', 'closed_desc'],
} as const

function sortOf(sort: DealSort): Sort | undefined {
  for (const [by, [up, down]] of Object.entries(sortNames)) {
    if (sort === up) return { by, direction: 'asc' }
    if (sort === down) return { by, direction: 'desc' }
  }
  return undefined
}

function sortLink(search: URLSearchParams, { by, direction }: Sort): string {
  const [up, down] = sortNames[by as keyof typeof sortNames]
  const sort = direction === 'asc' ? up : down
  return withParams(search, { sort: sort === 'newest' ? null : sort, after: null })
}

type DealTableProps = {
  rows: readonly DealRow[]
  sort: DealSort
  /** Says nothing where there is only one. */
  showProgram: boolean
  empty: ReactNode
}

export function DealTable({ rows, sort, showProgram, empty }: DealTableProps) {
  return (
    <Card padding="none">
      <Table
        caption="Deals"
        columns={showProgram ? columns : columns.filter(({ key }) => key !== 'program')}
        rows={rows}
        rowKey={row => row.id}
        rowTo={row => `/admin/deals/${row.id}`}
        sort={sortOf(sort)}
        sortLink={sortLink}
        empty={empty}
      />
    </Card>
  )
}
