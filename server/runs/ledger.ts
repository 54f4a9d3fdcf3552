import { sql } from 'drizzle-orm'
import type { Conversion } from '#db/schema/index.ts'
import { type Posting, post } from '../ledger/ledger.ts'
import type { Work } from '../work.ts'

/** What a payout's conversions do to what a partner is owed in each currency: minor units, negative where money leaves it. */
type Effects = Map<string, number>

interface Converted {
  payoutId: string
  partnerId: string
  /** The payout's version after the change. */
  seq: number
  effects: Effects
}

const entry = (payout: Converted, currency: string, kind: Posting['kind'], amount: number): Posting => ({
  kind,
  payoutId: payout.payoutId,
  partnerId: payout.partnerId,
  seq: payout.seq,
  amount: Math.abs(amount),
  currency,
})

/** The effects of lines: out of the currency that was earned, into the one that is paid. */
function effectsOf(conversions: Iterable<Conversion>): Effects {
  const effects: Effects = new Map()
  const add = (currency: string, amount: number) => effects.set(currency, (effects.get(currency) ?? 0) + amount)
  for (const { from, to } of conversions) {
    add(from.currency, -from.amount)
    add(to.currency, to.amount)
  }
  return effects
}

/**
 * Books the conversions of payouts' lines, each payout once in each currency: what leaves one that was earned, and what enters the one
 * that is paid. A debt goes the other way round. With `undo`, takes them back: of lines that leave a payout which stays. Set-based.
 */
export async function postConversions(
  work: Work,
  payouts: {
    payoutId: string
    partnerId: string
    /** The payout's version after the change. */
    seq: number
    conversions: Conversion[]
  }[],
  { undo = false }: { undo?: boolean } = {},
): Promise<void> {
  await post(
    work,
    payouts.flatMap(({ conversions, ...payout }) => {
      const converted = { ...payout, effects: effectsOf(conversions) }
      return undo ? voids(converted) : books(converted)
    }),
  )
}

function books(payout: Converted): Posting[] {
  return [...payout.effects]
    .filter(([, amount]) => amount !== 0)
    .map(([currency, amount]) => entry(payout, currency, amount < 0 ? 'conversion_out' : 'conversion_in', amount))
}

function voids(payout: Converted): Posting[] {
  return [...payout.effects]
    .filter(([, amount]) => amount !== 0)
    .map(([currency, amount]) =>
      entry(payout, currency, amount < 0 ? 'conversion_out_void' : 'conversion_in_void', amount),
    )
}

/**
 * Takes back what is left of these payouts' conversions, once their lines are free again: what was earned is owed in its own currency
 * as before. Called again, it books nothing. Payouts without conversions are left alone.
 */
export async function voidConversions(work: Work, payoutIds: string[]): Promise<void> {
  const rows = await work.tx.all<{
    id: string
    partnerId: string
    version: number
    currency: string
    amount: number
  }>(sql`
    SELECT p.id AS id, p.partner_id AS partnerId, p.version AS version, l.currency AS currency,
           sum(CASE WHEN l.credit = 'partner_payable' THEN l.amount ELSE -l.amount END) AS amount
    FROM json_each(${JSON.stringify(payoutIds)}) j
    JOIN payouts p ON p.id = j.value AND +p.org_id = ${work.orgId}
    JOIN ledger_entries l ON l.payout_id = p.id
      AND l.kind IN ('conversion_out', 'conversion_in', 'conversion_out_void', 'conversion_in_void')
    GROUP BY p.id, l.currency`)
  await post(
    work,
    rows.flatMap(({ id, partnerId, version, currency, amount }) =>
      voids({ payoutId: id, partnerId, seq: version, effects: new Map([[currency, amount]]) }),
    ),
  )
}
