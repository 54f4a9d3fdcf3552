import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { Blockers } from '#app/components/blockers.tsx'
import { LinkButton } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/form.tsx'
import { Columns, Page } from '#app/components/page.tsx'
import { StatusBadge } from '#app/components/status-badge.tsx'
import { InvitationLink } from './invitation-link.tsx'
import { ArchiveDialog, RestoreButton } from './partner/archive.tsx'
import { changePartner } from './partner/change.server.ts'
import { Connect } from './partner/connect.tsx'
import { useAnswer } from './partner/page-data.ts'
import { Emails, History, Profile, RecentPayouts, Totals } from './partner/parts.tsx'
import { People } from './partner/people.tsx'
import { readPartner } from './partner/read.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: data ? `${data.partner.name} · Partners · Remit` : 'Partner · Remit' },
]

export function loader(args: LoaderFunctionArgs) {
  return readPartner(args)
}

export function action(args: ActionFunctionArgs) {
  return changePartner(args)
}

export default function PartnerPage() {
  const { partner } = useLoaderData<typeof loader>()
  const answer = useAnswer()
  const { may } = partner
  const archived = partner.archivedAt !== null
  // Dialogs show their own refusals; what has none, or is gone meanwhile, is told here.
  const homeless =
    answer?.done === null &&
    !(answer.intent === 'invite' && may.invite) &&
    !(answer.intent === 'archive' && may.archive)
  return (
    <Page
      title={partner.name}
      aside={
        <>
          {archived ? (
            <StatusBadge of="partner" status="archived" />
          ) : (
            <StatusBadge of="partner" status={partner.transfersStatus} label={partner.label} />
          )}
          {partner.onHold ? <StatusBadge of="partner" status="on_hold" /> : null}
        </>
      }
      description={[partner.typeName, partner.countryName, partner.currency].join(' · ')}
      breadcrumbs={[{ label: 'Partners', to: '/admin/partners' }]}
      actions={
        <>
          <LinkButton to={`/admin/payouts?partnerId=${partner.id}`} icon="payouts">
            Payouts
          </LinkButton>
          {may.edit ? (
            <LinkButton to={`/admin/partners/${partner.id}/edit`} icon="edit">
              Edit
            </LinkButton>
          ) : null}
          {may.archive ? <ArchiveDialog /> : null}
          {may.restore ? <RestoreButton /> : null}
        </>
      }
    >
      {homeless ? <ErrorSummary errors={answer.summary} /> : null}
      {answer?.done === 'invited' ? (
        <InvitationLink email={answer.email} url={answer.url} expiresAt={answer.expiresAt} />
      ) : null}
      <Columns
        main={
          <>
            <Blockers
              blockers={partner.blockers}
              title={`What is in the way of paying ${partner.name}`}
              places={{ settings: '/admin/settings' }}
            />
            <Totals />
            <Connect />
            <RecentPayouts />
            <History />
          </>
        }
        side={
          <>
            <People />
            <Profile />
            <Emails />
          </>
        }
      />
    </Page>
  )
}
