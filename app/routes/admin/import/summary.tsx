import { StatCard, StatCards } from '#app/components/stat-card.tsx'
import type { ImportSummary } from '#server/payouts/import.ts'

/** How many rows are what, and what they come to, per currency. */
export function ImportFigures({ summary }: { summary: ImportSummary }) {
  const { ok, errors, duplicates, warnings, totals, duplicateTotals, committed } = summary
  return (
    <StatCards>
      <StatCard
        label={committed ? 'Fine' : 'Ready to import'}
        icon="check-circle"
        tone="success"
        unit="row"
        count={ok}
        amounts={totals}
      />
      <StatCard
        label="Duplicates"
        icon="copy"
        tone={duplicates > 0 ? 'warning' : 'neutral'}
        unit="row"
        count={duplicates}
        amounts={duplicateTotals}
        to={duplicates > 0 ? '?only=problems' : undefined}
      />
      <StatCard
        label="With errors"
        icon="alert"
        tone={errors > 0 ? 'danger' : 'neutral'}
        unit="row"
        count={errors}
        to={errors > 0 ? '?only=problems' : undefined}
      />
      <StatCard
        label="Worth a look"
        icon="eye"
        tone={warnings > 0 ? 'info' : 'neutral'}
        unit="row"
        count={warnings}
        to={warnings > 0 ? '?only=problems' : undefined}
      />
    </StatCards>
  )
}
