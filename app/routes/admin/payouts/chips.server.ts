import type { ActiveFilter } from '#app/components/filters.tsx'
import { formatPeriod } from '#server/lib/period.ts'
import type { PayoutFilter } from '#server/payouts/rules.ts'

/** The filters in use, each as a removable chip in words; the status is a tab and needs none. */
export function chipsOf(
  params: URLSearchParams,
  filter: PayoutFilter,
  partnerName: string | undefined,
): ActiveFilter[] {
  const chips: ActiveFilter[] = []
  const add = (name: string, label: string) => {
    const value = params.get(name)
    if (value) chips.push({ name, value, label })
  }
  if (filter.q) add('q', `Search: ${filter.q}`)
  if (filter.partnerId) add('partnerId', `Partner: ${partnerName ?? filter.partnerId}`)
  if (filter.period) add('period', `Period: ${formatPeriod(filter.period)}`)
  if (filter.currency) add('currency', `Currency: ${filter.currency}`)
  add('min', `From ${filter.currency ?? ''} ${params.get('min')}`)
  add('max', `Up to ${filter.currency ?? ''} ${params.get('max')}`)
  if (filter.createdFrom) add('createdFrom', `Created from ${filter.createdFrom}`)
  if (filter.createdTo) add('createdTo', `Created until ${filter.createdTo}`)
  if (filter.paidFrom) add('paidFrom', `Paid from ${filter.paidFrom}`)
  if (filter.paidTo) add('paidTo', `Paid until ${filter.paidTo}`)
  if (filter.via) add('via', filter.via === 'stripe' ? 'Paid through Stripe' : 'Paid outside Stripe')
  if (filter.importId) add('importId', 'One import')
  if (filter.runId) add('runId', 'One payout run')
  return chips
}
