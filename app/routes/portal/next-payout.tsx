import { Link } from '@remix-run/react'
import { type Blocker, Blockers } from '#app/components/blockers.tsx'
import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import type { PortalRow } from './words.ts'

type Next = PortalRow & {
  blockers: Blocker[]
  /** When time alone clears what is in the way: UTC milliseconds. */
  until: number | null
  /** How many more are under way. */
  others: number
}

/** What happens next: the payout that reaches the partner first, what it waits for, and when to expect it. */
export function NextPayout({ next, orgName }: { next: Next | null; orgName: string }) {
  if (!next)
    return (
      <Card title="What happens next">
        <p className="text-muted">
          Nothing is under way. {orgName} prepares the next payout, and you will see it here.
        </p>
      </Card>
    )
  return (
    <Card title="What happens next">
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
          <p className="font-semibold text-lg">
            <Link to={`/portal/payouts/${next.id}`} className="hover:underline">
              <Money amount={next.amount} currency={next.currency} />
              <span className="sr-only">, {next.number}</span>
            </Link>
          </p>
          <StatusBadge status={next.status} />
        </div>
        <p>
          {sentence(next, orgName)}
          {next.until === null ? null : (
            <>
              {' '}
              Expected after <When at={next.until} />.
            </>
          )}
        </p>
        {next.status === 'pending_approval' && onlyApproval(next.blockers) ? null : (
          <Blockers title="What it waits for" blockers={next.blockers} />
        )}
        {next.others > 0 ? (
          <p className="text-muted text-sm">
            {next.others === 1 ? 'One more payout is' : `${next.others} more payouts are`} under way.
          </p>
        ) : null}
      </div>
    </Card>
  )
}

function onlyApproval(blockers: readonly Blocker[]): boolean {
  return blockers.every(({ code }) => code === 'not_approved')
}

function sentence({ status, blockers }: Next, orgName: string): string {
  switch (status) {
    case 'processing':
      return blockers.length > 0
        ? 'It was sent to your Stripe balance.'
        : 'It is being sent to your Stripe balance, where it arrives within minutes; your bank has it about two business days later.'
    case 'failed':
      return `It could not be sent. Nothing is lost: ${orgName} sends it again when that is cleared.`
    case 'approved':
      return blockers.length > 0
        ? 'It is approved, and is sent as soon as nothing is in the way.'
        : `It is approved. ${orgName} sends it next; your bank has it about two business days after that.`
    default:
      return `${orgName} looks at it and approves it; then it is sent.`
  }
}
