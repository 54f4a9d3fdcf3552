import { controlProps, Field, type FieldProps, firstError } from './field.tsx'

type MoneyInputProps = FieldProps & {
  /** What the person typed or the record holds, as a decimal string ('1234.50'); the server parses it by the currency. */
  defaultValue?: string
  /** Fixed currency, shown beside the amount … */
  currency?: string
  /** … or a choice of currencies, sent as `currencyName`. */
  currencies?: readonly string[]
  currencyName?: string
  defaultCurrency?: string
  currencyError?: string | readonly string[] | null
}

/** An amount of money: decimal text (no spinner, paste allowed) beside its currency code. */
export function MoneyInput(props: MoneyInputProps) {
  const {
    currency,
    currencies,
    currencyName = 'currency',
    defaultCurrency,
    defaultValue,
    currencyError,
    ...field
  } = props
  const error = firstError(field.error) ?? firstError(currencyError)
  return (
    <Field field={{ ...field, error }}>
      <div className="flex">
        <input
          {...controlProps({ ...field, error })}
          type="text"
          inputMode="decimal"
          autoComplete="off"
          defaultValue={defaultValue}
          className="control num relative rounded-e-none! text-end focus:z-1"
        />
        {currencies ? (
          <select
            name={currencyName}
            id={currencyName}
            aria-label="Currency"
            defaultValue={defaultCurrency ?? currencies[0]}
            className="control relative -ms-px w-auto! rounded-s-none! bg-sunken! focus:z-1"
          >
            {currencies.map(code => (
              <option key={code}>{code}</option>
            ))}
          </select>
        ) : (
          <span className="-ms-px grid min-h-(--control) place-items-center rounded-e-md border border-line-strong bg-sunken px-2.5 text-muted text-sm">
            {currency}
          </span>
        )}
      </div>
    </Field>
  )
}
