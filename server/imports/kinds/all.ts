import type { DataImportKind } from '#db/schema/index.ts'
import { commissions } from './commissions.ts'
import { deals } from './deals.ts'
import type { Kind } from './kind.ts'
import { partners } from './partners.ts'
import { payouts } from './payouts.ts'
import { touches } from './touches.ts'

/** What was parsed goes from a kind back to the same kind only, so here it is merely an object. */
const kinds = { deals, touches, partners, commissions, payouts }

export function kindOf(kind: DataImportKind): Kind<object> {
  return kinds[kind] as unknown as Kind<object>
}
