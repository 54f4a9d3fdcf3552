import { Link, useSearchParams } from '@remix-run/react'
import { useEffect, useMemo } from 'react'
import { BulkBar } from '#app/components/bulk-bar.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Money, None } from '#app/components/money.tsx'
import { withParams } from '#app/components/search-params.ts'
import { useSelection } from '#app/components/selection.ts'
import { Badge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { sumByCurrency } from '#server/lib/money.ts'
import type { RunRow } from '#server/runs/view.ts'
import { useRunPage } from './page-data.ts'
import { flagWords, OutcomeBadge } from './words.tsx'

const FORM = 'rows'

const columns: Column<RunRow>[] = [
  {
    key: 'partner',
    header: 'Partner',
    card: 'title',
    cell: row => <span className="break-words">{row.partner.name}</span>,
  },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    card: 'aside',
    cell: row => <Money amount={row.amount} currency={row.currency} />,
  },
  { key: 'last', header: 'Since the last run', align: 'end', cell: row => <Difference row={row} /> },
  {
    key: 'lines',
    header: 'Lines',
    align: 'end',
    cell: row => <span className="num">{row.lineCount.toLocaleString('en-US')}</span>,
  },
  { key: 'outcome', header: 'Plan', cell: row => <Outcome row={row} /> },
  { key: 'flags', header: 'Look at', cell: row => <Notices row={row} /> },
]

function Difference({ row }: { row: RunRow }) {
  if (row.lastAmount === null) return <None label="No earlier run" />
  const difference = row.amount - row.lastAmount
  return difference === 0 ? (
    <span className="text-muted">the same</span>
  ) : (
    <Money amount={difference} currency={row.currency} sign />
  )
}

function Outcome({ row }: { row: RunRow }) {
  return (
    <span className="inline-flex max-w-64 flex-col items-start gap-0.5 max-sm:items-end max-sm:text-end">
      <OutcomeBadge outcome={row.outcome} included={row.included} />
      {row.reason ? <span className="break-words text-muted text-xs">{row.reason}</span> : null}
      {row.payoutId ? (
        <Link to={`/admin/payouts/${row.payoutId}`} className="link inline-flex min-h-6 items-center text-xs">
          Its payout
        </Link>
      ) : null}
    </span>
  )
}

/** Flags and blockers: their names to see, their sentences behind one click. */
function Notices({ row }: { row: RunRow }) {
  if (row.flags.length + row.blockers.length === 0) return <None label="Nothing" />
  return (
    <details className="max-w-64 text-start max-sm:max-w-none">
      <summary className="flex min-h-6 flex-wrap items-center gap-1 rounded-sm">
        {row.flags.map(flag => (
          <Badge key={flag.code} tone="warning" icon="eye">
            {flagWords[flag.code]}
          </Badge>
        ))}
        {row.blockers.length > 0 ? (
          <Badge icon="lock">{row.blockers.length === 1 ? '1 blocker' : `${row.blockers.length} blockers`}</Badge>
        ) : null}
      </summary>
      <ul className="mt-1 flex flex-col gap-1 text-muted text-sm">
        {row.flags.map(flag => (
          <li key={flag.code}>{flag.says}</li>
        ))}
        {row.blockers.map(blocker => (
          <li key={blocker.code}>
            <Icon name="lock" size={12} className="me-1 inline" />
            {blocker.message} <span className="text-ink">{blocker.clears}.</span>
          </li>
        ))}
      </ul>
    </details>
  )
}

/** The partners of the run, with the boxes that take rows out and put them back. */
export function Rows() {
  const { run, page, filter, idempotencyKey } = useRunPage()
  const [params] = useSearchParams()
  const { ids, clear } = useSelection(FORM, page.rows)
  // What was checked is done with as soon as the plan is another.
  useEffect(() => {
    if (run.version > 1) clear()
  }, [run.version, clear])
  const chosen = useMemo(() => page.rows.filter(row => ids.includes(row.id)), [page.rows, ids])
  const filtered = Object.values(filter).some(value => value !== undefined)
  const editable = run.status === 'draft' && run.mayPrepare
  const offered = (included: boolean) => chosen.length === 0 || chosen.some(row => row.included === included)
  return (
    <>
      <Card padding="none">
        <Table
          caption="Partners in this run"
          columns={columns}
          rows={page.rows}
          rowKey={row => row.id}
          rowTo={row => `${withParams(params, { row: row.id, from: null })}#lines`}
          select={
            editable
              ? {
                  form: FORM,
                  label: row => `${row.partner.name}, ${row.currency}`,
                  disabled: row => row.outcome !== 'pay',
                }
              : undefined
          }
          empty={
            filtered ? (
              <EmptyFiltered things="rows" clearTo={`/admin/runs/${run.id}`} />
            ) : (
              <Empty icon="calendar" title="Nothing is owed">
                No commission is released by the cut-off. What waits is above; a later cut-off may find more.
              </Empty>
            )
          }
        />
      </Card>
      {editable && page.rows.some(row => row.outcome === 'pay') ? (
        <BulkBar
          form={FORM}
          count={chosen.length}
          totals={sumByCurrency(chosen)}
          noun="row"
          onClear={clear}
          hidden={{ version: run.version, idempotencyKey }}
        >
          {offered(true) ? (
            <SubmitButton name="intent" value="exclude" size="sm" variant="secondary">
              Take out
            </SubmitButton>
          ) : null}
          {offered(false) ? (
            <SubmitButton name="intent" value="include" size="sm" variant="secondary">
              Put back in
            </SubmitButton>
          ) : null}
        </BulkBar>
      ) : null}
    </>
  )
}
