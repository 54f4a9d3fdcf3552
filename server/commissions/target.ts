import type { CommissionSnapshot, RuleStream, SeenPartner } from '#db/schema/index.ts'
import { ruleStreams } from '#db/schema/index.ts'
import { addMonths } from '../lib/days.ts'
import { must } from '../lib/must.ts'
import { dayOf, startOfDay } from '../lib/period.ts'
import { calculate } from './calculate.ts'
import type { DealFacts } from './facts.ts'
import { matchRules, type Rule } from './match.ts'
import type { Target } from './plan.ts'

const dayMs = 24 * 60 * 60_000

/** A month of a commission that a deal's current attribution earns; times in UTC milliseconds, `amount` in minor units. */
export interface Earning extends Target {
  /** When it is earned: the deal's close, or the same day of a later month. */
  earnedAt: number
  releaseAt: number
  clawbackUntil: number | null
  ruleVersionId: string | null
  snapshot: CommissionSnapshot
}

/** What of a commission comes in later months. */
export interface Recurrence {
  partnerId: string
  stream: RuleStream
  months: number
  /** The first month that isn't earned yet, and when it will be; null when all are. */
  next: { installment: number; at: number } | null
}

/** What decided about a partner's first booking, or since by matching the rules again, and decides about every later one. */
export interface Frozen extends Pick<CommissionSnapshot, 'defaultRateBp' | 'losing'> {
  rule: Rule | null
}

/**
 * What a won deal's current attribution earns until `now`, month by month. Rules are those in force on the closing day, but a partner
 * that has been booked keeps the version that paid then, or that somebody chose since (`frozen`): nothing else recomputes history. For the same reason
 * a partner with a base commission gets no spiff by a rule that was published after it was booked.
 */
export function earningsOf(
  facts: DealFacts,
  rules: readonly Rule[],
  frozen: (partnerId: string, stream: RuleStream) => Frozen | null,
  now: number,
): { earnings: Earning[]; recurrences: Recurrence[] } {
  const { deal, program, booked } = facts
  const run = must(facts.run, `deal ${deal.id} is won without an attribution`)
  const closedAt = must(deal.closedAt, `deal ${deal.id} is won on no day`)
  const closingDay = dayOf(closedAt, program.timeZone)
  const partners = new Map(run.partners.map(partner => [partner.id, partner]))
  const earnings: Earning[] = []
  const recurrences: Recurrence[] = []
  const bps = facts.credits.map(credit => credit.bp)
  for (const [index, credit] of facts.credits.entries()) {
    const partner = must(
      partners.get(credit.partnerId),
      `run ${run.id} credits ${credit.partnerId}, which it did not see`,
    )
    for (const stream of ruleStreams) {
      const kept = frozen(partner.id, stream)
      const first = stream === 'spiff' ? firstBooking(booked, partner.id) : null
      const candidates = first === null ? rules : rules.filter(rule => rule.publishedAt <= first)
      const chosen =
        kept ?? choose(candidates, stream, { ...deal, amount: run.amount, currency: run.currency, closingDay }, partner)
      if (!chosen) continue
      const { rule, defaultRateBp, losing } = chosen
      const { amount, steps } = calculate(
        { bp: credit.bp, amount: credit.amount, of: run.amount, among: { bps, index } },
        rule,
        defaultRateBp,
      )
      if (amount === 0 && !kept) continue
      const months = rule?.months ?? 1
      const dates = datesOf(closedAt, closingDay, months, program.timeZone)
      const due = dates.filter(at => at <= now || at === closedAt)
      for (const [month, earnedAt] of due.entries())
        earnings.push({
          partnerId: partner.id,
          stream,
          installment: month + 1,
          amount,
          earnedAt,
          releaseAt: earnedAt + (rule?.holdingDays ?? 0) * dayMs,
          clawbackUntil: rule ? earnedAt + rule.clawbackDays * dayMs : null,
          ruleVersionId: rule?.id ?? null,
          snapshot: {
            currency: run.currency,
            deal: { id: deal.id, number: deal.number, name: deal.name, amount: run.amount, closedAt },
            run: { id: run.id, number: run.number, basis: run.basis, model: run.model },
            credit: {
              bp: credit.bp,
              amount: credit.amount,
              role: credit.role,
              reason: credit.reason,
              touchIds: credit.touchIds,
            },
            rule: rule && ruleSnapshot(rule),
            defaultRateBp,
            losing,
            steps,
            installment: month + 1,
          },
        })
      const next = dates[due.length]
      recurrences.push({
        partnerId: partner.id,
        stream,
        months,
        next: next === undefined ? null : { installment: due.length + 1, at: next },
      })
    }
  }
  return { earnings, recurrences }
}

/** A stream's rule for a partner, or the partner's default rate, which is of the base stream only; null where neither pays. */
export function choose(
  rules: readonly Rule[],
  stream: RuleStream,
  deal: Parameters<typeof matchRules>[2],
  partner: Pick<SeenPartner, 'type' | 'tier' | 'defaultRateBp'>,
) {
  const { winner, losing } = matchRules(rules, stream, deal, partner)
  if (winner) return { rule: winner, defaultRateBp: null, losing }
  if (stream === 'spiff' || partner.defaultRateBp === null) return null
  return { rule: null, defaultRateBp: partner.defaultRateBp, losing }
}

function firstBooking(booked: DealFacts['booked'], partnerId: string): number | null {
  const first = booked.find(row => row.partnerId === partnerId && row.stream === 'base' && row.kind === 'earned')
  return first?.createdAt ?? null
}

function ruleSnapshot(rule: Rule): CommissionSnapshot['rule'] {
  const { id, ruleId, name, number, effectiveFrom, pay, floor, cap, months } = rule
  return { versionId: id, ruleId, name, number, effectiveFrom, pay, floor, cap, months }
}

/** When each month is earned: at the close, then at the start of the same day of the months that follow. */
function datesOf(closedAt: number, closingDay: string, months: number, timeZone: string): number[] {
  return Array.from({ length: months }, (_, month) =>
    month === 0 ? closedAt : startOfDay(addMonths(closingDay, month), timeZone),
  )
}
