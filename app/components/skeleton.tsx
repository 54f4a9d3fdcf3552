import { classNames } from './class-names.ts'

/** A grey block where something will be. Give it the size of the final thing, so nothing jumps. */
export function Skeleton({ className }: { className?: string }) {
  return <span className={classNames('block animate-pulse rounded-sm bg-neutral-soft', className ?? 'h-4 w-full')} />
}

/** A table's outline while its rows load. */
export function TableSkeleton({ rows = 8, columns = 5 }: { rows?: number; columns?: number }) {
  return (
    <Loading>
      <div className="rounded-lg border border-line bg-surface">
        {keys(rows).map(row => (
          <div key={row} className="flex gap-6 border-line border-b px-4 py-3 last:border-0">
            {keys(columns).map(column => (
              <Skeleton key={column} className={column === 0 ? 'h-4 flex-2' : 'h-4 flex-1'} />
            ))}
          </div>
        ))}
      </div>
    </Loading>
  )
}

/** Stat cards' outline. */
export function StatSkeleton({ cards = 4 }: { cards?: number }) {
  return (
    <Loading>
      <div className="grid grid-cols-2 gap-3 md:grid-cols-4">
        {keys(cards).map(card => (
          <div key={card} className="flex flex-col gap-2 rounded-lg border border-line bg-surface p-3.5">
            <Skeleton className="h-4 w-20" />
            <Skeleton className="h-6 w-28" />
            <Skeleton className="h-4 w-16" />
          </div>
        ))}
      </div>
    </Loading>
  )
}

function Loading({ children }: { children: React.ReactNode }) {
  return (
    <div>
      <p className="sr-only">Loading…</p>
      <div aria-hidden="true">{children}</div>
    </div>
  )
}

function keys(length: number): number[] {
  return Array.from({ length }, (_, index) => index)
}
