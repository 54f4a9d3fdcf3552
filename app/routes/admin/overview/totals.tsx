import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Money } from '#app/components/money.tsx'
import { payoutLooks } from '#app/components/status-badge.tsx'
import type { Stats } from '#server/payouts/view.ts'

const lines = [
  { status: 'pending_approval', figure: 'pending' },
  { status: 'approved', figure: 'approved' },
  { status: 'processing', figure: 'processing' },
  { status: 'failed', figure: 'failed' },
  { status: 'paid', figure: 'paid' },
] as const satisfies { status: keyof typeof payoutLooks; figure: keyof Stats }[]

/** Where the money stands, currency by currency; nothing is summed across. */
export function Totals({ stats }: { stats: Stats }) {
  const currencies = [...new Set(lines.flatMap(({ figure }) => stats[figure].amounts.map(one => one.currency)))].sort()
  return (
    <Card title="Totals by currency">
      <div className="flex flex-col gap-4">
        {currencies.map(currency => (
          <section key={currency} aria-label={currency}>
            <h3 className="font-medium text-muted text-xs">{currency}</h3>
            <dl className="mt-1 flex flex-col gap-0.5">
              {lines.map(({ status, figure }) => {
                const sum = stats[figure].amounts.find(one => one.currency === currency)
                if (!sum) return null
                const look = payoutLooks[status]
                return (
                  <div key={status} className="flex items-baseline justify-between gap-3">
                    <dt className="flex items-center gap-1.5">
                      <Icon name={look.icon} size={12} className="text-muted" />
                      <Link
                        to={`/admin/payouts?status=${status}&currency=${currency}`}
                        className="inline-flex min-h-6 items-center hover:underline"
                      >
                        {look.label}
                      </Link>
                    </dt>
                    <dd className="font-medium">
                      <Money {...sum} />
                    </dd>
                  </div>
                )
              })}
            </dl>
          </section>
        ))}
      </div>
    </Card>
  )
}
