import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form } from '#app/components/form.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { useTeamPage } from './page-data.ts'

type Invitation = ReturnType<typeof useTeamPage>['invitations'][number]

/** Who is invited and has not come yet. */
export function Invitations({ invitations, mayManage }: { invitations: readonly Invitation[]; mayManage: boolean }) {
  const { idempotencyKey } = useTeamPage()
  return (
    <Card title="Open invitations" padding={invitations.length > 0 ? 'none' : 'normal'}>
      {invitations.length === 0 ? <p className="text-muted">None.</p> : null}
      <ul className="divide-y divide-line">
        {invitations.map(({ id, email, roleName, inviterName, createdAt, expiresAt }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
            <div className="min-w-0">
              <p className="flex flex-wrap items-center gap-x-2">
                <span className="break-all font-medium">{email}</span>
                <Badge>{roleName}</Badge>
              </p>
              <p className="text-muted text-sm">
                by {inviterName}, <When at={createdAt} mode="date" />; until <When at={expiresAt} mode="date" />
              </p>
            </div>
            {mayManage ? (
              <Form hidden={{ intent: 'revokeInvitation', idempotencyKey: `${idempotencyKey}-${id}`.slice(0, 128) }}>
                <SubmitButton name="invitationId" value={id} variant="secondary" size="sm">
                  Withdraw<span className="sr-only"> the invitation to {email}</span>
                </SubmitButton>
              </Form>
            ) : null}
          </li>
        ))}
      </ul>
    </Card>
  )
}
