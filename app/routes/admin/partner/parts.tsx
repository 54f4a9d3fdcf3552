import { Link } from '@remix-run/react'
import { LinkButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Empty } from '#app/components/empty.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Money, None } from '#app/components/money.tsx'
import { StatCard, StatCards } from '#app/components/stat-card.tsx'
import { payoutLooks, StatusBadge } from '#app/components/status-badge.tsx'
import { Table } from '#app/components/table.tsx'
import { When } from '#app/components/when.tsx'
import { percentWords } from '#server/lib/percent.ts'
import { Entry } from '../audit/entry.tsx'
import { periodLabel } from '../payouts/period.ts'
import { usePartnerPage } from './page-data.ts'

const figures = ['paid', 'pending_approval', 'approved', 'processing', 'failed'] as const
const always: readonly string[] = ['paid', 'pending_approval']

/** The figures by status and currency, each leading to its payouts; nothing before the first payout. */
export function Totals() {
  const { partner, stats } = usePartnerPage()
  if (partner.payoutCount === 0) return null
  return (
    <StatCards>
      {figures.map(status => {
        const { count, amounts } = stats[status === 'pending_approval' ? 'pending' : status]
        if (count === 0 && !always.includes(status)) return null
        const { label, icon, tone } = payoutLooks[status]
        return (
          <StatCard
            key={status}
            label={label}
            icon={icon}
            tone={tone}
            amounts={amounts}
            count={count}
            to={`/admin/payouts?partnerId=${partner.id}&status=${status}`}
          />
        )
      })}
    </StatCards>
  )
}

export function Profile() {
  const { partner, lastPaidAt } = usePartnerPage()
  return (
    <Card title="Details">
      <Facts
        facts={[
          { label: 'Email', value: <span className="break-all">{partner.email}</span> },
          { label: 'Type', value: partner.typeName },
          { label: 'Country', value: partner.countryName },
          { label: 'Currency', value: partner.currency },
          { label: 'Reference', value: partner.reference },
          { label: 'Tier', value: partner.termNames.tier },
          ...(partner.terms.class === 'partner' ? [] : [{ label: 'In a co-sale', value: partner.termNames.class }]),
          {
            label: 'Default rate',
            value: partner.terms.defaultRateBp === null ? null : percentWords(partner.terms.defaultRateBp),
          },
          { label: 'Paid', value: partner.termNames.settlement },
          ...(partner.terms.minimum === null
            ? []
            : [
                {
                  label: 'Smallest payout',
                  value: <Money amount={partner.terms.minimum} currency={partner.currency} />,
                },
              ]),
          { label: 'Added', value: <When at={partner.createdAt} mode="date" /> },
          { label: 'Last paid', value: <When at={lastPaidAt} mode="date" /> },
          ...(partner.archivedAt === null
            ? []
            : [{ label: 'Archived', value: <When at={partner.archivedAt} mode="date" /> }]),
        ]}
      />
    </Card>
  )
}

export function RecentPayouts() {
  const { partner, payouts, mayPrepare } = usePartnerPage()
  return (
    <Card
      title="Recent payouts"
      padding="none"
      actions={
        payouts.length > 0 ? (
          <Link to={`/admin/payouts?partnerId=${partner.id}`} className="link text-sm">
            All payouts
          </Link>
        ) : null
      }
    >
      <Table
        caption="Recent payouts"
        rows={payouts}
        rowKey={row => row.id}
        rowTo={row => `/admin/payouts/${row.id}`}
        columns={[
          { key: 'number', header: 'Payout', card: 'title', cell: row => <span className="num">{row.number}</span> },
          { key: 'period', header: 'Period', cell: row => (row.period ? periodLabel(row.period) : <None />) },
          { key: 'status', header: 'Status', cell: row => <StatusBadge status={row.status} /> },
          {
            key: 'amount',
            header: 'Amount',
            align: 'end',
            card: 'aside',
            cell: row => <Money amount={row.amount} currency={row.currency} />,
          },
          {
            key: 'created',
            header: 'Created',
            align: 'end',
            cell: row => <When at={row.createdAt} mode="date" />,
          },
        ]}
        empty={
          <Empty
            icon="payouts"
            title="No payouts yet"
            action={
              mayPrepare && partner.archivedAt === null ? (
                <LinkButton to={`/admin/payouts/new?partnerId=${partner.id}`} icon="plus">
                  New payout
                </LinkButton>
              ) : null
            }
          >
            What you owe {partner.name} appears here.
          </Empty>
        }
      />
    </Card>
  )
}

export function Emails() {
  const { emails, partner } = usePartnerPage()
  if (!emails) return null
  return (
    <Card
      title="Emails"
      actions={
        emails.length > 0 ? (
          <Link to={`/admin/emails?partnerId=${partner.id}`} className="link text-sm">
            All emails
          </Link>
        ) : null
      }
    >
      {emails.length === 0 ? (
        <p className="text-muted">None yet.</p>
      ) : (
        <ul className="flex flex-col gap-3">
          {emails.map(({ id, subject, recipient, status, createdAt }) => (
            <li key={id} className="min-w-0">
              <Link to={`/admin/emails/${id}`} className="link break-words">
                {subject}
              </Link>
              <p className="break-words text-muted text-sm">{recipient}</p>
              <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-muted text-sm">
                <StatusBadge of="email" status={status} /> <When at={createdAt} />
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

/** The audit log's entries about this partner; absent for roles that may not read the log. */
export function History() {
  const { history, partner } = usePartnerPage()
  if (!history) return null
  return (
    <Card
      title="History"
      description="From the audit log, newest first."
      actions={
        history.more ? (
          <Link to={`/admin/audit?targetType=partner&targetId=${partner.id}`} className="link text-sm">
            All entries
          </Link>
        ) : null
      }
    >
      {history.rows.length === 0 ? (
        <p className="text-muted">Nothing recorded yet.</p>
      ) : (
        <ol className="flex flex-col divide-y divide-line">
          {history.rows.map(entry => (
            <Entry key={entry.seq} entry={entry} about={false} />
          ))}
        </ol>
      )}
    </Card>
  )
}
