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
import { allows } from '#server/auth/rules.ts'
import { currencies } from '#server/partners/rules.ts'
import { badFields } from './deal/bad-fields.server.ts'
import { DealFields } from './deal/fields.tsx'
import { readDealForm } from './deal/read-form.server.ts'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'

export const meta: MetaFunction = () => [{ title: 'New deal · Deals · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const [programs, options, counts] = await Promise.all([
      api.programs.list({}),
      api.partners.options({ limit: 50 }),
      api.deals.counts(),
    ])
    const used = [...counts.open.amounts, ...counts.won.amounts].map(({ currency }) => currency)
    return {
      programs: programs.rows.map(({ id, name, modelLabel }) => ({ value: id, label: `${name} — ${modelLabel}` })),
      partners: options.map(({ name, email }) => ({ name, email })),
      // Those in use first: most companies sell in one or two.
      currencies: [...new Set([...used, 'USD', ...currencies.map(({ code }) => code)])],
      mayManage: allows(args.context.viewer?.role ?? 'partner', 'deals.manage'),
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const values = typedIn(form)
  const programId = textOf(form, 'programId')
  const program = await query(args, api => api.programs.get({ programId }))
  const read = await readDealForm(args, form, { timeZone: program.timeZone })
  if (!read.ok) {
    const refusal = badFields(read.fields)
    return data({ ...refusal, summary: summaryOf(refusal), values }, { status: 400 })
  }
  const { idempotencyKey } = changeOf(form)
  const outcome = await mutate(args, api => api.deals.create({ ...read.values, idempotencyKey }))
  if (!outcome.ok) return data({ ...outcome, summary: summaryOf(outcome), values }, { status: outcome.status })
  return redirectWithToast(args.context, `/admin/deals/${outcome.value.id}`, {
    kind: 'success',
    message: `${outcome.value.number} is added. Add what partners did for it.`,
  })
}

export default function NewDeal() {
  const { programs, partners, currencies, mayManage, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  // One intent, one key: live updates read the loader again, and a repeated send must not be a second deal.
  const [key] = useState(idempotencyKey)
  return (
    <Page
      title="New deal"
      width="narrow"
      breadcrumbs={[{ label: 'Deals', to: '/admin/deals' }]}
      description="It is open at first. Nobody earns from it until it is won."
    >
      {mayManage ? (
        <Card>
          <Form hidden={{ idempotencyKey: key }} errors={refusal?.summary}>
            <DealFields
              values={refusal?.values ?? {}}
              errors={refusal?.fields ?? {}}
              programs={programs}
              partners={partners}
              currencies={currencies}
            />
            <FormActions>
              <SubmitButton>Add the deal</SubmitButton>
              <LinkButton to="/admin/deals" variant="ghost">
                Cancel
              </LinkButton>
            </FormActions>
          </Form>
        </Card>
      ) : (
        <Banner icon="lock" title="Your role reads deals, and doesn’t add them">
          A manager, an admin or an owner does.
        </Banner>
      )}
    </Page>
  )
}
