import { useLoaderData } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox } from '#app/components/checkbox.tsx'
import { ConfirmBox } from '#app/components/confirm-box.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { Money } from '#app/components/money.tsx'
import { type DataImportKind, kindLabels } from '#server/imports/rules.ts'
import type { loader } from '../import.tsx'
import { counted } from './status.tsx'

const consequences: Record<DataImportKind, string> = {
  deals:
    'Won deals are attributed, and their partners’ commissions booked. It can be undone while none of them was paid.',
  touches:
    'Won deals are attributed anew, and the difference in commissions booked. It can be undone while none of them was paid.',
  partners: 'Nobody is written to. It can be undone; partners that are in use by then stay.',
  commissions:
    'Unpaid ones are owed to the partners, and paid in the next run after their release. It can be undone while none of them was paid.',
  payouts: 'Unpaid ones wait for approval; nothing is sent yet. It can be undone while none of them was approved.',
}

/** The step that makes records: what will be made, what is left out, and the box to tick. */
export function CommitForm({ refusal }: { refusal: { message: string; fields: Record<string, string> } | null }) {
  const { one, idempotencyKey } = useLoaderData<typeof loader>()
  const fine = one.checked - one.errors - one.duplicates
  if (fine === 0)
    return (
      <Banner
        tone="danger"
        title="No row can be imported"
        action={<LinkButton to={`/admin/imports/${one.importId}/mapping`}>Change the columns</LinkButton>}
      >
        Every row is wrong or a duplicate. Look at the reasons below, mend the file, and upload it again.
      </Banner>
    )
  return (
    <Card title="Import the rows">
      <Form errors={refusal} hidden={{ intent: 'commit', version: one.version, idempotencyKey }}>
        {one.errors > 0 ? (
          <Checkbox
            name="skipErrors"
            value="yes"
            required
            label={`Leave out ${counted(one.errors, 'row')} with errors`}
            hint="Download them above, mend them, and upload them later."
            error={refusal?.fields.skipErrors}
          />
        ) : null}
        <ConfirmBox
          label="I have checked the totals and the rows."
          error={refusal?.fields.confirmed}
          warning={consequences[one.kind]}
        >
          <p className="font-semibold text-lg">{counted(fine, one.nothing > 0 ? 'row' : kindLabels[one.kind].one)}</p>
          <ul aria-label="Totals by currency" className="text-sm">
            {[...one.totals].sort(byKindAndCurrency).map(total => (
              <li key={`${total.what} ${total.currency}`}>
                <Money amount={total.amount} currency={total.currency} /> {total.what}, in {counted(total.rows, 'row')}
              </li>
            ))}
          </ul>
          {one.duplicates > 0 ? (
            <p className="text-muted text-sm">{counted(one.duplicates, 'duplicate')} stay out.</p>
          ) : null}
        </ConfirmBox>
        <FormActions>
          <SubmitButton name="go" value="commit">
            Import
          </SubmitButton>
          <LinkButton to={`/admin/imports/${one.importId}/mapping`} variant="ghost">
            Change the columns
          </LinkButton>
        </FormActions>
      </Form>
    </Card>
  )
}

function byKindAndCurrency(a: { what: string; currency: string }, b: { what: string; currency: string }): number {
  return b.what.localeCompare(a.what) || a.currency.localeCompare(b.currency)
}
