import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useActionData, useLoaderData, useSearchParams } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Filters } from '#app/components/filters.tsx'
import { ErrorSummary, Form } from '#app/components/form.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Select } from '#app/components/input.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Tabs } from '#app/components/tabs.tsx'
import { allows } from '#server/auth/rules.ts'
import {
  countLimit,
  jobStatuses,
  jobStatusLabels,
  listJobsInput,
  topicLabel,
  topicLabels,
} from '#server/outbox/rules.ts'
import { JobTable } from './jobs/table.tsx'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { changeOf, cursorOf, readQuery, textOf } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Jobs · Remit' }]

const filterSchema = listJobsInput.pick({ status: true, topic: true })

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readQuery(filterSchema, params)
  return query(args, async api => {
    const jobs = await api.jobs.list({ ...filter, cursor: cursorOf(params), limit: 50 })
    return {
      rows: jobs.rows,
      next: jobs.next,
      status: filter.status,
      says: jobStatusLabels[filter.status].says,
      tabs: jobStatuses.map(status => ({
        status,
        label: jobStatusLabels[status].label,
        count: Math.min(jobs.counts[status], countLimit),
        more: jobs.counts[status] > countLimit,
      })),
      parkedTopics: jobs.parkedTopics,
      topics: Object.entries(topicLabels).map(([value, label]) => ({ value, label })),
      chips: filter.topic ? [{ name: 'topic', value: filter.topic, label: topicLabel(filter.topic) }] : [],
      problems,
      mayRetry: allows(args.context.viewer?.role ?? 'partner', 'jobs.retry'),
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const { idempotencyKey } = changeOf(form)
  const back = `/admin/jobs${new URL(args.request.url).search}`
  const jobId = textOf(form, 'jobId')
  if (jobId) {
    const outcome = await mutate(args, api => api.jobs.retry({ jobId, idempotencyKey }))
    if (!outcome.ok) return data(outcome, { status: outcome.status })
    return redirectWithToast(args.context, back, { kind: 'success', message: 'The job is back in line.' })
  }
  const outcome = await mutate(args, api => api.jobs.retryAll({ topic: textOf(form, 'topic'), idempotencyKey }))
  if (!outcome.ok) return data(outcome, { status: outcome.status })
  const { retried } = outcome.value
  const message =
    retried === 0
      ? 'None of them was parked any more.'
      : `${retried.toLocaleString('en-US')} ${retried === 1 ? 'job is' : 'jobs are'} back in line.`
  return redirectWithToast(args.context, back, { kind: retried === 0 ? 'info' : 'success', message })
}

export default function Jobs() {
  const page = useLoaderData<typeof loader>()
  const { rows, next, status, says, tabs, parkedTopics, topics, chips, problems, mayRetry, idempotencyKey } = page
  const refusal = useActionData<typeof action>()
  const [params] = useSearchParams()
  return (
    <Page title="Jobs" description="Work that runs behind the pages: transfers, mails, and what Stripe reports.">
      {refusal ? <ErrorSummary errors={refusal} /> : null}
      <Tabs
        label="Jobs by status"
        tabs={tabs.map(tab => ({
          label: tab.more ? `${tab.label} (more than ${tab.count.toLocaleString('en-US')})` : tab.label,
          count: tab.more ? null : tab.count,
          to: withParams(params, { status: tab.status === 'parked' ? null : tab.status, after: null }),
          current: tab.status === status,
        }))}
      />
      <Filters active={chips} keep={['status']}>
        <Select
          name="topic"
          label="Kind"
          hideLabel
          placeholder="All kinds"
          defaultValue={params.get('topic') ?? ''}
          options={topics}
        />
      </Filters>
      <FilterProblems problems={problems} />
      {status === 'parked' && parkedTopics.length > 0 ? (
        mayRetry ? (
          <div className="flex flex-wrap items-center gap-2">
            <span className="text-muted text-sm">Retry all:</span>
            {parkedTopics.map(({ topic, label }) => (
              <Form key={topic} hidden={{ idempotencyKey: `${idempotencyKey}-${topic}` }}>
                <SubmitButton name="topic" value={topic} variant="secondary" size="sm" icon="refresh">
                  {label}
                </SubmitButton>
              </Form>
            ))}
          </div>
        ) : (
          <p className="flex gap-1.5 text-muted text-sm">
            <Icon name="lock" size={14} className="mt-[0.2em]" />
            Your role sees the jobs; an admin or an owner retries them.
          </p>
        )
      ) : null}
      <Card padding="none">
        <JobTable
          rows={rows}
          status={status}
          idempotencyKey={mayRetry ? idempotencyKey : null}
          empty={
            chips.length > 0 ? (
              <EmptyFiltered things="jobs" clearTo={withParams(params, { topic: null, after: null })} />
            ) : status === 'parked' ? (
              <Empty icon="check-circle" title="Nothing needs attention">
                A job that failed several times is parked here, for somebody to look at its error and retry it.
              </Empty>
            ) : (
              <Empty icon="jobs" title="None at the moment">
                {says}.
              </Empty>
            )
          }
        />
      </Card>
      <ListEnd shown={rows.length} next={next} />
    </Page>
  )
}
