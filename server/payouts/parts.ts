import { eq, sql } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { type Conversion, commissions, deals, payoutLines } from '#db/schema/index.ts'
import { explain, type Token } from '../commissions/explain.ts'
import { commissionNumber } from '../commissions/rules.ts'

/** What a line of a run's payout pays or takes back. `amount` in minor units of the payout's currency. */
export interface PayoutPart {
  commission: { id: string; number: string; amount: number; currency: string }
  deal: { id: string; name: string } | null
  /** The commission's own sentence. */
  tokens: Token[]
  amount: number
  currency: string
  /** How it came into the payout's currency; null where it was in it. */
  conversion: Conversion | null
}

/** The commissions that a payout is made of, in its order; none for one that was typed in. The caller has checked who asks. */
export async function partsOf(
  db: Drizzle,
  payout: { id: string; runId: string | null; closedAt: number | null },
): Promise<PayoutPart[]> {
  if (payout.runId === null) return []
  const rows = await db
    .select({ line: payoutLines, commission: commissions, deal: { id: deals.id, name: deals.name } })
    .from(payoutLines)
    .innerJoin(commissions, eq(commissions.id, payoutLines.commissionId))
    .leftJoin(deals, eq(deals.id, commissions.dealId))
    .where(
      // What left it is history; a payout that was closed still shows what it was of.
      sql`${payoutLines.payoutId} = ${payout.id} AND (${payoutLines.releasedAt} IS NULL OR ${payoutLines.releasedAt} = ${payout.closedAt})`,
    )
    .orderBy(payoutLines.position)
  return rows.map(({ line, commission, deal }) => ({
    commission: {
      id: commission.id,
      number: commissionNumber(commission.number),
      amount: commission.amount,
      currency: commission.currency,
    },
    deal,
    tokens: explain(commission),
    amount: line.amount,
    currency: line.currency,
    conversion: line.conversion,
  }))
}
