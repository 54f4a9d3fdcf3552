import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Money } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { percentWords } from '#server/lib/percent.ts'
import { Lines } from './commission/parts.tsx'
import { toLine } from './commission/words.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.deal.number ?? 'Deal'} · Deals · Remit` },
]

export async function loader(args: LoaderFunctionArgs) {
  const { viewer, timeZone } = args.context
  const orgName = viewer?.orgName ?? ''
  const dealId = args.params.dealId ?? ''
  return query(args, async api => {
    const deal = await api.registrations.ownDeal({ dealId })
    const { rows, next } = await api.commissions.list({ dealId, limit: 50 })
    return { orgName, deal, lines: rows.map(row => toLine(row, orgName, timeZone)), more: next !== null }
  })
}

export default function Deal() {
  const { deal, lines, more } = useLoaderData<typeof loader>()
  const { credit } = deal
  return (
    <Page
      title={deal.name}
      aside={<Badge tone={deal.stage === 'won' ? 'success' : 'neutral'}>{deal.stageLabel}</Badge>}
      breadcrumbs={[{ label: 'Deals', to: '/portal/deals' }]}
    >
      <Card title="Your credit">
        {credit ? (
          <>
            <p className="font-semibold text-2xl tracking-tight">
              <Money amount={credit.amount} currency={deal.currency} />
            </p>
            <p className="mt-1">
              {percentWords(credit.bp)} of <Money amount={credit.dealAmount} currency={deal.currency} />
            </p>
            <p className="mt-1 text-muted text-sm">{credit.reason}</p>
          </>
        ) : (
          <p className="text-muted">
            {deal.stage === 'open'
              ? 'Credit is given once the deal is won.'
              : deal.stage === 'lost'
                ? 'The deal is lost; nobody is credited.'
                : 'You are not credited for this deal.'}
          </p>
        )}
      </Card>
      {deal.splits.map(split => (
        <Card key={split.id} title="Shares among partners">
          <p>
            {split.label}: {split.says}.
          </p>
          <Link to={`/portal/splits/${split.id}`} className="link inline-flex min-h-11 items-center">
            See the shares
          </Link>
        </Card>
      ))}
      <Card title="What you earned from it" padding="none">
        {lines.length > 0 ? (
          <Lines lines={lines} label="Commissions from this deal" />
        ) : (
          <Empty icon="chart" title="Nothing yet" />
        )}
      </Card>
      {more ? <p className="text-muted text-sm">The newest 50 are shown; all are under Commissions.</p> : null}
      <Card title="What you did for it">
        {deal.touches.length === 0 ? (
          <p className="text-muted">Nothing of yours is recorded.</p>
        ) : (
          <ol className="flex flex-col gap-2" aria-label="Your touches">
            {deal.touches.map(touch => (
              <li
                key={touch.id}
                id={touch.id}
                className="flex flex-wrap items-baseline justify-between gap-x-4 rounded-sm target:bg-accent-soft"
              >
                <span>
                  {touch.label}
                  {touch.role ? <span className="text-muted">, as {touch.role.toLowerCase()}</span> : null}
                </span>
                <span className="text-muted text-sm">
                  <When at={touch.at} mode="date" />
                </span>
              </li>
            ))}
          </ol>
        )}
      </Card>
      <Card title="Details">
        <Facts
          facts={[
            { label: 'Deal', value: deal.number },
            ...(deal.closedAt === null ? [] : [{ label: 'Closed', value: <When at={deal.closedAt} mode="date" /> }]),
            ...deal.registrations.map(one => ({
              label: 'Your registration',
              value: (
                <Link to={`/portal/registrations/${one.id}`} className="link inline-flex min-h-6 items-center">
                  {one.number}
                </Link>
              ),
            })),
          ]}
        />
      </Card>
    </Page>
  )
}
