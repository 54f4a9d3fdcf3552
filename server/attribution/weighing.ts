import type { TouchRole } from '#db/schema/index.ts'
import type { Excluded } from './touches.ts'

/** A partner's weight relative to the others', and the counted touches it came from. */
export interface Weighed {
  partnerId: string
  /** Positive. */
  weight: bigint
  role: TouchRole | null
  reason: string
  touchIds: string[]
}

/** What a model makes of a deal: `weighed` in the order of the deal's standings, and the touches that weigh nothing. */
export interface Weighing {
  weighed: Weighed[]
  weightless: Excluded[]
}
