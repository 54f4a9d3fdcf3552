import type { CommissionDetail } from '#server/commissions/view.ts'
import { formatMoney } from '#server/lib/money.ts'
import { percentWords } from '#server/lib/percent.ts'

/** The arithmetic, one line a step; loaders only. */
export function stepWords({ steps, currency, rule }: CommissionDetail['snapshot']): { what: string; result: string }[] {
  const money = (amount: number) => formatMoney(amount, currency)
  return steps.map(step => ({ what: what(step, rule?.name ?? null, money), result: money(step.result) }))
}

const lost: Partial<Record<string, string>> = {
  lost: 'The deal was lost',
  reopened: 'The deal was reopened',
  removed: 'The deal was taken back with its import',
  won_again: 'The deal was won again',
}

type Step = CommissionDetail['snapshot']['steps'][number]

function what(step: Step, rule: string | null, money: (amount: number) => string): string {
  switch (step.op) {
    case 'credit':
      return `Your part of the deal: ${percentWords(step.bp)} of ${money(step.of)}`
    case 'rate':
      return rule ? `${percentWords(step.bp)} of it, by “${rule}”` : `${percentWords(step.bp)} of it, your default rate`
    case 'brackets':
      return `In brackets, by “${rule}”: ${step.parts.map(part => `${percentWords(part.bp)} of ${money(part.amount)}`).join(', ')}`
    case 'flat':
      return `${money(step.amount)} for the deal, by “${rule}”; your part ${percentWords(step.bp)}`
    case 'floor':
      return `At least ${money(step.at)}`
    case 'cap':
      return `At most ${money(step.at)}`
    case 'less_booked':
      return `Less ${money(step.booked)} that was booked before`
    case 'refund': {
      const before = step.before === 0 ? '' : `, less ${money(step.before)} taken back before`
      const because = lost[step.because]
      if (because) return `${because}${before}`
      return `${money(step.refunded)} of ${money(step.dealAmount)} was refunded: that part of ${money(step.of)}${before}`
    }
    case 'fixed':
      return 'As it was decided'
  }
}
