import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { DownloadButton } from '#app/components/download-button.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { StatCard, StatCards } from '#app/components/stat-card.tsx'
import { Tabs } from '#app/components/tabs.tsx'
import { type CommissionState, kindLabels } from '#server/commissions/rules.ts'
import { commissionChips, readCommissionFilter } from './commissions/filter.server.ts'
import { CommissionFilters } from './commissions/filters.tsx'
import { stateLooks } from './commissions/state-badge.tsx'
import { CommissionTable } from './commissions/table.tsx'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { cursorOf } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Commissions · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readCommissionFilter(params)
  return query(args, async api => {
    const [page, totals, options, programs, disputes, partner] = await Promise.all([
      api.commissions.list({ ...filter, cursor: cursorOf(params), limit: 50 }),
      api.commissions.totals(filter.partnerId ? { partnerId: filter.partnerId } : {}),
      api.partners.options({ limit: 50 }),
      api.programs.list({}),
      api.disputes.openCount(),
      filter.partnerId ? api.partners.get({ partnerId: filter.partnerId }).catch(() => null) : null,
    ])
    const partners = options.map(({ id, name }) => ({ value: id, label: name }))
    if (partner && !partners.some(option => option.value === partner.id))
      partners.unshift({ value: partner.id, label: partner.name })
    const names = { partner: partner?.name, program: programs.rows.find(({ id }) => id === filter.programId)?.name }
    return {
      ...{ page, totals, partners, problems, disputes },
      programs: programs.rows.map(({ id, name }) => ({ value: id, label: name })),
      kinds: Object.entries(kindLabels).map(([value, { label }]) => ({ value, label })),
      currencies: [...new Set([...totals.map(one => one.currency), ...page.rows.map(row => row.currency)])].sort(),
      chips: commissionChips(params, filter, names),
      state: filter.state?.length === 1 ? (filter.state[0] ?? null) : null,
      filtered: Object.values(filter).some(value => value !== undefined),
    }
  })
}

type Totals = ReturnType<typeof useLoaderData<typeof loader>>['totals'][number]

const figures: { state: CommissionState; label: string; of: (sum: Totals) => number; hint?: string }[] = [
  { state: 'payable', label: 'Payable', of: sum => sum.payable + sum.debts, hint: 'after debts' },
  { state: 'on_hold', label: 'On hold', of: sum => sum.onHold },
  { state: 'disputed', label: 'Disputed', of: sum => sum.disputed },
  { state: 'in_payout', label: 'In a payout', of: sum => sum.inPayout },
]

const tabs: CommissionState[] = ['payable', 'on_hold', 'disputed', 'in_payout', 'paid']

export default function Commissions() {
  const { page, totals, problems, state, filtered, disputes } = useLoaderData<typeof loader>()
  const [params] = useSearchParams()
  const to = (next: string | null) => withParams(params, { state: next, after: null })
  return (
    <Page
      title="Commissions"
      actions={
        <>
          {page.rows.length > 0 ? (
            <DownloadButton
              action="/admin/commissions/export.csv"
              fields={[...params].filter(([name]) => name !== 'after')}
            >
              Export CSV
            </DownloadButton>
          ) : null}
          <LinkButton to="/admin/disputes" icon="help">
            {disputes > 0 ? `Disputes (${disputes})` : 'Disputes'}
          </LinkButton>
        </>
      }
    >
      {totals.length > 0 ? (
        <StatCards>
          {figures.map(figure => (
            <StatCard
              key={figure.state}
              label={figure.label}
              icon={stateLooks[figure.state].icon}
              tone={stateLooks[figure.state].tone}
              amounts={totals
                .map(sum => ({ currency: sum.currency, amount: figure.of(sum) }))
                .filter(one => one.amount !== 0)}
              unit="commission"
              hint={figure.hint}
              to={to(figure.state)}
              current={state === figure.state}
            />
          ))}
        </StatCards>
      ) : null}
      <Tabs
        label="Commissions by state"
        tabs={[
          { label: 'All', to: to(null), current: state === null },
          ...tabs.map(one => ({ label: stateLooks[one].label, to: to(one), current: state === one })),
        ]}
      />
      <CommissionFilters />
      <FilterProblems problems={problems} />
      <CommissionTable
        rows={page.rows}
        empty={
          filtered || totals.length > 0 ? (
            <EmptyFiltered things="commissions" clearTo="/admin/commissions" />
          ) : (
            <Empty
              icon="wallet"
              title="No commissions yet"
              action={<LinkButton to="/admin/deals">See the deals</LinkButton>}
            >
              A commission is what a partner earns from a won deal. It is booked when the deal is won, by the rule in
              force on that day, and says in one sentence how it came about.
            </Empty>
          )
        }
      />
      <ListEnd shown={page.rows.length} next={page.next} />
    </Page>
  )
}
