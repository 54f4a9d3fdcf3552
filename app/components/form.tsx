import { Form as RemixForm, type FormProps as RemixFormProps } from '@remix-run/react'
import { type ReactNode, useEffect, useRef } from 'react'
import { classNames } from './class-names.ts'
import { firstError } from './field.tsx'
import { Icon } from './icon.tsx'

/** What an action returns when the input was refused: one sentence, and sentences by field name. */
export type FormErrors = {
  message?: string | null
  fields?: Record<string, string | readonly string[] | undefined> | null
}

type FormProps = Omit<RemixFormProps, 'hidden'> & {
  errors?: FormErrors | null
  /** Hidden values every post carries: record id, version, idempotency key. */
  hidden?: Record<string, string | number | undefined>
  children: ReactNode
}

/** A POST form: a stack of fields, hidden values, and the error summary on top when the server refused. */
export function Form({ errors, hidden, children, className, ...rest }: FormProps) {
  return (
    <RemixForm method="post" {...rest} className={classNames('flex flex-col gap-4', className)}>
      <HiddenFields values={hidden} />
      <ErrorSummary errors={errors} />
      {children}
    </RemixForm>
  )
}

/** Hidden inputs; undefined values are left out. */
export function HiddenFields({ values }: { values?: Record<string, string | number | undefined> }) {
  return Object.entries(values ?? {}).map(([name, value]) =>
    value === undefined ? null : <input key={name} type="hidden" name={name} value={value} />,
  )
}

/** What went wrong, above the form; takes focus, and each line leads to its field (`#name`). Nothing without errors. */
export function ErrorSummary({ errors }: { errors?: FormErrors | null }) {
  const box = useRef<HTMLDivElement>(null)
  const fields = Object.entries(errors?.fields ?? {}).flatMap(([name, error]) => {
    const message = firstError(error)
    return message ? [{ name, message }] : []
  })
  const any = Boolean(errors?.message) || fields.length > 0
  // A new answer of the server is a new object, so the same mistake twice is announced twice.
  useEffect(() => {
    if (errors && any) box.current?.focus()
  }, [errors, any])
  if (!any) return null
  return (
    <div
      ref={box}
      role="alert"
      tabIndex={-1}
      className="flex gap-2.5 rounded-lg border border-danger/35 bg-danger-soft px-3.5 py-3"
    >
      <Icon name="alert" className="mt-0.5 text-danger" />
      <div className="min-w-0">
        <p className="font-medium">{errors?.message ?? 'Some fields need another look.'}</p>
        {fields.length > 0 ? (
          <ul className="mt-1 list-disc ps-4 text-sm">
            {fields.map(({ name, message }) => (
              <li key={name}>
                <a href={`#${name}`} className="underline underline-offset-2">
                  {message}
                </a>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </div>
  )
}

/** The row of buttons at a form's end: primary first in the code and on the left. */
export function FormActions({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-2 pt-1">{children}</div>
}

/** Two fields side by side from 640 px. */
export function FieldRow({ children }: { children: ReactNode }) {
  return <div className="grid items-start gap-4 sm:grid-cols-2">{children}</div>
}
