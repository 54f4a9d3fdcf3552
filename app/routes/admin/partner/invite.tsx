import { SubmitButton } from '#app/components/button.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import { useHidden, usePartnerPage, useRefusal } from './page-data.ts'

export function InviteDialog() {
  const { partner } = usePartnerPage()
  const refused = useRefusal('invite')
  const hidden = useHidden('invite')
  const nobody = partner.users.length === 0
  return (
    <Dialog
      key={refused ? 'refused' : 'fresh'}
      trigger="Invite"
      variant={nobody && partner.invitations.length === 0 ? 'primary' : 'secondary'}
      size="sm"
      icon="mail"
      title={`Invite somebody of ${partner.name}`}
      description="They see this partner’s earnings and payouts, and can set up where the money goes."
      keepOpen={refused !== null}
    >
      <Form hidden={hidden} errors={refused?.summary}>
        <Input
          name="email"
          type="email"
          label="Email"
          id="invite-email"
          autoComplete="off"
          required
          defaultValue={refused?.values.email ?? (nobody ? partner.email : '')}
          error={refused?.refusal.fields.email}
          hint="An open invitation to the same address is replaced."
        />
        <Input
          name="name"
          label="Name"
          id="invite-name"
          optional
          autoComplete="off"
          maxLength={120}
          defaultValue={refused?.values.name}
          error={refused?.refusal.fields.name}
          hint="How the email addresses them."
        />
        <FormActions>
          <SubmitButton icon="send">Send the invitation</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}
