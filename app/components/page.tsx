import { Link } from '@remix-run/react'
import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'

export type Crumb = { label: string; to: string }

type PageProps = {
  title: ReactNode
  /** Beside the title: a status badge, a mono id. */
  aside?: ReactNode
  description?: ReactNode
  breadcrumbs?: readonly Crumb[]
  actions?: ReactNode
  /** Reading width for forms and settings; tables use the full width. */
  width?: 'full' | 'narrow'
  children: ReactNode
}

/** A page's content: breadcrumbs, h1, actions, then its sections, evenly spaced. One per page, inside a shell. */
export function Page({ title, aside, description, breadcrumbs, actions, width = 'full', children }: PageProps) {
  return (
    <div className={width === 'narrow' ? 'mx-auto w-full max-w-2xl' : 'mx-auto w-full max-w-6xl'}>
      {breadcrumbs?.length ? <Breadcrumbs crumbs={breadcrumbs} /> : null}
      <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="min-w-0 break-words font-semibold text-xl tracking-tight">{title}</h1>
            {aside}
          </div>
          {description ? <p className="mt-0.5 max-w-prose text-muted">{description}</p> : null}
        </div>
        {actions ? (
          <div className="flex flex-wrap items-start gap-2" data-no-print="">
            {actions}
          </div>
        ) : null}
      </header>
      <div className="mt-4 flex flex-col gap-4">{children}</div>
    </div>
  )
}

/** The way up. The current page is the h1 below, so it isn't repeated. */
function Breadcrumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <nav aria-label="Breadcrumbs" className="mb-1">
      <ol className="flex flex-wrap items-center gap-x-1 text-muted text-sm">
        {crumbs.map(({ label, to }) => (
          <li key={to} className="inline-flex items-center gap-x-1">
            <Link to={to} className="inline-flex min-h-6 items-center hover:text-ink hover:underline">
              {label}
            </Link>
            <Icon name="chevron-right" size={12} className="text-faint" />
          </li>
        ))}
      </ol>
    </nav>
  )
}

/** Main column and a narrower side column from 1024 px. */
export function Columns({ main, side }: { main: ReactNode; side: ReactNode }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex min-w-0 flex-col gap-4">{main}</div>
      <div className="flex min-w-0 flex-col gap-4">{side}</div>
    </div>
  )
}
