import { Link } from '@remix-run/react'
import { Icon } from './icon.tsx'

/** Why something can't happen yet, as data from a procedure, with what clears it. */
export type Blocker = {
  code: string
  message: string
  clears?: { label: string; href?: string; to?: string | null } | null
}

/** The blockers of a payout, the same list everywhere. Nothing when there are none. */
export function Blockers({
  blockers,
  title = 'What is in the way',
  places = {},
}: {
  blockers: readonly Blocker[]
  title?: string
  /** Where `clears.to` leads on this side: `{ setup: '/portal/setup' }`. A place without an address is words only. */
  places?: Partial<Record<string, string>>
}) {
  if (blockers.length === 0) return null
  return (
    <section
      aria-label={title}
      className="rounded-lg border border-warning/35 bg-warning-soft px-3.5 py-3"
      data-card-box=""
    >
      <h2 className="font-semibold">{title}</h2>
      <ul className="mt-1.5 flex flex-col gap-2">
        {blockers.map(({ code, message, clears }) => {
          const href = clears?.href ?? (clears?.to ? places[clears.to] : undefined)
          return (
            <li key={`${code} ${message}`} className="flex gap-2" data-blocker={code}>
              <Icon name="lock" size={14} className="mt-[0.2em] text-warning" />
              <div className="min-w-0">
                <p>{message}</p>
                {clears ? (
                  <p className="text-muted text-sm">
                    {href ? (
                      <Link to={href} className="link">
                        {clears.label}
                      </Link>
                    ) : (
                      clears.label
                    )}
                  </p>
                ) : null}
              </div>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
