import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { Money } from '#app/components/money.tsx'
import { When } from '#app/components/when.tsx'

/** What the next payout would be of, in one currency; minor units. */
export type Coming = {
  currency: string
  payable: number
  /** Zero or negative. */
  debts: number
  onHold: number
  nextRelease: number | null
}

/** What of the commissions comes with the next payout, and what later. Nothing where nothing is open. */
export function ComingPayout({ coming, orgName }: { coming: readonly Coming[]; orgName: string }) {
  const open = coming.filter(one => one.payable !== 0 || one.debts !== 0 || one.onHold !== 0)
  if (open.length === 0) return null
  return (
    <Card title="In your next payout">
      <ul className="flex flex-col gap-3">
        {open.map(one => {
          const net = one.payable + one.debts
          return (
            <li key={one.currency}>
              <p className="font-semibold text-lg">
                about <Money amount={Math.max(0, net)} currency={one.currency} />
              </p>
              <p className="text-muted text-sm">
                {net > 0
                  ? `It goes out with the next payout that ${orgName} prepares, before any conversion.`
                  : 'Nothing is payable yet.'}
                {one.debts < 0 ? (
                  <>
                    {' '}
                    <Money amount={-one.debts} currency={one.currency} /> is taken off after refunds or corrections
                    {net < 0 ? '; what is left of it is carried on' : null}.
                  </>
                ) : null}
                {one.onHold !== 0 ? (
                  <>
                    {' '}
                    <Money amount={one.onHold} currency={one.currency} /> more is on hold
                    {one.nextRelease === null ? null : (
                      <>
                        , the first of it until <When at={one.nextRelease} mode="date" />
                      </>
                    )}
                    .
                  </>
                ) : null}
              </p>
            </li>
          )
        })}
      </ul>
      <p className="mt-2">
        <Link to="/portal/commissions" className="link inline-flex min-h-11 items-center">
          What you earned and why
        </Link>
      </p>
    </Card>
  )
}
