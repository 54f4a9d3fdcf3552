import { Link } from '@remix-run/react'
import type { ReactNode } from 'react'
import { SubmitButton } from '#app/components/button.tsx'
import { Form } from '#app/components/form.tsx'
import { None } from '#app/components/money.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import type { JobStatus } from '#server/outbox/rules.ts'
import type { Caller } from '#server/router.ts'

type Job = Awaited<ReturnType<Caller['jobs']['list']>>['rows'][number]

type JobTableProps = {
  rows: readonly Job[]
  status: JobStatus
  /** Null where the viewer may not retry. */
  idempotencyKey: string | null
  empty: ReactNode
}

const pages = { payout: '/admin/payouts', partner: '/admin/partners' } as const

export function JobTable({ rows, status, idempotencyKey, empty }: JobTableProps) {
  const columns: (Column<Job> | null)[] = [
    { key: 'kind', header: 'Kind', card: 'title', cell: job => <span className="font-medium">{job.label}</span> },
    { key: 'about', header: 'About', cell: job => <About job={job} /> },
    {
      key: 'status',
      header: 'Status',
      card: 'aside',
      cell: job => (
        <StatusBadge of="job" status={job.status === 'queued' && job.attempts > 0 ? 'retrying' : job.status} />
      ),
    },
    { key: 'attempts', header: 'Failed tries', align: 'end', cell: job => <span className="num">{job.attempts}</span> },
    status === 'done' ? null : { key: 'error', header: 'Last error', cell: job => <LastError text={job.lastError} /> },
    {
      key: 'created',
      header: 'Since',
      align: 'end',
      cell: job => <When at={job.createdAt} />,
    },
    status === 'done'
      ? { key: 'finished', header: 'Finished', align: 'end', cell: job => <When at={job.finishedAt} /> }
      : status === 'parked'
        ? null
        : {
            key: 'next',
            header: status === 'leased' ? 'Held until' : 'Next try',
            align: 'end',
            cell: job => <When at={job.nextRunAt} />,
          },
    status === 'parked' && idempotencyKey !== null
      ? {
          key: 'retry',
          header: 'Retry',
          hideHeader: true,
          align: 'end',
          cell: job => (
            <Form hidden={{ idempotencyKey: `${idempotencyKey}-${job.id}` }}>
              <SubmitButton name="jobId" value={job.id} size="sm" variant="secondary" icon="refresh">
                Retry<span className="sr-only"> {job.about?.label ?? job.label}</span>
              </SubmitButton>
            </Form>
          ),
        }
      : null,
  ]
  return (
    <Table
      caption="Jobs"
      columns={columns.filter(column => column !== null)}
      rows={rows}
      rowKey={job => job.id}
      empty={empty}
    />
  )
}

function About({ job }: { job: Job }) {
  const { about } = job
  if (!about?.label) return <None label="Nothing in particular" />
  if (!about.link) return <span className="[overflow-wrap:anywhere]">{about.label}</span>
  return (
    <Link to={`${pages[about.link.to]}/${about.link.id}`} className="link [overflow-wrap:anywhere]">
      {about.label}
    </Link>
  )
}

/** The first line; the rest, which may be a whole stack, unfolds. */
function LastError({ text }: { text: string | null }) {
  if (!text) return <None label="None" />
  const [first = '', ...rest] = text.trim().split('\n')
  if (rest.length === 0 && first.length <= 160) return <span className="[overflow-wrap:anywhere]">{first}</span>
  return (
    <details className="max-w-md text-start">
      <summary className="min-h-6 rounded-sm hover:underline [overflow-wrap:anywhere]">{first.slice(0, 160)} …</summary>
      <pre className="mt-1 max-h-64 overflow-auto whitespace-pre-wrap font-mono text-muted text-xs">{text}</pre>
    </details>
  )
}
