import { formatMoney } from '#server/lib/money.ts'
import { type Comparison, defaultSpanMs, type Side } from '#server/stripe/reconcile.ts'

/**
 * `2026-01-31` (UTC) or `90d` as UTC milliseconds; sixty days ago where absent.
 * @throws Error for anything else
 */
export function sinceOf(text: string | undefined, now: number): number {
  if (text === undefined) return now - defaultSpanMs
  const days = /^(\d{1,4})d$/.exec(text)?.[1]
  const at = days
    ? now - Number(days) * 24 * 60 * 60_000
    : /^\d{4}-\d{2}-\d{2}$/.test(text)
      ? Date.parse(`${text}T00:00:00Z`)
      : Number.NaN
  if (Number.isNaN(at) || at > now)
    throw new Error(`“${text}” is no past day. Write --since 2026-01-31, or --since 90d.`)
  return at
}

/** A comparison as a person reads it in a terminal. */
export function reportOf(comparison: Comparison): string {
  const { since, transfers, payouts, foreign, sums, differences } = comparison
  const table = [
    ['Currency', '', 'Count', 'Sent', 'Taken back'],
    ...sums.flatMap(({ currency, stripe, remit }) => [
      row(currency, 'Stripe', stripe),
      row('', 'Remit', remit, currency),
    ]),
  ]
  return [
    `Since ${new Date(since).toISOString().slice(0, 10)}: ${transfers} transfers at Stripe, ${payouts} payouts here.`,
    ...(foreign > 0
      ? [`${foreign} transfers belong to other installations on the same Stripe account, and were left out.`]
      : []),
    ...(sums.length > 0 ? ['', ...aligned(table)] : []),
    '',
    ...(differences.length === 0
      ? ['Both sides agree.']
      : [
          `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}:`,
          ...differences.map(({ kind, says }) => `  ${kind}: ${says}`),
        ]),
  ].join('\n')
}

function row(label: string, name: string, side: Side, currency = label): string[] {
  return [label, name, String(side.count), formatMoney(side.amount, currency), formatMoney(side.reversed, currency)]
}

/** Words to the left, numbers to the right. */
function aligned(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(cells => (cells[column] ?? '').length)))
  return rows.map(cells =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
