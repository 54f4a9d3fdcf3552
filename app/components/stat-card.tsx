import { Link } from '@remix-run/react'
import { Fragment, type ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'
import { type Amount, Money } from './money.tsx'
import type { Tone } from './status-badge.tsx'

type StatCardProps = {
  label: string
  /** One figure per currency, the largest matter first. Empty shows the count instead, or zero. */
  amounts?: readonly Amount[]
  count?: number
  /** What is counted, singular: 'payout'. */
  unit?: string
  hint?: ReactNode
  /** The list behind the figure. */
  to?: string
  icon?: IconName
  tone?: Tone
  current?: boolean
}

const ink: Record<Tone, string> = {
  neutral: 'text-muted',
  info: 'text-info',
  accent: 'text-accent',
  success: 'text-success',
  warning: 'text-warning',
  danger: 'text-danger',
}

/** A figure that opens its rows. */
export function StatCard(props: StatCardProps) {
  const { label, amounts = [], count, unit = 'payout', hint, to, icon, tone = 'neutral', current } = props
  const [first, ...rest] = amounts
  const counted = count === undefined ? null : `${count.toLocaleString('en-US')} ${count === 1 ? unit : `${unit}s`}`
  return (
    <div
      className={classNames(
        'relative grid min-w-0 content-start gap-x-3 gap-y-1 rounded-lg border bg-surface p-3.5',
        'max-[26rem]:grid-cols-[minmax(0,1fr)_auto] min-[26rem]:@container min-[26rem]:grid-rows-[auto_1fr_auto]',
        current ? 'border-accent' : 'border-line',
        to && 'hover:border-line-strong',
      )}
      data-card-box=""
    >
      <p className="flex items-center gap-1.5 text-muted text-sm">
        {icon ? <Icon name={icon} size={14} className={ink[tone]} /> : null}
        {to ? (
          <Link
            to={to}
            prefetch="intent"
            className="after:absolute after:inset-0 after:rounded-lg"
            aria-current={current ? 'true' : undefined}
          >
            {label}
          </Link>
        ) : (
          label
        )}
      </p>
      <div className="max-[26rem]:row-span-2 max-[26rem]:text-end">
        <p className="font-semibold tracking-tight max-[26rem]:text-lg min-[26rem]:text-[clamp(1rem,10cqi,var(--text-xl))] min-[26rem]:leading-7">
          {first ? <Money {...first} /> : <span className="num">{(count ?? 0).toLocaleString('en-US')}</span>}
        </p>
        {rest.map(one => (
          <p key={one.currency} className="font-medium text-sm">
            <Money {...one} />
          </p>
        ))}
      </div>
      <p className="num text-muted text-sm">
        {[first ? counted : count === undefined ? null : `${unit}s`, hint]
          .filter(part => part !== null && part !== undefined)
          .map((part, index) => (
            <Fragment key={index}>
              {index > 0 ? ' · ' : null}
              {part}
            </Fragment>
          ))}
      </p>
    </div>
  )
}

/** One to a row on a narrow phone, two on a wide one, as many as fit on a desk. */
export function StatCards({ children }: { children: ReactNode }) {
  return (
    <div className="grid gap-3 *:min-w-0 max-[26rem]:gap-2 min-[26rem]:grid-cols-2 md:grid-cols-[repeat(auto-fit,minmax(10.5rem,1fr))]">
      {children}
    </div>
  )
}
