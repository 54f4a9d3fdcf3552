import { type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { mutate, query, refuse } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { FieldRow, Form, FormActions } from '#app/components/form.tsx'
import { Select } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { fields, importOptions, kindLabels } from '#server/imports/rules.ts'
import { FileSample } from './imports/file-sample.tsx'
import { Options } from './imports/options.tsx'
import { ImportStatus } from './imports/status.tsx'
import { partnerChoices } from './partner/choices.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `Columns of ${data?.one.fileName ?? 'the file'} · Imports · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const one = await query(args, api => api.imports.get({ importId: args.params.importId ?? '' }))
  const { countries, currencies } = partnerChoices()
  return { one, choices: { countries, currencies }, keys: [args.context.newKey(), args.context.newKey()] as const }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const text = (name: string) => String(form.get(name) ?? '')
  const importId = args.params.importId ?? ''
  const mapping: Record<string, string> = {}
  const options: Record<string, string> = {}
  for (const [name, value] of form) {
    if (typeof value !== 'string' || value === '') continue
    if (name.startsWith('column.')) mapping[name.slice('column.'.length)] = value
    if (name.startsWith('option.')) options[name.slice('option.'.length)] = value
  }
  const outcome = await mutate(args, async api => {
    const saved = await api.imports.saveMapping({
      importId,
      version: Number(text('version')) || undefined,
      mapping,
      options: options as Parameters<typeof api.imports.saveMapping>[0]['options'],
      idempotencyKey: text('saveKey') || undefined,
    })
    return api.imports.check({ importId, version: saved.version, idempotencyKey: text('checkKey') || undefined })
  })
  if (!outcome.ok) return refuse(outcome)
  return redirect(`/admin/imports/${importId}`, 303)
}

export default function Mapping() {
  const { one, choices, keys } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const headers = one.headers.map((header, index) => {
    const example = one.sample.map(cells => cells[index]?.trim()).find(Boolean)
    return { value: header, label: example ? `${header} — ${example.slice(0, 40)}` : header }
  })
  const chosen = new Set(Object.values(one.mapping))
  const unused = one.headers.filter(header => !chosen.has(header))
  const open = ['mapping', 'checking', 'ready'].includes(one.status)
  return (
    <Page
      title="Which column is what?"
      aside={<ImportStatus status={one.status} />}
      breadcrumbs={[
        { label: 'Imports', to: '/admin/imports' },
        { label: one.fileName, to: `/admin/imports/${one.importId}` },
      ]}
      description={`${kindLabels[one.kind].label}: ${one.rows.toLocaleString('en-US')} rows. What you choose is remembered for files with the same columns.`}
    >
      {one.preset && !one.preset.verified ? (
        <Banner
          tone="warning"
          title={`The columns of ${one.preset.tool}’s export are unverified`}
          action={
            <a href={one.preset.source} className="link text-sm" rel="noreferrer">
              Source
            </a>
          }
        >
          {one.preset.says}
        </Banner>
      ) : null}
      {open ? (
        <Form errors={refusal} hidden={{ version: one.version, saveKey: keys[0], checkKey: keys[1] }}>
          <Card
            title="Columns"
            description={unused.length > 0 ? `Not used: ${unused.join(', ')}` : 'Every column is used.'}
          >
            <div className="flex flex-col gap-3">
              {pairs(fields[one.kind]).map(pair => (
                <FieldRow key={pair.map(field => field.key).join()}>
                  {pair.map(field => (
                    <Select
                      key={field.key}
                      name={`column.${field.key}`}
                      label={field.label}
                      optional={!field.required}
                      hint={field.says}
                      placeholder="Not in this file"
                      options={headers}
                      defaultValue={one.mapping[field.key] ?? ''}
                      error={refusal?.fields[field.label] ?? refusal?.fields[field.key]}
                    />
                  ))}
                </FieldRow>
              ))}
            </div>
          </Card>
          <Options
            kind={one.kind}
            options={importOptions.parse(one.options)}
            programs={one.programs}
            choices={choices}
            errors={refusal?.fields ?? {}}
          />
          <FormActions>
            <SubmitButton>Check every row</SubmitButton>
            <LinkButton to={`/admin/imports/${one.importId}`} variant="ghost">
              Back
            </LinkButton>
          </FormActions>
        </Form>
      ) : (
        <Banner tone="info" title="The columns are fixed now: this import has begun." />
      )}
      <FileSample headers={one.headers} rows={one.sample} />
    </Page>
  )
}

function pairs<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / 2) }, (_, pair) => items.slice(pair * 2, pair * 2 + 2))
}
