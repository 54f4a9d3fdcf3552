import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Input, Select } from '#app/components/input.tsx'
import { useHidden, useSettingsPage, useSettingsRefusal } from './page-data.ts'

export function OrganizationSettings() {
  const { settings, timeZones } = useSettingsPage()
  const refused = useSettingsRefusal('organization')
  return (
    <Card title="Organization">
      <Form hidden={useHidden('organization')} errors={refused?.summary}>
        <Input
          key={`name ${settings.name}`}
          name="name"
          label="Name"
          required
          maxLength={120}
          autoComplete="organization"
          defaultValue={refused?.values.name ?? settings.name}
          error={refused?.refusal.fields.name}
          hint="Partners read it in every email and in the portal."
        />
        <Select
          key={`zone ${settings.timeZone}`}
          name="timeZone"
          label="Time zone"
          required
          defaultValue={refused?.values.timeZone ?? settings.timeZone}
          options={timeZones.map(zone => ({ value: zone, label: zone.replaceAll('_', ' ') }))}
          error={refused?.refusal.fields.timeZone}
          hint="Months, days and times are this zone’s, for everybody. Payouts that exist keep their period."
        />
        <FormActions>
          <SubmitButton>Save</SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}
