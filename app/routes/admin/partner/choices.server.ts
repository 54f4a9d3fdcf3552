import { countries, currencies, currencyOf, partnerTypeLabels, settlementLabels } from '#server/partners/rules.ts'
import { partnerClassLabels, partnerTierLabels } from '#server/programs/rules.ts'

/** What the partner form offers. Sent with the page, so that server and browser name countries alike whatever their ICU. */
export function partnerChoices(current?: { currency: string }) {
  const offered = currencies.map(({ code, name }) => ({ code, name }))
  if (current && !offered.some(({ code }) => code === current.currency))
    offered.unshift({ code: current.currency, name: current.currency })
  return {
    countries: countries.map(({ code, name }) => ({ code, name, currency: currencyOf(code) })),
    currencies: offered,
    types: Object.entries(partnerTypeLabels).map(([value, label]) => ({ value, label })),
    tiers: Object.entries(partnerTierLabels).map(([value, label]) => ({ value, label })),
    classes: Object.entries(partnerClassLabels).map(([value, label]) => ({ value, label })),
    settlements: Object.entries(settlementLabels).map(([value, { label, says }]) => ({
      value,
      label: `${label}: ${says.toLowerCase()}`,
    })),
  }
}

export type PartnerChoices = ReturnType<typeof partnerChoices>
