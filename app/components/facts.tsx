import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { None } from './money.tsx'

export type Fact = { label: string; value: ReactNode; hint?: ReactNode }

/** A definition list: what we know of one thing. `columns` from 640 px; one column below. */
export function Facts({ facts, columns = 1 }: { facts: readonly Fact[]; columns?: 1 | 2 | 3 }) {
  return (
    <dl
      className={classNames(
        'grid gap-x-8',
        columns === 1 && 'divide-y divide-line',
        columns === 2 && 'gap-y-3 sm:grid-cols-2',
        columns === 3 && 'gap-y-3 sm:grid-cols-3',
      )}
    >
      {facts.map(({ label, value, hint }) => (
        <div
          key={label}
          className={
            columns === 1 ? 'flex flex-wrap justify-between gap-x-6 gap-y-0.5 py-2 first:pt-0 last:pb-0' : 'min-w-0'
          }
        >
          <dt className="text-muted text-sm">{label}</dt>
          <dd className={classNames('min-w-0 break-words', columns === 1 && 'text-end')}>
            {value === null || value === undefined || value === '' ? <None label="Not given" /> : value}
            {hint ? <div className="text-muted text-sm">{hint}</div> : null}
          </dd>
        </div>
      ))}
    </dl>
  )
}
