import { fold, inOrder, type Rule } from '../commissions/match.ts'

/** Something about two rules that somebody should look at. `rule` is evaluated after `other`. */
export interface Overlap {
  kind: 'same_priority' | 'shadowed'
  rule: { id: string; ruleId: string; name: string }
  other: { id: string; ruleId: string; name: string }
  says: string
}

/**
 * What may surprise in the order of evaluation: two rules of one priority that can match the same deal, of which the newer
 * publication would win by chance, and rules that never decide, because another, evaluated before, matches all that they match.
 * Judged by the wordings given, one a rule.
 */
export function overlapsOf(rules: readonly Rule[]): Overlap[] {
  const found: Overlap[] = []
  const ordered = [...rules].sort(inOrder)
  for (const [index, rule] of ordered.entries()) {
    for (const other of ordered.slice(0, index)) {
      if (rule.ruleId === other.ruleId || rule.stream !== other.stream || !meet(rule, other)) continue
      const pair = { rule: nameOf(rule), other: nameOf(other) }
      if (covers(other, rule))
        found.push({
          ...pair,
          kind: 'shadowed',
          says: `“${rule.name}” never decides: “${other.name}” comes first and matches every deal that it matches. Give it a lower priority number than ${other.priority}, or narrow the other.`,
        })
      else if (rule.priority === other.priority)
        found.push({
          ...pair,
          kind: 'same_priority',
          says: `“${rule.name}” and “${other.name}” have the same priority ${rule.priority} and can match the same deal: the newer publication, “${other.name}”, would win. Give them different priorities.`,
        })
    }
  }
  return found
}

function nameOf({ id, ruleId, name }: Rule): Overlap['rule'] {
  return { id, ruleId, name }
}

/** Whether some deal and partner match both. */
export function meet(a: Rule, b: Rule): boolean {
  const { conditions: one } = a
  const { conditions: two } = b
  return (
    (a.programId === null || b.programId === null || a.programId === b.programId) &&
    (a.currency === null || b.currency === null || a.currency === b.currency) &&
    share(one.partnerTypes, two.partnerTypes) &&
    share(one.tiers, two.tiers) &&
    share(one.products, two.products) &&
    share(one.territories, two.territories) &&
    share(one.dealTypes, two.dealTypes) &&
    Math.max(one.sizeFrom ?? 0, two.sizeFrom ?? 0) <= Math.min(one.sizeTo ?? most, two.sizeTo ?? most) &&
    later(a.effectiveFrom, b.effectiveFrom) <= earlier(a.effectiveTo ?? end, b.effectiveTo ?? end)
  )
}

/** Whether `outer` matches everything that `inner` matches. */
export function covers(outer: Rule, inner: Rule): boolean {
  const { conditions: one } = outer
  const { conditions: two } = inner
  return (
    (outer.programId === null || outer.programId === inner.programId) &&
    (outer.currency === null || outer.currency === inner.currency) &&
    contains(one.partnerTypes, two.partnerTypes) &&
    contains(one.tiers, two.tiers) &&
    contains(one.products, two.products) &&
    contains(one.territories, two.territories) &&
    contains(one.dealTypes, two.dealTypes) &&
    (one.sizeFrom ?? 0) <= (two.sizeFrom ?? 0) &&
    (one.sizeTo ?? most) >= (two.sizeTo ?? most) &&
    outer.effectiveFrom <= inner.effectiveFrom &&
    (outer.effectiveTo ?? end) >= (inner.effectiveTo ?? end)
  )
}

const most = Number.MAX_SAFE_INTEGER
const end = '9999-12-31'

function share(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (!a || !b) return true
  const other = new Set(b.map(fold))
  return a.some(word => other.has(fold(word)))
}

function contains(outer: readonly string[] | undefined, inner: readonly string[] | undefined): boolean {
  if (!outer) return true
  if (!inner) return false
  const all = new Set(outer.map(fold))
  return inner.every(word => all.has(fold(word)))
}

function later(a: string, b: string): string {
  return a > b ? a : b
}

function earlier(a: string, b: string): string {
  return a < b ? a : b
}
