import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { Filters } from '#app/components/filters.tsx'
import { ErrorSummary } from '#app/components/form.tsx'
import { Select } from '#app/components/input.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Tabs } from '#app/components/tabs.tsx'
import { When } from '#app/components/when.tsx'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { periodLabel } from './payouts/period.ts'
import { RunActions } from './run/actions.tsx'
import { changeRun } from './run/change.server.ts'
import { Figures, Funds, Made, Waiting } from './run/figures.tsx'
import { Lines } from './run/lines.tsx'
import { useRefusalOf } from './run/page-data.ts'
import { readRun } from './run/read.server.ts'
import { Rows } from './run/rows.tsx'
import { RunBadge } from './run/words.tsx'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.run.number} · Payout runs · Remit` : 'Payout run · Remit' },
]

export function loader(args: LoaderFunctionArgs) {
  return readRun(args)
}

export function action(args: ActionFunctionArgs) {
  return changeRun(args)
}

export default function RunPage() {
  const { run, page, filter, problems } = useLoaderData<typeof loader>()
  const [params] = useSearchParams()
  const refusal = useRefusalOf('refresh', 'include', 'exclude', 'discard')
  const executeRefusal = useRefusalOf('execute')
  const count = (outcome: string) =>
    run.totals.reduce((sum, total) => sum + (total.outcome === outcome ? total.count : 0), 0)
  const to = (changes: Record<string, string | null>) =>
    withParams(params, { outcome: null, flagged: null, after: null, row: null, from: null, ...changes })
  const currencies = [...new Set(run.totals.map(total => total.currency))].sort()
  const drifted = executeRefusal && !executeRefusal.fields.confirmed
  return (
    <Page
      title={<span className="num">{run.number}</span>}
      aside={<RunBadge status={run.status} />}
      description={
        <>
          {periodLabel(run.period)} · released by <When at={run.cutoffAt} /> ·{' '}
          {run.programs ? run.programs.map(program => program.name).join(', ') : 'all programs'} · planned{' '}
          <When at={run.plannedAt} />
          {run.createdBy ? ` by ${run.createdBy}` : null}
          {run.executedAt ? (
            <>
              {' '}
              · executed <When at={run.executedAt} />
              {run.executedBy ? ` by ${run.executedBy}` : null}
            </>
          ) : null}
        </>
      }
      breadcrumbs={[{ label: 'Payout runs', to: '/admin/runs' }]}
      actions={run.status === 'draft' && run.mayPrepare ? <RunActions /> : null}
    >
      {refusal ? <ErrorSummary errors={{ message: refusal.message }} /> : null}
      {drifted ? <Banner tone="danger" title={executeRefusal.message} /> : null}
      {run.status === 'draft' && !run.mayPrepare ? (
        <Banner icon="lock" title="Your role reads runs, and doesn’t execute them." />
      ) : null}
      {run.status === 'executed' ? (
        <Banner
          tone="success"
          title="Its payouts are made, exactly as planned"
          action={
            <LinkButton to={`/admin/payouts?runId=${run.id}`} size="sm">
              See the payouts
            </LinkButton>
          }
        >
          Somebody else than the one who executed it approves them.
        </Banner>
      ) : null}
      <Figures />
      <Made />
      <Funds />
      <Waiting />
      <Tabs
        label="Rows of the plan"
        tabs={[
          { label: 'All', to: to({}), current: !filter.outcome && !filter.flagged },
          {
            label: 'To pay',
            to: to({ outcome: 'pay' }),
            count: count('pay'),
            current: filter.outcome === 'pay' && !filter.flagged,
          },
          {
            label: 'Flagged',
            to: to({ flagged: 'yes' }),
            count: run.totals.reduce((sum, total) => sum + total.flagged, 0),
            current: filter.flagged === true,
          },
          {
            label: 'Rolls over',
            to: to({ outcome: 'rolls_over' }),
            count: count('rolls_over'),
            current: filter.outcome === 'rolls_over',
          },
          {
            label: 'Blocked',
            to: to({ outcome: 'blocked' }),
            count: count('blocked'),
            current: filter.outcome === 'blocked',
          },
        ]}
      />
      <Filters
        search={{ name: 'q', label: 'Search partners' }}
        keep={['outcome', 'flagged']}
        active={[
          ...(filter.q ? [{ name: 'q', value: filter.q, label: `Search: ${filter.q}` }] : []),
          ...(filter.currency ? [{ name: 'currency', value: filter.currency, label: filter.currency }] : []),
        ]}
      >
        {currencies.length > 1 ? (
          <Select
            name="currency"
            label="Currency"
            hideLabel
            placeholder="Any currency"
            defaultValue={filter.currency ?? ''}
            options={currencies.map(code => ({ value: code, label: code }))}
          />
        ) : null}
      </Filters>
      <FilterProblems problems={problems} />
      <Lines />
      <Rows />
      <ListEnd shown={page.rows.length} next={page.next} />
    </Page>
  )
}
