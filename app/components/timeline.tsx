import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'
import { Id } from './id.tsx'
import { When } from './when.tsx'

export type TimelineItem = {
  key: string
  title: ReactNode
  /** UTC milliseconds; for a coming step the expected moment, or nothing. */
  at?: number | null
  state: 'done' | 'current' | 'future' | 'failed'
  detail?: ReactNode
  /** Stripe ids and the like. */
  ids?: readonly { label: string; value: string; href?: string | null }[]
  /** Of little interest; two or more in a row fold. */
  minor?: boolean
}

const marks: Record<TimelineItem['state'], { icon: IconName; ink: string; word: string }> = {
  done: { icon: 'circle-full', ink: 'text-success', word: '' },
  current: { icon: 'circle-half', ink: 'text-info', word: 'Now: ' },
  future: { icon: 'circle-dashed', ink: 'text-faint', word: 'Still to come: ' },
  failed: { icon: 'alert', ink: 'text-danger', word: 'Failed: ' },
}

/** What happened and what comes, oldest first. Coming steps are grey and say so to screen readers too. */
export function Timeline({
  items,
  timeZone,
  label,
}: {
  items: readonly TimelineItem[]
  timeZone?: string
  label: string
}) {
  return (
    <ol aria-label={label} className="flex flex-col">
      {fold(items).map(group => {
        const [first] = group
        if (!first) return null
        if (group.length === 1) return <Step key={first.key} item={first} timeZone={timeZone} />
        return (
          <li key={first.key} className="relative pb-4 ps-7">
            <Rail />
            <Icon name="dots" className="absolute start-0 top-0.5 bg-surface text-faint" />
            <details data-print="">
              <summary className="min-h-6 w-fit rounded-sm text-muted text-sm hover:text-ink hover:underline">
                {group.length} smaller events
              </summary>
              <ol className="mt-2 flex flex-col">
                {group.map(item => (
                  <Step key={item.key} item={item} timeZone={timeZone} />
                ))}
              </ol>
            </details>
          </li>
        )
      })}
    </ol>
  )
}

function Step({ item, timeZone }: { item: TimelineItem; timeZone?: string }) {
  const mark = marks[item.state]
  const future = item.state === 'future'
  return (
    <li
      className="group/step relative pb-4 ps-7 last:pb-0"
      data-step={item.state}
      aria-current={item.state === 'current' ? 'step' : undefined}
    >
      <Rail />
      <Icon name={mark.icon} className={classNames('absolute start-0 top-0.5 bg-surface', mark.ink)} />
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className={future ? 'text-muted' : 'font-medium'}>
          {mark.word ? <span className="sr-only">{mark.word}</span> : null}
          {item.title}
        </p>
        {item.at ? (
          <p className="text-muted text-sm">
            {future ? 'expected ' : null}
            <When at={item.at} timeZone={timeZone} mode={future ? 'date' : 'datetime'} />
          </p>
        ) : null}
      </div>
      {item.detail ? <div className="text-muted text-sm">{item.detail}</div> : null}
      {item.ids?.map(({ label, value, href }) => (
        <div key={value} className="flex min-w-0 flex-wrap items-center gap-x-1.5 text-muted text-sm">
          {label} <Id value={value} what={label} href={href} />
        </div>
      ))}
    </li>
  )
}

/** The line between two marks. */
function Rail() {
  return (
    <span aria-hidden="true" className="absolute start-[7.5px] top-6 bottom-0.5 w-px bg-line group-last/step:hidden" />
  )
}

/** Runs of minor steps become one group; everything else stands alone. */
function fold(items: readonly TimelineItem[]): TimelineItem[][] {
  const groups: TimelineItem[][] = []
  for (const item of items) {
    const last = groups.at(-1)
    if (item.minor && last?.[0]?.minor) last.push(item)
    else groups.push([item])
  }
  return groups
}
