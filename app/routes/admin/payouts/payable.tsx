import { Icon } from '#app/components/icon.tsx'
import { None } from '#app/components/money.tsx'
import type { Blocker } from '#server/payouts/blockers.ts'
import type { PayoutStatus } from '#server/payouts/rules.ts'

/** Each blocker in two or three words; the sentence is in the details. */
export const blockerWords: Record<Blocker['code'], string> = {
  not_approved: 'Not approved',
  second_approval: 'Second approval',
  no_account: 'No Stripe account',
  account_pending: 'Set-up unfinished',
  account_restricted: 'Account restricted',
  account_closed: 'Account closed',
  destination_changed: 'Details changed',
  on_hold: 'On hold',
  below_minimum: 'Below the minimum',
  partner_archived: 'Partner archived',
  transfers_paused: 'Transfers paused',
  needs_review: 'Needs review',
  daily_limit: 'Daily limit',
}

/** Whether it could be sent now; if not, the first reason in words and all of them on opening. */
export function Payable({ status, blockers }: { status: PayoutStatus; blockers: readonly Blocker[] }) {
  if (blockers.length === 0) {
    if (status !== 'approved' && status !== 'failed') return <None label="Does not apply" />
    return (
      <span className="inline-flex items-center gap-1 text-success">
        <Icon name="check" size={14} />
        Yes
      </span>
    )
  }
  // What stands in the way besides the approval, which the status says already, is the news.
  const others = blockers.filter(({ code }) => code !== 'not_approved' && code !== 'second_approval')
  if (others.length === 0)
    return (
      <span className="text-muted">
        {blockers[0]?.code === 'second_approval' ? 'After the second approval' : 'Once approved'}
      </span>
    )
  return (
    <details className="max-w-64 text-start max-sm:max-w-none">
      <summary className="inline-flex min-h-6 items-center gap-1 rounded-sm text-warning hover:underline">
        <Icon name="lock" size={14} />
        {others[0] ? blockerWords[others[0].code] : null}
        {others.length > 1 ? ` +${others.length - 1}` : null}
      </summary>
      <ul className="mt-1 flex flex-col gap-1 text-muted">
        {blockers.map(({ code, message, clears }) => (
          <li key={code}>
            {message} <span className="text-ink">{clears.label}.</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
