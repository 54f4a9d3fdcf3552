import type { InputHTMLAttributes, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react'
import { classNames } from './class-names.ts'
import { controlProps, Field, type FieldProps } from './field.tsx'

type Own<Attributes> = FieldProps & Omit<Attributes, keyof FieldProps>

function split<P extends FieldProps>(props: P) {
  const { name, label, id, hint, error, required, optional, hideLabel, ...rest } = props
  return { field: { name, label, id, hint, error, required, optional, hideLabel } satisfies FieldProps, rest }
}

/** One line of text: text, email, password, search, url, tel, number. Give `autoComplete` for personal data. */
export function Input(props: Own<InputHTMLAttributes<HTMLInputElement>>) {
  const { field, rest } = split(props)
  return (
    <Field field={field}>
      <input type="text" {...rest} {...controlProps(field)} className={classNames('control', rest.className)} />
    </Field>
  )
}

/** Several lines of text. */
export function Textarea(props: Own<TextareaHTMLAttributes<HTMLTextAreaElement>>) {
  const { field, rest } = split(props)
  return (
    <Field field={field}>
      <textarea rows={3} {...rest} {...controlProps(field)} className={classNames('control py-1.5', rest.className)} />
    </Field>
  )
}

export type Option = { value: string; label: string; disabled?: boolean }

/** A native select. `placeholder` adds a first, empty option. */
export function Select(
  props: Own<SelectHTMLAttributes<HTMLSelectElement>> & { options: readonly Option[]; placeholder?: string },
) {
  const { field, rest } = split(props)
  const { options, placeholder, ...attributes } = rest
  return (
    <Field field={field}>
      <select {...attributes} {...controlProps(field)} className={classNames('control', attributes.className)}>
        {placeholder !== undefined ? <option value="">{placeholder}</option> : null}
        {options.map(option => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
    </Field>
  )
}

/** A calendar date, `YYYY-MM-DD`. */
export function DateInput(props: Own<Omit<InputHTMLAttributes<HTMLInputElement>, 'type'>>) {
  const { field, rest } = split(props)
  return (
    <Field field={field}>
      <input {...rest} {...controlProps(field)} type="date" className={classNames('control num', rest.className)} />
    </Field>
  )
}

/** A period, `YYYY-MM`. Browsers without a month picker show a text box, which the pattern and placeholder explain. */
export function PeriodInput(props: Own<Omit<InputHTMLAttributes<HTMLInputElement>, 'type'>>) {
  const { field, rest } = split(props)
  return (
    <Field field={field}>
      <input
        pattern="\d{4}-(0[1-9]|1[0-2])"
        title="Year and month, like 2026-02"
        placeholder="2026-02"
        {...rest}
        {...controlProps(field)}
        type="month"
        className={classNames('control num', rest.className)}
      />
    </Field>
  )
}

/** A file. `accept` is a hint for the picker only: the server checks. The form needs `encType="multipart/form-data"`. */
export function FileInput(props: Own<Omit<InputHTMLAttributes<HTMLInputElement>, 'type'>>) {
  const { field, rest } = split(props)
  return (
    <Field field={field}>
      <input
        {...rest}
        {...controlProps(field)}
        type="file"
        className={classNames(
          'control ps-1! file:my-1 file:me-3 file:min-h-[calc(var(--control)-0.625rem)] file:cursor-pointer file:rounded-sm file:bg-neutral-soft file:px-2.5 file:font-medium file:text-ink',
          rest.className,
        )}
      />
    </Field>
  )
}
