import { useRouteLoaderData, useSearchParams } from '@remix-run/react'
import { Filters } from '#app/components/filters.tsx'
import { DateInput, Input, Select } from '#app/components/input.tsx'
import type { loader } from '../deals.tsx'

/** The filters as a GET form: partner, program and currency in the bar, the rest behind 'More filters'. */
export function DealFilters() {
  const list = useRouteLoaderData<typeof loader>('routes/admin/deals')
  const [params] = useSearchParams()
  if (!list) return null
  const { partners, programs, currencies, chips } = list
  const given = (name: string) => params.get(name) ?? ''
  return (
    <Filters
      search={{ name: 'q', label: 'Search deals', placeholder: 'Deal, account or number' }}
      active={chips}
      keep={['stage', 'unattributed', 'sort', 'importId']}
      more={
        <>
          <Input name="product" label="Product" defaultValue={given('product')} maxLength={120} />
          <Input name="territory" label="Territory" defaultValue={given('territory')} maxLength={120} />
          <Input
            name="min"
            label="Amount from"
            inputMode="decimal"
            defaultValue={given('min')}
            hint="With a currency"
          />
          <Input
            name="max"
            label="Amount up to"
            inputMode="decimal"
            defaultValue={given('max')}
            hint="With a currency"
          />
          <DateInput name="closedFrom" label="Closed from" defaultValue={given('closedFrom')} />
          <DateInput name="closedTo" label="Closed until" defaultValue={given('closedTo')} />
          <DateInput name="createdFrom" label="Created from" defaultValue={given('createdFrom')} />
          <DateInput name="createdTo" label="Created until" defaultValue={given('createdTo')} />
        </>
      }
    >
      <Select
        name="partnerId"
        label="Partner"
        hideLabel
        placeholder="All partners"
        defaultValue={given('partnerId')}
        options={partners}
        className="sm:max-w-44"
      />
      {programs.length > 1 ? (
        <Select
          name="programId"
          label="Program"
          hideLabel
          placeholder="All programs"
          defaultValue={given('programId')}
          options={programs}
          className="sm:max-w-44"
        />
      ) : null}
      <Select
        name="currency"
        label="Currency"
        hideLabel
        placeholder="All currencies"
        defaultValue={given('currency')}
        options={currencies.map(code => ({ value: code, label: code }))}
      />
    </Filters>
  )
}
