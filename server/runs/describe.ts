import type { OpenCommission } from './plan.ts'

/** `42` → `C-000042`, the number that people quote. */
function commissionNumber(number: number): string {
  return `C-${String(number).padStart(6, '0')}`
}

const kinds: Record<OpenCommission['kind'], string> = {
  earned: 'Commission',
  adjustment: 'Correction',
  reversal: 'Taken back',
  dispute: 'Settled after a dispute',
  carry: 'Carried',
  imported: 'Imported commission',
}

/** What a line is, in the partner's words; at most 500 characters. */
export function describeLine(one: OpenCommission): string {
  if (one.kind === 'carry') {
    const way = one.amount < 0 ? 'Carried from an earlier payout' : 'Carried to a later payout'
    return `${way} (${commissionNumber(one.number)})`
  }
  const what = one.kind === 'earned' && one.stream === 'spiff' ? 'Bonus' : kinds[one.kind]
  const month = one.installment > 1 ? `, month ${one.installment}` : ''
  const about = one.deal ? `${one.deal.name} (D-${String(one.deal.number).padStart(6, '0')})` : (one.note ?? '')
  return `${what}${about ? `: ${about.slice(0, 300)}` : ''}${month} · ${commissionNumber(one.number)}`
}
