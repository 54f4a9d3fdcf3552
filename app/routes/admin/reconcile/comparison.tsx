import { Link } from '@remix-run/react'
import { useEffect, useRef } from 'react'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Id } from '#app/components/id.tsx'
import { Money, None } from '#app/components/money.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import type { Difference, Comparison as Result } from '#server/stripe/reconcile.ts'

/** Each kind of difference in a few words, and what to do about it. */
const kinds: Record<Difference['kind'], { label: string; advice: string }> = {
  no_payout: { label: 'Transfer without a payout', advice: 'Was a backup restored? The payout may be missing here.' },
  unknown_origin: { label: 'Made elsewhere', advice: 'Somebody sent it by hand. Ask who, and whether it was owed.' },
  second_transfer: { label: 'Sent twice', advice: 'Stop all transfers, and reverse one of the two at Stripe.' },
  not_settled: { label: 'Not settled', advice: 'It settles by itself within minutes; if it stays, look at the jobs.' },
  not_paid_here: {
    label: 'Not paid here',
    advice: 'The money moved. Look at the payout’s history before anything else.',
  },
  no_transfer: {
    label: 'No such transfer',
    advice: 'The partner was not paid by this transfer. Ask Stripe’s support.',
  },
  amount: { label: 'Amounts differ', advice: 'Compare with what was approved.' },
  destination: { label: 'Another account', advice: 'Stop all transfers, and find out who changed the account.' },
  reversed: { label: 'Taken back', advice: 'Stripe’s event is missing or late; it is caught up within the hour.' },
}

/** The result of a comparison: equal with its figures, or each difference in a sentence. */
export function Comparison({ comparison }: { comparison: Result }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [comparison])
  const { checkedAt, since, transfers, payouts, differences, sums } = comparison
  const looked = (
    <p>
      {plural(payouts, 'payout')} here and {plural(transfers, 'transfer')} at Stripe since{' '}
      <When at={since} mode="date" />; compared <When at={checkedAt} />.
    </p>
  )
  return (
    <>
      <div ref={box} tabIndex={-1} role="status">
        {differences.length === 0 ? (
          <Banner tone="success" title="Books = Stripe">
            {looked}
          </Banner>
        ) : (
          <Banner tone="danger" title={`${plural(differences.length, 'difference')} between the books and Stripe`}>
            {looked}
          </Banner>
        )}
      </div>
      {differences.length > 0 ? <Differences differences={differences} /> : null}
      <Sums sums={sums} />
    </>
  )
}

function Differences({ differences }: { differences: readonly Difference[] }) {
  return (
    <Card title="Differences" padding="none">
      <ol className="divide-y divide-line">
        {differences.map(({ kind, says, payoutId, transferId }, index) => (
          <li key={`${kind} ${transferId} ${payoutId} ${index}`} className="flex flex-col gap-1 px-4 py-3">
            <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <Badge tone="danger" icon="alert">
                {kinds[kind].label}
              </Badge>
              <span className="min-w-0 font-medium [overflow-wrap:anywhere]">{says}</span>
            </p>
            <p className="text-muted text-sm">{kinds[kind].advice}</p>
            <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
              {payoutId ? (
                <Link to={`/admin/payouts/${payoutId}`} className="link">
                  Open the payout
                </Link>
              ) : null}
              {transferId ? <Id value={transferId} what="transfer id" /> : null}
            </p>
          </li>
        ))}
      </ol>
    </Card>
  )
}

type Sum = Result['sums'][number]

/** Both sides, currency by currency; sent less what was taken back. */
function Sums({ sums }: { sums: readonly Sum[] }) {
  const net = (sum: Sum, side: 'remit' | 'stripe') => sum[side].amount - sum[side].reversed
  const columns: Column<Sum>[] = [
    {
      key: 'currency',
      header: 'Currency',
      card: 'title',
      cell: sum => <span className="font-medium">{sum.currency}</span>,
    },
    { key: 'remit', header: 'Here', align: 'end', cell: sum => <Side sum={sum} side="remit" /> },
    { key: 'stripe', header: 'At Stripe', align: 'end', cell: sum => <Side sum={sum} side="stripe" /> },
    {
      key: 'difference',
      header: 'Difference',
      align: 'end',
      card: 'aside',
      cell: sum => {
        const difference = net(sum, 'stripe') - net(sum, 'remit')
        return difference === 0 ? (
          <span className="inline-flex items-center gap-1 text-success">
            <Icon name="check" size={14} />
            None
          </span>
        ) : (
          <Money amount={difference} currency={sum.currency} sign className="font-semibold text-danger" />
        )
      },
    },
  ]
  return (
    <Card title="Sums by currency" description="Sent, less what was taken back." padding="none">
      <Table
        caption="Sums by currency, here and at Stripe"
        columns={columns}
        rows={sums}
        rowKey={sum => sum.currency}
        empty={
          <Empty icon="payouts" title="Nothing was sent in this time">
            Neither side has a transfer.
          </Empty>
        }
      />
    </Card>
  )
}

function Side({ sum, side }: { sum: Sum; side: 'remit' | 'stripe' }) {
  const { count, amount, reversed } = sum[side]
  if (count === 0) return <None label="None" />
  return (
    <span className="inline-flex flex-col items-end">
      <Money amount={amount - reversed} currency={sum.currency} />
      <span className="text-muted text-xs">
        {plural(count, side === 'remit' ? 'payout' : 'transfer')}
        {reversed > 0 ? (
          <>
            , <Money amount={reversed} currency={sum.currency} /> taken back
          </>
        ) : null}
      </span>
    </span>
  )
}

function plural(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`
}
