import type { IconName } from '#app/components/icon.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import type { DealStage } from '#server/deals/rules.ts'

const looks: Record<DealStage, { tone: Tone; icon: IconName; label: string }> = {
  open: { tone: 'info', icon: 'circle-dashed', label: 'Open' },
  won: { tone: 'success', icon: 'circle-full', label: 'Won' },
  lost: { tone: 'neutral', icon: 'x-circle', label: 'Lost' },
}

/** A deal's stage as icon, word and tone. */
export function StageBadge({ stage }: { stage: DealStage }) {
  const { tone, icon, label } = looks[stage]
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  )
}
