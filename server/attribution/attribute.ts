import type { AttributionModel, SeenTouch, Share, TouchRole } from '#db/schema/index.ts'
import { isCurrency } from '../lib/money.ts'
import { largestRemainder } from '../lib/shares.ts'
import { models } from './models.ts'
import { shares as sharesSchema } from './rules.ts'
import { byTime, compareIds, countTouches, type Excluded, type TouchesInput } from './touches.ts'
import type { Weighed } from './weighing.ts'

/** A partner's part of a deal: `bp` of 10,000, `amount` in minor units of the deal's currency. */
export interface Credit {
  partnerId: string
  bp: number
  amount: number
  /** The role it was credited for, in models that go by roles. */
  role: TouchRole | null
  reason: string
  /** The touches that the credit came from; none where people decided. */
  touchIds: string[]
}

export interface Attribution {
  /** UTC milliseconds; touches up to and including it count. */
  cutoffAt: number
  /** `bp` sums to 10,000 and `amount` to the deal's, or there are none. By earlier first counted touch, then lower partner id. */
  credits: Credit[]
  /** The touches that give nobody anything, by time. */
  excluded: Excluded[]
  /** Why nobody is credited; null where somebody is. */
  nobody: string | null
}

/** `amount` in minor units of `currency`; times in UTC milliseconds. */
export interface AttributeInput extends TouchesInput {
  model: AttributionModel
  amount: number
  currency: string
}

/**
 * Who gets how much of a won deal by its program's model. The order of touches and partners in the input doesn't matter.
 * @throws Error where the input can't be a deal's: a touch of a partner that isn't in `partners`, an id given twice, a
 * negative weight, an amount that is no amount.
 */
export function attribute(input: AttributeInput): Attribution {
  checkMoney(input.amount, input.currency)
  const { cutoffAt, deal, excluded } = countTouches(input)
  if (!deal) return { cutoffAt, credits: [], excluded, nobody: noneCounts(input.touches.length) }

  const { weighed, weightless } = models[input.model](deal)
  const { credits, dropped } = share(input.amount, weighed)
  const tooSmall = dropped.flatMap(({ touchIds }) => touchIds).map(touchId => ({ touchId, why: roundsToNothing }))
  return {
    cutoffAt,
    credits,
    excluded: inOrder([...excluded, ...weightless, ...tooSmall], input.touches),
    nobody: credits.length === 0 ? allWeighNothing(deal.touches.length) : null,
  }
}

/**
 * The same for shares that people decided: an override, or what the partners agreed on. `touches` only order the partners,
 * which decides who gets an odd minor unit: earlier first touch, then lower id; partners without a touch come last.
 * @throws ZodError for shares that don't sum to 10,000 basis points.
 */
export function attributeByShares(
  amount: number,
  currency: string,
  shares: readonly Share[],
  reason: string,
  touches: readonly SeenTouch[] = [],
): Credit[] {
  checkMoney(amount, currency)
  const firstTouch = new Map<string, number>()
  for (const touch of touches.toSorted(byTime))
    if (!firstTouch.has(touch.partnerId)) firstTouch.set(touch.partnerId, touch.at)
  const first = (share: Share) => firstTouch.get(share.partnerId) ?? Number.MAX_SAFE_INTEGER
  const ordered = sharesSchema
    .parse(shares)
    .toSorted((a, b) => first(a) - first(b) || compareIds(a.partnerId, b.partnerId))
  const weighed = ordered.map(({ partnerId, bp }) => ({
    partnerId,
    weight: BigInt(bp),
    role: null,
    reason,
    touchIds: [],
  }))
  return share(amount, weighed).credits
}

const roundsToNothing = 'It counts, but the share of its partner rounds to nothing.'

/** Basis points and amount each by largest remainder from the same weights: neither is computed from the other. */
function share(amount: number, weighed: readonly Weighed[]): { credits: Credit[]; dropped: Weighed[] } {
  const weights = weighed.map(({ weight }) => weight)
  const bps = largestRemainder(10_000, weights)
  const amounts = largestRemainder(amount, weights)
  const credits: Credit[] = []
  const dropped: Weighed[] = []
  weighed.forEach((one, index) => {
    const { weight: _, ...rest } = one
    const credit = { ...rest, bp: bps[index]!, amount: amounts[index]! }
    if (credit.bp > 0 || credit.amount > 0) credits.push(credit)
    else dropped.push(one)
  })
  return { credits, dropped }
}

function inOrder(excluded: readonly Excluded[], touches: readonly SeenTouch[]): Excluded[] {
  const why = new Map(excluded.map(one => [one.touchId, one]))
  return touches.toSorted(byTime).flatMap(touch => why.get(touch.id) ?? [])
}

function noneCounts(touches: number): string {
  if (touches === 0) return 'Nobody is credited: the deal has no touches.'
  if (touches === 1) return 'Nobody is credited: the deal’s only touch does not count.'
  return `Nobody is credited: none of the deal’s ${touches} touches counts.`
}

function allWeighNothing(counted: number): string {
  return counted === 1
    ? 'Nobody is credited: the only touch that counts weighs 0 in this program.'
    : `Nobody is credited: all ${counted} touches that count weigh 0 in this program.`
}

function checkMoney(amount: number, currency: string): void {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new RangeError(`${amount} is no amount of a deal.`)
  if (!isCurrency(currency)) throw new RangeError(`“${currency}” is not a currency.`)
}
