import { useRouteLoaderData, useSearchParams } from '@remix-run/react'
import { Filters } from '#app/components/filters.tsx'
import { DateInput, Input, PeriodInput, Select } from '#app/components/input.tsx'
import type { loader } from '../payouts.tsx'

/** The filters as a GET form: partner, period and currency in the bar, the rest behind 'More filters'. */
export function PayoutFilters() {
  const list = useRouteLoaderData<typeof loader>('routes/admin/payouts')
  const [params] = useSearchParams()
  if (!list) return null
  const { stats, partners, chips } = list
  const currencies = [
    ...new Set(Object.values(stats).flatMap(figure => figure.amounts.map(one => one.currency))),
  ].sort()
  const given = (name: string) => params.get(name) ?? ''
  return (
    <Filters
      search={{ name: 'q', label: 'Search payouts', placeholder: 'Partner, number or reference' }}
      active={chips}
      keep={['status', 'sort', 'importId', 'runId']}
      more={
        <>
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
          <Select
            name="via"
            label="Paid through"
            placeholder="Any way"
            defaultValue={given('via')}
            options={[
              { value: 'stripe', label: 'Stripe' },
              { value: 'manual', label: 'Outside Stripe' },
            ]}
          />
          <span className="max-lg:hidden" />
          <DateInput name="createdFrom" label="Created from" defaultValue={given('createdFrom')} />
          <DateInput name="createdTo" label="Created until" defaultValue={given('createdTo')} />
          <DateInput name="paidFrom" label="Paid from" defaultValue={given('paidFrom')} />
          <DateInput name="paidTo" label="Paid until" defaultValue={given('paidTo')} />
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
      <PeriodInput name="period" label="Period" hideLabel defaultValue={given('period')} />
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
