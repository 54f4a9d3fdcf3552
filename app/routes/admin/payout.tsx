import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { query, redirectWithToast } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Blockers } from '#app/components/blockers.tsx'
import { Card } from '#app/components/card.tsx'
import { ErrorSummary } from '#app/components/form.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import { Columns, Page } from '#app/components/page.tsx'
import { Badge, StatusBadge } from '#app/components/status-badge.tsx'
import { Timeline } from '#app/components/timeline.tsx'
import { allows } from '#server/auth/rules.ts'
import { manualMethodLabels } from '#server/payouts/rules.ts'
import { PayoutActions } from './payout/actions.tsx'
import { changePayout } from './payout/change.server.ts'
import { ChangedNotice } from './payout/changed-notice.tsx'
import { History } from './payout/history.tsx'
import { Approvals, Attempts, Details, Emails, Flags, Lines, Releases } from './payout/parts.tsx'
import { blockerPlaces, onlyApproval, toItems } from './payout/words.ts'
import { periodLabel } from './payouts/period.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.payout.number} · Payouts · Remit` : 'Payout · Remit' },
]

export async function loader(args: LoaderFunctionArgs) {
  const { params, context } = args
  const payout = await query(args, api => api.payouts.get({ payoutId: params.payoutId ?? '' }))
  const { staff, ...shared } = payout
  // A partner's answer has no staff part; their page is in the portal.
  if (!staff) throw data({ message: 'This page is for the team. Your payouts are in the portal.' }, { status: 403 })
  const role = context.viewer?.role ?? 'viewer'
  return {
    payout: shared,
    staff,
    viewerName: context.viewer?.name ?? '',
    mayDecide: allows(role, 'payouts.pay'),
    manualMethods: Object.entries(manualMethodLabels).map(([value, label]) => ({ value, label })),
    idempotencyKey: context.newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const payoutId = args.params.payoutId ?? ''
  const form = await args.request.formData()
  const outcome = await changePayout(args, payoutId, form)
  if (outcome.ok)
    return redirectWithToast(args.context, `/admin/payouts/${payoutId}`, { kind: 'success', message: outcome.value })
  const values = Object.fromEntries([...form].filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >
  return data({ ...outcome, intent: String(form.get('intent')), values }, { status: outcome.status })
}

export default function PayoutPage() {
  const { payout, staff } = useLoaderData<typeof loader>()
  const refusal = useAnswer<typeof action>()
  const { undecidedReversal } = staff
  // The form that was refused shows it; if its action is gone meanwhile (someone was faster), the page does.
  const stillThere =
    refusal?.intent === 'decideReversal'
      ? undecidedReversal > 0
      : payout.actions.some(offer => offer.action === refusal?.intent && !offer.refusal)
  return (
    <Page
      title={
        <span className="inline-flex flex-wrap items-baseline gap-x-3">
          <Money amount={payout.amount} currency={payout.currency} className="text-2xl" />
          <span className="font-normal text-muted">
            to{' '}
            <Link to={`/admin/partners/${payout.partner.id}`} className="link">
              {payout.partner.name}
            </Link>
          </span>
        </span>
      }
      aside={
        <>
          <StatusBadge status={payout.status} />
          {payout.paidVia === 'manual' ? <Badge icon="wallet">Outside Stripe</Badge> : null}
          {payout.simulated ? (
            <Badge tone="warning" icon="info">
              SIMULATED
            </Badge>
          ) : null}
        </>
      }
      description={[payout.number, payout.period ? periodLabel(payout.period) : null, payout.reference]
        .filter(Boolean)
        .join(' · ')}
      breadcrumbs={[{ label: 'Payouts', to: '/admin/payouts' }]}
    >
      {refusal && !stillThere ? <ErrorSummary errors={refusal} /> : null}
      <ChangedNotice />
      <Columns
        main={
          <>
            <PayoutActions />
            {onlyApproval(payout.blockers) ? null : (
              <Blockers
                blockers={payout.blockers}
                title={payout.status === 'processing' ? 'What needs a decision' : 'What is in the way'}
                places={blockerPlaces(payout.partner.id)}
              />
            )}
            <Flags flags={staff.flags} />
            {payout.status === 'rejected' && payout.rejectReason ? (
              <Banner tone="danger" icon="x-circle" title="Rejected">
                {payout.rejectReason}
              </Banner>
            ) : null}
            <Card title="Timeline">
              <Timeline label="What happened and what comes" items={toItems(payout.timeline)} />
            </Card>
            <Lines />
            <Attempts />
            <Releases />
            <History />
          </>
        }
        side={
          <>
            <Details />
            <Approvals />
            <Emails />
          </>
        }
      />
    </Page>
  )
}
