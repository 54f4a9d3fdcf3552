import { Link } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Money, None } from '#app/components/money.tsx'
import { StatCard, StatCards } from '#app/components/stat-card.tsx'
import { payoutLooks, StatusBadge } from '#app/components/status-badge.tsx'
import { Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { useRunPage } from './page-data.ts'

/** What is paid, what is not and why, per currency; each figure leads to its rows. */
export function Figures() {
  const { run, filter } = useRunPage()
  const of = (outcome: 'pay' | 'rolls_over' | 'blocked') => run.totals.filter(total => total.outcome === outcome)
  const sum = (outcome: 'rolls_over' | 'blocked') => ({
    count: of(outcome).reduce((count, total) => count + total.count, 0),
    amounts: of(outcome).map(({ currency, amount }) => ({ currency, amount })),
  })
  const out = of('pay').filter(total => total.count > total.includedCount)
  return (
    <StatCards>
      <StatCard
        label={run.status === 'executed' ? 'Paid' : 'To pay'}
        icon="check"
        tone="accent"
        count={of('pay').reduce((count, total) => count + total.includedCount, 0)}
        amounts={of('pay')
          .filter(total => total.includedCount > 0)
          .map(({ currency, includedAmount }) => ({ currency, amount: includedAmount }))}
        to="?outcome=pay"
        current={filter.outcome === 'pay' && !filter.flagged}
      />
      {out.length > 0 ? (
        <StatCard
          label="Taken out"
          icon="minus"
          unit="row"
          count={out.reduce((count, total) => count + total.count - total.includedCount, 0)}
          amounts={out.map(({ currency, amount, includedAmount }) => ({ currency, amount: amount - includedAmount }))}
          to="?outcome=pay"
        />
      ) : null}
      <StatCard
        label="Flagged"
        icon="eye"
        tone="warning"
        unit="row"
        count={run.totals.reduce((count, total) => count + total.flagged, 0)}
        hint="worth a look"
        to="?flagged=yes"
        current={filter.flagged === true}
      />
      <StatCard
        label="Rolls over"
        icon="clock"
        unit="row"
        {...sum('rolls_over')}
        to="?outcome=rolls_over"
        current={filter.outcome === 'rolls_over'}
      />
      <StatCard
        label="Blocked"
        icon="lock"
        tone={sum('blocked').count > 0 ? 'warning' : 'neutral'}
        unit="row"
        {...sum('blocked')}
        to="?outcome=blocked"
        current={filter.outcome === 'blocked'}
      />
    </StatCards>
  )
}

/** The cash that the run needs against what Stripe holds. */
export function Funds() {
  const { funds } = useRunPage().run
  if (!funds || funds.currencies.length === 0) return null
  const rows = funds.currencies.map(one => ({
    ...one,
    short: one.available === null ? 0 : Math.max(0, one.needed + one.alsoWaiting - one.available),
  }))
  return (
    <Card
      title="Cash needed"
      description="What Stripe holds now. It has to be there when the payouts are sent, not before."
      padding="none"
    >
      {funds.answered ? null : (
        <div className="p-3">
          <Banner tone="warning" title="Stripe did not tell its balance">
            Open the page again in a moment. The plan does not depend on it.
          </Banner>
        </div>
      )}
      <Table
        caption="Cash needed by currency"
        rows={rows}
        rowKey={row => row.currency}
        columns={[
          { key: 'currency', header: 'Currency', card: 'title', cell: row => row.currency },
          {
            key: 'needed',
            header: 'This run',
            align: 'end',
            cell: row => <Money amount={row.needed} currency={row.currency} />,
          },
          {
            key: 'also',
            header: 'Other payouts that wait',
            align: 'end',
            cell: row => (row.alsoWaiting ? <Money amount={row.alsoWaiting} currency={row.currency} /> : <None />),
          },
          {
            key: 'available',
            header: 'In Stripe',
            align: 'end',
            cell: row =>
              row.available === null ? (
                <None label="Not known" />
              ) : (
                <Money amount={row.available} currency={row.currency} />
              ),
          },
          {
            key: 'short',
            header: 'Missing',
            align: 'end',
            cell: row =>
              row.short > 0 ? (
                <span className="font-medium text-warning">
                  <Money amount={row.short} currency={row.currency} />
                </span>
              ) : (
                <None label="Nothing" />
              ),
          },
        ]}
      />
    </Card>
  )
}

/** What is earned and not in this run: not released by the cut-off, or disputed. */
export function Waiting() {
  const { waiting, cutoffAt } = useRunPage().run
  if (waiting.length === 0) return null
  return (
    <Card
      title="What waits"
      description={
        <>
          Not in this run: not released by <When at={cutoffAt} mode="date" />, or disputed.
        </>
      }
      padding="none"
    >
      <Table
        caption="What waits"
        rows={waiting}
        rowKey={row => `${row.what} ${row.currency}`}
        columns={[
          {
            key: 'what',
            header: 'Why',
            card: 'title',
            cell: row => (row.what === 'held' ? 'On hold' : 'Disputed'),
          },
          { key: 'count', header: 'Lines', align: 'end', cell: row => row.count.toLocaleString('en-US') },
          {
            key: 'amount',
            header: 'Amount',
            align: 'end',
            card: 'aside',
            cell: row => <Money amount={row.amount} currency={row.currency} />,
          },
          {
            key: 'dates',
            header: 'Released',
            cell: row =>
              row.what === 'disputed' ? (
                'When the dispute is settled'
              ) : row.from === row.to ? (
                <When at={row.from} mode="date" />
              ) : (
                <>
                  <When at={row.from} mode="date" /> to <When at={row.to} mode="date" />
                </>
              ),
          },
        ]}
      />
    </Card>
  )
}

/** What became of an executed run's payouts. */
export function Made() {
  const { run } = useRunPage()
  if (run.status !== 'executed') return null
  return (
    <Card
      title="Its payouts"
      actions={
        <Link to={`/admin/payouts?runId=${run.id}`} className="link text-sm">
          Open the list
        </Link>
      }
      padding="none"
    >
      <Table
        caption="Payouts of this run"
        rows={run.payouts}
        rowKey={row => `${row.status} ${row.currency}`}
        rowTo={row => `/admin/payouts?runId=${run.id}&status=${row.status}&currency=${row.currency}`}
        columns={[
          { key: 'label', header: 'Status', card: 'title', cell: row => payoutLooks[row.status].label },
          {
            key: 'badge',
            header: 'State',
            card: 'hide',
            hideHeader: true,
            cell: row => <StatusBadge status={row.status} />,
          },
          { key: 'count', header: 'Payouts', align: 'end', cell: row => row.count.toLocaleString('en-US') },
          {
            key: 'amount',
            header: 'Amount',
            align: 'end',
            card: 'aside',
            cell: row => <Money amount={row.amount} currency={row.currency} />,
          },
        ]}
      />
    </Card>
  )
}
