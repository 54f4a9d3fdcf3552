import { Tabs } from '#app/components/tabs.tsx'

/** What belongs to paying a month, side by side. */
export function RunPlaces({ current }: { current: 'runs' | 'rates' | 'minimums' | 'periods' }) {
  return (
    <Tabs
      label="Paying a month"
      tabs={[
        { label: 'Runs', to: '/admin/runs', current: current === 'runs' },
        { label: 'Exchange rates', to: '/admin/rates', current: current === 'rates' },
        { label: 'Minimums', to: '/admin/runs/minimums', current: current === 'minimums' },
        { label: 'Months', to: '/admin/periods', current: current === 'periods' },
      ]}
    />
  )
}
