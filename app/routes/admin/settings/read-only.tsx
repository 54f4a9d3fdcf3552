import { Card } from '#app/components/card.tsx'
import { Facts } from '#app/components/facts.tsx'
import { Amounts } from '#app/components/money.tsx'
import { useSettingsPage } from './page-data.ts'

/** The settings for those who may only read them. */
export function ReadOnly() {
  const { settings } = useSettingsPage()
  const { destinationHoldHours: hours } = settings
  const limitsOf = (act: 'approve' | 'pay') => {
    const limits = settings.dailyLimits.filter(limit => limit.act === act)
    return limits.length > 0 ? <Amounts amounts={limits} className="items-end" /> : 'No limit'
  }
  return (
    <Card title="Organization">
      <Facts
        facts={[
          { label: 'Name', value: settings.name },
          { label: 'Time zone', value: settings.timeZone.replaceAll('_', ' ') },
          {
            label: 'Approvals a payout needs',
            value: settings.approvalsRequired === 2 ? 'Two people' : 'One person',
          },
          { label: 'Whoever creates a payout may approve it', value: settings.creatorMayApprove ? 'Yes' : 'No' },
          { label: 'A second factor before money moves', value: settings.twoFactorRequired ? 'Required' : 'By choice' },
          {
            label: 'Hold after payout details change',
            value: hours === 0 ? 'None' : `${hours} ${hours === 1 ? 'hour' : 'hours'}`,
          },
          { label: 'One person approves within 24 hours at most', value: limitsOf('approve') },
          { label: 'One person sends within 24 hours at most', value: limitsOf('pay') },
          {
            label: 'One person downloads within 24 hours at most',
            value: `${settings.exportRowsPerDay.toLocaleString('en')} rows`,
          },
          {
            label: 'Smallest payouts',
            value:
              settings.minimums.length > 0 ? <Amounts amounts={settings.minimums} className="items-end" /> : 'None',
          },
        ]}
      />
    </Card>
  )
}
