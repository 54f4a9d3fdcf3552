import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Link, useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Filters } from '#app/components/filters.tsx'
import { PeriodInput } from '#app/components/input.tsx'
import { Page } from '#app/components/page.tsx'
import { Pagination } from '#app/components/pagination.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Tabs } from '#app/components/tabs.tsx'
import { cursorIn, stepsFrom } from '#app/components/trail.ts'
import { formatPeriod } from '#server/lib/period.ts'
import { listInput } from '#server/payouts/rules.ts'
import { PayoutTable } from './payout-table.tsx'
import { toRow } from './words.ts'

export const meta: MetaFunction = () => [{ title: 'Payouts · Remit' }]

const pageSize = 25

export async function loader(args: LoaderFunctionArgs) {
  const { searchParams } = new URL(args.request.url)
  const { filter, problem } = readFilter(searchParams)
  const { rows, next } = await query(args, api => api.payouts.list(filter))
  return {
    orgName: args.context.viewer?.orgName ?? '',
    rows: rows.map(toRow),
    next,
    problem,
    status: filter.status?.join(',') ?? '',
    period: filter.period ?? null,
    later: filter.cursor !== undefined,
  }
}

/** The address's filter, by the procedure's own schema. What it doesn't take is said, and left out. */
function readFilter(search: URLSearchParams) {
  const given = Object.fromEntries(
    ['status', 'period'].flatMap(name => {
      const value = search.get(name)
      return value ? [[name, value]] : []
    }),
  )
  const parsed = listInput.safeParse({ ...given, cursor: cursorIn(search), limit: pageSize })
  if (parsed.success) return { filter: parsed.data, problem: null }
  const problem = parsed.error.issues[0]?.message ?? 'That filter is not one we know.'
  return { filter: listInput.parse({ limit: pageSize }), problem }
}

const tabs = [
  { label: 'All', status: '' },
  { label: 'On the way', status: 'pending_approval,approved,processing,failed' },
  { label: 'Paid', status: 'paid' },
  { label: 'Not paid', status: 'rejected,canceled,reversed' },
]

export default function Payouts() {
  const { orgName, rows, next, problem, status, period, later } = useLoaderData<typeof loader>()
  const [search] = useSearchParams()
  const steps = stepsFrom(search, next)
  const filtered = status !== '' || period !== null
  return (
    <Page title="Payouts" description={`Everything ${orgName} has paid you, and what is on the way.`}>
      {problem ? (
        <Banner tone="warning" title="The address had a filter we could not use">
          {problem} All payouts are shown.
        </Banner>
      ) : null}
      <Tabs
        label="Payouts by status"
        tabs={tabs.map(tab => ({
          label: tab.label,
          to: withParams(search, { status: tab.status || null, after: null }),
          current: tab.status === status,
        }))}
      />
      <Filters
        keep={['status']}
        active={period === null ? [] : [{ name: 'period', value: period, label: formatPeriod(period) }]}
      >
        <div className="w-44 max-w-full">
          <PeriodInput name="period" label="Period" hideLabel defaultValue={period ?? ''} />
        </div>
      </Filters>
      <Card padding="none">
        <PayoutTable
          caption="Payouts"
          rows={rows}
          empty={
            filtered || later ? (
              <EmptyFiltered things="payouts" clearTo="/portal/payouts" />
            ) : (
              <Empty icon="payouts" title="No payouts yet">
                {`As soon as ${orgName} prepares the first payout for you, it is here, with every step on its way.`}
              </Empty>
            )
          }
        />
      </Card>
      <Pagination prev={steps.prev} next={steps.next} />
      {steps.first ? (
        <p>
          <Link to={steps.first} className="link inline-flex min-h-11 items-center">
            Back to the newest
          </Link>
        </p>
      ) : null}
    </Page>
  )
}
