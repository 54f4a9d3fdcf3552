import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { type ActiveFilter, Filters } from '#app/components/filters.tsx'
import { Select } from '#app/components/input.tsx'
import { Page } from '#app/components/page.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { type EmailTemplate, emailFilter, emailStatusLabels, templateLabels } from '#server/email/rules.ts'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { cursorOf, readQuery } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Emails · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readQuery(emailFilter, params)
  return query(args, async api => {
    const [{ rows, next }, partner] = await Promise.all([
      api.emails.list({ ...filter, cursor: cursorOf(params), limit: 50 }),
      filter.partnerId ? api.partners.get({ partnerId: filter.partnerId }).catch(() => null) : null,
    ])
    const chips: ActiveFilter[] = []
    const add = (name: keyof typeof filter, label: string | undefined) => {
      if (label) chips.push({ name, value: params.get(name) ?? '', label })
    }
    add('q', filter.q && `Search: ${filter.q}`)
    add('template', filter.template && templateLabels[filter.template])
    add('status', filter.status && emailStatusLabels[filter.status].label)
    add('partnerId', filter.partnerId && `Partner: ${partner?.name ?? filter.partnerId}`)
    add('payoutId', filter.payoutId && 'One payout')
    return {
      rows: rows.map(row => ({ ...row, templateName: templateLabels[row.template as EmailTemplate] ?? row.template })),
      next,
      chips,
      problems,
      templates: Object.entries(templateLabels).map(([value, label]) => ({ value, label })),
      statuses: Object.entries(emailStatusLabels).map(([value, { label }]) => ({ value, label })),
    }
  })
}

type Row = ReturnType<typeof useLoaderData<typeof loader>>['rows'][number]

export default function Emails() {
  const { rows, next, chips, problems, templates, statuses } = useLoaderData<typeof loader>()
  const [params] = useSearchParams()
  const given = (name: string) => params.get(name) ?? ''
  return (
    <Page title="Emails" description="Every message that Remit sent for this organization, as it went out.">
      <Filters
        search={{ name: 'q', label: 'Search emails', placeholder: 'Recipient or subject' }}
        active={chips}
        keep={['partnerId', 'payoutId']}
      >
        <Select
          name="template"
          label="Message"
          hideLabel
          placeholder="All messages"
          defaultValue={given('template')}
          options={templates}
        />
        <Select
          name="status"
          label="Status"
          hideLabel
          placeholder="Any status"
          defaultValue={given('status')}
          options={statuses}
        />
      </Filters>
      <FilterProblems problems={problems} />
      <Card padding="none">
        <Table
          caption="Emails"
          columns={columns}
          rows={rows}
          rowKey={row => row.id}
          rowTo={row => `/admin/emails/${row.id}`}
          empty={
            chips.length > 0 ? (
              <EmptyFiltered things="emails" clearTo="/admin/emails" />
            ) : (
              <Empty icon="mail" title="No emails yet">
                Invitations, approvals and news about payouts appear here as soon as the first one is sent.
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
  { key: 'subject', header: 'Subject', card: 'title', cell: row => <span className="break-words">{row.subject}</span> },
  {
    key: 'to',
    header: 'To',
    cell: row => (
      <span className="min-w-0 break-words">
        {row.recipientName ? <span className="block break-words">{row.recipientName}</span> : null}
        <span className={row.recipientName ? 'text-muted text-xs' : undefined}>{row.recipient}</span>
      </span>
    ),
  },
  { key: 'template', header: 'Message', className: 'sm:max-lg:hidden', cell: row => row.templateName },
  {
    key: 'status',
    header: 'Status',
    cell: row => (
      <span className="inline-flex max-w-56 flex-col items-start gap-0.5 max-sm:items-end">
        <StatusBadge of="email" status={row.status} />
        {row.error ? <span className="break-words text-muted text-xs">{row.error}</span> : null}
      </span>
    ),
  },
  { key: 'at', header: 'Sent', align: 'end', cell: row => <When at={row.sentAt ?? row.createdAt} /> },
]
