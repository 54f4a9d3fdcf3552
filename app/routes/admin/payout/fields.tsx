import { Input, PeriodInput, Textarea } from '#app/components/input.tsx'
import type { PayoutValues } from './read-form.server.ts'

/** Period, reference and note: the same in the new and the edit form. */
export function PayoutFields({
  values,
  errors,
}: {
  values: Partial<PayoutValues>
  errors: Partial<Record<string, string>> | undefined
}) {
  return (
    <>
      <PeriodInput
        name="period"
        label="Period"
        optional
        hint="The month it is for."
        defaultValue={values.period}
        error={errors?.period}
      />
      <Input
        name="reference"
        label="Reference"
        optional
        hint="An invoice or statement number. The partner can read it."
        maxLength={64}
        autoComplete="off"
        defaultValue={values.reference}
        error={errors?.reference}
      />
      <Textarea
        name="notes"
        label="Note"
        optional
        hint="The partner can read this."
        maxLength={2000}
        defaultValue={values.notes}
        error={errors?.notes}
      />
    </>
  )
}
