import { useLocation, useNavigation } from '@remix-run/react'
import { type ReactNode, useEffect, useState } from 'react'
import { classNames } from './class-names.ts'
import { useAnnounce } from './live-region.tsx'
import { isBelowAList, type PageKind, pageKindOf } from './page-kind.ts'

/** A page that comes sooner shows no skeleton: it would only flicker. */
const PATIENCE_MS = 150

/**
 * A shell's content. While another page of the same shell takes long, a calm outline of it stands there; the old page waits
 * hidden, so that a navigation that fails or is taken back loses nothing. A filter, a sort or a next page keeps the rows and
 * dims them.
 */
export function PageContent({ children }: { children: ReactNode }) {
  const { coming, refreshing } = useComing()
  return (
    <div aria-busy={coming !== null || refreshing || undefined}>
      <div
        hidden={coming !== null}
        data-refreshing={refreshing ? '' : undefined}
        className={classNames(
          'data-refreshing:[&_:is(tbody,[data-rows])]:opacity-60',
          // Only on the way there: what has come is bright at once.
          'data-refreshing:[&_:is(tbody,[data-rows])]:transition-opacity data-refreshing:[&_:is(tbody,[data-rows])]:delay-150',
        )}
      >
        {children}
      </div>
      {coming ? <Skeleton pathname={coming} /> : null}
    </div>
  )
}

/** The path of the page that takes long to come, if one does, and whether this one is read again. */
function useComing(): { coming: string | null; refreshing: boolean } {
  const { state, location, formMethod } = useNavigation()
  const here = useLocation().pathname
  const there = state === 'loading' ? location.pathname : null
  const away = there !== null && trimmed(there) !== trimmed(here) && areaOf(there) === areaOf(here) ? there : null
  const [late, setLate] = useState<string | null>(null)
  useEffect(() => {
    if (away === null) return
    const timer = setTimeout(() => setLate(away), PATIENCE_MS)
    return () => {
      clearTimeout(timer)
      setLate(null)
    }
  }, [away])
  return {
    coming: late === away ? away : null,
    // After a post the form itself says that it is at work.
    refreshing: there !== null && trimmed(there) === trimmed(here) && formMethod !== 'POST',
  }
}

const trimmed = (path: string) => path.replace(/\/+$/, '')
/** Admin or portal: each has a shell of its own, and elsewhere there is none. */
const areaOf = (path: string) => path.split('/')[1] ?? ''

/**
 * The outline of a page, in the frame that every page has (see Page), so that nothing jumps when the page comes. No higher than
 * the window: whoever comes from far down sees it from its top.
 */
function Skeleton({ pathname }: { pathname: string }) {
  const kind = pageKindOf(pathname)
  const announce = useAnnounce()
  useEffect(() => announce('Loading…'), [announce])
  const Body = bodies[kind]
  return (
    <div
      aria-hidden="true"
      data-skeleton={kind}
      className={classNames(
        'mx-auto max-h-[calc(100dvh-8rem-var(--strip))] w-full overflow-hidden',
        kind === 'form' ? 'max-w-2xl' : 'max-w-6xl',
        'starting:opacity-0 transition-opacity duration-200 motion-safe:animate-pulse',
      )}
    >
      {isBelowAList(pathname) ? (
        <div className="mb-1 flex h-6 items-center">
          <Bar className="h-3.5 w-20" />
        </div>
      ) : null}
      <div className="flex min-h-8 items-center justify-between gap-4">
        <Bar className="h-5 w-40" />
        {kind === 'form' ? null : <Bar className="h-(--control) w-28 rounded-md max-sm:w-20" />}
      </div>
      <div className="mt-4 flex flex-col gap-4">
        <Body />
      </div>
    </div>
  )
}

const bodies: Record<PageKind, () => ReactNode> = {
  overview: () => (
    <>
      <Figures />
      <Rows count={8} />
    </>
  ),
  list: () => (
    <>
      <div className="flex gap-4 border-line border-b pb-3">
        {times(4, index => (
          <Bar key={index} className="h-4 w-16" />
        ))}
      </div>
      <div className="flex gap-2">
        <Bar className="h-(--control) w-64 max-w-full rounded-md" />
        <Bar className="h-(--control) w-24 rounded-md max-sm:hidden" />
      </div>
      <Rows count={12} />
    </>
  ),
  detail: () => (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex min-w-0 flex-col gap-4">
        <Box lines={['w-24', 'w-3/5', 'w-2/5']} />
        <Box lines={['w-32', 'w-4/5', 'w-2/3', 'w-3/4', 'w-1/2']} />
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <Box lines={['w-20', 'w-3/4', 'w-1/2', 'w-2/3']} />
        <Box lines={['w-24', 'w-2/3', 'w-1/2']} />
      </div>
    </div>
  ),
  form: () => (
    <div className="flex flex-col gap-5 rounded-lg border border-line bg-surface p-4">
      {times(5, index => (
        <div key={index} className="flex flex-col gap-2">
          <Bar className="h-3.5 w-24" />
          <Bar className="h-(--control) w-full rounded-md" />
        </div>
      ))}
      <Bar className="h-(--control) w-32 rounded-md" />
    </div>
  ),
}

function Bar({ className }: { className: string }) {
  return <div className={classNames('rounded-sm bg-neutral-soft', className)} />
}

function Figures() {
  return (
    <div className="grid gap-3 min-[26rem]:grid-cols-2 md:grid-cols-4">
      {times(4, index => (
        <Box key={index} lines={['w-20', 'w-28', 'w-16']} />
      ))}
    </div>
  )
}

function Box({ lines }: { lines: readonly string[] }) {
  return (
    <div className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-4">
      {lines.map((width, index) => (
        <Bar key={index} className={classNames('h-3.5', width)} />
      ))}
    </div>
  )
}

function Rows({ count }: { count: number }) {
  return (
    <div className="divide-y divide-line rounded-lg border border-line bg-surface">
      {times(count, index => (
        <div key={index} className="flex items-center gap-6 px-4 py-3.5">
          <Bar className="h-3.5 w-20 shrink-0" />
          <Bar className={classNames('h-3.5 max-sm:hidden', index % 3 === 0 ? 'w-40' : 'w-32')} />
          <Bar className="h-3.5 w-16 max-lg:hidden" />
          <Bar className="ms-auto h-3.5 w-20" />
        </div>
      ))}
    </div>
  )
}

const times = (count: number, item: (index: number) => ReactNode) => Array.from({ length: count }, (_, i) => item(i))
