import { BarChart } from '#app/components/bar-chart.tsx'
import { Card } from '#app/components/card.tsx'
import { formatMoney } from '#server/lib/money.ts'
import { periodLabel } from '../payouts/period.ts'

type Months = { periods: string[]; currencies: { currency: string; paid: number[]; reversed: number[] }[] }

/** What was paid out in each of the last months: a chart for each currency, since one axis can't hold two. */
export function PaidPerMonth({ months: { periods, currencies } }: { months: Months }) {
  const used = currencies.filter(({ paid }) => paid.some(amount => amount > 0))
  if (used.length === 0) return null
  return (
    <Card
      title="Paid per month"
      description={`The last ${periods.length} months. What was reversed later stays in the month it was paid in.`}
    >
      <div className={used.length > 1 ? 'grid gap-6 sm:grid-cols-2' : undefined}>
        {used.map(({ currency, paid, reversed }) => (
          <BarChart
            key={currency}
            caption={finding(currency, periods, paid, reversed)}
            labelHeading="Month"
            valueHeading={`Paid in ${currency}`}
            bars={periods.map((period, index) => {
              const value = paid[index] ?? 0
              return { label: shortLabel(period), value, text: formatMoney(value, currency, { code: true }) }
            })}
          />
        ))}
      </div>
    </Card>
  )
}

/** `2026-02` → `Feb ’26`: twelve of them stand side by side. */
function shortLabel(period: string): string {
  return periodLabel(period).replace(/ \d\d/, ' ’')
}

function finding(currency: string, periods: string[], paid: number[], reversed: number[]): string {
  const money = (amounts: number[]) => formatMoney(sumOf(amounts), currency, { code: true })
  const top = paid.indexOf(Math.max(...paid))
  const back = sumOf(reversed) > 0 ? ` ${money(reversed)} was reversed.` : ''
  return `${money(paid)} in all; most in ${periodLabel(periods[top] ?? '')}.${back}`
}

function sumOf(amounts: number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0)
}
