import type { IconName } from '#app/components/icon.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import type { DisputeStatus } from '#server/disputes/rules.ts'

const looks: Record<DisputeStatus, { tone: Tone; icon: IconName; label: string }> = {
  open: { tone: 'warning', icon: 'help', label: 'Open' },
  released: { tone: 'neutral', icon: 'check', label: 'Amount kept' },
  adjusted: { tone: 'success', icon: 'check', label: 'Adjusted' },
  withdrawn: { tone: 'neutral', icon: 'undo', label: 'Withdrawn' },
}

/** Where a dispute stands, as icon, word and tone. */
export function DisputeBadge({ status }: { status: DisputeStatus }) {
  const { tone, icon, label } = looks[status]
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  )
}
