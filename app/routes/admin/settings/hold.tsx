import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import { useHidden, useSettingsPage, useSettingsRefusal } from './page-data.ts'

export function HoldSettings() {
  const { settings } = useSettingsPage()
  const refused = useSettingsRefusal('hold')
  return (
    <Card title="When payout details change">
      <Form hidden={useHidden('hold')} errors={refused?.summary}>
        <Input
          key={settings.destinationHoldHours}
          name="destinationHoldHours"
          label="Hold payouts for, in hours"
          required
          inputMode="numeric"
          autoComplete="off"
          className="max-w-32"
          defaultValue={refused?.values.destinationHoldHours ?? String(settings.destinationHoldHours)}
          error={refused?.refusal.fields.destinationHoldHours}
          hint="After a partner’s bank account changes, nothing is sent for this long, and the old and the new address are told: time for the real owner to speak up. 0 turns the hold off; at most 720, which is 30 days."
        />
        <FormActions>
          <SubmitButton>Save</SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}
