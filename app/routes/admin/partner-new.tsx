import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { mutate, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox } from '#app/components/checkbox.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Page } from '#app/components/page.tsx'
import { allows } from '#server/auth/rules.ts'
import { currencyOf, type PartnerType } from '#server/partners/rules.ts'
import { partnerChoices } from './partner/choices.server.ts'
import { PartnerFields } from './partner/form-fields.tsx'
import { readTerms } from './partner/terms.server.ts'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'New partner · Remit' }]

export function loader({ context }: LoaderFunctionArgs) {
  return {
    choices: partnerChoices(),
    mayManage: allows(context.viewer?.role ?? 'partner', 'partners.manage'),
    idempotencyKey: context.newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const { idempotencyKey } = changeOf(form)
  const outcome = await mutate(args, api =>
    api.partners.create({
      name: textOf(form, 'name'),
      email: textOf(form, 'email'),
      country: textOf(form, 'country'),
      currency: textOf(form, 'currency') || undefined,
      // The procedure says 'Choose a kind of partner.' for anything else.
      type: (textOf(form, 'type') as PartnerType) || undefined,
      reference: textOf(form, 'reference') || undefined,
      ...readTerms(form, textOf(form, 'currency') || currencyOf(textOf(form, 'country'))),
      idempotencyKey,
    }),
  )
  if (!outcome.ok)
    return data({ ...outcome, summary: summaryOf(outcome), values: typedIn(form) }, { status: outcome.status })
  const { id, name } = outcome.value
  const to = `/admin/partners/${id}`
  if (!form.has('invite')) return redirectWithToast(args.context, to, { kind: 'success', message: `${name} is added.` })
  const invited = await mutate(args, api => api.partners.invite({ partnerId: id, idempotencyKey }))
  // The partner's page shows the open invitation, or that nobody is invited yet: the toast only says why.
  return invited.ok
    ? redirectWithToast(args.context, to, {
        kind: 'success',
        message: `${name} is added, and the invitation to ${invited.value.email} is on its way.`,
      })
    : redirectWithToast(args.context, to, {
        kind: 'error',
        message: `${name} is added, but not invited: ${invited.message}`,
      })
}

export default function NewPartner() {
  const { choices, mayManage, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useActionData<typeof action>()
  return (
    <Page title="New partner" width="narrow" breadcrumbs={[{ label: 'Partners', to: '/admin/partners' }]}>
      {mayManage ? (
        <Card>
          <Form hidden={{ idempotencyKey }} errors={refusal?.summary}>
            <PartnerFields choices={choices} values={refusal?.values ?? {}} errors={refusal?.fields ?? {}} isNew />
            <Checkbox
              name="invite"
              value="yes"
              label="Invite them to the portal now"
              defaultChecked={refusal ? refusal.values.invite === 'yes' : true}
              hint="They get an email with a link to sign up, see what they earn, and set up their payouts with Stripe."
            />
            <FormActions>
              <SubmitButton>Add the partner</SubmitButton>
              <LinkButton to="/admin/partners" variant="ghost">
                Cancel
              </LinkButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner icon="lock" title="Your role does not add partners">
          A manager, an admin or an owner does.
        </Banner>
      )}
    </Page>
  )
}
