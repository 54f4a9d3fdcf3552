import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'

/** What every field takes. `name` is also the id unless `id` is given, so an error summary can link to `#name`. */
export type FieldProps = {
  name: string
  label: ReactNode
  id?: string
  hint?: ReactNode
  /** The server's sentence for this field. Several: the first is shown. */
  error?: string | readonly string[] | null
  required?: boolean
  /** Says '(optional)' after the label. Use it in forms where most fields are required. */
  optional?: boolean
  /** Keeps the label for assistive technology only (filter bars, table cells). */
  hideLabel?: boolean
}

/** The first error of a field, or undefined. */
export function firstError(error: FieldProps['error']): string | undefined {
  if (!error) return undefined
  return typeof error === 'string' ? error : error[0]
}

/** The attributes that tie a control to its label, hint and error. */
export function controlProps({ name, id = name, hint, error, required }: FieldProps) {
  const describedBy = [hint ? `${id}-hint` : null, firstError(error) ? `${id}-error` : null].filter(Boolean).join(' ')
  return {
    id,
    name,
    required: required || undefined,
    'aria-invalid': firstError(error) ? true : undefined,
    'aria-describedby': describedBy || undefined,
  } as const
}

/** Label above, control, hint and error below. The typed fields use it; use it yourself around an unusual control. */
export function Field({ field, children }: { field: FieldProps; children: ReactNode }) {
  const { name, id = name, label, hint, error, optional, hideLabel } = field
  const message = firstError(error)
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'font-medium text-sm'}>
        {label}
        {optional ? <span className="font-normal text-muted"> (optional)</span> : null}
      </label>
      {children}
      {hint ? (
        <p id={`${id}-hint`} className="text-muted text-sm">
          {hint}
        </p>
      ) : null}
      <FieldError id={`${id}-error`} message={message} />
    </div>
  )
}

/** A field's error: icon and words, never colour alone. */
export function FieldError({ id, message }: { id: string; message: string | undefined }) {
  if (!message) return null
  return (
    <p id={id} className="flex items-start gap-1 text-danger text-sm">
      <Icon name="alert" size={14} className="mt-[0.2em]" />
      {message}
    </p>
  )
}
