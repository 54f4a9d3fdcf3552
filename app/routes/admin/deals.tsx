import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { AmountsInline } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Tabs } from '#app/components/tabs.tsx'
import { allows } from '#server/auth/rules.ts'
import type { DealStage } from '#server/deals/rules.ts'
import { dealChips, readDealFilter } from './deals/filter.server.ts'
import { DealFilters } from './deals/filters.tsx'
import { DealTable } from './deals/table.tsx'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { cursorOf } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Deals · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readDealFilter(params)
  return query(args, async api => {
    const [page, counts, options, programs, partner] = await Promise.all([
      api.deals.list({ ...filter, cursor: cursorOf(params), limit: 50 }),
      api.deals.counts(),
      api.partners.options({ limit: 50 }),
      api.programs.list({}),
      filter.partnerId ? api.partners.get({ partnerId: filter.partnerId }).catch(() => null) : null,
    ])
    const partners = options.map(({ id, name }) => ({ value: id, label: name }))
    if (partner && !partners.some(option => option.value === partner.id))
      partners.unshift({ value: partner.id, label: partner.name })
    const names = {
      partner: partner?.name,
      program: programs.rows.find(({ id }) => id === filter.programId)?.name,
    }
    const amounts = [...counts.open.amounts, ...counts.won.amounts, ...counts.lost.amounts]
    return {
      ...{ page, counts, partners, problems },
      programs: programs.rows.map(({ id, name }) => ({ value: id, label: name })),
      currencies: [...new Set(amounts.map(({ currency }) => currency))].sort(),
      chips: dealChips(params, filter, names),
      stage: filter.stage ?? null,
      unattributed: filter.unattributed ?? false,
      sort: filter.sort,
      mayManage: allows(args.context.viewer?.role ?? 'partner', 'deals.manage'),
    }
  })
}

const stages: { stage: DealStage; label: string }[] = [
  { stage: 'open', label: 'Open' },
  { stage: 'won', label: 'Won' },
  { stage: 'lost', label: 'Lost' },
]

export default function Deals() {
  const { page, counts, programs, chips, problems, stage, unattributed, sort, mayManage } =
    useLoaderData<typeof loader>()
  const [params] = useSearchParams()
  const to = (changes: Record<string, string | null>) =>
    withParams(params, { stage: null, unattributed: null, after: null, ...changes })
  const shown = stage ? counts[stage].amounts : []
  return (
    <Page
      title="Deals"
      description={shown.length > 0 ? <AmountsInline amounts={shown} /> : undefined}
      actions={mayManage ? <NewDeal /> : null}
    >
      <Tabs
        label="Deals by stage"
        tabs={[
          { label: 'All', to: to({}), count: counts.all, current: !stage && !unattributed },
          ...stages.map(one => ({
            label: one.label,
            to: to({ stage: one.stage }),
            count: counts[one.stage].count,
            current: stage === one.stage && !unattributed,
          })),
          {
            label: 'Won, nobody credited',
            to: to({ unattributed: 'yes' }),
            count: counts.unattributed,
            current: unattributed,
          },
        ]}
      />
      <DealFilters />
      <FilterProblems problems={problems} />
      <DealTable
        rows={page.rows}
        sort={sort}
        showProgram={programs.length > 1}
        empty={
          counts.all > 0 || chips.length > 0 ? (
            <EmptyFiltered things="deals" clearTo="/admin/deals" />
          ) : (
            <Empty icon="chart" title="No deals yet" action={mayManage ? <NewDeal /> : null}>
              A deal is a sale that partners had a part in. When it is won, what they did for it decides who gets which
              share of the credit, and with it the commissions.
            </Empty>
          )
        }
      />
      <ListEnd shown={page.rows.length} next={page.next} />
    </Page>
  )
}

function NewDeal() {
  return (
    <>
      <LinkButton to="/admin/imports/new?kind=deals" icon="upload">
        Import
      </LinkButton>
      <LinkButton to="/admin/deals/new" icon="plus" variant="primary">
        New deal
      </LinkButton>
    </>
  )
}
