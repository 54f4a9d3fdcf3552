import { type ReactNode, useEffect, useMemo } from 'react'
import { BulkBar } from '#app/components/bulk-bar.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Money, None } from '#app/components/money.tsx'
import { withParams } from '#app/components/search-params.ts'
import { useSelection } from '#app/components/selection.ts'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { type Column, type Sort, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { sumByCurrency } from '#server/lib/money.ts'
import type { PayoutSort } from '#server/payouts/rules.ts'
import type { PayoutRow } from '#server/payouts/view.ts'
import { refusalOf } from './bulk.tsx'
import { ListKeys } from './keys.tsx'
import { Payable } from './payable.tsx'
import { periodLabel } from './period.ts'

const FORM = 'bulk'

const columns: (Column<PayoutRow> & { key: string })[] = [
  {
    key: 'number',
    header: 'Payout',
    card: 'title',
    cell: row => <span className="num flex min-h-6 items-center whitespace-nowrap">{row.number}</span>,
  },
  {
    key: 'partner',
    header: 'Partner',
    cell: row => (
      <span className="min-w-0">
        {row.partner.name}
        {row.reference ? <span className="block break-words text-muted text-xs">{row.reference}</span> : null}
      </span>
    ),
  },
  {
    key: 'period',
    header: 'Period',
    cell: row => (row.period ? <span className="whitespace-nowrap">{periodLabel(row.period)}</span> : <None />),
  },
  { key: 'status', header: 'Status', cell: row => <Status row={row} /> },
  { key: 'payable', header: 'Payable?', cell: row => <Payable status={row.status} blockers={row.blockers} /> },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    sort: 'amount',
    card: 'aside',
    cell: row => (
      <span className="inline-flex flex-col items-end">
        <Money amount={row.amount} currency={row.currency} />
        {row.amountReversed > 0 && row.status === 'paid' ? (
          <span className="text-warning text-xs">
            <Money amount={-row.amountReversed} currency={row.currency} /> taken back
          </span>
        ) : null}
      </span>
    ),
  },
  {
    key: 'created',
    header: 'Created',
    align: 'end',
    sort: 'created',
    cell: row => <When at={row.createdAt} mode="date" />,
  },
  { key: 'paid', header: 'Paid', align: 'end', sort: 'paid', cell: row => <When at={row.paidAt} mode="date" /> },
]

function Status({ row }: { row: PayoutRow }) {
  const more =
    row.status === 'failed'
      ? row.failureMessage
      : row.status !== 'paid'
        ? null
        : row.paidVia === 'manual'
          ? 'Outside Stripe'
          : row.bankStatus === 'arrived'
            ? 'Arrived in the bank'
            : row.bankStatus === 'failed'
              ? 'Returned by the bank'
              : null
  return (
    <span className="inline-flex max-w-56 flex-col items-start gap-0.5 max-sm:items-end">
      <StatusBadge status={row.status} />
      {more ? <span className="break-words text-muted text-xs">{more}</span> : null}
    </span>
  )
}

const sortNames = {
  created: ['oldest', 'newest'],
  amount: ['amount_asc', 'amount_desc'],
  paid: ['paid_asc', 'paid_desc'],
} as const

function sortOf(sort: PayoutSort): Sort | undefined {
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

type PayoutTableProps = {
  rows: readonly PayoutRow[]
  sort: PayoutSort
  showPaid: boolean
  /** The step with the totals is open above; the bar would only be in its way. */
  confirming: boolean
  /** A new object whenever something was done with the selection. */
  done: object | null
  empty: ReactNode
}

/** The list with its checkboxes and the bar of what can be done with the checked rows. */
export function PayoutTable({ rows, sort, showPaid, confirming, done, empty }: PayoutTableProps) {
  const { ids, uncheck, clear } = useSelection(FORM, rows)
  useEffect(() => {
    if (done) clear()
  }, [done, clear])
  const chosen = useMemo(() => rows.filter(row => ids.includes(row.id)), [rows, ids])
  const offered = (action: 'approve' | 'markPaid') =>
    rows.some(row => row.actions.some(offer => offer.action === action))
  const able = (action: 'approve' | 'markPaid') => chosen.filter(row => refusalOf(row, action) === null)
  const bulk = offered('approve') || offered('markPaid')
  const approvable = able('approve')
  const payable = able('markPaid')
  const neither = chosen
    .filter(row => !approvable.includes(row) && !payable.includes(row))
    .map(row => ({
      id: row.id,
      label: `${row.number} · ${row.partner.name}`,
      reason: refusalOf(row, row.status === 'pending_approval' ? 'approve' : 'markPaid') ?? '',
    }))
  const table = (
    <Card padding="none">
      <Table
        caption="Payouts"
        columns={columns.filter(column => column.key !== 'paid' || showPaid)}
        rows={rows}
        rowKey={row => row.id}
        rowTo={row => `/admin/payouts/${row.id}`}
        sort={sortOf(sort)}
        sortLink={sortLink}
        select={bulk ? { form: FORM, label: row => `${row.number}, ${row.partner.name}` } : undefined}
        empty={empty}
      />
    </Card>
  )
  return (
    <>
      {rows.length > 0 ? <ListKeys selects={bulk}>{table}</ListKeys> : table}
      {bulk && !confirming ? (
        <BulkBar
          form={FORM}
          count={chosen.length}
          totals={sumByCurrency(chosen)}
          noun="payout"
          ineligible={neither}
          onRemoveIneligible={() => uncheck(neither.map(({ id }) => id))}
          onClear={clear}
        >
          {offered('approve') && (chosen.length === 0 || approvable.length > 0) ? (
            <SubmitButton name="intent" value="review:approve" size="sm">
              {chosen.length > 0 ? `Approve ${approvable.length}…` : 'Approve…'}
            </SubmitButton>
          ) : null}
          {offered('markPaid') && (chosen.length === 0 || payable.length > 0) ? (
            <SubmitButton name="intent" value="review:markPaid" size="sm">
              {chosen.length > 0 ? `Mark ${payable.length} paid…` : 'Mark paid…'}
            </SubmitButton>
          ) : null}
        </BulkBar>
      ) : null}
    </>
  )
}
