import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query, redirectWithToast } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import { Columns, Page } from '#app/components/page.tsx'
import { dayAfter } from '#server/deals/closing.ts'
import { dayOf } from '#server/lib/period.ts'
import { DealActions } from './deal/actions.tsx'
import { changeDeal } from './deal/change.server.ts'
import { CompareModels } from './deal/compare.tsx'
import { Credit } from './deal/credit.tsx'
import { Details } from './deal/details.tsx'
import { History } from './deal/history.tsx'
import { Commissions, Refunds } from './deal/money-parts.tsx'
import { SplitSection } from './deal/split-section.tsx'
import { Touches } from './deal/touches.tsx'
import { Versions } from './deal/versions.tsx'
import { StageBadge } from './deals/stage-badge.tsx'
import { textOf, typedIn } from './read-query.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.deal.number} · Deals · Remit` : 'Deal · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  const dealId = args.params.dealId ?? ''
  return query(args, async api => {
    const [deal, split, comparison, options] = await Promise.all([
      api.deals.get({ dealId }),
      api.splits.ofDeal({ dealId }),
      api.attribution.compare({ dealId }),
      api.partners.options({ limit: 50 }),
    ])
    const today = dayOf(deal.now, deal.program.timeZone)
    return {
      deal: { ...deal, latestClose: dayAfter(today) },
      split,
      comparison,
      partners: options.map(({ name, email }) => ({ name, email })),
      now: deal.now,
      today,
      idempotencyKey: args.context.newKey(),
    }
  })
}

export async function action(args: ActionFunctionArgs) {
  const dealId = args.params.dealId ?? ''
  const form = await args.request.formData()
  const { id, currency, program } = await query(args, api => api.deals.get({ dealId }))
  const outcome = await changeDeal(args, { id, currency, timeZone: program.timeZone }, form)
  if (outcome.ok)
    return redirectWithToast(args.context, `/admin/deals/${dealId}`, { kind: 'success', message: outcome.value })
  const [intent, about] = [textOf(form, 'intent'), textOf(form, 'about')]
  return data({ ...outcome, intent, about, values: typedIn(form) }, { status: outcome.status })
}

const touchIntents = ['addTouch', 'updateTouch', 'removeTouch']

export default function DealPage() {
  const { deal, split, idempotencyKey } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  // The form that was refused shows it; if it is gone meanwhile (someone was faster), the page does.
  const stillThere =
    refusal !== undefined &&
    (touchIntents.includes(refusal.intent)
      ? refusal.about === '' || deal.touches.some(touch => touch.id === refusal.about)
      : refusal.intent === 'clearOverride'
        ? deal.overridden
        : deal.actions.some(offer => offer.action === refusal.intent && !offer.refusal))
  return (
    <Page
      title={
        <span className="inline-flex flex-wrap items-baseline gap-x-3">
          <Money amount={deal.amount} currency={deal.currency} className="text-2xl" />
          <span className="font-normal text-muted">{deal.name}</span>
        </span>
      }
      aside={<StageBadge stage={deal.stage} />}
      description={[deal.number, deal.accountName].join(' · ')}
      breadcrumbs={[{ label: 'Deals', to: '/admin/deals' }]}
      actions={
        deal.mayManage ? (
          <LinkButton to={`/admin/deals/${deal.id}/edit`} icon="edit">
            Edit
          </LinkButton>
        ) : null
      }
    >
      {refusal && !stillThere ? <ErrorSummary errors={refusal} /> : null}
      <Columns
        main={
          <>
            <DealActions />
            <Credit />
            <Touches />
            <SplitSection split={split} idempotencyKey={idempotencyKey} />
            <CompareModels />
            <Commissions />
            <Refunds />
            <Versions />
            <History />
          </>
        }
        side={<Details />}
      />
    </Page>
  )
}
