import { Form, Link, useSearchParams } from '@remix-run/react'
import { type ReactNode, useEffect, useRef } from 'react'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'
import { withoutValue, withParams } from './search-params.ts'

/** One active filter: the parameter, its value, and how a person reads it. */
export type ActiveFilter = { name: string; value: string; label: string }

type FiltersProps = {
  /** The search box: its parameter and what it searches. */
  search?: { name: string; label: string; placeholder?: string }
  /** The fields most people need, in the bar. Give them `hideLabel`. */
  children?: ReactNode
  /** Further fields, behind 'More filters'. */
  more?: ReactNode
  active: readonly ActiveFilter[]
  /** Parameters that survive a new filter: tab, sort. The page cursor must not. */
  keep?: readonly string[]
  /** Dropped whenever a filter changes. */
  cursors?: readonly string[]
}

/** A GET form, so that a filtered list is an address; active filters as chips, each removable by a link. */
export function Filters({
  search,
  children,
  more,
  active,
  keep = [],
  cursors = ['after', 'before', 'cursor'],
}: FiltersProps) {
  const [params] = useSearchParams()
  const form = useFieldsFromAddress(params)
  const dropCursors = Object.fromEntries(cursors.map(name => [name, null]))
  const cleared = Object.fromEntries(active.map(({ name }) => [name, null]))
  return (
    <div className="flex flex-col gap-2">
      <Form method="get" role="search" className="flex flex-col gap-2" preventScrollReset ref={form}>
        {keep.map(name =>
          params.getAll(name).map(value => <input key={name + value} type="hidden" name={name} value={value} />),
        )}
        <div className="flex flex-wrap items-center gap-2">
          {search ? (
            <div className="relative min-w-0 flex-1 basis-56 sm:max-w-xs">
              <label htmlFor={search.name} className="sr-only">
                {search.label}
              </label>
              <Icon name="search" className="absolute start-2.5 top-1/2 -translate-y-1/2 text-faint" />
              <input
                type="search"
                id={search.name}
                name={search.name}
                placeholder={search.placeholder ?? search.label}
                defaultValue={params.get(search.name) ?? ''}
                className="control ps-8!"
              />
            </div>
          ) : null}
          {children}
          <Button type="submit">Apply</Button>
        </div>
        {more ? (
          <details className="group">
            <summary className="inline-flex min-h-6 w-fit items-center gap-1 rounded-sm text-muted text-sm hover:text-ink">
              <Icon name="chevron-right" size={12} className="transition-transform group-open:rotate-90" />
              More filters
            </summary>
            <div className="mt-2 grid items-start gap-3 rounded-lg border border-line bg-surface p-3 sm:grid-cols-2 lg:grid-cols-4">
              {more}
            </div>
          </details>
        ) : null}
      </Form>
      {active.length > 0 ? (
        <ul aria-label="Active filters" className="flex flex-wrap items-center gap-1.5">
          {active.map(({ name, value, label }) => (
            <li key={`${name} ${value}`}>
              <Link
                to={withParams(withoutValue(params, name, value), dropCursors)}
                preventScrollReset
                className="inline-flex min-h-6 items-center gap-1 rounded-full border border-line bg-surface px-2 text-sm hover:border-line-strong pointer-coarse:min-h-9"
              >
                {label}
                <Icon name="x" size={12} className="text-muted" />
                <span className="sr-only">(remove filter)</span>
              </Link>
            </li>
          ))}
          <li>
            <Link
              to={withParams(params, { ...cleared, ...dropCursors })}
              preventScrollReset
              className="link inline-flex min-h-6 items-center px-1 text-sm"
            >
              Clear filters
            </Link>
          </li>
        </ul>
      ) : null}
    </div>
  )
}

/**
 * Keeps the fields equal to the address when a chip is removed or the person goes back (a remount would lose the focus),
 * and keeps empty fields out of the address.
 */
function useFieldsFromAddress(params: URLSearchParams) {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    for (const field of form.current?.elements ?? []) {
      if (field instanceof HTMLInputElement && (field.type === 'checkbox' || field.type === 'radio')) {
        field.checked = params.getAll(field.name).includes(field.value)
      } else if (field instanceof HTMLSelectElement || (field instanceof HTMLInputElement && field.type !== 'hidden')) {
        field.value = params.get(field.name) ?? ''
      }
    }
  }, [params])
  useEffect(() => {
    const element = form.current
    const dropEmpty = ({ formData }: FormDataEvent) => {
      for (const [name, value] of [...formData]) if (value === '') formData.delete(name)
    }
    element?.addEventListener('formdata', dropEmpty)
    return () => element?.removeEventListener('formdata', dropEmpty)
  }, [])
  return form
}
