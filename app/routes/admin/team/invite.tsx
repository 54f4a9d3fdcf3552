import { SubmitButton } from '#app/components/button.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import { useTeamPage, useTeamRefusal } from './page-data.ts'
import { RoleChoice } from './role-choice.tsx'

export function InviteDialog() {
  const { idempotencyKey } = useTeamPage()
  const refused = useTeamRefusal('invite')
  return (
    <Dialog
      key={refused ? 'refused' : 'fresh'}
      trigger="Invite"
      variant="primary"
      icon="plus"
      title="Invite somebody to the team"
      keepOpen={refused !== null}
    >
      <Form hidden={{ intent: 'invite', idempotencyKey }} errors={refused?.summary}>
        <Input
          name="email"
          type="email"
          label="Email"
          required
          autoComplete="off"
          defaultValue={refused?.values.email}
          error={refused?.refusal.fields.email}
          hint="An open invitation to the same address is replaced."
        />
        <Input
          name="name"
          label="Name"
          optional
          maxLength={120}
          autoComplete="off"
          defaultValue={refused?.values.name}
          error={refused?.refusal.fields.name}
          hint="How the email addresses them."
        />
        <RoleChoice id="invite" current={refused?.values.role ?? 'viewer'} error={refused?.refusal.fields.role} />
        <FormActions>
          <SubmitButton icon="send">Send the invitation</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}
