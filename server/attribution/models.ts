import type { AttributionModel } from '#db/schema/index.ts'
import { cosellSplit, roleWeighted } from './pools.ts'
import type { CountedDeal } from './touches.ts'
import type { Weighing } from './weighing.ts'
import { custom, equalSplit, equalTouches, positionBased, roleBased, timeDecay } from './weights.ts'
import { firstTouch, firstTouchSourcer, implementationCredit, lastTouch } from './winners.ts'

/** How each model weighs the partners of a deal that has counted touches. */
export const models: Record<AttributionModel, (deal: CountedDeal) => Weighing> = {
  equal_split: equalSplit,
  equal_touches: equalTouches,
  first_touch: firstTouch,
  last_touch: lastTouch,
  time_decay: timeDecay,
  role_based: roleBased,
  position_based: positionBased,
  custom,
  first_touch_sourcer: firstTouchSourcer,
  role_weighted: roleWeighted,
  implementation_credit: implementationCredit,
  cosell_split: cosellSplit,
}
