import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useState } from 'react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import type { PartnerType } from '#server/partners/rules.ts'
import { partnerChoices } from './partner/choices.server.ts'
import { PartnerFields } from './partner/form-fields.tsx'
import { readTerms, termFields } from './partner/terms.server.ts'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `Edit ${data.partner.name} · Partners · Remit` : 'Edit · Partners · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const partner = await api.partners.get({ partnerId: args.params.partnerId ?? '' })
    const { id, name, email, type, country, currency, reference, version, may, connect, terms } = partner
    return {
      partner: { id, name, email, type, country, currency, reference, version, ...termFields(terms, currency) },
      mayEdit: may.edit,
      connected: connect.accountId !== null,
      choices: partnerChoices(partner),
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const partnerId = args.params.partnerId ?? ''
  const outcome = await mutate(args, api =>
    api.partners.update({
      partnerId,
      ...changeOf(form),
      name: textOf(form, 'name'),
      email: textOf(form, 'email'),
      country: textOf(form, 'country'),
      currency: textOf(form, 'currency'),
      type: textOf(form, 'type') as PartnerType,
      reference: textOf(form, 'reference') || null,
      ...readTerms(form, textOf(form, 'currency')),
    }),
  )
  if (!outcome.ok)
    return data({ ...outcome, summary: summaryOf(outcome), values: typedIn(form) }, { status: outcome.status })
  const message = `${outcome.value.name} is saved.`
  return redirectWithToast(args.context, `/admin/partners/${partnerId}`, { kind: 'success', message })
}

export default function EditPartner() {
  const { partner, mayEdit, connected, choices, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  // The version of what was opened, not of what live updates bring: a change by somebody else has to be seen, not overwritten.
  const [opened] = useState({ version: partner.version, key: idempotencyKey })
  const back = `/admin/partners/${partner.id}`
  return (
    <Page
      title={`Edit ${partner.name}`}
      width="narrow"
      breadcrumbs={[
        { label: 'Partners', to: '/admin/partners' },
        { label: partner.name, to: back },
      ]}
    >
      {opened.version !== partner.version && mayEdit ? (
        <Banner
          tone="warning"
          title="Somebody changed this partner while you were editing"
          action={
            <LinkButton to={`${back}/edit`} size="sm" reloadDocument>
              Start from the new values
            </LinkButton>
          }
        >
          What you have typed can’t be saved over it.
        </Banner>
      ) : null}
      {mayEdit ? (
        <Card>
          <Form hidden={{ version: opened.version, idempotencyKey: opened.key }} errors={refusal?.summary}>
            <PartnerFields
              choices={choices}
              values={refusal?.values ?? partner}
              errors={refusal?.fields ?? {}}
              hints={{
                email: 'A change is announced to the old and to the new address.',
                country: connected ? 'Stripe never changes the country of an account.' : undefined,
              }}
            />
            <FormActions>
              <SubmitButton>Save</SubmitButton>
              <LinkButton to={back} variant="ghost">
                Cancel
              </LinkButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner icon="lock" title="Your role does not edit partners">
          A manager, an admin or an owner does.
        </Banner>
      )}
    </Page>
  )
}
