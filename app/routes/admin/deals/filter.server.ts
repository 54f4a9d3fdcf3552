import type { ActiveFilter } from '#app/components/filters.tsx'
import { type DealFilter, dealFilter } from '#server/deals/rules.ts'
import { DomainError } from '#server/lib/errors.ts'
import { isCurrency, parseAmount } from '#server/lib/money.ts'
import { readQuery } from '../read-query.server.ts'

/** The filter in an address. `min` and `max` are what people type, in major units of the chosen currency. */
export function readDealFilter(params: URLSearchParams): { filter: DealFilter; problems: string[] } {
  const read = new URLSearchParams(params)
  // Amounts in minor units are the procedure's; in the address they are `min` and `max`.
  read.delete('amountFrom')
  read.delete('amountTo')
  const problems: string[] = []
  const currency = (params.get('currency') ?? '').trim().toUpperCase()
  for (const [name, field] of [
    ['min', 'amountFrom'],
    ['max', 'amountTo'],
  ] as const) {
    const text = (params.get(name) ?? '').trim()
    if (!text) continue
    if (!isCurrency(currency))
      problems.push('Choose a currency to filter by amount: amounts are never compared across.')
    else {
      try {
        read.set(field, String(parseAmount(text, currency)))
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        problems.push(error.message)
      }
    }
  }
  const { filter, problems: others } = readQuery(dealFilter, read)
  return { filter, problems: [...new Set([...problems, ...others])] }
}

/** The filters in use, each as a removable chip in words; stage and `unattributed` are tabs and need none. */
export function dealChips(
  params: URLSearchParams,
  filter: DealFilter,
  names: { partner?: string; program?: string },
): ActiveFilter[] {
  const chips: ActiveFilter[] = []
  const add = (name: string, label: string) => {
    const value = params.get(name)
    if (value) chips.push({ name, value, label })
  }
  if (filter.q) add('q', `Search: ${filter.q}`)
  if (filter.partnerId) add('partnerId', `Partner: ${names.partner ?? filter.partnerId}`)
  if (filter.programId) add('programId', `Program: ${names.program ?? filter.programId}`)
  if (filter.currency) add('currency', `Currency: ${filter.currency}`)
  if (filter.amountFrom !== undefined) add('min', `From ${filter.currency} ${params.get('min')}`)
  if (filter.amountTo !== undefined) add('max', `Up to ${filter.currency} ${params.get('max')}`)
  if (filter.product) add('product', `Product: ${filter.product}`)
  if (filter.territory) add('territory', `Territory: ${filter.territory}`)
  if (filter.closedFrom) add('closedFrom', `Closed from ${filter.closedFrom}`)
  if (filter.closedTo) add('closedTo', `Closed until ${filter.closedTo}`)
  if (filter.createdFrom) add('createdFrom', `Created from ${filter.createdFrom}`)
  if (filter.createdTo) add('createdTo', `Created until ${filter.createdTo}`)
  if (filter.importId) add('importId', 'One import')
  return chips
}
