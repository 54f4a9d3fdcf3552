import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Page } from '#app/components/page.tsx'
import { dayAfter } from '#server/deals/closing.ts'
import { decimalText } from '#server/lib/money.ts'
import { dayOf } from '#server/lib/period.ts'
import { currencies } from '#server/partners/rules.ts'
import { badFields } from './deal/bad-fields.server.ts'
import { DealFields } from './deal/fields.tsx'
import { readDealForm } from './deal/read-form.server.ts'
import { RulesChoice } from './deal/rules-choice.tsx'
import { changeOf, summaryOf, textOf, typedIn } from './read-query.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `Edit ${data.deal.number} · Deals · Remit` : 'Edit · Deals · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const deal = await api.deals.get({ dealId: args.params.dealId ?? '' })
    const [programs, options] = await Promise.all([api.programs.list({}), api.partners.options({ limit: 50 })])
    const { timeZone } = deal.program
    const dayText = (at: number | null) => (at === null ? '' : dayOf(at, timeZone))
    const choices = programs.rows.map(({ id, name }) => ({ value: id, label: name }))
    if (!choices.some(({ value }) => value === deal.program.id))
      choices.unshift({ value: deal.program.id, label: deal.program.name })
    return {
      deal: { id: deal.id, number: deal.number, version: deal.version, stage: deal.stage, overridden: deal.overridden },
      values: {
        name: deal.name,
        accountName: deal.accountName,
        accountDomain: deal.accountDomain ?? '',
        contactEmail: deal.contactEmail ?? '',
        amount: decimalText(deal.amount, deal.currency),
        currency: deal.currency,
        programId: deal.program.id,
        type: deal.type,
        product: deal.product ?? '',
        territory: deal.territory ?? '',
        openedOn: dayText(deal.openedAt),
        qualifiedOn: dayText(deal.qualifiedAt),
        closedOn: dayText(deal.closedAt),
        registeredBy: deal.registeredBy?.name ?? '',
        externalRef: deal.externalRef ?? '',
        notes: deal.notes ?? '',
      } as Record<string, string>,
      programs: choices,
      partners: options.map(({ name, email }) => ({ name, email })),
      currencies: [...new Set([deal.currency, ...currencies.map(({ code }) => code)])],
      latestClose: dayAfter(dayOf(deal.now, timeZone)),
      mayManage: deal.mayManage,
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const dealId = args.params.dealId ?? ''
  const form = await args.request.formData()
  const values = typedIn(form)
  const deal = await query(args, api => api.deals.get({ dealId }))
  const { timeZone } = deal.program
  const read = await readDealForm(args, form, {
    timeZone,
    opened: { day: dayOf(deal.openedAt, timeZone), at: deal.openedAt },
    qualified: deal.qualifiedAt === null ? null : { day: dayOf(deal.qualifiedAt, timeZone), at: deal.qualifiedAt },
  })
  if (!read.ok) {
    const refusal = badFields(read.fields)
    return data({ ...refusal, summary: summaryOf(refusal), values }, { status: 400 })
  }
  const closedOn = textOf(form, 'closedOn') || undefined
  // The name stands for the partner that is there already: another one of that name must not take its place by a save.
  const registeredBy =
    deal.registeredBy && textOf(form, 'registeredBy') === deal.registeredBy.name
      ? deal.registeredBy.id
      : read.values.registeredBy
  const outcome = await mutate(args, api =>
    api.deals.update({
      ...{ dealId, ...changeOf(form), ...read.values, registeredBy },
      ...(closedOn ? { closedOn } : {}),
      ...(form.get('rules') === 'match'
        ? { rules: 'match' as const, rulesReason: textOf(form, 'rulesReason').replace(/\r\n?/g, '\n') || undefined }
        : {}),
    }),
  )
  if (!outcome.ok) return data({ ...outcome, summary: summaryOf(outcome), values }, { status: outcome.status })
  const { number, attributed, run } = outcome.value
  return redirectWithToast(args.context, `/admin/deals/${dealId}`, {
    kind: 'success',
    message: attributed ? `${number} is saved. Attribution ${run} decides now.` : `${number} is saved.`,
  })
}

export default function EditDeal() {
  const { deal, values, programs, partners, currencies, latestClose, mayManage, idempotencyKey } =
    useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const back = `/admin/deals/${deal.id}`
  return (
    <Page
      title={`Edit ${deal.number}`}
      width="narrow"
      breadcrumbs={[
        { label: 'Deals', to: '/admin/deals' },
        { label: deal.number, to: back },
      ]}
    >
      {mayManage ? (
        <>
          {deal.stage === 'won' ? (
            <Banner tone="warning" title="This deal is won">
              A change of its amount, its close, its program or anything else that credit or commissions depend on makes
              a new version of its attribution, and the difference is booked. What was paid stays as it is.
              {deal.overridden ? ' The shares that were set by hand stand.' : ''}
            </Banner>
          ) : null}
          <Card>
            <Form hidden={{ version: deal.version, idempotencyKey }} errors={refusal?.summary}>
              <DealFields
                values={refusal?.values ?? values}
                errors={refusal?.fields ?? {}}
                programs={programs}
                partners={partners}
                currencies={currencies}
                closed={deal.stage === 'open' ? undefined : { latest: latestClose }}
              />
              {deal.stage === 'won' ? (
                <RulesChoice before={values} values={refusal?.values ?? {}} errors={refusal?.fields ?? {}} />
              ) : null}
              <FormActions>
                <SubmitButton>Save</SubmitButton>
                <LinkButton to={back} variant="ghost">
                  Cancel
                </LinkButton>
              </FormActions>
            </Form>
          </Card>
        </>
      ) : (
        <Banner icon="lock" title="Your role reads deals, and doesn’t edit them">
          A manager, an admin or an owner does.
        </Banner>
      )}
    </Page>
  )
}
