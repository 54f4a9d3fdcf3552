import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Filters } from '#app/components/filters.tsx'
import { Select } from '#app/components/input.tsx'
import { None } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { allows } from '#server/auth/rules.ts'
import { dayOf } from '#server/lib/period.ts'
import { currencies } from '#server/partners/rules.ts'
import { rateFilter, rateSourceLabels } from '#server/rates/rules.ts'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { changeRates } from './rates/change.server.ts'
import { AddRate, Imported, ImportRates } from './rates/forms.tsx'
import { cursorOf, readQuery } from './read-query.server.ts'
import { RunPlaces } from './run/places.tsx'

export const meta: MetaFunction = () => [{ title: 'Exchange rates · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readQuery(rateFilter, params)
  const page = await query(args, api => api.rates.list({ ...filter, cursor: cursorOf(params), limit: 50 }))
  return {
    page,
    filter,
    problems,
    sources: Object.entries(rateSourceLabels).map(([value, label]) => ({ value, label })),
    currencies: currencies.map(({ code }) => code),
    today: dayOf(Date.now(), args.context.timeZone),
    mayManage: allows(args.context.viewer?.role ?? 'partner', 'rates.manage'),
    idempotencyKey: args.context.newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const answer = await changeRates(args)
  return answer instanceof Response ? answer : data(answer, answer.status)
}

type Row = ReturnType<typeof useLoaderData<typeof loader>>['page']['rows'][number]

export default function Rates() {
  const { page, filter, problems, sources, currencies, mayManage } = useLoaderData<typeof loader>()
  const labelOf = (source: string) => sources.find(one => one.value === source)?.label ?? source
  const columns: Column<Row>[] = [
    { key: 'day', header: 'Day', card: 'title', cell: row => <span className="num">{row.day}</span> },
    {
      key: 'rate',
      header: 'Rate',
      align: 'end',
      card: 'aside',
      cell: row => (
        <span className="num whitespace-nowrap">
          1 {row.base} = {row.rate} {row.quote}
        </span>
      ),
    },
    { key: 'source', header: 'Source', cell: row => labelOf(row.source) },
    { key: 'by', header: 'Entered by', cell: row => row.by || <None /> },
    {
      key: 'note',
      header: 'Note',
      cell: row => (row.note ? <span className="break-words">{row.note}</span> : <None />),
    },
  ]
  const filtered = Boolean(filter.currency || filter.source)
  return (
    <Page
      title="Exchange rates"
      description="What a partner earned in another currency than it is paid in is converted with the rate of the run’s cut-off day, or the last one up to 7 days before. A stored rate never changes."
    >
      <RunPlaces current="rates" />
      <Imported />
      {mayManage ? (
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <ImportRates />
          <AddRate />
        </div>
      ) : (
        <Banner icon="lock" title="Your role reads rates. An admin or an owner enters them." />
      )}
      <Filters
        active={[
          ...(filter.currency ? [{ name: 'currency', value: filter.currency, label: filter.currency }] : []),
          ...(filter.source ? [{ name: 'source', value: filter.source, label: labelOf(filter.source) }] : []),
        ]}
      >
        <Select
          name="currency"
          label="Currency"
          hideLabel
          placeholder="Any currency"
          defaultValue={filter.currency ?? ''}
          options={currencies.map(code => ({ value: code, label: code }))}
        />
        <Select
          name="source"
          label="Source"
          hideLabel
          placeholder="Any source"
          defaultValue={filter.source ?? ''}
          options={sources}
        />
      </Filters>
      <FilterProblems problems={problems} />
      <Card padding="none">
        <Table
          caption="Exchange rates"
          columns={columns}
          rows={page.rows}
          rowKey={row => row.id}
          empty={
            filtered ? (
              <EmptyFiltered things="rates" clearTo="/admin/rates" />
            ) : (
              <Empty icon="refresh" title="No rates yet">
                As long as everybody is paid in the currency of their deals, none is needed.
              </Empty>
            )
          }
        />
      </Card>
      <ListEnd shown={page.rows.length} next={page.next} />
    </Page>
  )
}
