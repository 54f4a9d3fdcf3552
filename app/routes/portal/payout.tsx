import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { Blockers } from '#app/components/blockers.tsx'
import { Card } from '#app/components/card.tsx'
import { DownloadButton } from '#app/components/download-button.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Money } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { Badge, StatusBadge } from '#app/components/status-badge.tsx'
import { Table } from '#app/components/table.tsx'
import { Timeline } from '#app/components/timeline.tsx'
import { When } from '#app/components/when.tsx'
import { formatPeriod } from '#server/lib/period.ts'
import { manualMethodLabels } from '#server/payouts/rules.ts'
import { piecesOf } from './commission/words.ts'
import { conversionWords } from './conversion-words.ts'
import { Parts } from './payout-parts.tsx'
import { blockersFor, timelineFor } from './words.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.payout.number ?? 'Payout'} · Payouts · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const orgName = args.context.viewer?.orgName ?? ''
  const payoutId = args.params.payoutId ?? ''
  return query(args, async api => {
    const payout = await api.payouts.get({ payoutId })
    const { setup } = await api.partners.me()
    const blockers = blockersFor(payout.blockers, orgName, setup)
    const { id, number, status, amount, currency, amountReversed, period, reference, says, lines, notes } = payout
    return {
      orgName,
      payout: {
        ...{ id, number, status, amount, currency, amountReversed, period, reference, says, lines, notes },
        parts: payout.parts.map(part => ({
          ...part,
          pieces: piecesOf(part.tokens, part.deal),
          converted: part.conversion ? conversionWords(part.conversion) : null,
        })),
        rejectReason: payout.rejectReason,
        simulated: payout.simulated,
        createdAt: payout.createdAt,
        paidAt: payout.paidAt,
        paidBy: payout.paidDetails
          ? {
              method: manualMethodLabels[payout.paidDetails.method],
              reference: payout.paidDetails.reference,
              paidOn: payout.paidDetails.paidOn,
            }
          : null,
        expectedAt: payout.bankStatus === 'in_transit' ? payout.bankArrivalAt : null,
        bankProblem: payout.bankStatus === 'failed' ? (payout.bankFailureMessage ?? 'Your bank returned it.') : null,
      },
      blockers,
      timeline: timelineFor(payout.timeline, blockers),
    }
  })
}

const stepStates = { done: 'done', current: 'current', coming: 'future', failed: 'failed' } as const

export default function Payout() {
  const { orgName, payout, blockers, timeline } = useLoaderData<typeof loader>()
  return (
    <Page
      title={payout.number}
      aside={
        <>
          <StatusBadge status={payout.status} />
          {payout.simulated ? (
            <Badge tone="warning" icon="info">
              SIMULATED
            </Badge>
          ) : null}
        </>
      }
      breadcrumbs={[{ label: 'Payouts', to: '/portal/payouts' }]}
      actions={
        <DownloadButton action={`/portal/payouts/${payout.id}/statement.csv`} size="lg">
          Statement (CSV)
        </DownloadButton>
      }
    >
      <Card>
        <p className="font-semibold text-2xl tracking-tight">
          <Money amount={payout.amount} currency={payout.currency} />
        </p>
        <p className="mt-1">
          {payout.says}
          {payout.expectedAt === null ? null : (
            <>
              , expected on <When at={payout.expectedAt} mode="date" timeZone="UTC" />
            </>
          )}
          .
        </p>
        {payout.amountReversed > 0 ? (
          <p className="mt-1 text-muted">
            <Money amount={payout.amountReversed} currency={payout.currency} /> of it was taken back
            {payout.status === 'reversed' ? null : (
              <>
                ; <Money amount={payout.amount - payout.amountReversed} currency={payout.currency} /> stays yours
              </>
            )}
            .
          </p>
        ) : null}
      </Card>
      {payout.rejectReason ? (
        <Banner tone="danger" icon="x-circle" title={`Why ${orgName} rejected it`}>
          <p className="whitespace-pre-line">{payout.rejectReason}</p>
        </Banner>
      ) : null}
      {payout.bankProblem ? (
        <Banner tone="warning" title="Your bank returned the money">
          {payout.bankProblem} It is in your Stripe balance; check your bank account in the set-up, and Stripe sends it
          again.
        </Banner>
      ) : null}
      <Blockers title="What it waits for" blockers={blockers} />
      <Card title="Its way to you">
        <Timeline
          label="Steps of this payout"
          items={timeline.map(step => ({
            key: step.key,
            title: step.label,
            state: stepStates[step.state],
            ids: step.ids,
            ...(step.key === 'bank' && step.at !== null
              ? { detail: <BankDay at={step.at} expected={step.expected ?? false} /> }
              : { at: step.at, detail: step.detail }),
          }))}
        />
      </Card>
      <Card title="What it is made of" padding="none">
        {payout.parts.length > 0 ? <Parts parts={payout.parts} total={payout} /> : null}
        {payout.parts.length > 0 ? null : (
          <Table
            caption="Lines of this payout"
            rows={payout.lines.map((line, index) => ({ ...line, key: String(index) }))}
            rowKey={line => line.key}
            columns={[
              { key: 'description', header: 'Description', card: 'title', cell: line => line.description },
              {
                key: 'amount',
                header: 'Amount',
                align: 'end',
                card: 'aside',
                cell: line => <Money amount={line.amount} currency={line.currency} />,
              },
            ]}
            footer={{
              description: 'Total',
              amount: <Money amount={payout.amount} currency={payout.currency} />,
            }}
          />
        )}
      </Card>
      <Card title="Details">
        <Facts
          facts={[
            { label: 'Period', value: payout.period ? formatPeriod(payout.period) : null },
            { label: 'Reference', value: payout.reference },
            ...(payout.notes
              ? [{ label: 'Note', value: <span className="whitespace-pre-line">{payout.notes}</span> }]
              : []),
            { label: 'Created', value: <When at={payout.createdAt} mode="date" /> },
            ...(payout.paidAt === null ? [] : [{ label: 'Paid', value: <When at={payout.paidAt} mode="date" /> }]),
            ...(payout.paidBy
              ? [
                  {
                    label: 'Paid outside Stripe by',
                    value: payout.paidBy.method,
                    hint: `on ${payout.paidBy.paidOn}, reference ${payout.paidBy.reference}`,
                  },
                ]
              : []),
          ]}
        />
      </Card>
    </Page>
  )
}

/** Banks tell a day and no time, which Stripe writes as midnight UTC: in any other zone it would be another day. */
function BankDay({ at, expected }: { at: number; expected: boolean }) {
  return (
    <>
      {expected ? 'Expected on ' : 'On '}
      <When at={at} mode="date" timeZone="UTC" />
    </>
  )
}
