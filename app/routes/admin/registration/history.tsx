import { Card } from '#app/components/card.tsx'
import { When } from '#app/components/when.tsx'

const words: Record<string, string> = {
  'registrations.create': 'Drafted',
  'registrations.update': 'Edited',
  'registrations.submit': 'Sent in',
  'registrations.withdraw': 'Withdrawn',
  'registrations.approve': 'Approved',
  'registrations.decline': 'Declined',
  'registration.reminded': 'Reminded of the end of its protection',
  'registration.expired': 'Protection ended',
}

/** Who did what when, from the audit log, newest first. */
export function History({
  entries,
}: {
  entries: readonly { seq: number; at: number; actor: string; action: string }[]
}) {
  return (
    <Card title="History" description="From the audit log, newest first.">
      <ol className="flex flex-col gap-1.5">
        {entries.map(({ seq, at, actor, action }) => (
          <li key={seq} className="flex flex-wrap items-baseline justify-between gap-x-4">
            <span>
              {words[action] ?? action} <span className="text-muted">by {actor}</span>
            </span>
            <span className="text-muted text-sm">
              <When at={at} />
            </span>
          </li>
        ))}
      </ol>
    </Card>
  )
}
