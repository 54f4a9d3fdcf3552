import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { Badge, inWords } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { useDealPage } from './page-data.ts'

type Commission = ReturnType<typeof useDealPage>['deal']['commissions']['rows'][number]

/** Every line that was booked for the deal, in order, and what each partner has in sum. */
export function Commissions() {
  const { deal, now } = useDealPage()
  const { rows, count } = deal.commissions
  if (rows.length === 0 && deal.stage !== 'won') return null
  return (
    <div id="commissions" className="scroll-mt-16">
      <Card
        title="Commissions"
        description="Lines are only ever added: a correction or a refund is a line of its own."
        padding="none"
      >
        <Table
          caption="Commissions of this deal"
          columns={columnsOf(now)}
          rows={rows}
          rowKey={row => row.id}
          rowTo={row => `/admin/commissions/${row.id}`}
          empty={
            <p className="p-4 text-muted">
              Nobody earns from this deal: nobody is credited, its amount is zero, or no rule matches and the partner
              has no default rate.
            </p>
          }
        />
        {count > rows.length ? (
          <p className="border-line border-t p-4 text-sm">
            {`The first ${rows.length} of ${count.toLocaleString('en-US')} lines. `}
            <Link to={`/admin/commissions?dealId=${deal.id}`} className="link">
              All lines of this deal
            </Link>
          </p>
        ) : null}
      </Card>
    </div>
  )
}

const kinds: Record<Commission['kind'], string> = {
  earned: 'Earned',
  adjustment: 'Correction',
  reversal: 'Taken back',
  dispute: 'After a dispute',
  carry: 'Carried over',
  imported: 'Imported',
}

function columnsOf(now: number): Column<Commission>[] {
  return [
    {
      key: 'number',
      header: 'Line',
      card: 'title',
      cell: row => <span className="num flex min-h-6 items-center whitespace-nowrap">{row.number}</span>,
    },
    { key: 'partner', header: 'Partner', cell: row => <span className="break-words">{row.partner.name}</span> },
    {
      key: 'kind',
      header: 'What',
      cell: row => (
        <span className="inline-flex max-w-56 flex-col max-sm:items-end">
          {kinds[row.kind]}
          {row.stream === 'spiff' ? <span className="text-muted text-xs">Spiff, on top of the base</span> : null}
          {row.note ? <span className="break-words text-muted text-xs">{row.note}</span> : null}
        </span>
      ),
    },
    { key: 'state', header: 'State', cell: row => <State row={row} now={now} /> },
    {
      key: 'amount',
      header: 'Amount',
      align: 'end',
      card: 'aside',
      cell: row => <Money amount={row.amount} currency={row.currency} />,
    },
    { key: 'booked', header: 'Booked', align: 'end', cell: row => <When at={row.createdAt} mode="date" /> },
  ]
}

function State({ row, now }: { row: Commission; now: number }) {
  if (row.disputedAt !== null)
    return (
      <Badge tone="warning" icon="help">
        Disputed
      </Badge>
    )
  if (row.status === 'paid')
    return (
      <Badge tone="success" icon="circle-full">
        Paid
      </Badge>
    )
  if (row.status === 'in_payout')
    return row.payoutId ? (
      <Link to={`/admin/payouts/${row.payoutId}`} className="link">
        In a payout
      </Link>
    ) : (
      inWords(row.status)
    )
  if (row.releaseAt <= now)
    return (
      <Badge tone="accent" icon="check">
        Payable
      </Badge>
    )
  return (
    <span className="inline-flex flex-col items-start max-sm:items-end">
      <Badge icon="clock">On hold</Badge>
      <span className="text-muted text-xs">
        until <When at={row.releaseAt} mode="date" />
      </span>
    </span>
  )
}

/** What the customer got back. */
export function Refunds() {
  const { deal } = useDealPage()
  if (deal.refunds.length === 0) return null
  return (
    <Card
      title="Refunds"
      description={
        <>
          <Money amount={deal.refunded} currency={deal.currency} /> of{' '}
          <Money amount={deal.amount} currency={deal.currency} /> in all.
        </>
      }
    >
      <ul className="flex flex-col divide-y divide-line">
        {deal.refunds.map(({ id, amount, at, reason, externalRef, createdBy }) => (
          <li key={id} className="py-2 first:pt-0 last:pb-0">
            <div className="flex flex-wrap items-baseline justify-between gap-x-4">
              <p className="font-medium">
                <Money amount={amount} currency={deal.currency} />
              </p>
              <p className="text-muted text-sm">
                <When at={at} mode="date" timeZone={deal.program.timeZone} />
                {createdBy ? `, recorded by ${createdBy}` : ''}
              </p>
            </div>
            <p className="break-words text-sm">{reason}</p>
            {externalRef ? <p className="text-muted text-sm">Reference {externalRef}</p> : null}
          </li>
        ))}
      </ul>
    </Card>
  )
}
