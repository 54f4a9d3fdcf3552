import { formatMoney } from '#server/lib/money.ts'
import { classNames } from './class-names.ts'

/** An amount in integer minor units, and its ISO currency. */
export type Amount = { amount: number; currency: string }

type MoneyProps = Amount & {
  /** Shows + before positive amounts too (adjustments, differences). */
  sign?: boolean
  /** Writes the ISO code instead of the symbol: wherever more than one currency is possible. */
  code?: boolean
  className?: string
}

/** Money, in tabular figures, never broken over lines, with a true minus sign. */
export function Money({ amount, currency, sign = false, code = true, className }: MoneyProps) {
  const prefix = amount < 0 ? '−' : sign && amount > 0 ? '+' : ''
  return (
    <span className={classNames('num whitespace-nowrap', className)}>
      {prefix}
      {formatMoney(Math.abs(amount), currency, { code })}
    </span>
  )
}

/** One amount per currency, stacked; never one mixed sum. Nothing at all reads as a dash with a name. */
export function Amounts({ amounts, className }: { amounts: readonly Amount[]; className?: string }) {
  if (amounts.length === 0) return <None label="No amount" />
  return (
    <span className={classNames('inline-flex flex-col', className)}>
      {amounts.map(one => (
        <Money key={one.currency} {...one} />
      ))}
    </span>
  )
}

/** The amounts on one line: 'USD 18,450.00 · EUR 3,200.00'. */
export function AmountsInline({ amounts }: { amounts: readonly Amount[] }) {
  return (
    <span className="inline-flex flex-wrap gap-x-2">
      {amounts.map((one, index) => (
        <span key={one.currency} className="inline-flex gap-x-2">
          {index > 0 ? <span aria-hidden="true">·</span> : null}
          <Money {...one} />
        </span>
      ))}
    </span>
  )
}

/** An empty value: a dash to see, a word to hear. */
export function None({ label = 'None' }: { label?: string }) {
  return (
    <span className="text-faint">
      <span aria-hidden="true">—</span>
      <span className="sr-only">{label}</span>
    </span>
  )
}
