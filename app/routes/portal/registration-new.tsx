import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Form } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { summaryOf, typedIn } from '#app/routes/admin/read-query.server.ts'
import { RegistrationFields } from './registration/fields.tsx'
import { saveRegistration } from './registration/form.server.ts'

export const meta: MetaFunction = () => [{ title: 'Register a deal · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const choices = await query(args, api => api.registrations.choices())
  return { ...choices, orgName: args.context.viewer?.orgName ?? '', idempotencyKey: args.context.newKey() }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const outcome = await saveRegistration(args, form, null)
  if (!outcome.ok)
    return data({ ...outcome, summary: summaryOf(outcome), values: typedIn(form) }, { status: outcome.status })
  const { id, number, status } = outcome.value
  const message = status === 'submitted' ? `${number} is sent in.` : `${number} is saved as a draft.`
  return redirectWithToast(args.context, `/portal/registrations/${id}`, { kind: 'success', message })
}

export default function NewRegistration() {
  const { programs, currency, orgName, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const days = programs.length === 1 ? programs[0]?.protectionDays : undefined
  return (
    <Page
      title="Register a deal"
      width="narrow"
      breadcrumbs={[{ label: 'Deals', to: '/portal/deals' }]}
      description={`Tell ${orgName} whom you are working with. Once approved, the company is protected for you${days ? ` for ${days} days` : ''}.`}
    >
      {programs.length === 0 ? (
        <Banner tone="warning" title={`${orgName} takes no registrations at the moment.`} />
      ) : (
        <Card>
          <Form hidden={{ idempotencyKey }} errors={refusal?.summary}>
            <RegistrationFields
              values={refusal?.values ?? {}}
              errors={refusal?.fields ?? {}}
              currency={currency}
              programs={programs}
              told={null}
            />
          </Form>
        </Card>
      )}
    </Page>
  )
}
