import { useState } from 'react'
import { FieldRow } from '#app/components/form.tsx'
import { Input, Select } from '#app/components/input.tsx'
import type { PartnerChoices } from './choices.server.ts'

export type PartnerValues = Partial<
  Record<
    | 'name'
    | 'email'
    | 'type'
    | 'country'
    | 'currency'
    | 'reference'
    | 'tier'
    | 'class'
    | 'settlement'
    | 'defaultRate'
    | 'minimum',
    string | null
  >
>

type Props = {
  choices: PartnerChoices
  values: PartnerValues
  errors: Record<string, string>
  /** A new partner's currency may be left to its country. */
  isNew?: boolean
  hints?: { email?: string; country?: string }
}

/** The fields of a partner, for the new and for the edited one. */
export function PartnerFields({ choices, values, errors, isNew = false, hints }: Props) {
  const [country, setCountry] = useState(values.country ?? '')
  const proposed = choices.countries.find(one => one.code === country)?.currency
  return (
    <>
      <FieldRow>
        <Input
          name="name"
          label="Name"
          required
          maxLength={120}
          autoComplete="off"
          defaultValue={values.name ?? ''}
          error={errors.name}
          hint="A person or a company, as it should appear on statements."
        />
        <Input
          name="email"
          type="email"
          label="Contact email"
          required
          autoComplete="off"
          defaultValue={values.email ?? ''}
          error={errors.email}
          hint={hints?.email ?? 'Messages about their money go here.'}
        />
      </FieldRow>
      <FieldRow>
        <Select
          name="country"
          label="Country"
          required
          placeholder="Choose a country"
          value={country}
          onChange={event => setCountry(event.target.value)}
          options={choices.countries.map(({ code, name }) => ({ value: code, label: name }))}
          error={errors.country}
          hint={hints?.country ?? 'Where they live or are registered. Stripe never changes it later.'}
        />
        <Select
          name="currency"
          label="Currency"
          placeholder={isNew ? (proposed ? `The country’s: ${proposed}` : 'The country’s') : undefined}
          defaultValue={values.currency ?? ''}
          options={choices.currencies.map(({ code, name }) => ({ value: code, label: `${code} – ${name}` }))}
          error={errors.currency}
          hint="What new payouts are in unless one says otherwise."
        />
      </FieldRow>
      <FieldRow>
        <Select
          name="type"
          label="Type"
          defaultValue={values.type ?? 'referrer'}
          options={choices.types}
          error={errors.type}
        />
        <Input
          name="reference"
          label="Your reference"
          optional
          maxLength={64}
          autoComplete="off"
          defaultValue={values.reference ?? ''}
          error={errors.reference}
          hint="Their number in your own books; imports find them by it."
        />
      </FieldRow>
      <Terms choices={choices} values={values} errors={errors} />
    </>
  )
}

/** What the partner earns, and how it is paid. */
function Terms({ choices, values, errors }: Pick<Props, 'choices' | 'values' | 'errors'>) {
  return (
    <fieldset className="flex flex-col gap-4 border-line border-t pt-4">
      <legend className="sr-only">Terms</legend>
      <FieldRow>
        <Select
          name="tier"
          label="Tier"
          defaultValue={values.tier ?? 'registered'}
          options={choices.tiers}
          error={errors.tier}
          hint="Counts for deals that are won from now on."
        />
        <Select
          name="class"
          label="In a co-sale"
          defaultValue={values.class ?? 'partner'}
          options={choices.classes}
          error={errors.class}
          hint="Only programs that share by class look at it."
        />
      </FieldRow>
      <FieldRow>
        <Input
          name="defaultRate"
          label="Default rate in %"
          optional
          inputMode="decimal"
          autoComplete="off"
          placeholder="12.5"
          defaultValue={values.defaultRate ?? ''}
          error={errors.defaultRateBp}
          hint="Applies where no commission rule matches. Empty: nothing is earned then."
        />
        <Input
          name="minimum"
          label="Smallest payout"
          optional
          inputMode="decimal"
          autoComplete="off"
          defaultValue={values.minimum ?? ''}
          error={errors.minimum}
          hint="In its own currency. Less than that waits for the next run."
        />
      </FieldRow>
      <Select
        name="settlement"
        label="Paid in"
        defaultValue={values.settlement ?? 'one'}
        options={choices.settlements}
        error={errors.settlement}
      />
    </fieldset>
  )
}
