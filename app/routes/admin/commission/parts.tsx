import { Link } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Money } from '#app/components/money.tsx'
import { When } from '#app/components/when.tsx'
import { Sentence } from '../commissions/sentence.tsx'
import { CommissionTable } from '../commissions/table.tsx'
import { periodLabel } from '../payouts/period.ts'
import { useCommissionPage } from './page-data.ts'

/** The sentence, its steps, and what decided about the credit. */
export function Why() {
  const { commission, steps } = useCommissionPage()
  const { snapshot, deal, note, lateRefunds } = commission
  return (
    <Card title="Why this amount">
      <p className="break-words text-lg leading-relaxed">
        <Sentence tokens={commission.tokens} dealId={deal?.id ?? null} ruleId={snapshot.rule?.ruleId ?? null} />
      </p>
      {note ? <p className="mt-2 whitespace-pre-line break-words text-muted">{note}</p> : null}
      {steps.length > 1 ? (
        <ol aria-label="Step by step" className="mt-4 flex flex-col divide-y divide-line border-line border-t">
          {steps.map(({ what, result }, index) => (
            <li key={`${index} ${what}`} className="flex items-baseline justify-between gap-4 py-1.5">
              <span className="min-w-0 break-words text-muted">{what.replace(/^Your part/, 'Part')}</span>
              <span className="num shrink-0">{result}</span>
            </li>
          ))}
        </ol>
      ) : null}
      {snapshot.credit ? <p className="mt-3 break-words text-muted text-sm">Credit: {snapshot.credit.reason}</p> : null}
      {lateRefunds.length > 0 ? (
        <div className="mt-3">
          <Banner tone="info" title="Refunds that came too late to count">
            {lateRefunds.map(({ id, amount, at }) => (
              <p key={id}>
                <Money amount={amount} currency={commission.currency} /> on <When at={at} mode="date" />: refunds count
                until <When at={commission.clawbackUntil} mode="date" />.
              </p>
            ))}
          </Banner>
        </div>
      ) : null}
    </Card>
  )
}

/** What it corrects, and what corrected it. */
export function Linked() {
  const { commission } = useCommissionPage()
  const { origin, corrections, sum, currency } = commission
  if (!origin && corrections.length === 0) return null
  return (
    <section className="flex flex-col gap-2" aria-label="Linked lines">
      <h2 className="font-semibold">{origin ? 'What it corrects' : 'Corrections of it'}</h2>
      {origin ? <CommissionTable rows={[origin]} caption="What it corrects" /> : null}
      {corrections.length > 0 ? (
        <>
          {origin ? <h3 className="font-medium">Corrections of it</h3> : null}
          <CommissionTable rows={corrections} caption="Corrections of it" />
          <p className="text-muted">
            With them it comes to <Money amount={sum} currency={currency} className="font-medium text-ink" />.
          </p>
        </>
      ) : null}
    </section>
  )
}

/** The rules that did not decide, and why. */
export function Losing() {
  const { commission } = useCommissionPage()
  if (commission.losing.length === 0) return null
  return (
    <Card title="Rules that did not decide" description="In the order in which they were asked.">
      <ol className="flex flex-col divide-y divide-line">
        {commission.losing.map(({ ruleVersionId, name, number, why }) => (
          <li key={ruleVersionId} className="py-2 first:pt-0 last:pb-0">
            <p className="break-words font-medium">
              {name} <span className="font-normal text-muted text-sm">v{number}</span>
            </p>
            <p className="break-words text-muted text-sm">{why}</p>
          </li>
        ))}
      </ol>
    </Card>
  )
}

export function Details() {
  const { commission } = useCommissionPage()
  const { deal, payout, snapshot, clawbackUntil } = commission
  return (
    <Facts
      facts={[
        {
          label: 'Deal',
          value: deal ? (
            <Link to={`/admin/deals/${deal.id}`} className="link">
              {deal.number} {deal.name}
            </Link>
          ) : null,
        },
        { label: 'Program', value: commission.program.name },
        {
          label: 'Rule',
          value: snapshot.rule ? (
            <Link to={`/admin/rules/${snapshot.rule.ruleId}#${snapshot.rule.versionId}`} className="link">
              {snapshot.rule.name}, v{snapshot.rule.number}
            </Link>
          ) : snapshot.defaultRateBp !== null ? (
            'None matched: the partner’s default rate'
          ) : null,
        },
        ...(commission.installment
          ? [{ label: 'Month', value: `${commission.installment.number} of ${commission.installment.of}` }]
          : []),
        {
          label: 'Period',
          value: periodLabel(commission.period),
          hint: commission.originPeriod
            ? `Belongs to ${periodLabel(commission.originPeriod)}, which was closed`
            : undefined,
        },
        { label: 'Released', value: <When at={commission.releaseAt} mode="date" /> },
        ...(commission.amount > 0 && commission.kind !== 'dispute'
          ? [
              {
                label: 'Refunds count until',
                value: clawbackUntil === null ? 'No end' : <When at={clawbackUntil} mode="date" />,
              },
            ]
          : []),
        {
          label: 'Payout',
          value: payout ? (
            <Link to={`/admin/payouts/${payout.id}`} className="link num">
              {payout.number}
            </Link>
          ) : null,
        },
        { label: 'Booked', value: <When at={commission.createdAt} /> },
      ]}
    />
  )
}
