import { Link } from '@remix-run/react'
import type { ReactNode } from 'react'
import { Card } from '#app/components/card.tsx'
import { Icon, type IconName } from '#app/components/icon.tsx'
import { type Amount, AmountsInline, Money } from '#app/components/money.tsx'
import { type Tone, toneClass } from '#app/components/status-badge.tsx'
import type { Inbox } from './inbox.server.ts'

/** What waits for the viewer and what went wrong, most urgent first; each line leads to its rows. */
export function WorkList({ inbox }: { inbox: Inbox }) {
  const { toApprove, toPay, failed, review, stats, partial } = inbox
  const others = stats.pending.count - toApprove.count
  const atLeast = partial ? ' at least' : ''
  const lines: ReactNode[] = []
  if (review.length > 0)
    lines.push(
      <Line
        key="review"
        icon="help"
        tone="danger"
        to={review.length === 1 && review[0] ? `/admin/payouts/${review[0].id}` : '/admin/payouts?status=processing'}
        title={`${count(review.length)} with an unknown outcome`}
        amounts={sums(review)}
      >
        Stripe has not said whether the money moved. Two people have to look.
      </Line>,
    )
  if (failed.pile.count > 0)
    lines.push(
      <Line
        key="failed"
        icon="alert"
        tone="danger"
        to="/admin/payouts?status=failed"
        title={`${count(failed.pile.count)} failed`}
        amounts={failed.pile.amounts}
      >
        <ul className="flex flex-col gap-0.5">
          {failed.rows.map(row => (
            <li key={row.id}>
              <Link to={`/admin/payouts/${row.id}`} className="link relative">
                {row.number} · {row.partner.name}
              </Link>{' '}
              <Money amount={row.amount} currency={row.currency} /> {row.failureMessage}
            </li>
          ))}
        </ul>
      </Line>,
    )
  if (toApprove.count > 0)
    lines.push(
      <Line
        key="approve"
        icon="check"
        tone="warning"
        to="/admin/payouts?status=pending_approval"
        title={`${count(toApprove.count)} wait${toApprove.count === 1 ? 's' : ''} for your approval${atLeast ? ', or more' : ''}`}
        amounts={toApprove.amounts}
      >
        {others > 0 && !partial ? `${others} more wait for somebody else: you prepared or approved them.` : null}
      </Line>,
    )
  else if (stats.pending.count > 0)
    lines.push(
      <Line
        key="pending"
        icon="clock"
        tone="neutral"
        to="/admin/payouts?status=pending_approval"
        title={`${count(stats.pending.count)} wait${stats.pending.count === 1 ? 's' : ''} for somebody else’s approval`}
        amounts={stats.pending.amounts}
      />,
    )
  if (toPay.count > 0)
    lines.push(
      <Line
        key="pay"
        icon="send"
        tone="accent"
        to="/admin/payouts?status=approved"
        title={`${count(toPay.count)} ready to send${atLeast ? ', or more' : ''}`}
        amounts={toPay.amounts}
      >
        Approved, and nothing is in the way.
      </Line>,
    )
  if (stats.processing.count > review.length)
    lines.push(
      <Line
        key="processing"
        icon="circle-half"
        tone="info"
        to="/admin/payouts?status=processing"
        title={`${count(stats.processing.count)} on the way`}
        amounts={stats.processing.amounts}
      />,
    )
  return (
    <Card title="To do" padding="none">
      {lines.length > 0 ? (
        <ul className="divide-y divide-line">{lines}</ul>
      ) : (
        <p className="flex items-center gap-2 p-4">
          <Icon name="check-circle" className="text-success" />
          Nothing waits. Every payout is paid, or closed.
        </p>
      )}
    </Card>
  )
}

type LineProps = {
  icon: IconName
  tone: Tone
  to: string
  title: string
  amounts: readonly Amount[]
  children?: ReactNode
}

function Line({ icon, tone, to, title, amounts, children }: LineProps) {
  return (
    <li className="relative flex gap-3 px-4 py-3 hover:bg-sunken">
      <span className={`grid size-8 shrink-0 place-items-center rounded-md ${toneClass[tone]}`}>
        <Icon name={icon} />
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <Link to={to} prefetch="intent" className="font-medium after:absolute after:inset-0 hover:underline">
            {title}
          </Link>
          <AmountsInline amounts={amounts} />
        </div>
        {children ? <div className="text-muted text-sm">{children}</div> : null}
      </div>
    </li>
  )
}

function count(payouts: number): string {
  return payouts === 1 ? '1 payout' : `${payouts.toLocaleString('en-US')} payouts`
}

function sums(rows: readonly Amount[]): Amount[] {
  const byCurrency = new Map<string, number>()
  for (const { amount, currency } of rows) byCurrency.set(currency, (byCurrency.get(currency) ?? 0) + amount)
  return [...byCurrency].map(([currency, amount]) => ({ currency, amount }))
}
