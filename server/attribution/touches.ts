import type { SeenPartner, SeenTouch, TouchRole } from '#db/schema/index.ts'
import { groupBy } from '../lib/group.ts'
import { formatDateTime } from '../lib/period.ts'
import { defaultRoles, type ProgramParameters, touchLabels } from './rules.ts'

/** A touch that gives no credit, and why in one sentence. */
export interface Excluded {
  touchId: string
  why: string
}

export interface Standing {
  partner: SeenPartner
  /** Its counted touches, earliest first; at least one. */
  touches: SeenTouch[]
}

/** What a model sees of a deal. */
export interface CountedDeal {
  parameters: ProgramParameters
  registeredBy: string | null
  timeZone: string
  /** Earliest first, then by id; at least one. */
  touches: SeenTouch[]
  first: SeenTouch
  last: SeenTouch
  /**
   * In the order that decides ties: earlier first counted touch, then lower id. Whatever a touch weighs in some model, it
   * counts here: so all models list a deal's partners in the same order, and side by side they can be read across.
   */
  standings: Standing[]
}

export interface Counted {
  cutoffAt: number
  /** Null where no touch counts. */
  deal: CountedDeal | null
  excluded: Excluded[]
}

export interface TouchesInput {
  parameters: ProgramParameters
  closedAt: number
  qualifiedAt: number | null
  registeredBy: string | null
  touches: readonly SeenTouch[]
  partners: readonly SeenPartner[]
  timeZone: string
}

/** A day of the look-back is 24 hours, also when the clocks change: it doesn't depend on anybody's time zone. */
const day = 86_400_000

/**
 * Sorts out which touches count. Times are UTC milliseconds; the cut-off and both ends of the look-back are inclusive.
 * @throws Error for a touch whose partner isn't among `partners`, or ids given twice: the caller's query is wrong, and
 * going on would pay the wrong people. That holds for touches that don't count as well.
 */
export function countTouches(input: TouchesInput): Counted {
  const { parameters, registeredBy, timeZone } = input
  const partners = unique(input.partners, 'partner')
  unique(input.touches, 'touch')
  for (const touch of input.touches)
    if (!partners.has(touch.partnerId)) throw new Error(`Touch ${touch.id} is of unknown partner ${touch.partnerId}.`)

  const cutoffAt = cutoffOf(input)
  const touches: SeenTouch[] = []
  const excluded: Excluded[] = []
  for (const touch of input.touches.toSorted(byTime)) {
    const why = whyNot(touch, cutoffAt, input)
    if (why === null) touches.push(touch)
    else excluded.push({ touchId: touch.id, why })
  }
  const first = touches[0]
  const last = touches.at(-1)
  if (!first || !last) return { cutoffAt, deal: null, excluded }

  const standings = [...groupBy(touches, touch => touch.partnerId)].map(([id, own]) => ({
    partner: partners.get(id)!,
    touches: own,
  }))
  standings.sort((a, b) => a.touches[0]!.at - b.touches[0]!.at || compareIds(a.partner.id, b.partner.id))
  return { cutoffAt, deal: { parameters, registeredBy, timeZone, touches, first, last, standings }, excluded }
}

/** Time, then id: the order of touches everywhere. */
export function byTime(a: SeenTouch, b: SeenTouch): number {
  return a.at - b.at || compareIds(a.id, b.id)
}

/** As the database orders text, not as a language does: the same on every machine. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function roleOf(touch: SeenTouch): TouchRole {
  return touch.role ?? defaultRoles[touch.type]
}

// The stage cut-off is an *earlier* one: without a qualification, or with one written down after the close, the close holds.
function cutoffOf({ parameters, closedAt, qualifiedAt }: TouchesInput): number {
  if (parameters.cutoff === 'close' || qualifiedAt === null) return closedAt
  return Math.min(qualifiedAt, closedAt)
}

function whyNot(touch: SeenTouch, cutoffAt: number, { parameters, timeZone, closedAt }: TouchesInput): string | null {
  if (parameters.excludedPartnerIds.includes(touch.partnerId)) return 'Its partner is excluded from this program.'
  if (parameters.excludedTypes.includes(touch.type)) return `${touchLabels[touch.type]} does not count in this program.`
  if (touch.type === 'crm_sync' && !parameters.countsCrmSync)
    return 'Touches synced from the CRM do not count in this program.'
  if (touch.at > cutoffAt) {
    const what = cutoffAt === closedAt ? 'closed' : 'was qualified'
    return `Later than the cut-off: the deal ${what} on ${formatDateTime(cutoffAt, timeZone)}.`
  }
  // Looked back from the cut-off, not the close: it is the moment that the program says decides, and a long sales cycle
  // after qualification would otherwise eat the window up.
  const { lookbackDays } = parameters
  if (lookbackDays !== null && touch.at < cutoffAt - lookbackDays * day) {
    const since = formatDateTime(cutoffAt - lookbackDays * day, timeZone)
    return `Older than the look-back of ${lookbackDays} ${lookbackDays === 1 ? 'day' : 'days'}, which starts on ${since}.`
  }
  return null
}

function unique<T extends { id: string }>(items: readonly T[], what: string): Map<string, T> {
  const byId = new Map(items.map(item => [item.id, item]))
  if (byId.size !== items.length) throw new Error(`A ${what} was given twice.`)
  return byId
}
