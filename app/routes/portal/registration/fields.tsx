import { useFetcher } from '@remix-run/react'
import { useState } from 'react'
import { Banner } from '#app/components/banner.tsx'
import { SubmitButton } from '#app/components/button.tsx'
import { FormActions } from '#app/components/form.tsx'
import { Input, Select, Textarea } from '#app/components/input.tsx'
import { MoneyInput } from '#app/components/money-input.tsx'
import type { Told } from '#server/registrations/conflicts.ts'

type Props = {
  values: Partial<Record<'accountName' | 'contactEmail' | 'expectedAmount' | 'programId' | 'notes', string>>
  errors: Record<string, string>
  currency: string
  programs: readonly { id: string; name: string; protectionDays: number }[]
  /** The registration that is edited: not in its own way. */
  registrationId?: string
  /** What the server knew when the page was made. */
  told: Told | null
}

/** Three fields, and a fourth for those whose company is taken. Whether it is, is asked as soon as the address is typed. */
export function RegistrationFields({ values, errors, currency, programs, registrationId, told }: Props) {
  const check = useFetcher<(Told & { unknown: boolean }) | null>()
  const [asked, setAsked] = useState(false)
  const answer = asked && check.state === 'idle' ? (check.data ?? null) : told && { ...told, unknown: false }
  const conflict = answer?.unknown ? null : answer
  const refusedForNotes = errors.notes !== undefined
  return (
    <>
      <Input
        name="accountName"
        label="Company"
        required
        maxLength={200}
        autoComplete="organization"
        defaultValue={values.accountName ?? ''}
        error={errors.accountName}
      />
      <Input
        name="contactEmail"
        type="email"
        inputMode="email"
        label="Whom you talk to there"
        maxLength={254}
        autoComplete="off"
        placeholder="name@company.com"
        defaultValue={values.contactEmail ?? ''}
        error={errors.contactEmail}
        hint="An email address at the company. You may leave it out of a draft."
        onBlur={event => {
          const email = event.target.value.trim()
          if (!email.includes('@')) return
          setAsked(true)
          const query = new URLSearchParams({ email, ...(registrationId ? { registrationId } : {}) })
          check.load(`/portal/registrations/check?${query}`)
        }}
      />
      <MoneyInput
        name="expectedAmount"
        label="Expected amount"
        optional
        currency={currency}
        defaultValue={values.expectedAmount}
        error={errors.expectedAmount}
      />
      <input type="hidden" name="currency" value={currency} />
      {programs.length > 1 ? (
        <Select
          name="programId"
          label="Program"
          required
          placeholder="Choose a program"
          defaultValue={values.programId ?? ''}
          error={errors.programId}
          options={programs.map(({ id, name }) => ({ value: id, label: name }))}
        />
      ) : null}
      <div aria-live="polite">
        {answer && !refusedForNotes ? (
          <Banner tone={answer.unknown ? 'info' : 'warning'} title={answer.message} />
        ) : null}
      </div>
      <details open={conflict !== null || refusedForNotes || Boolean(values.notes) || undefined}>
        <summary className="link inline-flex min-h-11 w-fit cursor-pointer items-center">
          {conflict || refusedForNotes ? 'Why yours is different' : 'Add a note'}
        </summary>
        <div className="mt-2">
          <Textarea
            name="notes"
            label={conflict || refusedForNotes ? 'Why yours is different' : 'Note'}
            hideLabel
            maxLength={2000}
            defaultValue={values.notes ?? ''}
            error={errors.notes}
            hint="Whoever reviews it reads this."
          />
        </div>
      </details>
      <FormActions>
        <SubmitButton name="intent" value="submit" size="lg">
          Register the deal
        </SubmitButton>
        <SubmitButton name="intent" value="save" size="lg" variant="secondary">
          Save as a draft
        </SubmitButton>
      </FormActions>
    </>
  )
}
