import { useSearchParams } from '@remix-run/react'
import { type ActiveFilter, Filters } from '#app/components/filters.tsx'
import { DateInput, Input, Select } from '#app/components/input.tsx'
import { actionLabel, actionWords, domainWords, targetWords } from './words.ts'

/** Who and what in the bar; since when and what it was about behind 'More filters'. */
export function AuditFilters({ active }: { active: readonly ActiveFilter[] }) {
  const [params] = useSearchParams()
  const given = (name: string) => params.get(name) ?? ''
  return (
    <Filters
      search={{ name: 'actor', label: 'Search by person', placeholder: 'Who' }}
      active={active}
      more={
        <>
          <DateInput name="from" label="From" defaultValue={given('from')} />
          <DateInput name="to" label="Until" defaultValue={given('to')} />
          <Select
            name="targetType"
            label="About"
            placeholder="Anything"
            defaultValue={given('targetType')}
            options={Object.entries(targetWords).map(([value, label]) => ({ value, label }))}
          />
          <Input name="targetId" label="Its id or PO number" defaultValue={given('targetId')} autoComplete="off" />
        </>
      }
    >
      <Select
        name="action"
        label="Action"
        hideLabel
        placeholder="All actions"
        defaultValue={given('action')}
        options={actionOptions(given('action'))}
        className="w-52!"
      />
    </Filters>
  )
}

/** The domains first, then every action we know; one from the address that we don't know is kept. */
function actionOptions(current: string) {
  const options = [
    ...Object.entries(domainWords).map(([value, label]) => ({ value, label })),
    ...Object.entries(actionWords).map(([value, label]) => ({ value, label: `– ${label}` })),
  ]
  if (current && !options.some(option => option.value === current))
    options.push({ value: current, label: `– ${actionLabel(current)}` })
  return options
}
