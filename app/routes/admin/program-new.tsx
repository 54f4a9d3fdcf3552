import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useState } from 'react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { programParameters } from '#server/attribution/rules.ts'
import { allows } from '#server/auth/rules.ts'
import { readProgram, refused } from './program/change.server.ts'
import { ProgramFields } from './program/fields.tsx'
import { programTexts } from './program/read-form.ts'
import { changeOf } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'New program · Programs · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const { context } = args
  // The form holds nothing of anybody's, but who may not see programs is led away here as everywhere.
  await query(args, api => api.programs.list({ limit: 1 }))
  return {
    values: { ...programTexts(programParameters.parse({})), timeZone: context.timeZone } as Record<string, string>,
    timeZones: ['UTC', ...Intl.supportedValuesOf('timeZone')],
    mayManage: allows(context.viewer?.role ?? 'partner', 'programs.manage'),
    idempotencyKey: context.newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const read = await readProgram(args, form)
  if (!read.ok) return read.answer
  const { idempotencyKey } = changeOf(form)
  const outcome = await mutate(args, api => api.programs.create({ ...read.values, idempotencyKey }))
  if (!outcome.ok) return refused(outcome, form)
  return redirectWithToast(args.context, '/admin/programs', {
    kind: 'success',
    message: `${outcome.value.name} is added.`,
  })
}

export default function NewProgram() {
  const { values, timeZones, mayManage, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const [key] = useState(idempotencyKey)
  return (
    <Page title="New program" width="narrow" breadcrumbs={[{ label: 'Programs', to: '/admin/programs' }]}>
      {mayManage ? (
        <Card>
          <Form hidden={{ idempotencyKey: key }} errors={refusal?.summary}>
            <ProgramFields
              values={refusal?.values ?? values}
              excludedTypes={refusal?.excludedTypes ?? []}
              excluded={[]}
              errors={refusal?.fields ?? {}}
              timeZones={timeZones}
            />
            <FormActions>
              <SubmitButton>Add the program</SubmitButton>
              <LinkButton to="/admin/programs" variant="ghost">
                Cancel
              </LinkButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner icon="lock" title="Your role doesn’t set up programs">
          An admin or an owner does.
        </Banner>
      )}
    </Page>
  )
}
