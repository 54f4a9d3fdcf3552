import { useState } from 'react'
import { FieldRow } from '#app/components/form.tsx'
import { Input, Select } from '#app/components/input.tsx'
import type { PartnerChoices } from './choices.server.ts'

export type PartnerValues = Partial<
  Record<'name' | 'email' | 'type' | 'country' | 'currency' | 'reference', string | null>
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
    </>
  )
}
