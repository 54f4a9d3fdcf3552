import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useActionData, useLoaderData, useSearchParams } from '@remix-run/react'
import { mutate, query } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { DownloadButton } from '#app/components/download-button.tsx'
import { Empty, EmptyFiltered } from '#app/components/empty.tsx'
import { Page } from '#app/components/page.tsx'
import { auditFilter } from '#server/audit/rules.ts'
import { describeEntry } from './audit/describe.server.ts'
import { Entry } from './audit/entry.tsx'
import { AuditFilters } from './audit/filters.tsx'
import { VerificationResult, VerifyButton } from './audit/verify.tsx'
import { actionLabel, domainWords, targetWords } from './audit/words.ts'
import { FilterProblems, ListEnd } from './list-parts.tsx'
import { cursorOf, readQuery, summaryOf, textOf } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'Audit · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const { filter, problems } = readQuery(auditFilter, params)
  return query(args, async api => {
    const { rows, next } = await api.audit.list({ ...filter, cursor: cursorOf(params), limit: 50 })
    return {
      entries: rows.map(row => describeEntry(row, args.context.timeZone)),
      next,
      chips: chipsOf(filter, params),
      problems,
    }
  })
}

function chipsOf(filter: ReturnType<typeof readQuery<typeof auditFilter>>['filter'], params: URLSearchParams) {
  const words: Record<string, (value: string) => string> = {
    actor: value => `By: ${value}`,
    action: value => domainWords[value] ?? actionLabel(value),
    targetType: value => `About: ${(targetWords[value] ?? value).toLowerCase()}`,
    targetId: value => `Id: ${value}`,
    from: value => `From ${value}`,
    to: value => `Until ${value}`,
  }
  return Object.entries(filter).flatMap(([name, value]) => {
    const label = value === undefined ? undefined : words[name]?.(value)
    return label ? [{ name, value: params.get(name) ?? '', label }] : []
  })
}

/** Walking the whole chain takes a while on a long log, so it is asked for, not done on each visit. */
export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const seq = textOf(form, 'seq')
  const hash = textOf(form, 'hash').toLowerCase()
  const outcome = await mutate(args, api => api.audit.verify(seq || hash ? { anchor: { seq: Number(seq), hash } } : {}))
  if (!outcome.ok) return data({ ...outcome, summary: summaryOf(outcome) }, { status: outcome.status })
  return data({ ok: true as const, verification: outcome.value, anchored: Boolean(seq) })
}

export default function Audit() {
  const { entries, next, chips, problems } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  return (
    <Page
      title="Audit"
      description="Every change with who, when and what; each entry is chained to the one before it by a hash, so that none can be altered or taken out unseen."
      actions={
        <>
          {entries.length > 0 ? <ExportButton /> : null}
          <VerifyButton refusal={answer?.ok === false ? answer : null} />
        </>
      }
    >
      {answer?.ok ? <VerificationResult verification={answer.verification} anchored={answer.anchored} /> : null}
      <AuditFilters active={chips} />
      <FilterProblems problems={problems} />
      {entries.length === 0 ? (
        <Card padding="none">
          {chips.length > 0 ? (
            <EmptyFiltered things="entries" clearTo="/admin/audit" />
          ) : (
            <Empty icon="audit" title="Nothing recorded yet">
              Everything that people and Stripe change appears here.
            </Empty>
          )}
        </Card>
      ) : (
        <Card>
          <ol data-rows="" aria-label="Audit log, newest first" className="flex flex-col divide-y divide-line">
            {entries.map(entry => (
              <Entry key={entry.seq} entry={entry} />
            ))}
          </ol>
        </Card>
      )}
      <ListEnd shown={entries.length} next={next} />
    </Page>
  )
}

/** What the filter shows, with the hashes. */
function ExportButton() {
  const [params] = useSearchParams()
  return (
    <DownloadButton action="/admin/audit/export.jsonl" fields={[...params].filter(([name]) => name !== 'after')}>
      Export
    </DownloadButton>
  )
}
