import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Filters } from '#app/components/filters.tsx'
import { Money, None } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Badge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { Tabs } from '#app/components/tabs.tsx'
import { When } from '#app/components/when.tsx'
import { RegistrationBadge } from '#app/routes/portal/registration/badge.tsx'
import { registrationFilter, registrationLabels } from '#server/registrations/rules.ts'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { cursorOf, readQuery } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Registrations · Remit' }]

const tabs = ['submitted', 'approved', 'declined', 'expired', 'withdrawn'] as const

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readQuery(registrationFilter, params)
  // What waits is what one comes for; `all=yes` shows everything.
  const all = params.get('all') === 'yes'
  const status = filter.status ?? (all ? undefined : 'submitted')
  const list = await query(args, api =>
    api.registrations.list({ ...filter, status, cursor: cursorOf(params), limit: 50 }),
  )
  return {
    rows: list.rows,
    next: list.next,
    status: status ?? null,
    q: filter.q ?? null,
    problems,
    total: Object.values(list.counts).reduce((sum, count) => sum + count, 0),
    tabs: tabs.map(one => ({ status: one, label: registrationLabels[one].label, count: list.counts[one] })),
  }
}

type Row = ReturnType<typeof useLoaderData<typeof loader>>['rows'][number]

export default function Registrations() {
  const { rows, next, status, q, problems, total, tabs } = useLoaderData<typeof loader>()
  const [params] = useSearchParams()
  return (
    <Page
      title="Registrations"
      description="Deals that partners want to have protected. Approving one opens a deal and pays nobody."
    >
      <Tabs
        label="Registrations by state"
        tabs={[
          ...tabs.map(tab => ({
            label: tab.label,
            count: tab.count,
            to: withParams(params, { status: tab.status, all: null, after: null }),
            current: tab.status === status,
          })),
          { label: 'All', to: withParams(params, { status: null, all: 'yes', after: null }), current: status === null },
        ]}
      />
      <Filters
        search={{ name: 'q', label: 'Search registrations', placeholder: 'Company, contact or R-number' }}
        active={q ? [{ name: 'q', value: params.get('q') ?? q, label: `Search: ${q}` }] : []}
        keep={['status', 'all']}
      />
      <FilterProblems problems={problems} />
      <Card padding="none">
        <Table
          caption="Registrations"
          columns={columns}
          rows={rows}
          rowKey={row => row.id}
          rowTo={row => `/admin/registrations/${row.id}`}
          empty={
            q || (status !== 'submitted' && total > 0) ? (
              <EmptyFiltered things="registrations" clearTo="/admin/registrations?all=yes" />
            ) : (
              <Empty icon="file" title={total > 0 ? 'Nothing waits for an answer' : 'No registrations yet'}>
                Partners register deals in their portal: a company, a contact, and what they expect it to be worth.
              </Empty>
            )
          }
        />
      </Card>
      <ListEnd shown={rows.length} next={next} />
    </Page>
  )
}

const columns: Column<Row>[] = [
  {
    key: 'company',
    header: 'Company',
    card: 'title',
    cell: row => <span className="break-words">{row.accountName}</span>,
  },
  { key: 'partner', header: 'Partner', cell: row => <span className="break-words">{row.partner?.name}</span> },
  {
    key: 'contact',
    header: 'Contact',
    className: 'sm:max-lg:hidden',
    cell: row => (row.contactEmail ? <span className="break-all">{row.contactEmail}</span> : <None />),
  },
  {
    key: 'status',
    header: 'State',
    cell: row => (
      <span className="inline-flex flex-col items-start gap-1 max-sm:items-end">
        <RegistrationBadge status={row.status} label={row.label} />
        {row.conflicts.length > 0 ? (
          <Badge tone="warning" icon="alert">
            {takenWords(row.conflicts)}
          </Badge>
        ) : null}
      </span>
    ),
  },
  { key: 'submitted', header: 'Sent in', cell: row => <When at={row.submittedAt} mode="date" /> },
  {
    key: 'protected',
    header: 'Protected until',
    className: 'sm:max-lg:hidden',
    cell: row => (row.status === 'approved' ? <When at={row.protectedUntil} mode="date" /> : <None />),
  },
  {
    key: 'amount',
    header: 'Expected',
    align: 'end',
    card: 'aside',
    cell: row =>
      row.expectedAmount === null ? <None /> : <Money amount={row.expectedAmount} currency={row.currency} />,
  },
]

/** The first that stands against it, by name. */
function takenWords([first, ...rest]: Row['conflicts']): string {
  if (!first) return ''
  const who = first.own ? 'the same partner' : (first.partners ?? first.number)
  const more = rest.length > 0 ? ` and ${rest.length} more` : ''
  return `${first.onlyAsked ? 'Also asked for by' : 'Taken by'} ${who}${more}`
}
