import type { IconName } from '#app/components/icon.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import type { RegistrationStatus } from '#server/registrations/rules.ts'

const looks: Record<RegistrationStatus, { tone: Tone; icon: IconName }> = {
  draft: { tone: 'neutral', icon: 'edit' },
  submitted: { tone: 'warning', icon: 'circle-dashed' },
  approved: { tone: 'success', icon: 'lock' },
  declined: { tone: 'danger', icon: 'x-circle' },
  withdrawn: { tone: 'neutral', icon: 'undo' },
  expired: { tone: 'neutral', icon: 'clock' },
}

export function RegistrationBadge({ status, label }: { status: RegistrationStatus; label: string }) {
  return (
    <Badge tone={looks[status].tone} icon={looks[status].icon}>
      {label}
    </Badge>
  )
}
