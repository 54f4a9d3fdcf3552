import type { DealType, LosingRule, PartnerTier, PartnerType, RuleConditions, RulePay } from '#db/schema/index.ts'
import { dayWords } from '../lib/days.ts'
import { formatMoney } from '../lib/money.ts'
import { must } from '../lib/must.ts'

/** A version of a rule, with what its rule says. Amounts in minor units of `currency`, days like `2026-02-28`. */
export interface Rule {
  id: string
  ruleId: string
  name: string
  stream: 'base' | 'spiff'
  programId: string | null
  number: number
  priority: number
  conditions: RuleConditions
  currency: string | null
  pay: RulePay
  floor: number | null
  cap: number | null
  months: number
  holdingDays: number
  clawbackDays: number
  effectiveFrom: string
  effectiveTo: string | null
  /** UTC milliseconds */
  publishedAt: number
}

/** What rules may ask of a deal; `amount` in minor units, `closingDay` in the program's time zone. */
export interface MatchedDeal {
  programId: string
  product: string | null
  territory: string | null
  type: DealType
  amount: number
  currency: string
  closingDay: string
}

/** What rules may ask of a partner, as the attribution saw it. */
export interface MatchedPartner {
  type: PartnerType
  tier: PartnerTier
}

export interface Match {
  winner: Rule | null
  /** Every other rule of the stream, in the order of evaluation, with why it did not decide. */
  losing: LosingRule[]
}

/**
 * Which rule of a stream pays for a deal. Of each rule, the newest published version that began on or before the closing day
 * governs, also when it has ended since: an older wording does not come back. Of those that apply, the lowest priority wins, then
 * the newer publication, then the id, so that the answer never depends on the order of the input.
 */
export function matchRules(
  rules: readonly Rule[],
  stream: Rule['stream'],
  deal: MatchedDeal,
  partner: MatchedPartner,
): Match {
  const candidates = governing(rules, stream, deal.closingDay).filter(rule => concerns(rule, deal.programId))
  const refusals = new Map(candidates.map(rule => [rule, refusalOf(rule, deal, partner)]))
  const winner = candidates.find(rule => refusals.get(rule) === null) ?? null
  const losing = candidates
    .filter(rule => rule !== winner)
    .map(rule => ({
      ruleVersionId: rule.id,
      name: rule.name,
      number: rule.number,
      why: refusals.get(rule) ?? beatenBy(rule, must(winner, 'what nothing refuses wins, or was beaten')),
    }))
  return { winner, losing }
}

/** The version of each rule that governs a day, in the order of evaluation; where none has begun, the first that will. */
function governing(rules: readonly Rule[], stream: Rule['stream'], day: string): Rule[] {
  const chosen = new Map<string, Rule>()
  for (const rule of rules) {
    if (rule.stream !== stream) continue
    const other = chosen.get(rule.ruleId)
    if (!other || better(rule, other, day)) chosen.set(rule.ruleId, rule)
  }
  return [...chosen.values()].sort(inOrder)
}

function better(rule: Rule, other: Rule, day: string): boolean {
  const begun = rule.effectiveFrom <= day
  const otherBegun = other.effectiveFrom <= day
  if (begun !== otherBegun) return begun
  if (!begun && rule.effectiveFrom !== other.effectiveFrom) return rule.effectiveFrom < other.effectiveFrom
  return rule.number > other.number
}

/** Lower priority first, then the newer publication. */
export function inOrder(a: Rule, b: Rule): number {
  return a.priority - b.priority || b.publishedAt - a.publishedAt || (a.id < b.id ? -1 : 1)
}

/** A rule of another program is no candidate at all, and so not among those that lost. */
function concerns(rule: Rule, programId: string): boolean {
  return rule.programId === null || rule.programId === programId
}

/** Why a rule does not apply, in words; null where it does. */
export function refusalOf(rule: Rule, deal: MatchedDeal, partner: MatchedPartner): string | null {
  const { conditions } = rule
  const money = (amount: number) => formatMoney(amount, deal.currency)
  if (rule.effectiveFrom > deal.closingDay)
    return `In force from ${dayWords(rule.effectiveFrom)}; the deal closed on ${dayWords(deal.closingDay)}.`
  if (rule.effectiveTo !== null && rule.effectiveTo < deal.closingDay)
    return `Ended on ${dayWords(rule.effectiveTo)}; the deal closed on ${dayWords(deal.closingDay)}.`
  if (rule.currency !== null && rule.currency !== deal.currency)
    return `For deals in ${rule.currency}; this one is in ${deal.currency}.`
  return (
    outside('partners of type', conditions.partnerTypes, partner.type) ??
    outside('tier', conditions.tiers, partner.tier) ??
    outside('product', conditions.products, deal.product) ??
    outside('territory', conditions.territories, deal.territory) ??
    outside('deals of type', conditions.dealTypes, deal.type) ??
    (conditions.sizeFrom !== undefined && deal.amount < conditions.sizeFrom
      ? `For deals from ${money(conditions.sizeFrom)}; this one is ${money(deal.amount)}.`
      : null) ??
    (conditions.sizeTo !== undefined && deal.amount > conditions.sizeTo
      ? `For deals up to ${money(conditions.sizeTo)}; this one is ${money(deal.amount)}.`
      : null)
  )
}

function outside(what: string, allowed: readonly string[] | undefined, value: string | null): string | null {
  if (!allowed || allowed.length === 0) return null
  // People write a product or a territory by hand: its case and the space around it decide about nobody's money.
  if (value !== null && allowed.some(one => fold(one) === fold(value))) return null
  return `For ${what} ${allowed.join(' or ')}; here it is ${value ?? 'not set'}.`
}

export function fold(text: string): string {
  return text.trim().toLowerCase()
}

function beatenBy(rule: Rule, winner: Rule): string {
  const name = `“${winner.name}” v${winner.number}`
  return rule.priority === winner.priority
    ? `It matches too, with the same priority ${rule.priority}; ${name} was published later.`
    : `It matches too, but ${name} comes first: priority ${winner.priority} before ${rule.priority}.`
}
