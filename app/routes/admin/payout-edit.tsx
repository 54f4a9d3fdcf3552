import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { useState } from 'react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { MoneyInput } from '#app/components/money-input.tsx'
import { Page } from '#app/components/page.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { decimalText } from '#server/lib/money.ts'
import { PayoutFields } from './payout/fields.tsx'
import { readAmount, readValues } from './payout/read-form.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `Edit ${data.number} · Payouts · Remit` : 'Edit · Payouts · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  const payout = await query(args, api => api.payouts.get({ payoutId: args.params.payoutId ?? '' }))
  const { id, number, version, status, currency, partner } = payout
  const offer = payout.actions.find(one => one.action === 'update')
  return {
    ...{ id, number, version, status, currency, partner },
    refusal: offer
      ? offer.refusal
      : 'This payout can’t be edited: it has moved on, or your role doesn’t prepare payouts.',
    approved:
      status === 'approved' || status === 'failed' || (payout.staff?.approvals.some(one => !one.voidedAt) ?? false),
    values: {
      partnerId: partner.id,
      amount: decimalText(payout.amount, currency),
      period: payout.period ?? '',
      reference: payout.reference ?? '',
      notes: payout.notes ?? '',
    },
    idempotencyKey: args.context.newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const payoutId = args.params.payoutId ?? ''
  const form = await args.request.formData()
  const values = readValues(form)
  const refused = (message: string, fields: Record<string, string>, status = 400) =>
    data({ message, fields, values }, { status })

  // The currency is the record's, never the form's: 10.00 must not become 1000 yen.
  const { currency } = await query(args, api => api.payouts.get({ payoutId }))
  const read = readAmount(values.amount, currency)
  if ('problem' in read) return refused('Some fields need another look.', { amount: read.problem })
  const outcome = await mutate(args, api =>
    api.payouts.update({
      payoutId,
      version: Number(form.get('version')) || undefined,
      idempotencyKey: String(form.get('idempotencyKey') ?? '') || undefined,
      amount: read.amount,
      period: values.period || null,
      reference: values.reference || null,
      notes: values.notes || null,
    }),
  )
  if (!outcome.ok) return refused(outcome.message, outcome.fields, outcome.status)
  return redirectWithToast(args.context, `/admin/payouts/${payoutId}`, {
    kind: 'success',
    message: `${outcome.value.number} is saved and waits for approval.`,
  })
}

export default function EditPayout() {
  const payout = useLoaderData<typeof loader>()
  return (
    <Page
      title={`Edit ${payout.number}`}
      aside={<StatusBadge status={payout.status} />}
      description={`Payout to ${payout.partner.name}`}
      width="narrow"
      breadcrumbs={[
        { label: 'Payouts', to: '/admin/payouts' },
        { label: payout.number, to: `/admin/payouts/${payout.id}` },
      ]}
    >
      {payout.refusal ? (
        <Banner
          tone="warning"
          icon="lock"
          title={payout.refusal}
          action={
            <LinkButton to={`/admin/payouts/${payout.id}`} size="sm">
              Back to the payout
            </LinkButton>
          }
        />
      ) : (
        <>
          {payout.approved ? (
            <Banner tone="warning" title="Saving makes its approval void">
              It then waits for a new approval, by somebody other than you unless the settings allow it.
            </Banner>
          ) : null}
          <Card>
            <EditForm />
          </Card>
        </>
      )}
    </Page>
  )
}

function EditForm() {
  const payout = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  // The version of what was opened, not of what live updates bring: a change by somebody else has to be seen, not overwritten.
  const [opened] = useState({ version: payout.version, key: payout.idempotencyKey })
  const values = refusal?.values ?? payout.values
  return (
    <>
      {opened.version !== payout.version ? (
        <div className="mb-4">
          <Banner
            tone="warning"
            title="Somebody changed this payout while you were editing"
            action={
              <LinkButton to={`/admin/payouts/${payout.id}/edit`} size="sm" reloadDocument>
                Start from the new values
              </LinkButton>
            }
          >
            What you have typed can’t be saved over it.
          </Banner>
        </div>
      ) : null}
      <Form errors={refusal}>
        <HiddenFields values={{ version: opened.version, idempotencyKey: opened.key }} />
        <MoneyInput
          name="amount"
          label="Amount"
          required
          currency={payout.currency}
          defaultValue={values.amount}
          error={refusal?.fields.amount}
        />
        <PayoutFields values={values} errors={refusal?.fields} />
        <FormActions>
          <SubmitButton>Save</SubmitButton>
          <LinkButton to={`/admin/payouts/${payout.id}`} variant="ghost">
            Cancel
          </LinkButton>
        </FormActions>
      </Form>
    </>
  )
}
