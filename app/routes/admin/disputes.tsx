import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Money } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { type Column, Table } from '#app/components/table.tsx'
import { Tabs } from '#app/components/tabs.tsx'
import { When } from '#app/components/when.tsx'
import { type DisputeStatus, disputeFilter, disputeLabels } from '#server/disputes/rules.ts'
import type { DisputeView } from '#server/disputes/view.ts'
import { DisputeBadge } from './disputes/status-badge.tsx'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { cursorOf, readQuery } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Disputes · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readQuery(disputeFilter, params)
  return query(args, async api => {
    const [page, open] = await Promise.all([
      api.disputes.list({ ...filter, cursor: cursorOf(params), limit: 50 }),
      api.disputes.openCount(),
    ])
    const tabs = Object.entries(disputeLabels).map(([status, { label }]) => ({
      status: status as DisputeStatus,
      label,
    }))
    return { page, open, tabs, problems, status: filter.status ?? null }
  })
}

const columns: (Column<DisputeView> & { key: string })[] = [
  {
    key: 'commission',
    header: 'Commission',
    card: 'title',
    cell: row => <span className="num flex min-h-6 items-center whitespace-nowrap">{row.commission.number}</span>,
  },
  { key: 'partner', header: 'Partner', cell: row => <span className="break-words">{row.partner.name}</span> },
  {
    key: 'said',
    header: 'Last word',
    className: 'min-w-48 max-w-md',
    cell: row => {
      const last = row.messages.at(-1)
      return last ? (
        <span className="line-clamp-2 break-words">
          <span className="text-muted">{last.side === 'staff' ? 'Us: ' : 'Partner: '}</span>
          {last.body}
        </span>
      ) : null
    },
  },
  { key: 'status', header: 'State', cell: row => <DisputeBadge status={row.status} /> },
  { key: 'opened', header: 'Opened', align: 'end', cell: row => <When at={row.openedAt} mode="date" /> },
  {
    key: 'amount',
    header: 'Amount',
    align: 'end',
    card: 'aside',
    cell: row => <Money amount={row.commission.amount} currency={row.commission.currency} />,
  },
]

export default function Disputes() {
  const { page, open, tabs, problems, status } = useLoaderData<typeof loader>()
  const [params] = useSearchParams()
  const to = (next: string | null) => withParams(params, { status: next, after: null })
  return (
    <Page
      title="Disputes"
      description="A dispute holds one line, and nothing else."
      breadcrumbs={[{ label: 'Commissions', to: '/admin/commissions' }]}
    >
      <Tabs
        label="Disputes by state"
        tabs={[
          { label: 'All', to: to(null), current: status === null },
          ...tabs.map(tab => ({
            label: tab.label,
            to: to(tab.status),
            count: tab.status === 'open' ? open : null,
            current: status === tab.status,
          })),
        ]}
      />
      <FilterProblems problems={problems} />
      <Card padding="none">
        <Table
          caption="Disputes"
          columns={columns}
          rows={page.rows}
          rowKey={row => row.id}
          rowTo={row => `/admin/commissions/${row.commission.id}#disputes`}
          empty={
            status === null ? (
              <Empty icon="help" title="No disputes">
                Partners dispute a line in the portal, right where they read why it is what it is. You answer on the
                commission’s page.
              </Empty>
            ) : (
              <EmptyFiltered things="disputes" clearTo="/admin/disputes" />
            )
          }
        />
      </Card>
      <ListEnd shown={page.rows.length} next={page.next} />
    </Page>
  )
}
