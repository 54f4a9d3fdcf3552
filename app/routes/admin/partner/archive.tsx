import { SubmitButton } from '#app/components/button.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { AmountsInline } from '#app/components/money.tsx'
import { useHidden, usePartnerPage, useRefusal } from './page-data.ts'

/** Says what waits, and what archiving does to it. */
export function ArchiveDialog() {
  const { partner } = usePartnerPage()
  const refused = useRefusal('archive')
  const hidden = useHidden('archive')
  return (
    <Dialog
      key={refused ? 'refused' : 'fresh'}
      trigger="Archive"
      variant="danger-quiet"
      title={`Archive ${partner.name}?`}
      keepOpen={refused !== null}
    >
      <Form hidden={hidden} errors={refused?.summary}>
        {partner.pending.length > 0 ? (
          <p>
            <AmountsInline amounts={partner.pending} /> is still to be paid. It stays, but nothing of it is sent until
            you restore the partner.
          </p>
        ) : (
          <p>Nothing is waiting to be paid.</p>
        )}
        <p className="text-muted text-sm">
          What was paid stays as it is, and their people still see it in the portal. No email is sent. You can restore
          the partner at any time.
        </p>
        <FormActions>
          <SubmitButton variant="danger">Archive the partner</SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

export function RestoreButton() {
  return (
    <Form hidden={useHidden('restore')}>
      <SubmitButton name="restore" value="yes" icon="undo">
        Restore
      </SubmitButton>
    </Form>
  )
}
