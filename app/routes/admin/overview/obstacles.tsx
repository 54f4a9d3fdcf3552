import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { Icon } from '#app/components/icon.tsx'
import { AmountsInline } from '#app/components/money.tsx'
import { blockerWords } from '../payouts/payable.tsx'
import type { Inbox, Obstacle, WaitingPartner } from './inbox.server.ts'

/** What keeps money waiting, besides an approval; each with what clears it. */
export function Obstacles({ inbox }: { inbox: Inbox }) {
  const { obstacles, partial } = inbox
  if (obstacles.length === 0) return null
  return (
    <Card
      title="Blocked"
      description={
        partial ? 'Among the oldest hundred of each status.' : 'Payouts that can’t be sent, and what clears them.'
      }
      padding="none"
    >
      <ul className="divide-y divide-line">
        {obstacles.map(obstacle => (
          <li key={obstacle.code} className="flex gap-3 px-4 py-3">
            <Icon name="lock" size={14} className="mt-[0.2em] text-warning" />
            <div className="min-w-0 flex-1">
              <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                <p className="font-medium">
                  {blockerWords[obstacle.code]}{' '}
                  <span className="num font-normal text-muted">
                    · {obstacle.count} {obstacle.count === 1 ? 'payout' : 'payouts'}
                  </span>
                </p>
                <AmountsInline amounts={obstacle.amounts} />
              </div>
              <Clears obstacle={obstacle} />
            </div>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Clears({ obstacle }: { obstacle: Obstacle }) {
  const { clears, partners, message, code } = obstacle
  if (clears.to === 'settings')
    return (
      <p className="text-muted text-sm">
        {code === 'transfers_paused' ? `${message} ` : null}
        <Link to="/admin/settings" className="link">
          {clears.label}
        </Link>
      </p>
    )
  return (
    <p className="text-muted text-sm">
      {clears.label}:{' '}
      {partners.slice(0, 4).map((partner, index) => (
        <span key={partner.id}>
          {index > 0 ? ', ' : null}
          <Link to={`/admin/partners/${partner.id}`} className="link">
            {partner.name}
          </Link>
        </span>
      ))}
      {partners.length > 4 ? ` and ${partners.length - 4} more` : null}
    </p>
  )
}

/** Partners who can't be paid while money waits for them. */
export function WaitingPartners({ partners }: { partners: readonly WaitingPartner[] }) {
  if (partners.length === 0) return null
  return (
    <Card title="Not payable, with money waiting">
      <ul className="flex flex-col gap-3">
        {partners.slice(0, 6).map(partner => (
          <li key={partner.id}>
            <div className="flex flex-wrap items-baseline justify-between gap-x-3">
              <Link to={`/admin/partners/${partner.id}`} className="link font-medium">
                {partner.name}
              </Link>
              <AmountsInline amounts={partner.amounts} />
            </div>
            <p className="text-muted text-sm">{partner.message}</p>
          </li>
        ))}
      </ul>
      {partners.length > 6 ? (
        <p className="mt-3">
          <Link to="/admin/partners?status=needs_setup" className="link text-sm">
            {partners.length - 6} more
          </Link>
        </p>
      ) : null}
    </Card>
  )
}
