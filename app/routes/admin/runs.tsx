import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Amounts } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { allows } from '#server/auth/rules.ts'
import { ListEnd } from './list-parts.tsx'
import { periodLabel } from './payouts/period.ts'
import { cursorOf } from './read-query.server.ts'
import { RunPlaces } from './run/places.tsx'
import { RunBadge } from './run/words.tsx'

export const meta: MetaFunction = () => [{ title: 'Payout runs · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const page = await query(args, api => api.runs.list({ cursor: cursorOf(params), limit: 20 }))
  return { page, mayPrepare: allows(args.context.viewer?.role ?? 'partner', 'runs.prepare') }
}

type Row = ReturnType<typeof useLoaderData<typeof loader>>['page']['rows'][number]

const columns: Column<Row>[] = [
  { key: 'number', header: 'Run', card: 'title', cell: row => <span className="num">{row.number}</span> },
  { key: 'period', header: 'Period', cell: row => periodLabel(row.period) },
  { key: 'status', header: 'Status', cell: row => <RunBadge status={row.status} /> },
  {
    key: 'count',
    header: 'Payouts',
    align: 'end',
    cell: row => (row.status === 'discarded' ? '0' : row.count.toLocaleString('en-US')),
  },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    card: 'aside',
    cell: row => <Amounts amounts={row.status === 'discarded' ? [] : row.amounts} />,
  },
  { key: 'by', header: 'Planned by', cell: row => <span className="break-words">{row.createdBy}</span> },
  {
    key: 'at',
    header: 'Planned',
    align: 'end',
    cell: row => <When at={row.createdAt} mode="date" />,
  },
]

export default function Runs() {
  const { page, mayPrepare } = useLoaderData<typeof loader>()
  const plan = mayPrepare ? (
    <LinkButton to="/admin/runs/new" icon="plus" variant="primary">
      Plan a run
    </LinkButton>
  ) : null
  return (
    <Page
      title="Payout runs"
      description="A run turns a month’s commissions into payouts: first a plan that you check, then all of it in one step."
      actions={plan}
    >
      <RunPlaces current="runs" />
      <Card padding="none">
        <Table
          caption="Payout runs"
          columns={columns}
          rows={page.rows}
          rowKey={row => row.id}
          rowTo={row => `/admin/runs/${row.id}`}
          empty={
            <Empty icon="calendar" title="No run yet" action={plan}>
              At the end of a month, plan a run: it lists what each partner is owed, what waits and why, and what to
              look at twice. Nothing is created before you execute it.
            </Empty>
          }
        />
      </Card>
      <ListEnd shown={page.rows.length} next={page.next} />
    </Page>
  )
}
