import { Card } from '#app/components/card.tsx'
import { FieldRow } from '#app/components/form.tsx'
import { Input, Select } from '#app/components/input.tsx'
import type { DataImportKind, ImportOptions } from '#server/imports/rules.ts'

type Named = { code: string; name: string }
type Choices = { countries: readonly Named[]; currencies: readonly Named[] }

type OptionsProps = {
  kind: DataImportKind
  options: ImportOptions
  programs: readonly { id: string; name: string }[]
  /** From the server: two versions of ICU name countries differently. */
  choices: Choices
  errors: Record<string, string>
}

/** How cells are read where they could mean two things, and what rows get that don't say. */
export function Options({ kind, options, programs, choices, errors }: OptionsProps) {
  const error = (name: string) => errors[`options.${name}`] ?? errors[name]
  const money = kind !== 'touches' && kind !== 'partners'
  const status = kind === 'commissions' || kind === 'payouts'
  return (
    <Card title="How it is written" description="For what a cell alone doesn’t say.">
      <div className="flex flex-col gap-3">
        <FieldRow>
          {kind === 'partners' ? null : (
            <Select
              name="option.dateOrder"
              label="Dates like 03/04/2026"
              options={[
                { value: '', label: 'Ask me, row by row' },
                { value: 'dmy', label: '3 April (day first)' },
                { value: 'mdy', label: 'March 4 (month first)' },
              ]}
              defaultValue={options.dateOrder}
              hint="2026-04-03 needs no choice."
              error={error('dateOrder')}
            />
          )}
          {kind === 'touches' ? null : (
            <Select
              name="option.decimal"
              label="Decimal mark"
              options={[
                { value: '.', label: 'Point: 1,240.50' },
                { value: ',', label: 'Comma: 1.240,50' },
              ]}
              defaultValue={options.decimal}
              error={error('decimal')}
            />
          )}
        </FieldRow>
        {money ? (
          <FieldRow>
            <Select
              name="option.unit"
              label="Amounts are in"
              options={[
                { value: 'major', label: 'Whole units: 30.00 is thirty' },
                { value: 'minor', label: 'Cents: 3000 is thirty' },
              ]}
              defaultValue={options.unit}
              hint="Some tools write cents. Look at the first rows."
              error={error('unit')}
            />
            <Currency value={options.currency} known={choices.currencies} error={error('currency')} />
          </FieldRow>
        ) : null}
        {kind === 'partners' ? (
          <FieldRow>
            <Select
              name="option.country"
              label="Country of rows that don’t say"
              placeholder="None: such rows are errors"
              options={choices.countries.map(({ code, name }) => ({ value: code, label: name }))}
              defaultValue={options.country}
              error={error('country')}
            />
            <Currency value={options.currency} known={choices.currencies} error={error('currency')} />
          </FieldRow>
        ) : null}
        {(kind === 'deals' || kind === 'commissions') && programs.length > 1 ? (
          <Select
            name="option.programId"
            label="Program of rows that don’t say"
            placeholder="None: such rows are errors"
            options={programs.map(({ id, name }) => ({ value: id, label: name }))}
            defaultValue={options.programId}
            error={error('programId')}
          />
        ) : null}
        {status ? (
          <FieldRow>
            <Select
              name="option.status"
              label="Rows that don’t say whether they were paid"
              options={[
                { value: '', label: 'Are errors' },
                { value: 'unpaid', label: 'Are unpaid' },
                { value: 'paid', label: 'Were paid elsewhere' },
              ]}
              defaultValue={options.status}
              error={error('status')}
            />
            {kind === 'commissions' ? (
              <Input
                name="option.releaseDays"
                label="Days until unpaid ones can be paid"
                inputMode="numeric"
                defaultValue={options.releaseDays}
                hint="From their date, where no column says."
                error={error('releaseDays')}
              />
            ) : null}
          </FieldRow>
        ) : null}
      </div>
    </Card>
  )
}

function Currency({ value, known: offered, error }: { value: string; known: readonly Named[]; error?: string }) {
  const known = offered.map(({ code, name }) => ({ value: code, label: `${code} – ${name}` }))
  const options = value && !known.some(one => one.value === value) ? [{ value, label: value }, ...known] : known
  return (
    <Select
      name="option.currency"
      label="Currency of rows that don’t say"
      placeholder="The partner’s or country’s own, or an error"
      options={options}
      defaultValue={value}
      error={error}
    />
  )
}
