import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Link, useLoaderData, useSearchParams } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money, None } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { type Column, Table } from '#app/components/table.tsx'
import { cursorIn } from '#app/components/trail.ts'
import { When } from '#app/components/when.tsx'
import { formatPeriod } from '#server/lib/period.ts'
import type { PeriodRow, PeriodTotals } from '#server/periods/view.ts'
import { periodLabel } from './payouts/period.ts'
import { CloseMonth } from './periods/close.tsx'
import { Reversals } from './periods/reversals.tsx'
import { changeOf, textOf } from './read-query.server.ts'
import { RunPlaces } from './run/places.tsx'

export const meta: MetaFunction = () => [{ title: 'Months · Remit' }]

const wellFormed = /^\d{4}-(0[1-9]|1[0-2])$/

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const asked = (name: string) => {
    const value = params.get(name)
    return value && wellFormed.test(value) ? value : undefined
  }
  const closing = asked('close')
  const reversedIn = asked('reversals')
  return query(args, async api => {
    const [page, month, reversals] = await Promise.all([
      api.periods.list({ before: asked('before'), limit: 24 }),
      closing ? api.periods.get({ period: closing }) : null,
      reversedIn ? api.periods.reversals({ period: reversedIn, cursor: cursorIn(params), limit: 50 }) : null,
    ])
    return {
      page,
      month,
      reversals: reversals && reversedIn ? { month: reversedIn, page: reversals } : null,
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const period = textOf(form, 'period')
  if (form.get('confirmed') !== 'yes')
    return data({ message: 'Tick the box: a closed month can’t be opened again.', field: 'confirmed' }, 400)
  const { idempotencyKey } = changeOf(form)
  const outcome = await mutate(args, api => api.periods.close({ period, idempotencyKey }))
  if (!outcome.ok) return data({ message: outcome.message, field: '_' }, { status: outcome.status })
  return redirectWithToast(args.context, '/admin/periods', {
    kind: 'success',
    message: `${formatPeriod(period)} is closed.`,
  })
}

const states = {
  closed: { label: 'Closed', tone: 'success', icon: 'lock' },
  open: { label: 'Open', tone: 'warning', icon: 'circle-dashed' },
  running: { label: 'Running', tone: 'info', icon: 'circle-half' },
} as const

function Sums({ row, of }: { row: PeriodRow; of: keyof Omit<PeriodTotals, 'currency'> }) {
  const sums = row.totals.filter(total => total[of] !== 0)
  if (sums.length === 0) return <None label="Nothing" />
  return (
    <span className="inline-flex flex-col items-end">
      {sums.map(total => (
        <Money key={total.currency} amount={total[of]} currency={total.currency} />
      ))}
    </span>
  )
}

const columns: Column<PeriodRow>[] = [
  {
    key: 'period',
    header: 'Month',
    card: 'title',
    cell: row => <span className="whitespace-nowrap font-medium">{periodLabel(row.period)}</span>,
  },
  {
    key: 'status',
    header: 'Status',
    card: 'aside',
    cell: row => {
      const { label, tone, icon } = states[row.status]
      return (
        <Badge tone={tone} icon={icon}>
          {label}
        </Badge>
      )
    },
  },
  { key: 'accrued', header: 'Earned', align: 'end', cell: row => <Sums row={row} of="accrued" /> },
  { key: 'adjustments', header: 'Corrected', align: 'end', cell: row => <Sums row={row} of="adjustments" /> },
  { key: 'reversals', header: 'Taken back', align: 'end', cell: row => <Sums row={row} of="reversals" /> },
  { key: 'paid', header: 'Paid out', align: 'end', cell: row => <Sums row={row} of="paid" /> },
  { key: 'paidBack', header: 'Reversed', align: 'end', cell: row => <PaidBack row={row} /> },
  { key: 'close', header: 'Closing', cell: row => <Closing row={row} /> },
]

/** The sums, as a link to the payouts they are of and the months these were paid in. */
function PaidBack({ row }: { row: PeriodRow }) {
  const sums = <Sums row={row} of="paidBack" />
  if (row.totals.every(total => total.paidBack === 0)) return sums
  return (
    <Link
      to={`?reversals=${row.period}#reversals`}
      className="link inline-flex"
      aria-label={`What was reversed in ${periodLabel(row.period)}`}
    >
      {sums}
    </Link>
  )
}

function Closing({ row }: { row: PeriodRow }) {
  if (row.status === 'closed')
    return row.closedAt ? (
      <span className="text-muted text-sm">
        <When at={row.closedAt} mode="date" />
        {row.closedBy ? ` by ${row.closedBy}` : null}
      </span>
    ) : (
      <span className="text-muted text-sm">With a later month</span>
    )
  if (row.refusal === undefined) return <None label="Not by your role" />
  if (row.refusal !== null)
    return <span className="block max-w-64 text-muted text-sm max-sm:text-end">{row.refusal}</span>
  return (
    <LinkButton to={`?close=${row.period}#close`} size="sm" icon="lock">
      Close…
    </LinkButton>
  )
}

export default function Periods() {
  const { page, month, reversals } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const [params] = useSearchParams()
  return (
    <Page
      title="Months"
      description="What each month’s books took. A closed month takes nothing any more: what comes late goes to the first open one, with a link to where it belongs."
    >
      <RunPlaces current="periods" />
      {reversals ? <Reversals {...reversals} /> : null}
      {month ? <CloseMonth refusal={refusal ?? null} /> : null}
      <Card padding="none">
        <Table
          caption="Months"
          columns={columns}
          rows={page.rows}
          rowKey={row => row.period}
          empty={<Empty icon="calendar" title="No months here" />}
        />
      </Card>
      {page.next ? (
        <p>
          <Link to={`?before=${page.next}`} className="link text-sm">
            Earlier months
          </Link>
        </p>
      ) : null}
      {params.get('before') ? (
        <p>
          <Link to="/admin/periods" className="link text-sm">
            Back to the latest
          </Link>
        </p>
      ) : null}
    </Page>
  )
}
