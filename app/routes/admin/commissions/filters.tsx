import { useRouteLoaderData, useSearchParams } from '@remix-run/react'
import { Filters } from '#app/components/filters.tsx'
import { PeriodInput, Select } from '#app/components/input.tsx'
import type { loader } from '../commissions.tsx'

/** The filters as a GET form: partner, period and currency in the bar, the rest behind 'More filters'. */
export function CommissionFilters() {
  const list = useRouteLoaderData<typeof loader>('routes/admin/commissions')
  const [params] = useSearchParams()
  if (!list) return null
  const { partners, programs, kinds, currencies, chips } = list
  const given = (name: string) => params.get(name) ?? ''
  return (
    <Filters
      search={{ name: 'q', label: 'Search commissions', placeholder: 'Number, deal number or partner' }}
      active={chips}
      keep={['state', 'dealId', 'payoutId']}
      more={
        <>
          <Select name="kind" label="Kind" placeholder="All kinds" defaultValue={given('kind')} options={kinds} />
          <Select
            name="programId"
            label="Program"
            placeholder="All programs"
            defaultValue={given('programId')}
            options={programs}
          />
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
      <PeriodInput name="period" label="Period" hideLabel defaultValue={given('period')} className="sm:max-w-40" />
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
