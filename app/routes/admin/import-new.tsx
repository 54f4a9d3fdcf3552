import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useState } from 'react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import { Icon } from '#app/components/icon.tsx'
import { FileInput, Select } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { allows } from '#server/auth/rules.ts'
import { presets } from '#server/imports/presets.ts'
import { type DataImportKind, fields, kindLabels } from '#server/imports/rules.ts'
import { receiveFile } from './imports/upload.server.ts'

export const meta: MetaFunction = () => [{ title: 'Import a file · Imports · Remit' }]

const kinds = Object.keys(kindLabels) as DataImportKind[]

export async function loader(args: LoaderFunctionArgs) {
  await query(args, api => api.auth.me())
  const wanted = new URL(args.request.url).searchParams.get('kind')
  return {
    mayManage: allows(args.context.viewer?.role ?? 'partner', 'imports.manage'),
    kind: kinds.find(kind => kind === wanted) ?? 'deals',
    idempotencyKey: args.context.newKey(),
    presets: presets.map(({ id, tool, kind, verified, source, says }) => ({ id, tool, kind, verified, source, says })),
  }
}

export async function action(args: ActionFunctionArgs) {
  const outcome = await receiveFile(args)
  if (!outcome.ok) return data({ message: outcome.message, fields: outcome.fields }, { status: outcome.status })
  return redirect(`/admin/imports/${outcome.value.importId}/mapping`, 303)
}

export default function NewImport() {
  const { mayManage, kind, idempotencyKey, presets } = useLoaderData<typeof loader>()
  const tools = [...new Map(presets.map(preset => [preset.tool, preset.id.split('-')[0] ?? '']))].map(
    ([label, value]) => ({ label, value }),
  )
  const refusal = useAnswer<typeof action>()
  const [firstKey] = useState(idempotencyKey)
  return (
    <Page
      title="Import a file"
      width="narrow"
      breadcrumbs={[{ label: 'Imports', to: '/admin/imports' }]}
      description="You choose the columns, then see every row and every problem. Nothing is made until you say so."
    >
      {mayManage ? (
        <Card>
          <Form encType="multipart/form-data" errors={refusal ? { message: refusal.message } : null}>
            <HiddenFields values={{ idempotencyKey: refusal ? idempotencyKey : firstKey }} />
            <ChoiceGroup legend="What does the file hold?">
              {kinds.map(one => (
                <Checkbox
                  key={one}
                  type="radio"
                  id={`kind-${one}`}
                  name="kind"
                  value={one}
                  defaultChecked={one === kind}
                  label={kindLabels[one].label}
                  hint={kindLabels[one].says}
                />
              ))}
            </ChoiceGroup>
            <Select
              name="tool"
              label="Exported from"
              optional
              placeholder="A spreadsheet, a CRM, or anything else"
              options={tools}
              hint="For partners, commissions and payouts of these tools the columns and status words are proposed."
            />
            <FileInput
              name="file"
              label="CSV file"
              accept=".csv,.tsv,.txt,text/csv"
              required
              hint="UTF-8, at most 50 MB and 100,000 rows. From Excel: Save as “CSV UTF-8”."
              error={refusal?.fields.file}
            />
            <FormActions>
              <SubmitButton icon="upload">Upload</SubmitButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner tone="warning" icon="lock" title="Your role doesn’t import files." />
      )}
      <Card
        title="What the columns may be"
        description="Their names are recognized; any other column can be chosen by hand."
      >
        <div className="flex flex-col gap-2">
          {kinds.map(one => (
            <details key={one} open={one === kind} className="group">
              <Summary>{kindLabels[one].label}</Summary>
              <dl className="mt-1 mb-3 grid gap-x-4 gap-y-1 text-sm sm:grid-cols-[max-content_minmax(0,1fr)]">
                {fields[one].map(field => (
                  <div key={field.key} className="contents">
                    <dt className="font-medium">{field.label}</dt>
                    <dd className="text-muted">
                      {[field.required ? 'Required.' : null, field.says].filter(Boolean).join(' ') || 'Optional.'}
                    </dd>
                  </div>
                ))}
              </dl>
              <a
                href={`/admin/imports/sample.csv?kind=${one}`}
                download
                className="link inline-flex min-h-6 items-center text-sm"
              >
                Download a sample
              </a>
            </details>
          ))}
        </div>
      </Card>
      <Card title="Moving from another tool" description="Import partners first, then commissions, then payouts.">
        <div className="flex flex-col gap-2">
          {tools.map(({ label }) => (
            <details key={label} className="group">
              <Summary>{label}</Summary>
              <ul className="mt-1 mb-3 flex flex-col gap-3 text-sm">
                {presets
                  .filter(preset => preset.tool === label)
                  .map(preset => (
                    <li key={preset.id}>
                      <p className="font-medium">
                        {kindLabels[preset.kind].label}
                        {preset.verified ? '' : ' (columns unverified)'}
                      </p>
                      <p className="text-muted">
                        {preset.says}{' '}
                        <a href={preset.source} className="link" rel="noreferrer">
                          Source
                        </a>
                      </p>
                    </li>
                  ))}
              </ul>
            </details>
          ))}
        </div>
      </Card>
    </Page>
  )
}

function Summary({ children }: { children: string }) {
  return (
    <summary className="flex min-h-6 w-fit items-center gap-1 rounded-sm font-medium hover:underline">
      <Icon name="chevron-right" size={12} className="text-faint group-open:rotate-90" />
      {children}
    </summary>
  )
}
