import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { StatCard, StatCards } from '#app/components/stat-card.tsx'
import { payoutLooks } from '#app/components/status-badge.tsx'
import { Tabs } from '#app/components/tabs.tsx'
import { allows } from '#server/auth/rules.ts'
import type { PayoutStatus } from '#server/payouts/rules.ts'
import type { Stats } from '#server/payouts/view.ts'
import { ListEnd } from './list-parts.tsx'
import { answerBulk } from './payouts/bulk.server.ts'
import { BulkConfirm, BulkResult } from './payouts/bulk.tsx'
import { chipsOf } from './payouts/chips.server.ts'
import { ExportButton } from './payouts/export-button.tsx'
import { readFilter } from './payouts/filter.server.ts'
import { PayoutFilters } from './payouts/filters.tsx'
import { PayoutTable } from './payouts/table.tsx'
import { cursorOf } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Payouts · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readFilter(params)
  const role = args.context.viewer?.role ?? 'partner'
  return query(args, async api => {
    const [stats, page, options, partner] = await Promise.all([
      api.payouts.stats(filter.partnerId ? { partnerId: filter.partnerId } : {}),
      api.payouts.list({ ...filter, cursor: cursorOf(params), limit: 50 }),
      api.partners.options({ limit: 50 }),
      filter.partnerId ? api.partners.get({ partnerId: filter.partnerId }).catch(() => null) : null,
    ])
    const partners = options.map(({ id, name }) => ({ value: id, label: name }))
    if (partner && !partners.some(option => option.value === partner.id))
      partners.unshift({ value: partner.id, label: partner.name })
    return {
      stats,
      page,
      partners,
      status: filter.status ?? [],
      sort: filter.sort,
      chips: chipsOf(params, filter, partner?.name),
      problems,
      mayPrepare: allows(role, 'payouts.prepare'),
      mayExport: allows(role, 'payouts.export'),
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const answer = await answerBulk(args)
  return data(answer, answer.step === 'refused' ? answer.status : 200)
}

const tabs: { status: PayoutStatus | null; label: string; figure: keyof Stats }[] = [
  { status: 'pending_approval', label: payoutLooks.pending_approval.label, figure: 'pending' },
  { status: 'approved', label: payoutLooks.approved.label, figure: 'approved' },
  { status: 'processing', label: payoutLooks.processing.label, figure: 'processing' },
  { status: 'paid', label: payoutLooks.paid.label, figure: 'paid' },
  { status: 'failed', label: payoutLooks.failed.label, figure: 'failed' },
  { status: 'rejected', label: payoutLooks.rejected.label, figure: 'rejected' },
  { status: 'canceled', label: payoutLooks.canceled.label, figure: 'canceled' },
  { status: 'reversed', label: payoutLooks.reversed.label, figure: 'reversed' },
]

export default function Payouts() {
  const { stats, page, chips, problems, status, mayPrepare, mayExport, sort } = useLoaderData<typeof loader>()
  const answer = useAnswer<typeof action>()
  const [params] = useSearchParams()
  const all = tabs.reduce((sum, tab) => sum + stats[tab.figure].count, 0)
  const to = (status: string | null) => withParams(params, { status, after: null })
  const current = status.length === 1 ? status[0] : null
  const filtered = chips.length > 0 || status.length > 0
  return (
    <Page
      title="Payouts"
      actions={
        <>
          {mayExport && all > 0 ? <ExportButton /> : null}
          {mayPrepare ? (
            <>
              <LinkButton to="/admin/payouts/import" icon="upload">
                Import
              </LinkButton>
              <LinkButton to="/admin/payouts/new" icon="plus" variant="primary">
                New payout
              </LinkButton>
            </>
          ) : null}
        </>
      }
    >
      {answer?.step === 'refused' ? <Banner tone="danger" title={answer.message} /> : null}
      {answer?.step === 'done' ? <BulkResult answer={answer} /> : null}
      {answer?.step === 'confirm' ? <BulkConfirm answer={answer} /> : null}
      <StatCards>
        {tabs.slice(0, 5).map(({ status, label, figure }) => (
          <StatCard
            key={label}
            label={label}
            icon={status ? payoutLooks[status].icon : undefined}
            tone={status ? payoutLooks[status].tone : undefined}
            count={stats[figure].count}
            amounts={stats[figure].amounts}
            to={to(status)}
            current={current === status}
          />
        ))}
      </StatCards>
      <Tabs
        label="Payouts by status"
        tabs={[
          { label: 'All', to: to(null), count: all, current: status.length === 0 },
          ...tabs.map(tab => ({
            label: tab.label,
            to: to(tab.status),
            count: stats[tab.figure].count,
            current: current === tab.status,
          })),
        ]}
      />
      <PayoutFilters />
      {problems.length > 0 ? (
        <Banner tone="warning" title="Part of the filter was left out">
          {problems.join(' ')}
        </Banner>
      ) : null}
      <PayoutTable
        rows={page.rows}
        sort={sort}
        showPaid={current === 'paid' || current === 'reversed' || sort.startsWith('paid')}
        confirming={answer?.step === 'confirm'}
        done={answer?.step === 'done' ? answer : null}
        empty={
          filtered || all > 0 ? (
            <EmptyFiltered things="payouts" clearTo="/admin/payouts" />
          ) : (
            <Empty
              icon="payouts"
              title="No payouts yet"
              action={
                mayPrepare ? (
                  <>
                    <LinkButton to="/admin/payouts/new" variant="primary" icon="plus">
                      New payout
                    </LinkButton>
                    <LinkButton to="/admin/payouts/import" icon="upload">
                      Import a spreadsheet
                    </LinkButton>
                  </>
                ) : null
              }
            >
              A payout is what you owe one partner for one period. Create the first one by hand, or import the
              spreadsheet that your commissions live in today.
            </Empty>
          )
        }
      />
      <ListEnd shown={page.rows.length} next={page.next} />
    </Page>
  )
}
