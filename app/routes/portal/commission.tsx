import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { mutate, query, redirectWithToast } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { useAnswer } from '#app/components/live.tsx'
import { Money } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { When } from '#app/components/when.tsx'
import { changeOf, textOf, typedIn } from '#app/routes/admin/read-query.server.ts'
import { disputeLabels } from '#server/disputes/rules.ts'
import { formatMoney } from '#server/lib/money.ts'
import { formatPeriod } from '#server/lib/period.ts'
import { Dispute } from './commission/dispute.tsx'
import { Lines, Sentence, StateBadge } from './commission/parts.tsx'
import { stepWords } from './commission/steps.ts'
import { toLine } from './commission/words.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.line.number ?? 'Commission'} · Commissions · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const { viewer, timeZone, newKey } = args.context
  const orgName = viewer?.orgName ?? ''
  const commissionId = args.params.commissionId ?? ''
  const one = await query(args, api => api.commissions.get({ commissionId }))
  const shown = (row: (typeof one.corrections)[number]) => toLine(row, orgName, timeZone)
  return {
    orgName,
    line: shown(one),
    steps: stepWords(one.snapshot),
    creditReason: one.snapshot.credit?.reason ?? null,
    period: one.period,
    originPeriod: one.originPeriod,
    clawbackUntil: one.amount > 0 ? one.clawbackUntil : null,
    origin: one.origin && shown(one.origin),
    corrections: one.corrections.map(shown),
    sum: formatMoney(one.sum, one.currency, { code: true }),
    disputes: one.disputes.map(dispute => ({ ...dispute, label: disputeLabels[dispute.status].label })),
    mayDispute: one.dispute !== null && one.dispute.refusal === null && one.kind !== 'carry',
    idempotencyKey: newKey(),
  }
}

export async function action(args: ActionFunctionArgs) {
  const form = await args.request.formData()
  const commissionId = args.params.commissionId ?? ''
  const intent = textOf(form, 'intent')
  const { version, idempotencyKey } = changeOf(form)
  const disputeId = textOf(form, 'disputeId')
  const outcome = await mutate(args, async api => {
    if (intent === 'reply') return api.disputes.reply({ disputeId, body: textOf(form, 'body'), idempotencyKey })
    if (intent === 'withdraw') return api.disputes.withdraw({ disputeId, version, idempotencyKey })
    return api.disputes.open({ commissionId, reason: textOf(form, 'reason'), idempotencyKey })
  })
  if (!outcome.ok) return data({ ...outcome, intent, values: typedIn(form) }, { status: outcome.status })
  const message =
    intent === 'reply'
      ? 'Your message is sent.'
      : intent === 'withdraw'
        ? 'The dispute is withdrawn.'
        : 'Your dispute is sent. Only this line waits; everything else goes on.'
  return redirectWithToast(args.context, `/portal/commissions/${commissionId}`, { kind: 'success', message })
}

export default function Commission() {
  const page = useLoaderData<typeof loader>()
  const { line, steps, orgName, origin, corrections } = page
  const refusal = useAnswer<typeof action>()
  return (
    <Page
      title={line.deal?.name ?? line.kindLabel}
      aside={<StateBadge state={line.state} label={line.stateLabel} />}
      breadcrumbs={[{ label: 'Commissions', to: '/portal/commissions' }]}
    >
      <Card>
        <p className="font-semibold text-2xl tracking-tight">
          <Money amount={line.amount} currency={line.currency} />
        </p>
        <p className="mt-1">
          {line.standing}{' '}
          {line.payout ? (
            <Link to={`/portal/payouts/${line.payout.id}`} className="link inline-flex min-h-6 items-center">
              See {line.payout.number}
            </Link>
          ) : null}
        </p>
        {line.note ? <p className="mt-2 whitespace-pre-line text-muted">{line.note}</p> : null}
      </Card>
      <Card title="Why this amount">
        <p className="text-lg leading-relaxed">
          <Sentence pieces={line.pieces} />
        </p>
        {steps.length > 0 ? (
          <ol className="mt-4 flex flex-col gap-2" aria-label="Step by step">
            {steps.map(({ what, result }, index) => (
              <li key={`${index}${what}`} className="flex items-baseline justify-between gap-4">
                <span className="min-w-0 break-words text-muted">{what}</span>
                <span className="num shrink-0">{result}</span>
              </li>
            ))}
          </ol>
        ) : null}
        {page.creditReason ? <p className="mt-3 text-muted text-sm">Your credit: {page.creditReason}</p> : null}
      </Card>
      {origin ? (
        <Card title="What it corrects" padding="none">
          <Lines lines={[origin]} label="The line that it corrects" />
        </Card>
      ) : null}
      {corrections.length > 0 ? (
        <Card title="Corrections of it" description={`With them it comes to ${page.sum}.`} padding="none">
          <Lines lines={corrections} label="Corrections" />
        </Card>
      ) : null}
      <Dispute
        disputes={page.disputes}
        may={page.mayDispute}
        orgName={orgName}
        paid={line.state === 'paid'}
        idempotencyKey={page.idempotencyKey}
        refusal={refusal ?? null}
      />
      <Card title="Details">
        <Facts
          facts={[
            { label: 'Commission', value: line.number },
            {
              label: 'Deal',
              value: line.deal ? (
                <Link to={`/portal/deals/${line.deal.id}`} className="link inline-flex min-h-6 items-center">
                  {line.deal.number}
                </Link>
              ) : null,
            },
            {
              label: 'Booked in',
              value: formatPeriod(page.period),
              hint: page.originPeriod ? `belongs to ${formatPeriod(page.originPeriod)}, which was closed` : null,
            },
            { label: 'Booked on', value: <When at={line.createdAt} mode="date" /> },
            ...(line.installment
              ? [{ label: 'Month', value: `${line.installment.number} of ${line.installment.of}` }]
              : []),
            ...(page.clawbackUntil === null
              ? []
              : [
                  {
                    label: 'Refunds count until',
                    value: <When at={page.clawbackUntil} mode="date" />,
                    hint: 'what a customer gets back later takes nothing from you',
                  },
                ]),
          ]}
        />
      </Card>
    </Page>
  )
}
