import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox } from '#app/components/checkbox.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { useHidden, useSettingsPage, useSettingsRefusal } from './page-data.ts'

/** Whether a password alone may move money; the setting says what turning it off costs. */
export function SecondFactorSettings() {
  const { settings } = useSettingsPage()
  const refused = useSettingsRefusal('secondFactor')
  const required = refused ? refused.values.twoFactorRequired === 'yes' : settings.twoFactorRequired
  return (
    <Card title="Second factor" description="What it takes to move money, besides the password.">
      <Form hidden={useHidden('secondFactor')} errors={refused?.summary} key={String(required)}>
        <Checkbox
          name="twoFactorRequired"
          value="yes"
          defaultChecked={required}
          label="Ask everybody for a second factor before money moves"
          hint="On, approving, paying, downloads, the team, these settings and partners’ payout details take an app’s code or a passkey from the last ten minutes; whoever has none is led to set one up when it is first needed. Off, that is so only for people who have one; for all others a stolen password is enough."
        />
        <FormActions>
          <SubmitButton>Save</SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}
