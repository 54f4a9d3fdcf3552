import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Input } from '#app/components/input.tsx'
import { keyOf, MoneyRows } from './money-rows.tsx'
import { useHidden, useSettingsPage, useSettingsRefusal } from './page-data.ts'

/** What one person alone may do within a day, whoever they are. */
export function LimitSettings() {
  const { settings } = useSettingsPage()
  const refused = useSettingsRefusal('limits')
  const savedOf = (act: 'approve' | 'pay') =>
    settings.dailyLimits.filter(limit => limit.act === act).map(({ currency, text }) => ({ currency, amount: text }))
  const approve = savedOf('approve')
  const pay = savedOf('pay')
  return (
    <Card
      title="Daily limits"
      description="The most that one person may approve, and send, within any 24 hours. Several small payouts count like one large one."
    >
      <Form hidden={useHidden('limits')} errors={refused?.summary} key={`${keyOf(approve)}, ${keyOf(pay)}`}>
        <MoneyRows
          name="approve"
          saved={approve}
          label="Approve at most"
          newLabel="Approve at most, in another currency"
          refused={refused}
        />
        <MoneyRows
          name="pay"
          saved={pay}
          label="Send at most"
          newLabel="Send at most, in another currency"
          refused={refused}
        />
        <p className="text-muted text-sm">
          To remove a limit, empty its amount. One that you raise or remove is so for the others at once, and for you a
          day later. Changes are recorded.
        </p>
        <FormActions>
          <SubmitButton>Save</SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}

/** How much of the organization's data one person may carry out of the house. */
export function DownloadSettings() {
  const { settings } = useSettingsPage()
  const refused = useSettingsRefusal('downloads')
  return (
    <Card title="Downloads">
      <Form hidden={useHidden('downloads')} errors={refused?.summary}>
        <Input
          key={settings.exportRowsPerDay}
          name="exportRowsPerDay"
          label="Rows that one person may download within 24 hours"
          required
          inputMode="numeric"
          autoComplete="off"
          className="max-w-40"
          defaultValue={refused?.values.exportRowsPerDay ?? String(settings.exportRowsPerDay)}
          error={refused?.refusal.fields.exportRowsPerDay}
          hint="Every download is recorded with its filter and its rows. Owners get a mail when somebody takes more than half of this."
        />
        <FormActions>
          <SubmitButton>Save</SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}
