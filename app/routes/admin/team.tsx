import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { query } from '#app/api.server.ts'
import { Card } from '#app/components/card.tsx'
import { ErrorSummary } from '#app/components/form.tsx'
import { Icon } from '#app/components/icon.tsx'
import { Page } from '#app/components/page.tsx'
import { allows, roleLabels, staffRoles } from '#server/auth/rules.ts'
import { InvitationLink } from './invitation-link.tsx'
import { changeTeam } from './team/change.server.ts'
import { Invitations } from './team/invitations.tsx'
import { InviteDialog } from './team/invite.tsx'
import { Members } from './team/members.tsx'
import { useTeamAnswer } from './team/page-data.ts'

export const meta: MetaFunction = () => [{ title: 'Team · Remit' }]

export async function loader(args: LoaderFunctionArgs) {
  return query(args, async api => {
    const team = await api.orgs.team()
    return {
      ...team,
      // Whoever manages the team gives away roles; the procedures ask again.
      roles: staffRoles.map(value => ({ value, label: roleLabels[value].name, says: roleLabels[value].says })),
      mayManage: team.mayManage && allows(args.context.viewer?.role ?? 'viewer', 'team.manage'),
      idempotencyKey: args.context.newKey(),
    }
  })
}

export function action(args: ActionFunctionArgs) {
  return changeTeam(args)
}

export default function Team() {
  const { members, invitations, roles, mayManage } = useLoaderData<typeof loader>()
  const answer = useTeamAnswer()
  const inDialog =
    answer?.done === null &&
    (answer.intent === 'invite' ||
      (members.some(
        member =>
          member.membershipId === answer.membershipId && member.actions.some(action => action === answer.intent),
      ) &&
        (answer.intent === 'changeRole' || answer.intent === 'disable')))
  return (
    <Page
      title="Team"
      description="Who works here, and as what. People of a partner are on the partner’s page."
      actions={mayManage ? <InviteDialog /> : null}
    >
      {answer?.done === null && !inDialog ? <ErrorSummary errors={answer.summary} /> : null}
      {answer?.done === 'invited' ? (
        <InvitationLink email={answer.email} url={answer.url} expiresAt={answer.expiresAt} />
      ) : null}
      {mayManage ? null : (
        <p className="flex gap-1.5 text-muted text-sm">
          <Icon name="lock" size={14} className="mt-[0.2em]" />
          Only an owner invites people and changes roles.
        </p>
      )}
      <Members members={members} />
      {invitations.length > 0 || mayManage ? <Invitations invitations={invitations} mayManage={mayManage} /> : null}
      <Card title="What the roles mean">
        <dl className="flex flex-col gap-2">
          {roles.map(({ value, label, says }) => (
            <div key={value} className="sm:flex sm:gap-4">
              <dt className="font-medium sm:w-24 sm:shrink-0">{label}</dt>
              <dd className="text-muted">{says}.</dd>
            </div>
          ))}
        </dl>
      </Card>
    </Page>
  )
}
