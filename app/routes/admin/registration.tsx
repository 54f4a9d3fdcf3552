import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import { Columns, Page } from '#app/components/page.tsx'
import { When } from '#app/components/when.tsx'
import { RegistrationBadge } from '#app/routes/portal/registration/badge.tsx'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'
import { Conflicts } from './registration/conflicts.tsx'
import { Decide } from './registration/decide.tsx'
import { History } from './registration/history.tsx'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.registration.number ?? 'Registration'} · Registrations · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const registration = await query(args, api =>
    api.registrations.get({ registrationId: args.params.registrationId ?? '' }),
  )
  return { registration, idempotencyKey: args.context.newKey() }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const registrationId = args.params.registrationId ?? ''
  const intent = textOf(form, 'intent') === 'decline' ? 'decline' : 'approve'
  const outcome = await mutate(args, api =>
    intent === 'decline'
      ? api.registrations.decline({
          registrationId,
          reason: textOf(form, 'reason').replace(/\r\n?/g, '\n'),
          ...changeOf(form),
        })
      : api.registrations.approve({
          registrationId,
          deal: textOf(form, 'otherDeal') || textOf(form, 'deal') || undefined,
          seenConflicts: form.getAll('seen').map(String),
          ...changeOf(form),
        }),
  )
  if (!outcome.ok)
    return data({ ...outcome, intent, summary: summaryOf(outcome), values: typedIn(form) }, { status: outcome.status })
  const message =
    intent === 'decline'
      ? `${outcome.value.number} is declined, and the partner is told why.`
      : `${outcome.value.number} is approved, and the partner is told.`
  return redirectWithToast(args.context, `/admin/registrations/${registrationId}`, { kind: 'success', message })
}

export default function Registration() {
  const { registration: one, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  return (
    <Page
      title={one.accountName}
      aside={<RegistrationBadge status={one.status} label={one.label} />}
      breadcrumbs={[{ label: 'Registrations', to: '/admin/registrations' }]}
    >
      {one.declineReason ? (
        <Banner tone="danger" icon="x-circle" title="Why it was declined">
          <p className="whitespace-pre-line">{one.declineReason}</p>
        </Banner>
      ) : null}
      <Columns
        main={
          <>
            <Conflicts conflicts={one.conflicts} />
            {one.notes ? (
              <Card title="What the partner says">
                <p className="whitespace-pre-line break-words">{one.notes}</p>
              </Card>
            ) : null}
            {one.staff ? (
              <Decide registration={one} staff={one.staff} idempotencyKey={idempotencyKey} refusal={refusal ?? null} />
            ) : null}
            {one.staff ? <History entries={one.staff.history} /> : null}
          </>
        }
        side={
          <Card title="Details">
            <Facts
              facts={[
                { label: 'Registration', value: one.number },
                {
                  label: 'Partner',
                  value: one.partner ? (
                    <Link to={`/admin/partners/${one.partner.id}`} className="link">
                      {one.partner.name}
                    </Link>
                  ) : null,
                },
                { label: 'Contact', value: one.contactEmail },
                { label: 'Domain', value: one.accountDomain },
                {
                  label: 'Expected',
                  value:
                    one.expectedAmount === null ? null : <Money amount={one.expectedAmount} currency={one.currency} />,
                },
                { label: 'Program', value: one.program.name },
                { label: 'Sent in', value: <When at={one.submittedAt} /> },
                ...(one.decidedAt === null
                  ? []
                  : [{ label: 'Answered', value: <When at={one.decidedAt} />, hint: one.staff?.decidedBy }]),
                ...(one.protectedUntil === null
                  ? []
                  : [{ label: 'Protected until', value: <When at={one.protectedUntil} /> }]),
                ...(one.deal
                  ? [
                      {
                        label: 'Deal',
                        value: (
                          <Link to={`/admin/deals/${one.deal.id}`} className="link">
                            {one.deal.number}
                          </Link>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          </Card>
        }
      />
    </Page>
  )
}
