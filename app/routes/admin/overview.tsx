import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Columns, Page } from '#app/components/page.tsx'
import { allows } from '#server/auth/rules.ts'
import { readInbox } from './overview/inbox.server.ts'
import { Obstacles, WaitingPartners } from './overview/obstacles.tsx'
import { PaidPerMonth } from './overview/paid-per-month.tsx'
import { Totals } from './overview/totals.tsx'
import { WorkList } from './overview/work-list.tsx'

export const meta: MetaFunction = () => [{ title: 'Overview · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  const role = args.context.viewer?.role ?? 'partner'
  return query(args, async api => ({
    inbox: await readInbox(api),
    months: await api.payouts.monthly({ months: 12 }),
    mayPrepare: allows(role, 'payouts.prepare'),
    mayManagePartners: allows(role, 'partners.manage'),
  }))
}

export default function Overview() {
  const { inbox, months, mayPrepare, mayManagePartners } = useLoaderData<typeof loader>()
  const everything = Object.entries(inbox.stats).reduce(
    (sum, [name, { count }]) => (name === 'total' ? sum : sum + count),
    0,
  )
  return (
    <Page
      title="Overview"
      actions={
        mayPrepare && everything > 0 ? (
          <LinkButton to="/admin/payouts/new" icon="plus">
            New payout
          </LinkButton>
        ) : null
      }
    >
      {everything === 0 ? (
        <Card>
          <Empty
            icon="payouts"
            title="Pay your first partner"
            action={
              <>
                {mayManagePartners ? (
                  <LinkButton to="/admin/partners/new" variant="primary" icon="plus">
                    Add a partner
                  </LinkButton>
                ) : null}
                {mayPrepare ? (
                  <LinkButton to="/admin/payouts/import" icon="upload">
                    Import payouts
                  </LinkButton>
                ) : null}
              </>
            }
          >
            Add a partner and invite them to set up payouts with Stripe. Then create a payout or import a spreadsheet,
            have a second person approve it, and mark it paid.
          </Empty>
        </Card>
      ) : (
        <Columns
          main={
            <>
              <WorkList inbox={inbox} />
              <Obstacles inbox={inbox} />
              <PaidPerMonth months={months} />
            </>
          }
          side={
            <>
              <Totals stats={inbox.stats} />
              <WaitingPartners partners={inbox.waitingPartners} />
            </>
          }
        />
      )}
    </Page>
  )
}
