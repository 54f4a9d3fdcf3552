import { Link } from '@remix-run/react'
import type { IconName } from '#app/components/icon.tsx'
import { Money } from '#app/components/money.tsx'
import { Badge, type Tone } from '#app/components/status-badge.tsx'
import type { Line, Piece } from './words.ts'

const looks: Record<Line['state'], { tone: Tone; icon: IconName }> = {
  on_hold: { tone: 'warning', icon: 'clock' },
  payable: { tone: 'accent', icon: 'check' },
  disputed: { tone: 'danger', icon: 'alert' },
  in_payout: { tone: 'info', icon: 'circle-half' },
  paid: { tone: 'success', icon: 'circle-full' },
}

export function StateBadge({ state, label }: { state: Line['state']; label: string }) {
  return (
    <Badge tone={looks[state].tone} icon={looks[state].icon}>
      {label}
    </Badge>
  )
}

/** How an amount came about, in one sentence; what the reader may open is a link. */
export function Sentence({ pieces }: { pieces: readonly Piece[] }) {
  return (
    <span className="num break-words">
      {pieces.map(({ text, to }, index) =>
        to === null ? (
          <span key={index}>{text}</span>
        ) : (
          <Link key={index} to={to} className="link">
            {text}
          </Link>
        ),
      )}
    </span>
  )
}

/** Commissions as a list that reads well on a phone: what from, how much, why, and where it stands. */
export function Lines({ lines, label }: { lines: readonly Line[]; label: string }) {
  return (
    <ul aria-label={label} className="divide-y divide-line">
      {lines.map(line => (
        <li key={line.id} className="relative px-4 py-3 hover:bg-sunken" data-row={line.id}>
          <div className="flex items-baseline justify-between gap-4">
            <Link
              to={`/portal/commissions/${line.id}`}
              prefetch="intent"
              className="min-w-0 break-words font-medium after:absolute after:inset-0"
            >
              {line.deal?.name ?? line.kindLabel}
              {line.deal && line.kind !== 'earned' ? (
                <span className="font-normal text-muted"> · {line.kindLabel.toLowerCase()}</span>
              ) : null}
            </Link>
            <Money amount={line.amount} currency={line.currency} className="shrink-0 font-medium" />
          </div>
          <p className="num mt-1 break-words text-muted text-sm">{line.text}</p>
          <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
            <StateBadge state={line.state} label={line.stateLabel} />
            <span className="text-muted">{line.standing}</span>
          </p>
        </li>
      ))}
    </ul>
  )
}
