import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { query, redirectWithToast } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { ErrorSummary } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import { Columns, Page } from '#app/components/page.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { kindLabels } from '#server/commissions/rules.ts'
import { stepWords } from '../portal/commission/steps.ts'
import { changeDispute } from './commission/change.server.ts'
import { Disputes } from './commission/disputes.tsx'
import { Details, Linked, Losing, Why } from './commission/parts.tsx'
import { CommissionBadge } from './commissions/state-badge.tsx'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.commission.number} · Commissions · Remit` : 'Commission · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  const commission = await query(args, api => api.commissions.get({ commissionId: args.params.commissionId ?? '' }))
  return { commission, steps: stepWords(commission.snapshot), idempotencyKey: args.context.newKey() }
}

export async function action(args: ActionFunctionArgs) {
  const commissionId = args.params.commissionId ?? ''
  const form = await args.request.formData()
  const outcome = await changeDispute(args, commissionId, form)
  if (outcome.ok)
    return redirectWithToast(args.context, `/admin/commissions/${commissionId}#disputes`, {
      kind: 'success',
      message: outcome.value,
    })
  const values = Object.fromEntries([...form].filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >
  return data({ ...outcome, intent: String(form.get('intent')), values }, { status: outcome.status })
}

export default function CommissionPage() {
  const { commission } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  // Somebody was faster, and the form that was refused is gone.
  const gone =
    refusal && !commission.disputes.some(dispute => dispute.actions.some(one => one.action === refusal.intent))
  return (
    <Page
      title={
        <span className="inline-flex flex-wrap items-baseline gap-x-3">
          <Money amount={commission.amount} currency={commission.currency} className="text-2xl" />
          <span className="font-normal text-muted">
            {commission.amount < 0 ? 'from' : 'to'}{' '}
            <Link to={`/admin/partners/${commission.partner.id}`} className="link">
              {commission.partner.name}
            </Link>
          </span>
        </span>
      }
      aside={
        <>
          <CommissionBadge state={commission.state} />
          <Badge>{kindLabels[commission.kind].label}</Badge>
          {commission.stream === 'spiff' ? <Badge tone="accent">Spiff</Badge> : null}
        </>
      }
      description={[commission.number, commission.deal?.name].filter(Boolean).join(' · ')}
      breadcrumbs={[{ label: 'Commissions', to: '/admin/commissions' }]}
    >
      {gone ? <ErrorSummary errors={refusal} /> : null}
      <Columns
        main={
          <>
            <Why />
            <Disputes />
            <Linked />
            <Losing />
          </>
        }
        side={
          <Card title="Details">
            <Details />
          </Card>
        }
      />
    </Page>
  )
}
