import { asText } from './diff.tsx'
import { Code } from './id.tsx'

/** A raw record (an event's payload, a job's arguments): keys and values in mono, nested values as JSON. */
export function KeyValues({ values }: { values: Record<string, unknown> }) {
  const entries = Object.entries(values)
  if (entries.length === 0) return <p className="text-muted text-sm">Empty.</p>
  return (
    <dl className="grid gap-x-4 text-sm sm:grid-cols-[max-content_minmax(0,1fr)]">
      {entries.map(([key, value]) => (
        <div key={key} className="contents">
          <dt className="font-mono text-[0.92em] text-muted">{key}</dt>
          <dd className="mb-1 min-w-0 sm:mb-0">
            <Code>{value === null ? 'null' : asText(value)}</Code>
          </dd>
        </div>
      ))}
    </dl>
  )
}
