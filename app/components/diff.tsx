import { None } from './money.tsx'
import { inWords } from './status-badge.tsx'

export type Change = { field: string; before: unknown; after: unknown }

/** Field by field, what it was and what it became. Marked by words for screen readers, by strokes for eyes. */
export function Diff({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return <p className="text-muted text-sm">No field changed.</p>
  return (
    <dl className="divide-y divide-line text-sm">
      {changes.map(({ field, before, after }) => (
        <div key={field} className="grid gap-x-4 gap-y-0.5 py-1.5 sm:grid-cols-[10rem_minmax(0,1fr)]">
          <dt className="text-muted">{inWords(field)}</dt>
          <dd className="flex min-w-0 flex-wrap items-baseline gap-x-2">
            {before === undefined || before === null ? (
              <None label="Was empty" />
            ) : (
              <del className="break-all text-danger decoration-danger/50">
                <span className="sr-only">Was </span>
                {asText(before)}
              </del>
            )}
            <span aria-hidden="true" className="text-faint">
              →
            </span>
            {after === undefined || after === null ? (
              <None label="Now empty" />
            ) : (
              <ins className="break-all text-success no-underline">
                <span className="sr-only">Now </span>
                {asText(after)}
              </ins>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** The changes between two records, in the second's order of fields; equal values are left out. */
export function changesBetween(
  before: Record<string, unknown> | null,
  after: Record<string, unknown> | null,
): Change[] {
  const fields = new Set([...Object.keys(after ?? {}), ...Object.keys(before ?? {})])
  return [...fields]
    .map(field => ({ field, before: before?.[field], after: after?.[field] }))
    .filter(change => asText(change.before) !== asText(change.after))
}

/** Words for a value from JSON. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return JSON.stringify(value) ?? ''
}
