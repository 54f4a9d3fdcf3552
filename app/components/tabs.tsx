import { Link } from '@remix-run/react'
import { classNames } from './class-names.ts'

export type Tab = { label: string; to: string; count?: number | null; current?: boolean }

/** Links to views of one list or record; not ARIA tabs, because each is an address. Scrolls sideways on a phone. */
export function Tabs({ tabs, label }: { tabs: readonly Tab[]; label: string }) {
  return (
    <nav aria-label={label} className="-mx-4 overflow-x-auto px-4 sm:mx-0 sm:px-0">
      <ul className="flex min-w-full gap-1 border-line border-b">
        {tabs.map(({ label, to, count, current }) => (
          <li key={label}>
            <Link
              to={to}
              preventScrollReset
              prefetch="intent"
              aria-current={current ? 'page' : undefined}
              className={classNames(
                '-mb-px inline-flex min-h-9 items-center gap-1.5 whitespace-nowrap border-b-2 px-2 pointer-coarse:min-h-11',
                '-outline-offset-2!',
                current
                  ? 'border-accent font-medium text-ink'
                  : 'border-transparent text-muted hover:border-line-strong hover:text-ink',
              )}
            >
              {label}
              {count !== undefined && count !== null ? (
                <span className="num rounded-sm bg-neutral-soft px-1.5 text-muted text-xs">
                  {count.toLocaleString('en-US')}
                </span>
              ) : null}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}
