import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Link, useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Page } from '#app/components/page.tsx'
import { Pagination } from '#app/components/pagination.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Tabs } from '#app/components/tabs.tsx'
import { cursorIn, stepsFrom } from '#app/components/trail.ts'
import { listCommissionsInput, stateLabels } from '#server/commissions/rules.ts'
import { Lines } from './commission/parts.tsx'
import { Totals } from './commission/totals.tsx'
import { toLine } from './commission/words.ts'

export const meta: MetaFunction = () => [{ title: 'Commissions · Remit' }]

const pageSize = 25
const states = ['on_hold', 'payable', 'disputed', 'in_payout', 'paid'] as const

export async function loader(args: LoaderFunctionArgs) {
  const { searchParams } = new URL(args.request.url)
  const { viewer, timeZone } = args.context
  const orgName = viewer?.orgName ?? ''
  const asked = { state: searchParams.get('state') ?? undefined, cursor: cursorIn(searchParams), limit: pageSize }
  const parsed = listCommissionsInput.safeParse(asked)
  const filter = parsed.success ? parsed.data : listCommissionsInput.parse({ limit: pageSize })
  return query(args, async api => {
    const { rows, next } = await api.commissions.list(filter)
    const pending = await api.commissions.calculatePending({})
    const { paid } = await api.payouts.stats({})
    return {
      orgName,
      lines: rows.map(row => toLine(row, orgName, timeZone)),
      next,
      state: filter.state?.join(',') ?? '',
      problem: parsed.success ? null : 'The address had a filter that we don’t know. All commissions are shown.',
      pending: pending.rows[0]?.currencies ?? [],
      paid: paid.amounts,
    }
  })
}

export default function Commissions() {
  const { orgName, lines, next, state, problem, pending, paid } = useLoaderData<typeof loader>()
  const [search] = useSearchParams()
  const steps = stepsFrom(search, next)
  const narrowed = state !== '' || search.has('after')
  return (
    <Page
      title="What you earned and why"
      description={`Every line that ${orgName} owes or has paid you, and how it came about.`}
    >
      {problem ? <Banner tone="warning" title={problem} /> : null}
      <Totals pending={pending} paid={paid} orgName={orgName} />
      <Tabs
        label="Commissions by state"
        tabs={[
          { label: 'All', to: withParams(search, { state: null, after: null }), current: state === '' },
          ...states.map(one => ({
            label: stateLabels[one].label,
            to: withParams(search, { state: one, after: null }),
            current: state === one,
          })),
        ]}
      />
      <Card padding="none">
        {lines.length > 0 ? (
          <Lines lines={lines} label="Commissions" />
        ) : narrowed ? (
          <EmptyFiltered things="commissions" clearTo="/portal/commissions" />
        ) : (
          <Empty icon="chart" title="Nothing earned yet">
            {`When a deal that you worked on is won, your part of it is here, with the sentence that explains it.`}
          </Empty>
        )}
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
