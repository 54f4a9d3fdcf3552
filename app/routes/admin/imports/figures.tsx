import { useLoaderData } from '@remix-run/react'
import { StatCard, StatCards } from '#app/components/stat-card.tsx'
import type { loader } from '../import.tsx'

const words: Record<string, string> = {
  open: 'Open deals',
  won: 'Won deals',
  lost: 'Lost deals',
  paid: 'Paid elsewhere',
  unpaid: 'To be paid from here',
}

/** How many rows are what, and what they come to, per currency and never across. */
export function Figures() {
  const { one } = useLoaderData<typeof loader>()
  const over = one.status === 'committed' || one.status === 'undone'
  const fine = over ? one.done : one.checked - one.errors - one.duplicates
  const kinds = [...new Set(one.totals.map(total => total.what))]
  return (
    <StatCards>
      <StatCard
        label={over ? 'Imported' : 'Ready to import'}
        icon="check-circle"
        tone="success"
        unit="row"
        count={fine}
        hint={one.nothing > 0 ? `${one.nothing.toLocaleString('en-US')} of them make nothing` : undefined}
      />
      {kinds.map(what => (
        <StatCard
          key={what}
          label={words[what] ?? what}
          unit="row"
          count={one.totals.filter(total => total.what === what).reduce((sum, total) => sum + total.rows, 0)}
          amounts={one.totals.filter(total => total.what === what)}
        />
      ))}
      <StatCard
        label="Duplicates"
        icon="copy"
        tone={one.duplicates > 0 ? 'warning' : 'neutral'}
        unit="row"
        count={one.duplicates}
        to={one.duplicates > 0 ? '?only=problems' : undefined}
      />
      <StatCard
        label="With errors"
        icon="alert"
        tone={one.errors > 0 ? 'danger' : 'neutral'}
        unit="row"
        count={one.errors}
        to={one.errors > 0 ? '?only=problems' : undefined}
      />
      {one.warnings > 0 ? (
        <StatCard label="Worth a look" icon="eye" tone="info" unit="row" count={one.warnings} to="?only=problems" />
      ) : null}
    </StatCards>
  )
}
