import { Link } from '@remix-run/react'
import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { inWords } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { modelLabels } from '#server/attribution/rules.ts'
import { dealTypeLabels } from '#server/deals/rules.ts'
import { useDealPage } from './page-data.ts'

/** What we know of the deal; empty fields are left out. */
export function Details() {
  const { deal } = useDealPage()
  const { timeZone } = deal.program
  const facts = [
    { label: 'Account', value: deal.accountName },
    { label: 'Domain', value: deal.accountDomain },
    { label: 'Contact', value: deal.contactEmail },
    {
      label: 'Program',
      value: (
        <Link to={`/admin/programs/${deal.program.id}`} className="link">
          {deal.program.name}
        </Link>
      ),
      hint: modelLabels[deal.program.model].label,
    },
    { label: 'Type', value: dealTypeLabels[deal.type] },
    { label: 'Product', value: deal.product },
    { label: 'Territory', value: deal.territory },
    { label: 'Opened', value: <When at={deal.openedAt} mode="date" timeZone={timeZone} /> },
    {
      label: 'Qualified',
      value: deal.qualifiedAt === null ? null : <When at={deal.qualifiedAt} mode="date" timeZone={timeZone} />,
    },
    {
      label: 'Closed',
      value: deal.closedAt === null ? null : <When at={deal.closedAt} mode="date" timeZone={timeZone} />,
    },
    {
      label: 'Registered by',
      value: deal.registeredBy ? (
        <Link to={`/admin/partners/${deal.registeredBy.id}`} className="link">
          {deal.registeredBy.name}
        </Link>
      ) : null,
    },
    {
      label: 'Registration',
      value: deal.registration ? (
        <Link to={`/admin/registrations/${deal.registration.id}`} className="link">
          {deal.registration.number}
        </Link>
      ) : null,
      hint: deal.registration?.protectedUntil ? (
        <>
          Protected until <When at={deal.registration.protectedUntil} mode="date" />
        </>
      ) : undefined,
    },
    { label: 'External reference', value: deal.externalRef },
    {
      label: 'Added',
      value: <When at={deal.createdAt} mode="date" />,
      hint: `By ${deal.createdBy}${deal.source === 'form' ? '' : `, ${inWords(deal.source).toLowerCase()}`}`,
    },
  ].filter(({ value }) => value !== null)
  return (
    <>
      <Card title="Details">
        <Facts facts={facts} />
      </Card>
      {deal.notes ? (
        <Card title="Note">
          <p className="whitespace-pre-line break-words">{deal.notes}</p>
        </Card>
      ) : null}
    </>
  )
}
