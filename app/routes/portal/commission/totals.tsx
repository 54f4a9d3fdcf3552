import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Money } from '#app/components/money.tsx'
import { When } from '#app/components/when.tsx'
import type { Money as Amount } from '#server/lib/money.ts'

/** What is open in one currency, as the procedure says it; minor units. */
export type PendingIn = {
  currency: string
  payable: number
  debts: number
  onHold: number
  disputed: number
  inPayout: number
  releases: { at: number; amount: number }[]
}

/** What a partner is owed, a card for each currency: never one sum of two. */
export function Totals({
  pending,
  paid,
  orgName,
}: {
  pending: readonly PendingIn[]
  paid: readonly Amount[]
  orgName: string
}) {
  const currencies = [...new Set([...pending, ...paid].map(one => one.currency))].sort()
  return currencies.map(currency => {
    const open = pending.find(one => one.currency === currency)
    const paidOut = paid.find(one => one.currency === currency)?.amount ?? 0
    const money = (amount: number) => <Money amount={amount} currency={currency} />
    return (
      <Card key={currency} title={currencies.length > 1 ? `In ${currency}` : 'Where your money stands'}>
        <Facts
          facts={[
            {
              label: 'Payable',
              value: money(open?.payable ?? 0),
              hint: `goes into the next payout that ${orgName} prepares`,
            },
            ...(open && open.debts < 0
              ? [
                  {
                    label: 'To be taken off',
                    value: money(open.debts),
                    hint: 'taken back after a refund or a correction; what is more than the next payout is carried on',
                  },
                ]
              : []),
            {
              label: 'On hold',
              value: money(open?.onHold ?? 0),
              hint: open && open.releases.length > 0 ? <Releases releases={open.releases} currency={currency} /> : null,
            },
            ...(open && open.disputed !== 0
              ? [{ label: 'Disputed', value: money(open.disputed), hint: `until ${orgName} has decided` }]
              : []),
            { label: 'In a payout', value: money(open?.inPayout ?? 0), hint: 'being approved or sent' },
            { label: 'Paid to date', value: money(paidOut) },
          ]}
        />
      </Card>
    )
  })
}

function Releases({ releases, currency }: { releases: PendingIn['releases']; currency: string }) {
  return (
    <ul aria-label="When it is released">
      {releases.map(({ at, amount }) => (
        <li key={at}>
          <Money amount={amount} currency={currency} /> on <When at={at} mode="date" />
        </li>
      ))}
    </ul>
  )
}
