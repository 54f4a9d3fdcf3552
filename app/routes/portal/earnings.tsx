import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { BarChart } from '#app/components/bar-chart.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Page } from '#app/components/page.tsx'
import { StatCard, StatCards } from '#app/components/stat-card.tsx'
import { When } from '#app/components/when.tsx'
import { formatMoney, type Money, sumByCurrency } from '#server/lib/money.ts'
import { formatPeriod } from '#server/lib/period.ts'
import type { PayoutRow } from '#server/payouts/view.ts'
import { ComingPayout } from './coming.tsx'
import { NextPayout } from './next-payout.tsx'
import { PayoutTable } from './payout-table.tsx'
import { SetupSteps } from './setup-steps.tsx'
import { blockersFor, toRow } from './words.ts'

export const meta: MetaFunction = () => [{ title: 'Earnings · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const orgName = args.context.viewer?.orgName ?? ''
  return query(args, async api => {
    const me = await api.partners.me()
    const stats = await api.payouts.stats({})
    const { lastPayoutDate } = await api.payouts.partnerSummary({})
    const open = await api.payouts.list({
      status: ['pending_approval', 'approved', 'processing', 'failed'],
      sort: 'oldest',
      limit: 50,
    })
    const recent = await api.payouts.list({ sort: 'newest', limit: 5 })
    const months = await api.payouts.monthly({ months: 12 })
    const pending = await api.commissions.calculatePending({})
    const next = nextOf(open.rows)
    return {
      orgName,
      partner: { name: me.name, currency: me.currency },
      setup: me.setup,
      // What was refused by Stripe is still owed, and on its way as soon as the payer has cleared it.
      figures: {
        paid: stats.paid.amounts,
        pending: stats.pending.amounts,
        coming: sumByCurrency([stats.approved, stats.processing, stats.failed].flatMap(figure => figure.amounts)),
      },
      lastPayoutDate,
      coming: (pending.rows[0]?.currencies ?? []).map(({ currency, payable, debts, onHold, nextRelease }) => ({
        currency,
        payable,
        debts,
        onHold,
        nextRelease,
      })),
      next: next && {
        ...toRow(next),
        says: next.says,
        blockers: blockersFor(next.blockers, orgName, me.setup),
        until: next.blockers.find(blocker => blocker.until)?.until ?? null,
        others: open.rows.length - 1,
      },
      recent: recent.rows.map(toRow),
      months: months.currencies
        .filter(({ paid }) => paid.filter(amount => amount > 0).length > 1)
        .map(({ currency, paid, reversed }) => ({
          currency,
          reversed: reversed.reduce((sum, amount) => sum + amount, 0),
          bars: months.periods.map((period, index) => ({ period, amount: paid[index] ?? 0 })),
        })),
    }
  })
}

/** The one that reaches the partner first: what is furthest along, and of those the oldest. */
function nextOf(rows: readonly PayoutRow[]): PayoutRow | undefined {
  const order = ['processing', 'approved', 'failed', 'pending_approval']
  return [...rows].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))[0]
}

export default function Earnings() {
  const { orgName, partner, setup, figures, lastPayoutDate, coming, next, recent, months } =
    useLoaderData<typeof loader>()
  const orZero = (amounts: readonly Money[]) =>
    amounts.length > 0 ? amounts : [{ amount: 0, currency: partner.currency }]
  return (
    <Page title="Earnings" description={`What ${orgName} pays to ${partner.name}.`}>
      {setup.payable ? null : (
        <Card
          title="Set up payouts"
          description={setup.says}
          actions={
            setup.action ? (
              <LinkButton to="/portal/setup" variant="primary">
                {setup.action}
              </LinkButton>
            ) : null
          }
        >
          <SetupSteps setup={setup} />
        </Card>
      )}
      <StatCards>
        <StatCard
          label="Paid to date"
          icon="circle-full"
          tone="success"
          amounts={orZero(figures.paid)}
          to="/portal/payouts?status=paid"
          hint={
            lastPayoutDate === null ? (
              'Nothing was paid yet'
            ) : (
              <>
                last on <When at={lastPayoutDate} mode="date" />
              </>
            )
          }
        />
        <StatCard
          label="Pending"
          icon="circle-dashed"
          tone="warning"
          amounts={orZero(figures.pending)}
          to="/portal/payouts?status=pending_approval"
          hint={`until ${orgName} approves`}
        />
        <StatCard
          label="Approved, on its way"
          icon="circle-half"
          tone="info"
          amounts={orZero(figures.coming)}
          to="/portal/payouts?status=approved,processing,failed"
          hint="not yet in your Stripe balance"
        />
      </StatCards>
      <NextPayout next={next ?? null} orgName={orgName} />
      <ComingPayout coming={coming} orgName={orgName} />
      <Card
        title="Recent payouts"
        padding="none"
        actions={
          recent.length > 0 ? (
            <LinkButton to="/portal/payouts" size="sm">
              All payouts
            </LinkButton>
          ) : null
        }
      >
        <PayoutTable
          caption="Recent payouts"
          rows={recent}
          empty={
            <Empty icon="payouts" title="No payouts yet">
              {`As soon as ${orgName} prepares the first payout for you, it is here, with every step on its way.`}
            </Empty>
          }
        />
      </Card>
      {months.map(({ currency, bars, reversed }) => (
        <Card key={currency} title={`Paid per month, ${currency}`}>
          <BarChart
            caption={`What was paid to you in the last ${bars.length} months.${reversed > 0 ? ` Of it, or of what was paid before, ${formatMoney(reversed, currency, { code: true })} was reversed.` : ''}`}
            labelHeading="Month"
            valueHeading="Paid"
            bars={bars.map(({ period, amount }) => ({
              label: formatPeriod(period),
              value: amount,
              text: formatMoney(amount, currency, { code: true }),
            }))}
          />
        </Card>
      ))}
    </Page>
  )
}
