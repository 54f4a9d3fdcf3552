import { Link } from '@remix-run/react'
import { buttonClass } from './button.tsx'
import { Icon } from './icon.tsx'

type PaginationProps = {
  /** Links made with `withParams(search, { after: cursor })`; null at an end of the list. */
  prev?: string | null
  next?: string | null
  /** What is shown: '50 of 1,204 payouts'. */
  summary?: string
}

/** Previous and next of a keyset list. There are no page numbers, because keysets have none. */
export function Pagination({ prev, next, summary }: PaginationProps) {
  if (!prev && !next && !summary) return null
  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-4">
      <p className="num text-muted text-sm">{summary}</p>
      <div className="flex gap-2">
        {prev ? <Step to={prev} rel="prev" label="Previous" /> : null}
        {next ? <Step to={next} rel="next" label="Next" /> : null}
      </div>
    </nav>
  )
}

function Step({ to, rel, label }: { to: string; rel: 'prev' | 'next'; label: string }) {
  return (
    <Link to={to} rel={rel} prefetch="intent" className={buttonClass({ size: 'sm' })}>
      {rel === 'prev' ? <Icon name="chevron-left" /> : null}
      {label}
      {rel === 'next' ? <Icon name="chevron-right" /> : null}
    </Link>
  )
}
