import type { IconName } from '#app/components/icon.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import type { CommissionState } from '#server/commissions/rules.ts'

export const stateLooks: Record<CommissionState, { tone: Tone; icon: IconName; label: string }> = {
  on_hold: { tone: 'neutral', icon: 'clock', label: 'On hold' },
  payable: { tone: 'accent', icon: 'check', label: 'Payable' },
  disputed: { tone: 'warning', icon: 'help', label: 'Disputed' },
  in_payout: { tone: 'info', icon: 'circle-half', label: 'In a payout' },
  paid: { tone: 'success', icon: 'circle-full', label: 'Paid' },
}

/** Where a commission stands, as icon, word and tone. */
export function CommissionBadge({ state }: { state: CommissionState }) {
  const { tone, icon, label } = stateLooks[state]
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  )
}
