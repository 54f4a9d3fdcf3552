import type { IconName } from '#app/components/icon.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import type { RuleState } from '#server/rules/view.ts'

const looks: Record<RuleState | 'published', { tone: Tone; icon: IconName; label: string }> = {
  in_force: { tone: 'success', icon: 'circle-full', label: 'In force' },
  upcoming: { tone: 'info', icon: 'clock', label: 'Upcoming' },
  ended: { tone: 'neutral', icon: 'ban', label: 'Ended' },
  draft: { tone: 'warning', icon: 'circle-dashed', label: 'Draft' },
  discarded: { tone: 'neutral', icon: 'trash', label: 'Discarded' },
  published: { tone: 'accent', icon: 'check', label: 'Published' },
}

/** Where a rule or one of its versions stands, as icon, word and tone. */
export function RuleBadge({ state }: { state: RuleState | 'published' }) {
  const { tone, icon, label } = looks[state]
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  )
}
