import type { SeenTouch, TouchRole } from '#db/schema/index.ts'
import { type CountedDeal, roleOf } from './touches.ts'
import type { Weighing } from './weighing.ts'
import { countedTouches, touchOn } from './words.ts'

// The models in which one partner gets everything.

export function firstTouch(deal: CountedDeal): Weighing {
  return wins([deal.first], placed('First', deal))
}

export function lastTouch(deal: CountedDeal): Weighing {
  return wins([deal.last], placed('Last', deal))
}

/** first_touch_sourcer. A registration alone is no touch: who registered must have one that counts. */
export function firstTouchSourcer(deal: CountedDeal): Weighing {
  const registrant = deal.standings.find(({ partner }) => partner.id === deal.registeredBy)
  if (!registrant) {
    const instead = deal.registeredBy === null ? 'nobody registered the deal' : 'who registered the deal has none'
    return wins([deal.first], `${placed('First', deal)}; ${instead}`, 'sourcer')
  }
  const { touches } = registrant
  const first = touchOn(touches[0]!, deal.timeZone)
  const has = touches.length === 1 ? `a counted touch: ${first}` : `${countedTouches(touches.length)}, first ${first}`
  return wins(touches, `Registered the deal, and has ${has}`, 'sourcer')
}

/** implementation_credit. */
export function implementationCredit(deal: CountedDeal): Weighing {
  const implementing = deal.touches.filter(touch => roleOf(touch) === 'implementer')
  const last = implementing.at(-1)
  if (!last) return wins([deal.last], `${placed('Last', deal)}; nobody implemented`)
  const which =
    implementing.length === 1
      ? 'the only implementation touch'
      : `last of ${implementing.length} implementation touches`
  return wins([last], `Implemented: ${which}, ${touchOn(last, deal.timeZone)}`, 'implementer')
}

function placed(place: 'First' | 'Last', deal: CountedDeal): string {
  const touch = place === 'First' ? deal.first : deal.last
  const { length } = deal.touches
  const which = length === 1 ? 'The only counted touch' : `${place} of ${countedTouches(length)}`
  return `${which}: ${touchOn(touch, deal.timeZone)}`
}

function wins(touches: readonly SeenTouch[], reason: string, role: TouchRole | null = null): Weighing {
  const partnerId = touches[0]!.partnerId
  return {
    weighed: [{ partnerId, weight: 1n, role, reason, touchIds: touches.map(touch => touch.id) }],
    weightless: [],
  }
}
