import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { When } from '#app/components/when.tsx'
import { changeOf, summaryOf, textOf, typedIn } from '#app/routes/admin/read-query.server.ts'
import { decimalText } from '#server/lib/money.ts'
import { RegistrationBadge } from './registration/badge.tsx'
import { RegistrationFields } from './registration/fields.tsx'
import { saveRegistration } from './registration/form.server.ts'
import { protectionWords } from './registration/words.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.registration.number ?? 'Registration'} · Deals · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const registrationId = args.params.registrationId ?? ''
  const { newKey, timeZone, viewer } = args.context
  return query(args, async api => {
    const { staff: _, conflicts: __, partner: ___, ...registration } = await api.registrations.get({ registrationId })
    const choices = registration.status === 'draft' ? await api.registrations.choices() : null
    return {
      registration,
      protection: protectionWords(registration, Date.now(), timeZone),
      // A closed program stays in the form, for its refusal to say so.
      programs: choices?.programs ?? [],
      orgName: viewer?.orgName ?? '',
      idempotencyKey: newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const registrationId = args.params.registrationId ?? ''
  const withdraws = textOf(form, 'intent') === 'withdraw'
  const outcome = withdraws
    ? await mutate(args, api => api.registrations.withdraw({ registrationId, ...changeOf(form) }))
    : await saveRegistration(args, form, registrationId)
  if (!outcome.ok) {
    const refused = { ...outcome, withdraws, summary: summaryOf(outcome), values: typedIn(form) }
    return data(refused, { status: outcome.status })
  }
  const { number, status } = outcome.value
  const said = status === 'submitted' ? 'is sent in' : status === 'withdrawn' ? 'is withdrawn' : 'is saved'
  const to = withdraws ? '/portal/deals' : `/portal/registrations/${registrationId}`
  return redirectWithToast(args.context, to, { kind: 'success', message: `${number} ${said}.` })
}

export default function Registration() {
  const { registration: one, protection, programs, orgName, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const saved = {
    accountName: one.accountName,
    contactEmail: one.contactEmail ?? '',
    expectedAmount: one.expectedAmount === null ? '' : decimalText(one.expectedAmount, one.currency),
    programId: one.programId,
    notes: one.notes ?? '',
  }
  const inForm = refusal && !refusal.withdraws ? refusal : null
  return (
    <Page
      title={one.accountName}
      width="narrow"
      aside={<RegistrationBadge status={one.status} label={one.label} />}
      breadcrumbs={[{ label: 'Deals', to: '/portal/deals' }]}
      description={`${one.says}.`}
    >
      {one.declineReason ? (
        <Banner tone="danger" icon="x-circle" title={`Why ${orgName} declined it`}>
          <p className="whitespace-pre-line">{one.declineReason}</p>
        </Banner>
      ) : null}
      {protection ? (
        <Banner tone={protection.soon ? 'warning' : 'success'} icon="lock" title={protection.text} />
      ) : null}
      {one.status === 'draft' ? (
        <Card title="Your draft">
          <Form key={one.version} hidden={{ version: one.version, idempotencyKey }} errors={inForm?.summary}>
            <RegistrationFields
              values={inForm?.values ?? saved}
              errors={inForm?.fields ?? {}}
              currency={one.currency}
              programs={programs}
              registrationId={one.id}
              told={one.told}
            />
          </Form>
        </Card>
      ) : null}
      {one.deal ? (
        <Card title="Its deal">
          <p>
            <Link to={`/portal/deals/${one.deal.id}`} className="link inline-flex min-h-11 items-center">
              {one.deal.name} ({one.deal.number})
            </Link>
          </p>
        </Card>
      ) : null}
      {one.status === 'draft' ? null : (
        <Card title="Details">
          <Facts
            facts={[
              { label: 'Registration', value: one.number },
              { label: 'Company', value: one.accountName },
              { label: 'Contact', value: one.contactEmail },
              {
                label: 'Expected amount',
                value:
                  one.expectedAmount === null ? null : <Money amount={one.expectedAmount} currency={one.currency} />,
              },
              { label: 'Program', value: one.program.name },
              ...(one.notes
                ? [{ label: 'Your note', value: <span className="whitespace-pre-line">{one.notes}</span> }]
                : []),
              { label: 'Sent in', value: <When at={one.submittedAt} /> },
              ...(one.decidedAt === null ? [] : [{ label: 'Answered', value: <When at={one.decidedAt} /> }]),
            ]}
          />
        </Card>
      )}
      {one.actions.some(({ action }) => action === 'withdraw') ? (
        <details>
          <summary className="link inline-flex min-h-11 w-fit cursor-pointer items-center">Withdraw it</summary>
          <Form
            className="mt-2"
            hidden={{ intent: 'withdraw', version: one.version, idempotencyKey: `${idempotencyKey}-withdraw` }}
            errors={refusal?.withdraws ? refusal.summary : null}
          >
            <p>
              {one.status === 'draft' ? 'The draft is put away.' : `${orgName} no longer looks at it.`} You can register
              the company again.
            </p>
            <FormActions>
              <SubmitButton variant="danger-quiet" size="lg" name="send" value="withdraw">
                Withdraw
              </SubmitButton>
            </FormActions>
          </Form>
        </details>
      ) : null}
    </Page>
  )
}
