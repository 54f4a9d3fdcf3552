import type { ActiveFilter } from '#app/components/filters.tsx'
import { type CommissionFilter, commissionFilter, kindLabels, stateLabels } from '#server/commissions/rules.ts'
import { formatPeriod } from '#server/lib/period.ts'
import { readQuery } from '../read-query.server.ts'

/** The filter in an address, or in the form that asks for the file. */
export function readCommissionFilter(params: URLSearchParams | FormData): {
  filter: CommissionFilter
  problems: string[]
} {
  return readQuery(commissionFilter, params)
}

/** The filters in use, each as a removable chip in words; a single state is a tab and needs none. */
export function commissionChips(
  params: URLSearchParams,
  filter: CommissionFilter,
  names: { partner?: string; program?: string },
): ActiveFilter[] {
  const chips: ActiveFilter[] = []
  const add = (name: string, label: string) => {
    const value = params.get(name)
    if (value) chips.push({ name, value, label })
  }
  if (filter.q) add('q', `Search: ${filter.q}`)
  if (filter.state && filter.state.length > 1)
    add('state', `State: ${filter.state.map(state => stateLabels[state].label).join(', ')}`)
  if (filter.kind?.length) add('kind', `Kind: ${filter.kind.map(kind => kindLabels[kind].label).join(', ')}`)
  if (filter.partnerId) add('partnerId', `Partner: ${names.partner ?? filter.partnerId}`)
  if (filter.programId) add('programId', `Program: ${names.program ?? filter.programId}`)
  if (filter.period) add('period', `Period: ${formatPeriod(filter.period)}`)
  if (filter.currency) add('currency', `Currency: ${filter.currency}`)
  if (filter.dealId) add('dealId', 'One deal')
  if (filter.payoutId) add('payoutId', 'One payout')
  return chips
}
