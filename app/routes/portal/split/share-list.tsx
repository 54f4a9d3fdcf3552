import { Icon, type IconName } from '#app/components/icon.tsx'
import { percentWords } from '#server/lib/percent.ts'
import type { SplitView } from '#server/splits/view.ts'

type Answer = SplitView['partners'][number]['answer']

const answers: Record<Answer, { label: string; icon: IconName; ink: string }> = {
  invited: { label: 'has not answered', icon: 'circle-dashed', ink: 'text-faint' },
  accepted: { label: 'accepted', icon: 'check-circle', ink: 'text-success' },
  declined: { label: 'declined', icon: 'x-circle', ink: 'text-danger' },
}

/** Who gets how much, as a bar and in figures, and what each said to it. */
export function ShareList({ partners }: { partners: SplitView['partners'] }) {
  return (
    <ul className="flex flex-col gap-3" aria-label="Shares">
      {partners.map(({ id, name, own, bp, answer }) => (
        <li key={id}>
          <div className="flex items-baseline justify-between gap-4">
            <span className="min-w-0 break-words font-medium">
              {name}
              {own ? <span className="font-normal text-muted"> (you)</span> : null}
            </span>
            {bp === null ? null : <span className="num shrink-0 font-medium">{percentWords(bp)}</span>}
          </div>
          {bp === null ? null : (
            <svg
              aria-hidden="true"
              className="mt-1.5 block h-1.5 w-full overflow-hidden rounded-full bg-neutral-soft"
              viewBox="0 0 10000 1"
              preserveAspectRatio="none"
            >
              <rect width={bp} height={1} className="fill-accent" />
            </svg>
          )}
          {bp === null ? null : (
            <p className="mt-1 flex items-center gap-1.5 text-muted text-sm">
              <Icon name={answers[answer].icon} size={14} className={answers[answer].ink} />
              {answers[answer].label}
            </p>
          )}
        </li>
      ))}
    </ul>
  )
}
