import { Avatar } from '#app/components/avatar.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Badge } from '#app/components/status-badge.tsx'
import { When } from '#app/components/when.tsx'
import { useTeamPage, useTeamRefusal } from './page-data.ts'
import { RoleChoice } from './role-choice.tsx'

type Member = ReturnType<typeof useTeamPage>['members'][number]

export function Members({ members }: { members: readonly Member[] }) {
  return (
    <Card title="Members" padding="none">
      <ul className="divide-y divide-line">
        {members.map(member => (
          <MemberRow key={member.membershipId} member={member} />
        ))}
      </ul>
    </Card>
  )
}

function MemberRow({ member }: { member: Member }) {
  const { name, email, roleName, you, disabledAt, lastOwner, sessions, lastSeenAt, actions } = member
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 py-3" data-row={member.membershipId}>
      <div className="flex min-w-0 gap-3">
        <Avatar name={name} />
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="break-words font-medium">{name}</span>
            <Badge tone={member.role === 'owner' ? 'accent' : 'neutral'}>{roleName}</Badge>
            {you ? <Badge icon="user">You</Badge> : null}
            {member.secondFactor ? <Badge icon="key">Second factor</Badge> : null}
            {disabledAt !== null ? (
              <Badge tone="danger" icon="ban">
                Disabled
              </Badge>
            ) : null}
          </p>
          <p className="break-all text-muted text-sm">{email}</p>
          <p className="text-muted text-sm">
            {disabledAt !== null ? (
              <>
                disabled since <When at={disabledAt} mode="date" />
              </>
            ) : lastSeenAt ? (
              <>
                last seen <When at={lastSeenAt} />, {sessions === 1 ? 'one session' : `${sessions} sessions`}
              </>
            ) : (
              'not signed in'
            )}
          </p>
          {lastOwner && actions.length > 0 ? (
            <p className="text-muted text-sm">The only owner: make somebody else one first to change this.</p>
          ) : null}
        </div>
      </div>
      {actions.length > 0 ? <MemberActions member={member} /> : null}
    </li>
  )
}

function MemberActions({ member }: { member: Member }) {
  return (
    <div className="flex flex-wrap items-start gap-2">
      {member.actions.map(action => {
        switch (action) {
          case 'changeRole':
            return <ChangeRole key={action} member={member} />
          case 'disable':
            return <Disable key={action} member={member} />
          case 'enable':
            return <Plain key={action} member={member} intent="enable" label="Enable" />
          case 'resetSecondFactor':
            return <ResetSecondFactor key={action} member={member} />
          case 'endSessions':
            return member.sessions > 0 ? (
              <Plain key={action} member={member} intent="endSessions" label="End sessions" />
            ) : null
          default:
            return null
        }
      })}
    </div>
  )
}

function useHidden(member: Member, intent: string) {
  const { idempotencyKey } = useTeamPage()
  const { membershipId, version } = member
  return { intent, membershipId, version, idempotencyKey: `${idempotencyKey}-${membershipId}`.slice(0, 128) }
}

function ChangeRole({ member }: { member: Member }) {
  const refused = useTeamRefusal('changeRole', member.membershipId)
  const hidden = useHidden(member, 'changeRole')
  return (
    <Dialog
      key={refused ? 'refused' : 'fresh'}
      trigger={
        <>
          Change role<span className="sr-only"> of {member.name}</span>
        </>
      }
      size="sm"
      title={`Change ${member.name}’s role`}
      keepOpen={refused !== null}
    >
      <Form hidden={hidden} errors={refused?.summary}>
        <RoleChoice
          id={`role-${member.membershipId}`}
          current={refused?.values.role ?? member.role}
          error={refused?.refusal.fields.role}
        />
        <p className="text-muted text-sm">
          {member.you ? 'You are' : 'They are'} signed out of this organization, and sign in again with the new role.
          {member.role === 'owner'
            ? ' Staff invitations that an owner sent are withdrawn when they are one no more.'
            : null}
        </p>
        <FormActions>
          <SubmitButton>Change the role</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

function Disable({ member }: { member: Member }) {
  const refused = useTeamRefusal('disable', member.membershipId)
  const hidden = useHidden(member, 'disable')
  return (
    <Dialog
      key={refused ? 'refused' : 'fresh'}
      trigger={
        <>
          Disable<span className="sr-only"> {member.name}</span>
        </>
      }
      size="sm"
      variant="danger-quiet"
      title={`Disable ${member.name}?`}
      keepOpen={refused !== null}
    >
      <Form hidden={hidden} errors={refused?.summary}>
        <p>
          {member.you ? 'You are' : 'They are'} signed out here at once and can’t come back until an owner enables{' '}
          {member.you ? 'you' : 'them'}. Staff invitations that {member.you ? 'you' : 'they'} sent are withdrawn.
        </p>
        <p className="text-muted text-sm">
          What {member.you ? 'you' : 'they'} did, approvals included, stays in the books under{' '}
          {member.you ? 'your' : 'their'} name. No email is sent.
        </p>
        <FormActions>
          <SubmitButton variant="danger">Disable {member.name}</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

function ResetSecondFactor({ member }: { member: Member }) {
  const refused = useTeamRefusal('resetSecondFactor', member.membershipId)
  const hidden = useHidden(member, 'resetSecondFactor')
  return (
    <Dialog
      key={refused ? 'refused' : 'fresh'}
      trigger={
        <>
          Reset second factor<span className="sr-only"> of {member.name}</span>
        </>
      }
      size="sm"
      variant="danger-quiet"
      title={`Reset ${member.name}’s second factor?`}
      keepOpen={refused !== null}
    >
      <Form hidden={hidden} errors={refused?.summary}>
        <p>
          For a lost device without recovery codes. Their app, passkeys and codes are removed and they are signed out;
          from then on their password alone signs them in, until they set up anew.
        </p>
        <p>
          <strong>Make sure that it is they who ask</strong>: call them, or see them. It is recorded with your name, and
          they get an email.
        </p>
        <FormActions>
          <SubmitButton variant="danger">Reset it</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

/** What needs no second look: it can be done again or taken back. */
function Plain({ member, intent, label }: { member: Member; intent: 'enable' | 'endSessions'; label: string }) {
  const { membershipId, ...hidden } = useHidden(member, intent)
  return (
    <Form hidden={hidden}>
      <SubmitButton name="membershipId" value={membershipId} variant="secondary" size="sm">
        {label}
        <span className="sr-only"> of {member.name}</span>
      </SubmitButton>
    </Form>
  )
}
