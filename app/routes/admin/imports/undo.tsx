import { useLoaderData } from '@remix-run/react'
import { SubmitButton } from '#app/components/button.tsx'
import { ConfirmBox } from '#app/components/confirm-box.tsx'
import { Dialog } from '#app/components/dialog.tsx'
import { Form, FormActions } from '#app/components/form.tsx'
import { AmountsInline } from '#app/components/money.tsx'
import { type DataImportKind, kindLabels } from '#server/imports/rules.ts'
import type { loader } from '../import.tsx'
import { counted } from './status.tsx'

const what: Record<DataImportKind, string> = {
  deals: 'The deals are taken out of all lists, and their commissions are taken back by new, linked rows.',
  touches: 'The touches are removed. Won deals are attributed without them, and the difference is booked.',
  partners: 'Partners that nothing uses are archived. Those in use stay.',
  commissions: 'Each commission is taken back by a new, linked row, so that the two come to nothing.',
  payouts: 'The payouts are canceled. Nothing was sent.',
}

/** Takes a whole import back; where that is refused, the reason stands here instead of a button. */
export function Undo({ refusal }: { refusal: { message: string; fields: Record<string, string> } | null }) {
  const { one, idempotencyKey } = useLoaderData<typeof loader>()
  if (one.undoRefusal)
    return (
      <p className="max-w-prose text-muted text-sm">
        <span className="font-medium">It can’t be undone.</span> {one.undoRefusal}
      </p>
    )
  return (
    <Dialog
      trigger="Undo this import"
      icon="undo"
      variant="danger-quiet"
      title={`Undo ${one.fileName}?`}
      description={what[one.kind]}
      keepOpen={refusal !== null}
    >
      <Form errors={refusal} hidden={{ intent: 'undo', version: one.version, idempotencyKey }}>
        <ConfirmBox
          id="undo-confirmed"
          label="I have checked what goes."
          error={refusal?.fields.confirmed}
          warning="The file’s rows stay here, so that you can look at them. The mended file can be imported again."
        >
          <p className="font-semibold">{counted(one.done - one.nothing, kindLabels[one.kind].one)}</p>
          <AmountsInline amounts={byCurrency(one.totals)} />
        </ConfirmBox>
        <FormActions>
          <SubmitButton variant="danger" name="go" value="undo">
            Undo the import
          </SubmitButton>
        </FormActions>
      </Form>
    </Dialog>
  )
}

function byCurrency(totals: readonly { currency: string; amount: number }[]): { currency: string; amount: number }[] {
  const sums = new Map<string, number>()
  for (const { currency, amount } of totals) sums.set(currency, (sums.get(currency) ?? 0) + amount)
  return [...sums].map(([currency, amount]) => ({ currency, amount }))
}
