import type { Conversion } from '#db/schema/index.ts'
import { formatMoney } from '#server/lib/money.ts'

const sources: Record<string, string> = { ecb: 'European Central Bank', manual: 'entered by hand' }

/** `€90.00 × 1.0835 (European Central Bank, 2026-02-27) = $97.52`: how a line came into the payout's currency. Loaders only. */
export function conversionWords({ from, to, rate, day, source }: Conversion): string {
  const what = `${formatMoney(from.amount, from.currency)} × ${rate} (${sources[source] ?? source}, ${day})`
  return `${what} = ${formatMoney(to.amount, to.currency)}`
}
