import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Money } from '#app/components/money.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import type { ReversalRow } from '#server/periods/view.ts'
import { ListEnd } from '../list-parts.tsx'
import { periodLabel } from '../payouts/period.ts'

const columns: Column<ReversalRow>[] = [
  { key: 'payout', header: 'Payout', card: 'title', cell: row => row.payout.number },
  {
    key: 'partner',
    header: 'Partner',
    cell: row => (
      <Link to={`/admin/partners/${row.partner.id}`} className="link">
        {row.partner.name}
      </Link>
    ),
  },
  { key: 'origin', header: 'Paid in', cell: row => periodLabel(row.originMonth) },
  { key: 'at', header: 'Reversed', cell: row => <When at={row.at} mode="date" /> },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    card: 'aside',
    cell: row => <Money amount={-row.amount} currency={row.currency} />,
  },
]

/** What a month's figures lost to reversals, each line with the payout and the month that it comes from. */
export function Reversals({ month, page }: { month: string; page: { rows: ReversalRow[]; next: string | null } }) {
  const name = periodLabel(month)
  return (
    <div id="reversals" className="flex scroll-mt-4 flex-col gap-3">
      <Card
        title={`Reversed in ${name}`}
        description="The month of the payment keeps its figure; the reversal counts in the month in which it happened."
        padding="none"
      >
        <Table
          caption={`Payouts reversed in ${name}`}
          columns={columns}
          rows={page.rows}
          rowKey={row => `${row.payout.id} ${row.at} ${row.amount}`}
          rowTo={row => `/admin/payouts/${row.payout.id}`}
          empty={<Empty icon="calendar" title={`Nothing was reversed in ${name}`} />}
        />
      </Card>
      <ListEnd shown={page.rows.length} next={page.next} />
    </div>
  )
}
