import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useHidden, useSettingsPage, useSettingsRefusal } from './page-data.ts'

/** Who has to agree before money moves. Both settings say what loosening them costs. */
export function ApprovalSettings() {
  const { settings } = useSettingsPage()
  const refused = useSettingsRefusal('approvals')
  const required = refused?.values.approvalsRequired ?? String(settings.approvalsRequired)
  const creator = refused ? refused.values.creatorMayApprove === 'yes' : settings.creatorMayApprove
  return (
    <Card title="Approvals" description="Who has to agree before money moves.">
      <Form hidden={useHidden('approvals')} errors={refused?.summary} key={`${required} ${creator}`}>
        <ChoiceGroup legend="A payout needs the approval of">
          <Checkbox
            type="radio"
            name="approvalsRequired"
            id="approvals-1"
            value="1"
            label="One person"
            defaultChecked={required === '1'}
          />
          <Checkbox
            type="radio"
            name="approvalsRequired"
            id="approvals-2"
            value="2"
            label="Two people"
            hint="Each payout waits until a second owner or admin has approved it, too."
            defaultChecked={required === '2'}
          />
        </ChoiceGroup>
        <Checkbox
          name="creatorMayApprove"
          value="yes"
          defaultChecked={creator}
          label="Whoever creates a payout may approve it"
          hint="Off, one person alone can’t invent a payout and approve it: the usual protection against fraud and slips. On, one person can do both, and the second pair of eyes is gone. Use it only where nobody else is there."
        />
        <p className="text-muted text-sm">
          A change is recorded in the audit log with your name. It counts for payouts that are approved from now on.
        </p>
        <FormActions>
          <SubmitButton>Save</SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}
