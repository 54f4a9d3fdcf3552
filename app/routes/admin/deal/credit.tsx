import { Link } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { formatMoment } from '#app/components/when.tsx'
import { modelLabels, roleLabels, touchLabels } from '#server/attribution/rules.ts'
import type { NamedCredit } from '#server/attribution/view.ts'
import { percentWords } from '#server/lib/percent.ts'
import { ClearOverrideDialog } from './dialogs.tsx'
import { useDealPage } from './page-data.ts'

/** Who gets which share and why: of a won deal as it counts, of an open one as it would if it closed now. */
export function Credit() {
  const { deal } = useDealPage()
  const { current, preview } = deal
  if (deal.stage === 'lost') return null
  const credits = current ? current.credits : preview.credits
  const nobody = credits.length === 0 ? (preview.nobody ?? 'Nobody is credited.') : null
  return (
    <Card
      title={deal.stage === 'open' ? 'Credit, if it closed now' : 'Credit'}
      description={<Basis />}
      actions={deal.overridden && deal.mayOverride ? <ClearOverrideDialog /> : null}
    >
      {deal.overridden && current ? (
        <div className="mb-3">
          <Banner tone="info" icon="edit" title={`Set by hand by ${current.createdBy}`}>
            {current.reason}
          </Banner>
        </div>
      ) : null}
      {nobody ? (
        <p className={deal.stage === 'won' ? 'text-warning' : 'text-muted'}>{nobody}</p>
      ) : (
        <ol className="flex flex-col divide-y divide-line">
          {credits.map(credit => (
            <CreditRow key={credit.partnerId} credit={credit} />
          ))}
        </ol>
      )}
    </Card>
  )
}

function Basis() {
  const { deal } = useDealPage()
  const { current } = deal
  if (current?.basis === 'override') return <>Version {current.number}: shares set by hand, instead of the model.</>
  if (current?.basis === 'split') return <>Version {current.number}: shares that the partners agreed on.</>
  const { label, says } = modelLabels[current?.model ?? deal.program.model]
  return (
    <>
      {current ? `Version ${current.number}. ` : ''}
      {label}: {says}
    </>
  )
}

function CreditRow({ credit }: { credit: NamedCredit }) {
  const { deal } = useDealPage()
  const earned = deal.commissions.sums.find(sum => sum.partnerId === credit.partnerId)
  return (
    <li className="py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <p className="flex min-w-0 flex-wrap items-baseline gap-x-2 font-medium">
          <Link to={`/admin/partners/${credit.partnerId}`} className="link break-words">
            {credit.partnerName}
          </Link>
          {credit.role ? <Badge>{roleLabels[credit.role]}</Badge> : null}
        </p>
        <p className="num">
          <span className="font-medium">{percentWords(credit.bp)}</span>{' '}
          <span className="text-muted">
            = <Money amount={credit.amount} currency={deal.currency} />
          </span>
        </p>
      </div>
      <div className="mt-1.5 h-1.5 overflow-hidden rounded-full bg-neutral-soft">
        <svg aria-hidden="true" className="block h-full w-full" viewBox="0 0 10000 1" preserveAspectRatio="none">
          <rect width={credit.bp} height={1} className="fill-accent" />
        </svg>
      </div>
      <p className="mt-1.5 text-muted text-sm">{credit.reason}</p>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 text-sm">
        <CountedTouches ids={credit.touchIds} />
        {earned ? (
          <a href="#commissions" className="link">
            Commission <Money amount={earned.amount} currency={deal.currency} />
          </a>
        ) : null}
      </div>
    </li>
  )
}

/** The touches that a share came from, each leading to it; one that was removed since is not there any more. */
function CountedTouches({ ids }: { ids: readonly string[] }) {
  const { deal } = useDealPage()
  const touches = deal.touches.filter(touch => ids.includes(touch.id))
  if (touches.length === 0) return <span />
  return (
    <p className="text-muted">
      From{' '}
      {touches.slice(0, 4).map((touch, index) => (
        <span key={touch.id}>
          {index > 0 ? ', ' : ''}
          <a href={`#${touch.id}`} className="link">
            {touchLabels[touch.type].toLowerCase()}, {formatMoment(touch.at, deal.program.timeZone, 'date')}
          </a>
        </span>
      ))}
      {touches.length > 4 ? ` and ${touches.length - 4} more` : ''}
    </p>
  )
}
