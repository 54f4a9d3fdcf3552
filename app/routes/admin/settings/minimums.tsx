import { Link } from '@remix-run/react'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { keyOf, MoneyRows } from './money-rows.tsx'
import { useHidden, useSettingsPage, useSettingsRefusal } from './page-data.ts'

export function Minimums() {
  const { settings } = useSettingsPage()
  const refused = useSettingsRefusal('minimums')
  const saved = settings.minimums.map(({ currency, text }) => ({ currency, amount: text }))
  return (
    <Card
      title="Smallest payouts"
      description="A payout below its currency’s minimum is not sent; it can be canceled and paid together with the next one."
    >
      {/* Saved rows come back with new values: the key makes the fields show them. */}
      <Form hidden={useHidden('minimums')} errors={refused?.summary} key={keyOf(saved)}>
        <MoneyRows
          name="minimum"
          saved={saved}
          label="Minimum"
          newLabel="A minimum in another currency"
          refused={refused}
        />
        <p className="text-muted text-sm">
          <Link to="/admin/runs/minimums" className="link">
            Programs and partners
          </Link>{' '}
          can have larger ones.
        </p>
        <p className="text-muted text-sm">
          To remove a minimum, empty its amount. Save, and a row for the next one appears.
        </p>
        <FormActions>
          <SubmitButton>Save</SubmitButton>
        </FormActions>
      </Form>
    </Card>
  )
}
