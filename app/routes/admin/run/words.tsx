import type { IconName } from '#app/components/icon.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import type { PlanFlag, PlanOutcome, RunStatus } from '#server/runs/rules.ts'

const statuses: Record<RunStatus, { label: string; tone: Tone; icon: IconName }> = {
  draft: { label: 'Draft', tone: 'warning', icon: 'circle-dashed' },
  executed: { label: 'Executed', tone: 'success', icon: 'check-circle' },
  discarded: { label: 'Discarded', tone: 'neutral', icon: 'ban' },
}

export function RunBadge({ status }: { status: RunStatus }) {
  const { label, tone, icon } = statuses[status]
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  )
}

const outcomes: Record<PlanOutcome, { label: string; tone: Tone; icon: IconName }> = {
  pay: { label: 'To pay', tone: 'accent', icon: 'check' },
  rolls_over: { label: 'Rolls over', tone: 'neutral', icon: 'clock' },
  blocked: { label: 'Blocked', tone: 'warning', icon: 'lock' },
}

export function OutcomeBadge({ outcome, included }: { outcome: PlanOutcome; included: boolean }) {
  const { label, tone, icon } = outcomes[outcome]
  if (outcome === 'pay' && !included)
    return (
      <Badge tone="neutral" icon="minus">
        Taken out
      </Badge>
    )
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  )
}

export const flagWords: Record<PlanFlag['code'], string> = {
  first_payout: 'First payout',
  never_paid: 'Never paid before',
  big_change: 'Changed by more than half',
  destination_changed: 'Details changed lately',
  top_amount: 'Among the largest',
}
