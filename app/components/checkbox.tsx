import type { InputHTMLAttributes, ReactNode } from 'react'
import { FieldError, type FieldProps, firstError } from './field.tsx'

type CheckboxProps = Omit<FieldProps, 'optional' | 'hideLabel'> &
  Omit<InputHTMLAttributes<HTMLInputElement>, keyof FieldProps> & { type?: 'checkbox' | 'radio' }

/** A checkbox (or one radio button) with its label to the right. A radio needs an `id`: its name is shared. */
export function Checkbox({ name, id = name, label, hint, error, type = 'checkbox', required, ...rest }: CheckboxProps) {
  const message = firstError(error)
  const describedBy = [hint ? `${id}-hint` : null, message ? `${id}-error` : null].filter(Boolean).join(' ')
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-start gap-2">
        <input
          {...rest}
          type={type}
          id={id}
          name={name}
          required={required}
          aria-invalid={message ? true : undefined}
          aria-describedby={describedBy || undefined}
          className="mt-[0.1em] size-4 shrink-0 pointer-coarse:size-5"
        />
        <div className="min-w-0">
          <label htmlFor={id}>{label}</label>
          {hint ? (
            <p id={`${id}-hint`} className="text-muted text-sm">
              {hint}
            </p>
          ) : null}
        </div>
      </div>
      <FieldError id={`${id}-error`} message={message} />
    </div>
  )
}

/** Checkboxes or radios that answer one question. */
export function ChoiceGroup({ legend, hint, children }: { legend: string; hint?: ReactNode; children: ReactNode }) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium text-sm">{legend}</legend>
      {hint ? <p className="text-muted text-sm">{hint}</p> : null}
      {children}
    </fieldset>
  )
}
