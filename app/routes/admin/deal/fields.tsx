import { FieldRow } from '#app/components/form.tsx'
import { DateInput, Input, Select, Textarea } from '#app/components/input.tsx'
import { MoneyInput } from '#app/components/money-input.tsx'
import { dealTypeLabels } from '#server/deals/rules.ts'
import { PartnerInput, type PartnerOption } from './partner-input.tsx'

type Props = {
  values: Partial<Record<string, string>>
  errors: Record<string, string>
  programs: readonly { value: string; label: string }[]
  partners: readonly PartnerOption[]
  currencies: readonly string[]
  /** Of a deal that is closed. */
  closed?: { latest: string }
  hints?: { amount?: string; program?: string }
}

const types = Object.entries(dealTypeLabels).map(([value, label]) => ({ value, label }))

/** The fields of a deal, for the new and for the edited one. */
export function DealFields({ values, errors, programs, partners, currencies, closed, hints }: Props) {
  return (
    <>
      <Input
        name="name"
        label="Name"
        required
        maxLength={200}
        autoComplete="off"
        defaultValue={values.name}
        error={errors.name}
        hint="What is sold, as your people call it."
      />
      <FieldRow>
        <Input
          name="accountName"
          label="Account"
          required
          maxLength={200}
          autoComplete="off"
          defaultValue={values.accountName}
          error={errors.accountName}
          hint="The customer."
        />
        <Input
          name="accountDomain"
          label="Its domain"
          optional
          maxLength={253}
          autoComplete="off"
          placeholder="example.com"
          defaultValue={values.accountDomain}
          error={errors.accountDomain}
          hint="Registrations of the same company are found by it."
        />
      </FieldRow>
      <FieldRow>
        <MoneyInput
          name="amount"
          label="Amount"
          required
          currencies={currencies}
          defaultCurrency={values.currency}
          defaultValue={values.amount}
          error={errors.amount}
          currencyError={errors.currency}
          hint={hints?.amount ?? 'What the customer pays, like 12000.00.'}
        />
        <Input
          name="contactEmail"
          type="email"
          label="Contact’s email"
          optional
          autoComplete="off"
          defaultValue={values.contactEmail}
          error={errors.contactEmail}
        />
      </FieldRow>
      <FieldRow>
        <Select
          name="programId"
          label="Program"
          required
          options={programs}
          defaultValue={values.programId}
          error={errors.programId}
          hint={hints?.program ?? 'It decides who is credited.'}
        />
        <Select name="type" label="Type" options={types} defaultValue={values.type ?? 'new'} error={errors.type} />
      </FieldRow>
      <FieldRow>
        <Input
          name="product"
          label="Product"
          optional
          maxLength={120}
          autoComplete="off"
          defaultValue={values.product}
          error={errors.product}
          hint="Commission rules may ask for it."
        />
        <Input
          name="territory"
          label="Territory"
          optional
          maxLength={120}
          autoComplete="off"
          defaultValue={values.territory}
          error={errors.territory}
          hint="Commission rules may ask for it."
        />
      </FieldRow>
      <FieldRow>
        <DateInput
          name="openedOn"
          label="Opened on"
          defaultValue={values.openedOn}
          error={errors.openedOn ?? errors.openedAt}
          hint="Today where empty."
        />
        <DateInput
          name="qualifiedOn"
          label="Qualified on"
          optional
          defaultValue={values.qualifiedOn}
          error={errors.qualifiedOn ?? errors.qualifiedAt}
          hint="Some programs count touches only up to this day."
        />
      </FieldRow>
      {closed ? (
        <DateInput
          name="closedOn"
          label="Closed on"
          required
          max={closed.latest}
          defaultValue={values.closedOn}
          error={errors.closedOn}
          hint="Touches up to it count."
        />
      ) : null}
      <FieldRow>
        <PartnerInput
          name="registeredBy"
          label="Registered by"
          optional
          options={partners}
          defaultValue={values.registeredBy}
          error={errors.registeredBy}
          hint="The partner that brought it: its name or email address."
        />
        <Input
          name="externalRef"
          label="External reference"
          optional
          maxLength={120}
          autoComplete="off"
          defaultValue={values.externalRef}
          error={errors.externalRef}
          hint="Its id in your CRM; imports find it by this."
        />
      </FieldRow>
      <Textarea
        name="notes"
        label="Note"
        optional
        maxLength={2000}
        defaultValue={values.notes}
        error={errors.notes}
        hint="Only your team reads this."
      />
    </>
  )
}
