import { Link } from '@remix-run/react'
import { classNames } from '#app/components/class-names.ts'
import { Diff } from '#app/components/diff.tsx'
import { Icon, type IconName } from '#app/components/icon.tsx'
import { When } from '#app/components/when.tsx'
import type { AuditEntryView } from './describe.server.ts'

const actorIcons: Record<AuditEntryView['actor']['kind'], IconName> = {
  user: 'user',
  system: 'settings',
  stripe: 'payouts',
  command: 'key',
}

/** One line of the log: who did what to what, when; the changed fields unfold. `about` is left out where the page says it. */
export function Entry({ entry, about = true }: { entry: AuditEntryView; about?: boolean }) {
  const { seq, at, actor, action, label, target, changes, hash } = entry
  const nameLook = target.name === target.id ? 'font-mono text-[0.92em]' : 'num'
  return (
    <li className="py-2 first:pt-0 last:pb-0" data-entry={seq}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="min-w-0 [overflow-wrap:anywhere]">
          <span className="font-medium">{label}</span>{' '}
          <span className="text-muted">
            by <Icon name={actorIcons[actor.kind]} size={12} className="inline align-[-0.1em]" /> {actor.name}
          </span>
          {about ? (
            <span className="text-muted text-sm">
              {' '}
              · {target.word.toLowerCase()}{' '}
              {target.to ? (
                <Link to={target.to} className={classNames('link', nameLook)}>
                  {target.name}
                </Link>
              ) : (
                <span className={nameLook}>{target.name}</span>
              )}
            </span>
          ) : null}
        </p>
        <p className="text-muted text-sm">
          <When at={at} />
        </p>
      </div>
      <details className="group mt-0.5" data-print="">
        <summary className="inline-flex min-h-6 w-fit items-center gap-1 rounded-sm text-muted text-sm hover:text-ink hover:underline">
          <Icon name="chevron-right" size={12} className="transition-transform group-open:rotate-90" />
          {changes.length === 0 ? 'Details' : `${changes.length} ${changes.length === 1 ? 'field' : 'fields'}`}
          <span className="sr-only">
            {' '}
            of entry {seq}, {label}
          </span>
        </summary>
        <div className="mt-1 flex flex-col gap-1">
          {changes.length > 0 ? <Diff changes={changes} /> : null}
          <p className="break-all text-muted text-xs">
            Entry {seq} · <span className="font-mono">{action}</span> · hash <span className="font-mono">{hash}</span>
          </p>
        </div>
      </details>
    </li>
  )
}
