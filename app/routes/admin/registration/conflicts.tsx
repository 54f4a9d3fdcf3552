import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { When } from '#app/components/when.tsx'
import type { Conflict } from '#server/registrations/conflicts.ts'

/** What stands against a registration, with names: staff alone read this. */
export function Conflicts({ conflicts }: { conflicts: readonly Conflict[] }) {
  if (conflicts.length === 0) return null
  return (
    <Card
      title="The company is known already"
      description="By its domain or the contact. The partner was told that somebody is there, not who."
    >
      <ul className="flex flex-col gap-2">
        {conflicts.map(one => (
          <li key={one.id} className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5">
            <span className="min-w-0 break-words">
              <Link to={`/admin/${one.kind === 'deal' ? 'deals' : 'registrations'}/${one.id}`} className="link">
                {one.number}
              </Link>{' '}
              {one.accountName}
              {one.partners ? (
                <>
                  {' '}
                  by <span className="font-medium">{one.partners}</span>
                </>
              ) : null}
              {one.own ? <span className="text-muted"> (the same partner)</span> : null}
            </span>
            <span className="text-muted text-sm">
              {one.onlyAsked ? (
                'waits for an answer too'
              ) : one.protectedUntil === null ? (
                one.status
              ) : (
                <>
                  protected until <When at={one.protectedUntil} mode="date" />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}
