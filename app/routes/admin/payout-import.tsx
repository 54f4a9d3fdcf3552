import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useState } from 'react'
import { mutate, query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import { Code } from '#app/components/id.tsx'
import { FileInput, Textarea } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { allows } from '#server/auth/rules.ts'
import { readUpload } from './import/upload.server.ts'

export const meta: MetaFunction = () => [{ title: 'Import payouts · Payouts · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  await query(args, api => api.auth.me())
  const role = args.context.viewer?.role ?? 'partner'
  return { mayPrepare: allows(role, 'payouts.prepare'), idempotencyKey: args.context.newKey() }
}

export async function action(args: ActionFunctionArgs) {
  const upload = await readUpload(args)
  if (!upload.ok) return data({ message: upload.message, fields: { [upload.field]: upload.message }, text: '' }, 400)
  const { fileName, text, idempotencyKey } = upload
  const outcome = await mutate(args, api => api.payouts.importDraft({ fileName, text, idempotencyKey }))
  if (!outcome.ok) {
    // Pasted rows come back to be mended; a file has to be chosen again, browsers fill in none.
    const pasted = fileName === 'Pasted rows.csv' && text.length < 200_000 ? text : ''
    return data({ message: outcome.message, fields: outcome.fields, text: pasted }, { status: outcome.status })
  }
  const { importId, ignoredColumns } = outcome.value
  const ignored =
    ignoredColumns.length > 0 ? `?ignored=${encodeURIComponent(ignoredColumns.join(', ').slice(0, 300))}` : ''
  return redirect(`/admin/payouts/import/${importId}${ignored}`, 303)
}

export default function ImportPayouts() {
  const { mayPrepare, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const [firstKey] = useState(idempotencyKey)
  return (
    <Page
      title="Import payouts"
      width="narrow"
      breadcrumbs={[{ label: 'Payouts', to: '/admin/payouts' }]}
      description="You see every row and every problem first. Nothing is created until you say so."
    >
      {mayPrepare ? (
        <Card>
          <Form encType="multipart/form-data" errors={refusal ? { message: refusal.message } : null}>
            <HiddenFields values={{ idempotencyKey: refusal ? idempotencyKey : firstKey }} />
            <FileInput
              name="file"
              label="CSV file"
              accept=".csv,.tsv,.txt,text/csv"
              hint="UTF-8, at most 5 MB and 10,000 rows. From Excel: Save as “CSV UTF-8”."
              error={refusal?.fields.file}
            />
            <Textarea
              name="text"
              label="Or paste the rows"
              optional
              rows={6}
              spellCheck={false}
              className="font-mono"
              placeholder={'partner email,amount,currency,period,reference\nana@example.com,1240.00,USD,2026-02,INV-7'}
              hint="With the line that names the columns. Used when no file is chosen."
              defaultValue={refusal?.text}
              error={refusal?.fields.text}
            />
            <FormActions>
              <SubmitButton icon="upload">Check the rows</SubmitButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner tone="warning" icon="lock" title="Your role reads payouts, and doesn’t import them." />
      )}
      <Card
        title="What the file needs"
        actions={
          <a href="/admin/payouts/import/sample.csv" download className="link inline-flex min-h-6 items-center text-sm">
            Download a sample
          </a>
        }
      >
        <dl className="grid gap-x-4 gap-y-1.5 sm:grid-cols-[max-content_minmax(0,1fr)]">
          <Column names={['partner email', 'partner reference', 'partner']}>Who is paid.</Column>
          <Column names={['amount']}>As people write it: 1240.00. Nothing is rounded.</Column>
          <Column names={['currency']}>Like USD. The partner’s own where it is left out.</Column>
          <Column names={['period']}>The month, like 2026-02. Optional.</Column>
          <Column names={['reference']}>
            Optional, and worth it: the same partner and reference is never imported twice unseen.
          </Column>
          <Column names={['notes']}>Optional. The partner can read it.</Column>
        </dl>
      </Card>
    </Page>
  )
}

function Column({ names, children }: { names: readonly string[]; children: React.ReactNode }) {
  return (
    <div className="contents">
      <dt className="flex flex-wrap gap-x-2">
        {names.map((name, index) => (
          <span key={name}>
            <Code>{name}</Code>
            {index < names.length - 1 ? <span className="text-muted"> or</span> : null}
          </span>
        ))}
      </dt>
      <dd className="mb-1.5 text-muted sm:mb-0">{children}</dd>
    </div>
  )
}
