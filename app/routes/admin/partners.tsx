import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Filters } from '#app/components/filters.tsx'
import { Amounts } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { Tabs } from '#app/components/tabs.tsx'
import { allows } from '#server/auth/rules.ts'
import {
  countryName,
  partnerFilterLabels,
  partnerFilterSchema,
  partnerFilters,
  partnerTypeLabels,
} from '#server/partners/rules.ts'
import type { PartnerRow } from '#server/partners/view.ts'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { ofThem } from './partner/of-them.server.ts'
import { cursorOf, readQuery } from './read-query.server.ts'

/** The list runs by name, and the cursor holds one, in base64. */
const longestName = 600

export const meta: MetaFunction = () => [{ title: 'Partners · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readQuery(partnerFilterSchema, params)
  return query(args, async api => {
    const { rows, next, counts } = await api.partners.list({
      ...filter,
      cursor: cursorOf(params, longestName),
      limit: 50,
    })
    const now = Date.now()
    return {
      rows: rows.map(row => ({
        ...row,
        typeName: partnerTypeLabels[row.type],
        countryName: countryName(row.country),
        missing: missingOf(row),
        onHold: row.holdUntil !== null && row.holdUntil > now,
      })),
      next,
      total: counts.all + counts.archived,
      tabs: [
        { status: null, label: 'All', count: counts.all },
        ...partnerFilters.map(status => ({ status, label: partnerFilterLabels[status], count: counts[status] })),
      ],
      status: filter.status ?? null,
      q: filter.q ?? null,
      problems,
      mayManage: allows(args.context.viewer?.role ?? 'partner', 'partners.manage'),
    }
  })
}

/** What Stripe still asks for, where the list's rows tell it. */
function missingOf(row: PartnerRow & { requirements?: readonly { text: string }[] }): string | null {
  const [first, ...rest] = row.requirements ?? []
  if (!first) return null
  return `Stripe needs ${ofThem(first.text)}${rest.length > 0 ? ` and ${rest.length} more` : ''}`
}

type Row = ReturnType<typeof useLoaderData<typeof loader>>['rows'][number]

export default function Partners() {
  const { rows, next, total, tabs, status, q, problems, mayManage } = useLoaderData<typeof loader>()
  const [params] = useSearchParams()
  return (
    <Page
      title="Partners"
      actions={
        mayManage ? (
          <>
            <LinkButton to="/admin/imports/new?kind=partners" icon="upload">
              Import
            </LinkButton>
            <LinkButton to="/admin/partners/new" icon="plus" variant="primary">
              New partner
            </LinkButton>
          </>
        ) : null
      }
    >
      <Tabs
        label="Partners by state"
        tabs={tabs.map(tab => ({
          label: tab.label,
          count: tab.count,
          to: withParams(params, { status: tab.status, after: null }),
          current: tab.status === status,
        }))}
      />
      <Filters
        search={{ name: 'q', label: 'Search partners', placeholder: 'Name, email or reference' }}
        active={q ? [{ name: 'q', value: params.get('q') ?? q, label: `Search: ${q}` }] : []}
        keep={['status']}
      />
      <FilterProblems problems={problems} />
      <Card padding="none">
        <Table
          caption="Partners"
          columns={columns}
          rows={rows}
          rowKey={row => row.id}
          rowTo={row => `/admin/partners/${row.id}`}
          empty={
            total > 0 || q || status ? (
              <EmptyFiltered things="partners" clearTo="/admin/partners" />
            ) : (
              <Empty
                icon="partners"
                title="No partners yet"
                action={
                  mayManage ? (
                    <LinkButton to="/admin/partners/new" variant="primary" icon="plus">
                      New partner
                    </LinkButton>
                  ) : null
                }
              >
                A partner is whom you pay: a reseller, referrer, affiliate or integrator. Add one, invite them to the
                portal, and they set up their payouts with Stripe themselves.
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
  { key: 'name', header: 'Partner', card: 'title', cell: row => <span className="break-words">{row.name}</span> },
  {
    key: 'contact',
    header: 'Contact',
    className: 'sm:max-lg:hidden',
    cell: row => (
      <span className="min-w-0 max-w-56 break-words">
        {row.email}
        {row.reference ? <span className="block text-muted text-xs">{row.reference}</span> : null}
      </span>
    ),
  },
  { key: 'type', header: 'Type', card: 'hide', className: 'sm:max-lg:hidden', cell: row => row.typeName },
  {
    key: 'country',
    header: 'Country',
    cell: row => (
      <span>
        {row.countryName} <span className="text-muted">· {row.currency}</span>
      </span>
    ),
  },
  { key: 'payable', header: 'Payable?', cell: row => <Payable row={row} /> },
  { key: 'paid', header: 'Paid', align: 'end', cell: row => <Amounts amounts={row.paid} className="items-end" /> },
  {
    key: 'pending',
    header: 'To be paid',
    align: 'end',
    cell: row => <Amounts amounts={row.pending} className="items-end" />,
  },
]

/** The state in a word, and what is missing in a sentence. */
function Payable({ row }: { row: Row }) {
  const archived = row.archivedAt !== null
  const status = archived ? 'archived' : row.onHold && row.state === 'payable' ? 'on_hold' : row.transfersStatus
  return (
    <span className="inline-flex max-w-64 flex-col items-start gap-0.5 max-sm:items-end">
      <StatusBadge of="partner" status={status} label={status === row.transfersStatus ? row.label : undefined} />
      {archived || row.state === 'payable' ? null : (
        <span className="break-words text-muted text-xs max-sm:text-end">{row.missing ?? row.says}</span>
      )}
    </span>
  )
}
