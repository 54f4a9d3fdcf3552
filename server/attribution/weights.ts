import type { SeenTouch } from '#db/schema/index.ts'
import { decayWeight } from './decay.ts'
import type { CountedDeal, Excluded, Standing } from './touches.ts'
import type { Weighed, Weighing } from './weighing.ts'
import { countedTouches, decimalWords, sumWords, touchOn, typeWord } from './words.ts'

/** equal_split: every partner the same, however many touches. */
export function equalSplit({ standings }: CountedDeal): Weighing {
  const reason =
    standings.length === 1
      ? 'The only partner with counted touches'
      : `One of ${standings.length} partners with counted touches, each with the same share`
  const weighed = standings.map(({ partner, touches }) => weigh(partner.id, 1n, reason, touches))
  return { weighed, weightless: [] }
}

/** equal_touches: every touch the same. */
export function equalTouches(deal: CountedDeal): Weighing {
  return sumOver(deal, {
    weightOf: () => 1n,
    reasonOf: ({ touches }) => `${touches.length} of ${countedTouches(deal.touches.length)}`,
    whyNone: () => '',
  })
}

/**
 * time_decay: 2^40 · 2^(−age / half-life), rounded, the age measured from the newest counted touch. That one always
 * weighs 2^40, so however old all of them are, somebody is credited.
 */
export function timeDecay(deal: CountedDeal): Weighing {
  const { halfLifeDays } = deal.parameters
  const halfLife = halfLifeDays * 86_400_000
  return sumOver(deal, {
    weightOf: touch => decayWeight(deal.last.at - touch.at, halfLife),
    reasonOf: ({ touches }) =>
      `${touches.length} of ${countedTouches(deal.touches.length)}, the latest a ${touchOn(touches.at(-1)!, deal.timeZone)}; ` +
      `weights halve every ${halfLifeDays === 1 ? 'day' : `${halfLifeDays} days`} before the newest (${touchOn(deal.last, deal.timeZone)})`,
    whyNone: () => 'So old, next to the newest touch, that its weight rounds to 0.',
  })
}

/** role_based: the weight of the touch's type, unless the touch carries its own. */
export function roleBased(deal: CountedDeal): Weighing {
  const weights = deal.parameters.touchWeights
  const word = ({ type, weight }: SeenTouch) =>
    weight === null ? `${typeWord(type)} ${weights[type]}` : `${typeWord(type)} ${weight} (its own weight)`
  return sumOver(deal, {
    weightOf: touch => BigInt(touch.weight ?? weights[touch.type]),
    reasonOf: ({ touches, weight, total }) => `Weight ${weight} of ${total}: ${sumWords(touches.map(word))}`,
    whyNone: touch =>
      touch.weight === null
        ? `A touch of type ${typeWord(touch.type)} weighs 0 in this program.`
        : 'It carries a weight of 0.',
  })
}

/**
 * position_based: the first and the last touch have their weights, those between share one evenly; all times the number
 * between, to stay whole. With two touches nothing is between, and first and last renormalise: 50/50 by default, as the
 * definition says, and a program that gives the last touch nothing is not overruled. A single touch is both.
 */
export function positionBased(deal: CountedDeal): Weighing {
  const { first, last, middle } = deal.parameters.positions
  const count = deal.touches.length
  const between = Math.max(count - 2, 1)
  const position = new Map(deal.touches.map((touch, index) => [touch.id, index]))
  const placeOf = (touch: SeenTouch) => {
    const index = position.get(touch.id)!
    return { isFirst: index === 0, isLast: index === count - 1, isMiddle: index > 0 && index < count - 1 }
  }
  return sumOver(deal, {
    weightOf: touch => {
      const { isFirst, isLast, isMiddle } = placeOf(touch)
      if (isMiddle) return BigInt(middle)
      return BigInt(((isFirst ? first : 0) + (isLast ? last : 0)) * between)
    },
    reasonOf: ({ touches }) => {
      if (count === 1) return `The only counted touch: ${touchOn(touches[0]!, deal.timeZone)}`
      const places = touches.map(placeOf)
      const own = places.filter(place => place.isMiddle).length
      const parts = [
        ...(places.some(place => place.isFirst) ? [`first (${first})`] : []),
        ...(own > 0 ? [`${own} of the ${between} between (which share ${middle})`] : []),
        ...(places.some(place => place.isLast) ? [`last (${last})`] : []),
      ]
      const inUse = first + last + (count > 2 ? middle : 0)
      return `Of ${countedTouches(count)} the ${parts.join(', ')}; ${inUse} in use`
    },
    whyNone: () => 'A touch in its position weighs 0 in this program.',
  })
}

/**
 * custom: percent of the touch's type × of the partner's type × of its tier. A touch's own weight belongs to
 * role_based, where it replaces the type's; here it would be a fourth factor that the definition doesn't have.
 */
export function custom(deal: CountedDeal): Weighing {
  const { customTypePercent, customPartnerTypePercent, customTierPercent } = deal.parameters
  const partners = new Map(deal.standings.map(({ partner }) => [partner.id, partner]))
  return sumOver(deal, {
    weightOf: touch => {
      const { type, tier } = partners.get(touch.partnerId)!
      return (
        BigInt(customTypePercent[touch.type]) * BigInt(customPartnerTypePercent[type]) * BigInt(customTierPercent[tier])
      )
    },
    reasonOf: ({ standing, touches, weight, total }) => {
      const { type, tier } = standing.partner
      const types = sumWords(touches.map(touch => `${typeWord(touch.type)} ${customTypePercent[touch.type]} %`))
      return (
        `Weight ${decimalWords(weight, 4)} % of ${decimalWords(total, 4)} %: ${touches.length > 1 ? `(${types})` : types}` +
        ` × ${type} ${customPartnerTypePercent[type]} % × ${tier} ${customTierPercent[tier]} %`
      )
    },
    whyNone: touch => {
      const { type, tier } = partners.get(touch.partnerId)!
      if (customTypePercent[touch.type] === 0)
        return `A touch of type ${typeWord(touch.type)} weighs 0 in this program.`
      const whose = customPartnerTypePercent[type] === 0 ? `type ${type}` : `tier ${tier}`
      return `Touches of partners of ${whose} weigh 0 in this program.`
    },
  })
}

interface Sum {
  standing: Standing
  /** The partner's touches that weigh something. */
  touches: SeenTouch[]
  weight: bigint
  total: bigint
}

/** A partner weighs what its touches weigh together. Touches of weight 0 are told apart. */
function sumOver(
  deal: CountedDeal,
  model: {
    weightOf: (touch: SeenTouch) => bigint
    reasonOf: (sum: Sum) => string
    whyNone: (touch: SeenTouch) => string
  },
): Weighing {
  const weights = new Map(deal.touches.map(touch => [touch.id, model.weightOf(touch)]))
  // A partner's sum could hide a negative one.
  for (const [id, weight] of weights) if (weight < 0n) throw new RangeError(`Touch ${id} has a negative weight.`)
  const add = (touches: readonly SeenTouch[]) => touches.reduce((sum, touch) => sum + weights.get(touch.id)!, 0n)
  const total = add(deal.touches)
  const weighed = deal.standings.flatMap(standing => {
    const touches = standing.touches.filter(touch => weights.get(touch.id) !== 0n)
    if (touches.length === 0) return []
    const weight = add(touches)
    return [weigh(standing.partner.id, weight, model.reasonOf({ standing, touches, weight, total }), touches)]
  })
  const none = deal.touches.filter(touch => weights.get(touch.id) === 0n)
  const weightless: Excluded[] = none.map(touch => ({ touchId: touch.id, why: model.whyNone(touch) }))
  return { weighed, weightless }
}

function weigh(partnerId: string, weight: bigint, reason: string, touches: readonly SeenTouch[]): Weighed {
  return { partnerId, weight, role: null, reason, touchIds: touches.map(touch => touch.id) }
}
