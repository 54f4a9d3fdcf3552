import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form } from '#app/components/form.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { InviteDialog } from './invite.tsx'
import { useHidden, usePartnerPage } from './page-data.ts'

/** Who sees this partner's money in the portal, and who is invited to. */
export function People() {
  const { partner } = usePartnerPage()
  const { users, invitations, may } = partner
  return (
    <Card title="People" actions={may.invite ? <InviteDialog /> : null}>
      {users.length === 0 && invitations.length === 0 ? (
        <p className="text-muted">
          Nobody can sign in for {partner.name} yet.
          {may.invite ? ' Invite them, so that they can set up their payouts.' : null}
        </p>
      ) : null}
      {users.length > 0 ? (
        <ul className="flex flex-col gap-3">
          {users.map(user => (
            <li key={user.membershipId} className="min-w-0">
              <p className="flex flex-wrap items-center gap-x-2">
                <span className="font-medium">{user.name}</span>
                {user.disabledAt !== null ? <Badge icon="ban">Disabled</Badge> : null}
              </p>
              <p className="break-words text-muted text-sm">{user.email}</p>
              <p className="text-muted text-sm">
                since <When at={user.createdAt} mode="date" />
              </p>
            </li>
          ))}
        </ul>
      ) : null}
      {invitations.length > 0 ? (
        <div className={users.length > 0 ? 'mt-3 border-line border-t pt-3' : undefined}>
          <h3 className="font-medium text-sm">Open invitations</h3>
          <ul className="mt-2 flex flex-col gap-3">
            {invitations.map(invitation => (
              <Invitation key={invitation.id} {...invitation} />
            ))}
          </ul>
        </div>
      ) : null}
    </Card>
  )
}

type InvitationRow = ReturnType<typeof usePartnerPage>['partner']['invitations'][number]

function Invitation({ id, email, inviterName, createdAt, expiresAt }: InvitationRow) {
  const { mayRevoke } = usePartnerPage()
  const hidden = useHidden('revokeInvitation', id)
  return (
    <li className="flex flex-wrap items-start justify-between gap-2">
      <div className="min-w-0">
        <p className="break-all">{email}</p>
        <p className="text-muted text-sm">
          by {inviterName}, <When at={createdAt} mode="date" />; until <When at={expiresAt} mode="date" />
        </p>
      </div>
      {mayRevoke ? (
        <Form hidden={hidden}>
          <SubmitButton name="invitationId" value={id} size="sm" variant="secondary">
            Withdraw<span className="sr-only"> the invitation to {email}</span>
          </SubmitButton>
        </Form>
      ) : null}
    </li>
  )
}
