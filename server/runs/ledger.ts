import { sql } from 'drizzle-orm'
import type { Conversion } from '#db/schema/index.ts'
import { type Posting, post } from '../ledger/ledger.ts'
import type { Work } from '../work.ts'

/** A payout as its conversions are booked: `seq` is its version after the change. */
export interface Converted {
  payoutId: string
  partnerId: string
  seq: number
  conversions: Conversion[]
}

/**
 * Books what conversions mean: the partner is owed less in the currency it earned in and more in the one it is paid in, through an
 * account that shows how much of each was exchanged. With `undo`, the other way round.
 */
export async function postConversions(work: Work, payouts: Converted[], { undo = false } = {}): Promise<void> {
  await post(
    work,
    payouts.flatMap(({ payoutId, partnerId, seq, conversions }) => {
      const out = new Map<string, number>()
      const into = new Map<string, number>()
      for (const { from, to } of conversions) {
        out.set(from.currency, (out.get(from.currency) ?? 0) + from.amount)
        into.set(to.currency, (into.get(to.currency) ?? 0) + to.amount)
      }
      const entry = (side: 'conversion_out' | 'conversion_in', currency: string, sum: number): Posting[] => {
        if (sum === 0) return []
        // Debts that outweigh what was earned in a currency go the other way.
        const kind = sum > 0 !== undo ? side : (`${side}_void` as const)
        return [{ kind, payoutId, partnerId, amount: Math.abs(sum), currency, seq }]
      }
      return [
        ...[...out].flatMap(([currency, sum]) => entry('conversion_out', currency, sum)),
        ...[...into].flatMap(([currency, sum]) => entry('conversion_in', currency, sum)),
      ]
    }),
  )
}

/** Takes back all that is booked as converted for payouts that were rejected or canceled. */
export async function voidConversions(work: Work, payoutIds: string[]): Promise<void> {
  const rows = await work.tx.all<{
    payoutId: string
    partnerId: string
    side: 'conversion_out' | 'conversion_in'
    currency: string
    sum: number
    seq: number
  }>(sql`
    SELECT l.payout_id AS payoutId, l.partner_id AS partnerId, replace(l.kind, '_void', '') AS side, l.currency AS currency,
           sum(CASE WHEN l.kind IN ('conversion_out', 'conversion_in') THEN l.amount ELSE -l.amount END) AS sum, p.version AS seq
    FROM ledger_entries l JOIN payouts p ON p.id = l.payout_id
    WHERE l.payout_id IN (SELECT value FROM json_each(${JSON.stringify(payoutIds)})) AND p.org_id = ${work.orgId}
      AND l.kind IN ('conversion_out', 'conversion_in', 'conversion_out_void', 'conversion_in_void')
    GROUP BY l.payout_id, side, l.currency HAVING sum <> 0`)
  await post(
    work,
    rows.map(({ payoutId, partnerId, side, currency, sum, seq }) => ({
      kind: sum > 0 ? (`${side}_void` as const) : side,
      payoutId,
      partnerId,
      amount: Math.abs(sum),
      currency,
      seq,
    })),
  )
}
