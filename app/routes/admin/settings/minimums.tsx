import { Link } from '@remix-run/react'
import { SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { MoneyInput } from '#app/components/money-input.tsx'
import { useHidden, useSettingsPage, useSettingsRefusal } from './page-data.ts'

/** One row a currency, and an empty one to add the next. An emptied amount removes the row. */
export function Minimums() {
  const { settings, currencies } = useSettingsPage()
  const refused = useSettingsRefusal('minimums')
  const saved = settings.minimums.map(({ currency, text }) => ({ currency, amount: text }))
  const free = currencies.find(({ code }) => !saved.some(({ currency }) => currency === code))?.code ?? 'USD'
  const rows = refused ? refused.rows : [...saved, { currency: free, amount: '' }]
  const codes = [...new Set([...currencies.map(({ code }) => code), ...rows.map(({ currency }) => currency)])]
    .filter(Boolean)
    .sort()
  return (
    <Card
      title="Smallest payouts"
      description="A payout below its currency’s minimum is not sent; it can be canceled and paid together with the next one."
    >
      {/* Saved rows come back with new values: the key makes the fields show them. */}
      <Form
        hidden={useHidden('minimums')}
        errors={refused?.summary}
        key={saved.map(({ currency, amount }) => currency + amount).join(' ')}
      >
        {rows.map(({ currency, amount }, index) => (
          <MoneyInput
            key={`${index} ${refused ? '' : currency}`}
            name="minimumAmount"
            id={`minimum-${index}`}
            label={index < saved.length && !refused ? `Minimum in ${currency}` : 'A minimum in another currency'}
            defaultValue={amount}
            currencies={codes}
            currencyName="minimumCurrency"
            defaultCurrency={currency}
            error={refused?.refusal.fields[`minimum-${index}`]}
            hint={index < saved.length && !refused ? undefined : 'Leave the amount empty for none.'}
          />
        ))}
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
