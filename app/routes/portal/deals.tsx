import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Link, useLoaderData, useSearchParams } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Money } from '#app/components/money.tsx'
import { Page } from '#app/components/page.tsx'
import { Pagination } from '#app/components/pagination.tsx'
import { cursorIn, stepsFrom } from '#app/components/trail.ts'
import { When } from '#app/components/when.tsx'
import { percentWords } from '#server/lib/percent.ts'
import { RegistrationBadge } from './registration/badge.tsx'
import { protectionWords } from './registration/words.ts'

export const meta: MetaFunction = () => [{ title: 'Deals · Remit' }]

const pageSize = 20

export async function loader(args: LoaderFunctionArgs) {
  const search = new URL(args.request.url).searchParams
  const { timeZone, viewer } = args.context
  return query(args, async api => {
    const registrations = await api.registrations.list({ cursor: cursorIn(search), limit: pageSize })
    const credited = await api.registrations.ownDeals({ cursor: cursorIn(search, 'deals'), limit: pageSize })
    const { rows: splits } = await api.splits.list({ status: 'open', limit: 20 })
    const now = Date.now()
    return {
      orgName: viewer?.orgName ?? '',
      registrations: registrations.rows.map(row => ({
        ...{ id: row.id, number: row.number, status: row.status, label: row.label, accountName: row.accountName },
        ...{ createdAt: row.createdAt, expectedAmount: row.expectedAmount, currency: row.currency },
        protection: protectionWords(row, now, timeZone)?.text ?? null,
      })),
      registrationsNext: registrations.next,
      credited: credited.rows,
      creditedNext: credited.next,
      splits: splits.map(({ id, deal, deadline, waitsForYou }) => ({ id, name: deal.name, deadline, waitsForYou })),
    }
  })
}

export default function Deals() {
  const page = useLoaderData<typeof loader>()
  const [search] = useSearchParams()
  const steps = stepsFrom(search, page.registrationsNext)
  const creditedSteps = stepsFrom(search, page.creditedNext, 'deals')
  return (
    <Page
      title="Deals"
      description={`What you registered with ${page.orgName}, and what you are credited for.`}
      actions={
        <LinkButton to="/portal/registrations/new" variant="primary" size="lg" icon="plus">
          Register a deal
        </LinkButton>
      }
    >
      {page.splits.map(split => (
        <Banner
          key={split.id}
          tone={split.waitsForYou ? 'warning' : 'info'}
          title={
            split.waitsForYou
              ? `Your word on the shares of ${split.name}`
              : `The shares of ${split.name} are being agreed on`
          }
          action={<LinkButton to={`/portal/splits/${split.id}`}>{split.waitsForYou ? 'Answer' : 'Look'}</LinkButton>}
        >
          Until <When at={split.deadline} mode="date" />; after that the program’s model decides.
        </Banner>
      ))}
      <Card title="Your registrations" padding="none">
        {page.registrations.length === 0 ? (
          <Empty
            icon="file"
            title={search.has('after') ? 'No more registrations' : 'No registrations yet'}
            action={
              <LinkButton to="/portal/registrations/new" size="lg">
                Register a deal
              </LinkButton>
            }
          >
            Register a company you are working with, and it is protected for you.
          </Empty>
        ) : (
          <ul className="divide-y divide-line" aria-label="Your registrations">
            {page.registrations.map(row => (
              <li key={row.id} className="relative px-4 py-3 hover:bg-sunken" data-row={row.id}>
                <div className="flex items-baseline justify-between gap-4">
                  <Link
                    to={`/portal/registrations/${row.id}`}
                    prefetch="intent"
                    className="min-w-0 break-words font-medium after:absolute after:inset-0"
                  >
                    {row.accountName}
                  </Link>
                  {row.expectedAmount === null ? null : (
                    <Money amount={row.expectedAmount} currency={row.currency} className="shrink-0" />
                  )}
                </div>
                <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
                  <RegistrationBadge status={row.status} label={row.label} />
                  <span className="text-muted">
                    {row.number}, <When at={row.createdAt} mode="date" />
                  </span>
                </p>
                {row.protection ? <p className="mt-1 text-muted text-sm">{row.protection}</p> : null}
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Pagination prev={steps.prev} next={steps.next} />
      <Card title="Deals you are credited for" padding="none">
        {page.credited.length === 0 ? (
          <Empty icon="chart" title={search.has('deals') ? 'No more deals' : 'No credit yet'}>
            When a deal that you worked on is won, your part of it is here.
          </Empty>
        ) : (
          <ul className="divide-y divide-line" aria-label="Deals you are credited for">
            {page.credited.map(deal => (
              <li key={deal.id} className="relative px-4 py-3 hover:bg-sunken" data-row={deal.id}>
                <div className="flex items-baseline justify-between gap-4">
                  <Link
                    to={`/portal/deals/${deal.id}`}
                    prefetch="intent"
                    className="min-w-0 break-words font-medium after:absolute after:inset-0"
                  >
                    {deal.name}
                  </Link>
                  {deal.credit ? (
                    <Money amount={deal.credit.amount} currency={deal.currency} className="shrink-0" />
                  ) : null}
                </div>
                <p className="mt-1 text-muted text-sm">
                  {deal.credit ? `${percentWords(deal.credit.bp)} credit, ` : null}won{' '}
                  <When at={deal.closedAt} mode="date" />, <span className="whitespace-nowrap">{deal.number}</span>
                </p>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Pagination prev={creditedSteps.prev} next={creditedSteps.next} />
    </Page>
  )
}
