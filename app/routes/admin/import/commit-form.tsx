import { useLoaderData } from '@remix-run/react'
import { Banner } from '#app/components/banner.tsx'
import { LinkButton, SubmitButton } from '#app/components/button.tsx'
import { Card } from '#app/components/card.tsx'
import { Checkbox, ChoiceGroup } from '#app/components/checkbox.tsx'
import { ConfirmBox } from '#app/components/confirm-box.tsx'
import { Form, FormActions, HiddenFields } from '#app/components/form.tsx'
import { AmountsInline, Money } from '#app/components/money.tsx'
import type { loader } from '../payout-import-review.tsx'

/** The step that makes the payouts: what will be created, what is left out, and the box to tick. */
export function CommitForm({ refusal }: { refusal: { message: string; field: string } | null }) {
  const { summary, idempotencyKey } = useLoaderData<typeof loader>()
  const { ok, errors, duplicates, totals, duplicateTotals } = summary
  if (ok === 0 && duplicates === 0)
    return (
      <Banner
        tone="danger"
        title="No row can be imported"
        action={<LinkButton to="/admin/payouts/import">Upload another file</LinkButton>}
      >
        Every row has an error. Mend the file, and upload it again.
      </Banner>
    )
  return (
    <Card title="Create the payouts">
      <Form errors={refusal && refusal.field !== 'confirmed' ? { message: refusal.message } : null}>
        <HiddenFields values={{ version: summary.version, idempotencyKey }} />
        {duplicates > 0 ? (
          <ChoiceGroup
            legend={`${duplicates} ${duplicates === 1 ? 'row repeats' : 'rows repeat'} a payout that is there already`}
          >
            <Checkbox
              type="radio"
              id="duplicates-skip"
              name="duplicates"
              value="skip"
              defaultChecked
              label="Leave them out"
            />
            <Checkbox
              type="radio"
              id="duplicates-create"
              name="duplicates"
              value="create"
              label={
                <>
                  Create them as well: <AmountsInline amounts={duplicateTotals} /> more
                </>
              }
            />
          </ChoiceGroup>
        ) : null}
        {errors > 0 ? (
          <Checkbox
            name="skipErrors"
            value="yes"
            required
            label={`Leave out ${errors} ${errors === 1 ? 'row' : 'rows'} with errors`}
            hint="Download them above, mend them, and upload them later."
          />
        ) : null}
        <ConfirmBox
          label="I have checked the totals."
          error={refusal?.field === 'confirmed' ? refusal.message : null}
          warning="All of them are created in one step, or none. They wait for approval, and approvers get one email; nothing is sent to partners yet."
        >
          <ul aria-label="Totals by currency">
            {totals.map(total => (
              <li key={total.currency} className="font-semibold text-lg">
                <Money {...total} />
              </li>
            ))}
          </ul>
          <p className="text-muted text-sm">
            in {ok.toLocaleString('en-US')} {ok === 1 ? 'payout' : 'payouts'}
            {duplicates > 0 ? ', before duplicates' : null}
          </p>
        </ConfirmBox>
        <FormActions>
          <SubmitButton>Create payouts</SubmitButton>
          <LinkButton to="/admin/payouts/import" variant="ghost">
            Upload another file
          </LinkButton>
        </FormActions>
      </Form>
    </Card>
  )
}
