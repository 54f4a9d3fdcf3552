import { MoneyInput } from '#app/components/money-input.tsx'
import { useSettingsPage, type useSettingsRefusal } from './page-data.ts'

/** Amounts by currency: one row each, and an empty one to add the next. An emptied amount removes the row. */
export function MoneyRows({
  name,
  saved,
  label,
  newLabel,
  refused,
}: {
  /** What the fields are called: `<name>Amount` and `<name>Currency`. */
  name: string
  saved: { currency: string; amount: string }[]
  label: string
  newLabel: string
  refused: ReturnType<typeof useSettingsRefusal>
}) {
  const { currencies } = useSettingsPage()
  const common = ['USD', 'EUR', 'GBP', ...currencies.map(({ code }) => code)]
  const free = common.find(code => !saved.some(({ currency }) => currency === code)) ?? 'USD'
  const rows = refused?.rows[name] ?? [...saved, { currency: free, amount: '' }]
  const codes = [...new Set([...currencies.map(({ code }) => code), ...rows.map(({ currency }) => currency)])]
    .filter(Boolean)
    .sort()
  return rows.map(({ currency, amount }, index) => (
    <MoneyInput
      key={`${index} ${refused ? '' : currency}`}
      name={`${name}Amount`}
      id={`${name}-${index}`}
      label={index < saved.length && !refused ? `${label} in ${currency}` : saved.length > 0 ? newLabel : label}
      defaultValue={amount}
      currencies={codes}
      currencyName={`${name}Currency`}
      defaultCurrency={currency}
      error={refused?.refusal.fields[`${name}-${index}`]}
      hint={index < saved.length && !refused ? undefined : 'Leave the amount empty for none.'}
    />
  ))
}

/** Changes whenever what is saved does: rows then show the new values. */
export function keyOf(saved: { currency: string; amount: string }[]): string {
  return saved.map(({ currency, amount }) => currency + amount).join(' ')
}
