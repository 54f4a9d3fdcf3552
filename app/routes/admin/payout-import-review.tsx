import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { mutate, query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { DownloadButton } from '#app/components/download-button.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Tabs } from '#app/components/tabs.tsx'
import { When } from '#app/components/when.tsx'
import { CommitForm } from './import/commit-form.tsx'
import { ImportRows } from './import/rows.tsx'
import { ImportFigures } from './import/summary.tsx'
import { ListEnd } from './list-parts.tsx'
import { cursorOf } from './read-query.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.summary.fileName ?? 'Import'} · Import payouts · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const shown = await query(args, api =>
    api.payouts.importShow({
      importId: args.params.importId ?? '',
      cursor: cursorOf(params),
      only: params.get('only') === 'problems' ? 'problems' : 'all',
    }),
  )
  return { ...shown, idempotencyKey: args.context.newKey() }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const importId = args.params.importId ?? ''
  if (form.get('confirmed') !== 'yes')
    return data({ done: null, message: 'Tick the box once you have checked the totals.', field: 'confirmed' }, 400)
  const outcome = await mutate(args, api =>
    api.payouts.importCommit({
      importId,
      version: Number(form.get('version')) || undefined,
      skipDuplicates: form.get('duplicates') !== 'create',
      skipErrors: form.get('skipErrors') === 'yes',
      idempotencyKey: String(form.get('idempotencyKey') ?? '') || undefined,
    }),
  )
  if (!outcome.ok) return data({ done: null, message: outcome.message, field: '_' }, { status: outcome.status })
  return data({ done: outcome.value, message: '', field: '' })
}

export default function ReviewImport() {
  const { summary, rows, next } = useLoaderData<typeof loader>()
  const answer = useAnswer<typeof action>()
  const [params] = useSearchParams()
  const only = params.get('only') === 'problems' ? 'problems' : 'all'
  const ignored = params.get('ignored')
  const problems = summary.errors + summary.duplicates + summary.warnings
  return (
    <Page
      title={summary.fileName}
      breadcrumbs={[
        { label: 'Payouts', to: '/admin/payouts' },
        { label: 'Import', to: '/admin/payouts/import' },
      ]}
      description={
        <>
          Uploaded <When at={summary.createdAt} />
        </>
      }
      actions={
        summary.errors > 0 ? (
          <DownloadButton action={`/admin/payouts/import/${summary.importId}/errors.csv`}>
            Download the rows with errors
          </DownloadButton>
        ) : null
      }
    >
      {summary.committed ? (
        <Committed skipped={answer?.done?.skipped ?? []} />
      ) : (
        <>
          {summary.sameFile ? (
            <Banner
              tone="warning"
              title="This very file was imported before"
              action={
                <LinkButton to={`/admin/payouts?importId=${summary.sameFile.importId}`} size="sm">
                  Show those payouts
                </LinkButton>
              }
            >
              On <When at={summary.sameFile.committedAt} />. Rows that are payouts already count as duplicates below.
            </Banner>
          ) : null}
          {ignored ? (
            <Banner tone="info" title="Columns that mean nothing to us were left out">
              {ignored}
            </Banner>
          ) : null}
        </>
      )}
      <ImportFigures summary={summary} />
      {summary.committed ? null : <CommitForm refusal={answer && !answer.done ? answer : null} />}
      <Tabs
        label="Rows"
        tabs={[
          {
            label: 'All rows',
            to: withParams(params, { only: null, after: null }),
            count: summary.rows,
            current: only === 'all',
          },
          {
            label: 'With problems',
            to: withParams(params, { only: 'problems', after: null }),
            count: problems,
            current: only === 'problems',
          },
        ]}
      />
      <ImportRows rows={rows} />
      <ListEnd shown={rows.length} next={next} />
    </Page>
  )
}

/** What the import did; every row it left out, with the reason, right after it. */
function Committed({ skipped }: { skipped: readonly { line: number; reason: string }[] }) {
  const { summary } = useLoaderData<typeof loader>()
  const created = summary.committed?.created ?? 0
  return (
    <Banner
      tone="success"
      title={`${created.toLocaleString('en-US')} ${created === 1 ? 'payout' : 'payouts'} created`}
      action={
        <LinkButton to={`/admin/payouts?importId=${summary.importId}`} variant="primary">
          Show {created === 1 ? 'it' : 'them'} in the list
        </LinkButton>
      }
    >
      Imported <When at={summary.committed?.at} />. {created === 1 ? 'It waits' : 'They wait'} for approval.
      {skipped.length > 0 ? (
        <details className="mt-1" open={skipped.length <= 5}>
          <summary className="min-h-6 w-fit rounded-sm hover:underline">{skipped.length} rows were left out</summary>
          <ul className="max-h-48 overflow-y-auto">
            {skipped.map(({ line, reason }) => (
              <li key={line}>
                Line {line}: {reason.replace(/^Line \d+, /, '')}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </Banner>
  )
}
