import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Form as SearchForm, useLoaderData } from '@remix-run/react'
import { useState } from 'react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Button, LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import { Input, Select } from '#app/components/input.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { MoneyInput } from '#app/components/money-input.tsx'
import { Page } from '#app/components/page.tsx'
import { allows } from '#server/auth/rules.ts'
import { PayoutFields } from './payout/fields.tsx'
import { type PayoutValues, readAmount, readValues } from './payout/read-form.server.ts'

export const meta: MetaFunction = () => [{ title: 'New payout · Payouts · Remit' }]

/** As many partners as a select can sensibly hold; beyond them one searches. */
const mostOptions = 50

export async function loader(args: LoaderFunctionArgs) {
  const params = new URL(args.request.url).searchParams
  const q = (params.get('q') ?? '').trim().slice(0, 100)
  const partnerId = params.get('partnerId') ?? ''
  return query(args, async api => {
    const options = await api.partners.options({ limit: mostOptions, ...(q ? { q } : {}) })
    const chosen =
      partnerId && !options.some(option => option.id === partnerId)
        ? await api.partners.get({ partnerId }).catch(() => null)
        : null
    const partners = (chosen && chosen.archivedAt === null ? [chosen, ...options] : options).map(
      ({ id, name, email, currency }) => ({ id, name, email, currency }),
    )
    return {
      partners,
      partnerId,
      q,
      more: options.length === mostOptions,
      mayPrepare: allows(args.context.viewer?.role ?? 'partner', 'payouts.prepare'),
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const values = readValues(form)
  const refused = (message: string, fields: Record<string, string>, status = 400) =>
    data({ message, fields, values }, { status })

  if (!values.partnerId) return refused('Some fields need another look.', { partnerId: 'Choose who is paid.' })
  const partner = await query(args, api => api.partners.get({ partnerId: values.partnerId }))
  const read = readAmount(values.amount, partner.currency)
  if ('problem' in read) return refused('Some fields need another look.', { amount: read.problem })
  const outcome = await mutate(args, api =>
    api.payouts.create({
      partnerId: values.partnerId,
      amount: read.amount,
      period: values.period || undefined,
      reference: values.reference || undefined,
      notes: values.notes || undefined,
      idempotencyKey: String(form.get('idempotencyKey') ?? '') || undefined,
    }),
  )
  if (!outcome.ok) return refused(outcome.message, outcome.fields, outcome.status)
  const { id, number } = outcome.value
  return redirectWithToast(args.context, `/admin/payouts/${id}`, {
    kind: 'success',
    message: `${number} is created and waits for approval.`,
  })
}

export default function NewPayout() {
  const { partners, more, q, mayPrepare } = useLoaderData<typeof loader>()
  return (
    <Page
      title="New payout"
      width="narrow"
      breadcrumbs={[{ label: 'Payouts', to: '/admin/payouts' }]}
      description="It waits for approval first. Nothing is sent from here."
    >
      {mayPrepare ? null : (
        <Banner tone="warning" icon="lock" title="Your role reads payouts, and doesn’t prepare them." />
      )}
      {more || q ? <PartnerSearch /> : null}
      <Card>
        {partners.length === 0 && !q ? (
          <Empty
            icon="partners"
            title="There is nobody to pay yet"
            action={
              <LinkButton to="/admin/partners/new" variant="primary" icon="plus">
                Add a partner
              </LinkButton>
            }
          >
            A payout goes to one partner. Add the first one, then come back.
          </Empty>
        ) : (
          <NewPayoutForm />
        )}
      </Card>
    </Page>
  )
}

/** Narrows the select: a plain GET form, for organizations with more partners than it holds. */
function PartnerSearch() {
  const { q, more, partners } = useLoaderData<typeof loader>()
  return (
    <SearchForm method="get" role="search" className="flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <Input
          name="q"
          type="search"
          label="Find a partner"
          defaultValue={q}
          hint={
            more
              ? `The first ${partners.length} by name are in the list below.`
              : `${partners.length} found, in the list below.`
          }
        />
      </div>
      <div className="pb-6">
        <Button type="submit">Find</Button>
      </div>
    </SearchForm>
  )
}

function NewPayoutForm() {
  const { partners, partnerId, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const values: Partial<PayoutValues> = refusal?.values ?? { partnerId }
  // One intent, one key: live updates read the loader again, and a repeated send after a lost answer must not be a second payout.
  const [key] = useState(idempotencyKey)
  const [chosen, setChosen] = useState(values.partnerId ?? '')
  const currency = partners.find(partner => partner.id === chosen)?.currency
  return (
    <Form errors={refusal}>
      <HiddenFields values={{ idempotencyKey: key }} />
      <Select
        name="partnerId"
        label="Partner"
        required
        placeholder="Choose …"
        defaultValue={values.partnerId}
        onChange={event => setChosen(event.currentTarget.value)}
        options={partners.map(({ id, name, currency }) => ({ value: id, label: `${name} — ${currency}` }))}
        error={refusal?.fields.partnerId}
      />
      <MoneyInput
        name="amount"
        label="Amount"
        required
        hint="In the partner’s currency, like 1240.00."
        currency={currency ?? '—'}
        defaultValue={values.amount}
        error={refusal?.fields.amount ?? refusal?.fields.currency}
      />
      <PayoutFields values={values} errors={refusal?.fields} />
      <FormActions>
        <SubmitButton>Create payout</SubmitButton>
        <LinkButton to="/admin/payouts" variant="ghost">
          Cancel
        </LinkButton>
      </FormActions>
    </Form>
  )
}
