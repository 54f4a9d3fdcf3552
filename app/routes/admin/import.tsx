import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { useLoaderData, useSearchParams } from '@remix-run/react'
import { mutate, query, redirectWithToast, refuse } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { DownloadButton } from '#app/components/download-button.tsx'
import { Form } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { withParams } from '#app/components/search-params.ts'
import { Tabs } from '#app/components/tabs.tsx'
import { When } from '#app/components/when.tsx'
import { busyStatuses, kindLabels } from '#server/imports/rules.ts'
import { CommitForm } from './imports/commit-form.tsx'
import { Figures } from './imports/figures.tsx'
import { Progress } from './imports/progress.tsx'
import { ImportRows } from './imports/rows.tsx'
import { counted, ImportStatus } from './imports/status.tsx'
import { Undo } from './imports/undo.tsx'
import { ListEnd } from './list-parts.tsx'
import { cursorOf } from './read-query.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.one.fileName ?? 'Import'} · Imports · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const importId = args.params.importId ?? ''
  const params = new URL(args.request.url).searchParams
  const only = params.get('only') === 'problems' ? 'problems' : 'all'
  return query(args, async api => {
    const one = await api.imports.get({ importId })
    const page = await api.imports.rows({ importId, only, cursor: cursorOf(params), limit: 50 })
    return { one, page, only, idempotencyKey: args.context.newKey() } as const
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const importId = args.params.importId ?? ''
  const change = {
    importId,
    version: Number(form.get('version')) || undefined,
    idempotencyKey: String(form.get('idempotencyKey') ?? '') || undefined,
  }
  const intent = String(form.get('intent'))
  if (intent !== 'discard' && form.get('confirmed') !== 'yes') {
    const message = 'Tick the box once you have checked.'
    return data({ ok: false as const, status: 400, message, fields: { confirmed: message }, intent }, 400)
  }
  const outcome = await mutate(args, api => {
    if (intent === 'undo') return api.imports.undo(change)
    if (intent === 'discard') return api.imports.discard(change)
    return api.imports.commit({ ...change, skipErrors: form.get('skipErrors') === 'yes' })
  })
  if (!outcome.ok) return refuse({ ...outcome, intent } as typeof outcome & { intent: string })
  if (intent === 'discard')
    return redirectWithToast(args.context, '/admin/imports', {
      kind: 'success',
      message: 'The import was thrown away.',
    })
  return redirect(`/admin/imports/${importId}`, 303)
}

export default function Import() {
  const { one, page, only } = useLoaderData<typeof loader>()
  const answer = useAnswer<typeof action>()
  const [params] = useSearchParams()
  const refusalOf = (intent: string) =>
    answer && 'intent' in answer && answer.intent === intent ? { message: answer.message, fields: answer.fields } : null
  const busy = busyStatuses.includes(one.status)
  const over = one.status === 'committed' || one.status === 'undone'
  return (
    <Page
      title={one.fileName}
      aside={<ImportStatus status={one.status} />}
      breadcrumbs={[{ label: 'Imports', to: '/admin/imports' }]}
      description={
        <>
          {kindLabels[one.kind].label}
          {one.preset ? ` from ${one.preset.tool}` : ''}, {counted(one.rows, 'row')}, uploaded by {one.createdBy} on{' '}
          <When at={one.createdAt} />
        </>
      }
      actions={
        <>
          {one.errors + one.duplicates > 0 && !busy ? (
            <DownloadButton action={`/admin/imports/${one.importId}/failed.csv`}>
              Download the rows left out
            </DownloadButton>
          ) : null}
          {one.status === 'ready' || one.status === 'mapping' ? <Discard refusal={refusalOf('discard')} /> : null}
        </>
      }
    >
      {one.status === 'mapping' ? (
        <Banner
          tone="info"
          title="Say which column is what"
          action={
            <LinkButton to={`/admin/imports/${one.importId}/mapping`} variant="primary" size="sm">
              Choose the columns
            </LinkButton>
          }
        >
          Then every row is checked. Nothing is made before you say so.
        </Banner>
      ) : null}
      {one.sameFile && !over ? (
        <Banner
          tone="warning"
          title="This very file was imported before"
          action={
            <LinkButton to={`/admin/imports/${one.sameFile.importId}`} size="sm">
              Show that import
            </LinkButton>
          }
        >
          On <When at={one.sameFile.at} />. Rows that came in then count as duplicates.
        </Banner>
      ) : null}
      {busy ? <Progress /> : null}
      {over ? <Result refusal={refusalOf('undo')} /> : null}
      {one.checked > 0 && one.status !== 'checking' ? <Figures /> : null}
      {one.status === 'ready' ? <CommitForm refusal={refusalOf('commit')} /> : null}
      {one.status === 'mapping' || one.status === 'checking' ? null : (
        <>
          <Tabs
            label="Rows"
            tabs={[
              {
                label: 'All rows',
                to: withParams(params, { only: null, after: null }),
                count: one.rows,
                current: only === 'all',
              },
              {
                label: 'With something to say',
                to: withParams(params, { only: 'problems', after: null }),
                current: only === 'problems',
              },
            ]}
          />
          <ImportRows rows={page.rows} problems={only === 'problems'} />
          <ListEnd shown={page.rows.length} next={page.next} />
        </>
      )}
    </Page>
  )
}

/** What an import did, and the way back. */
function Result({ refusal }: { refusal: { message: string; fields: Record<string, string> } | null }) {
  const { one } = useLoaderData<typeof loader>()
  const { label, one: thing } = kindLabels[one.kind]
  const list: Partial<Record<typeof one.kind, string>> = {
    deals: `/admin/deals?importId=${one.importId}`,
    partners: '/admin/partners',
  }
  const to = list[one.kind]
  if (one.status === 'undone')
    return (
      <Banner tone="info" icon="undo" title="This import was undone">
        On <When at={one.undoneAt} />.{' '}
        {one.kept > 0
          ? `${counted(one.kept, thing)} stayed, because they are in use; they are marked below.`
          : 'Nothing of it is left.'}
      </Banner>
    )
  return (
    <>
      <Banner
        tone="success"
        title={`${counted(one.done, one.nothing > 0 ? 'row' : thing)} imported`}
        action={
          one.kind === 'commissions' || one.kind === 'payouts' ? (
            <LinkButton to={`/admin/imports/${one.importId}/report`} variant="primary">
              Compare with the file
            </LinkButton>
          ) : to ? (
            <LinkButton to={to}>Show {label.toLowerCase()}</LinkButton>
          ) : null
        }
      >
        On <When at={one.committedAt} />.{' '}
        {one.attributed > 0 ? `${counted(one.attributed, 'won deal')} attributed. ` : ''}
        {one.errors + one.duplicates > 0 ? `${counted(one.errors + one.duplicates, 'row')} left out.` : ''}
      </Banner>
      <Undo refusal={refusal} />
    </>
  )
}

function Discard({ refusal }: { refusal: { message: string } | null }) {
  const { one, idempotencyKey } = useLoaderData<typeof loader>()
  return (
    <Form errors={refusal} hidden={{ intent: 'discard', version: one.version, idempotencyKey }}>
      <SubmitButton variant="danger-quiet" icon="x" name="go" value="discard">
        Throw it away
      </SubmitButton>
    </Form>
  )
}
