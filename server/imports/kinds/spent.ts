import { type SQL, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { dealNumber } from '../../deals/rules.ts'
import { payoutNumber } from '../../payouts/rules.ts'

/** Why deals can't be taken from under their commissions: one of them is in a payout, or was paid. Null when none is. */
export async function spentCommission(db: Drizzle | Tx, dealIds: SQL): Promise<string | null> {
  const [spent] = await db.all<{
    number: number
    status: string
    deal: number
    partner: string
    payout: number | null
  }>(sql`
    SELECT c.number, c.status, d.number AS deal, p.name AS partner, po.number AS payout
    FROM commissions c JOIN deals d ON d.id = c.deal_id JOIN partners p ON p.id = c.partner_id LEFT JOIN payouts po ON po.id = c.payout_id
    WHERE c.deal_id IN (${dealIds}) AND c.status <> 'accrued' ORDER BY c.status, c.number LIMIT 1`)
  return spent ? sentenceOf(spent) : null
}

/** The same for commissions that an import made itself. History that came in as paid doesn't count: it moved no money here. */
export async function spentImport(db: Drizzle | Tx, importId: string): Promise<string | null> {
  const [spent] = await db.all<{ number: number; status: string; partner: string; payout: number | null }>(sql`
    SELECT c.number, c.status, p.name AS partner, po.number AS payout
    FROM commissions c JOIN partners p ON p.id = c.partner_id LEFT JOIN payouts po ON po.id = c.payout_id
    WHERE c.import_id = ${importId} AND c.payout_id IS NOT NULL ORDER BY c.status, c.number LIMIT 1`)
  return spent ? sentenceOf(spent) : null
}

function sentenceOf(spent: {
  number: number
  status: string
  deal?: number
  partner: string
  payout: number | null
}): string {
  const what = `${commissionNumber(spent.number)} of ${spent.partner}${spent.deal ? `, for ${dealNumber(spent.deal)},` : ''}`
  const payout = spent.payout === null ? '' : payoutNumber(spent.payout)
  return spent.status === 'paid'
    ? `${what} was paid${payout && ` with ${payout}`}. What was paid can’t be undone; correct single records instead.`
    : `${what} is in ${payout}. Reject or cancel that payout first.`
}

/** Why deals can't go: a partner's registration was approved with one of them. */
export async function registeredDeal(db: Drizzle | Tx, dealIds: SQL): Promise<string | null> {
  const [held] = await db.all<{ number: number; deal: number }>(sql`
    SELECT r.number, d.number AS deal FROM registrations r JOIN deals d ON d.id = r.deal_id
    WHERE r.deal_id IN (${dealIds}) LIMIT 1`)
  return held
    ? `The registration R-${String(held.number).padStart(6, '0')} was approved with ${dealNumber(held.deal)}. Keep the import, and mark single deals lost instead.`
    : null
}

function commissionNumber(number: number): string {
  return `C-${String(number).padStart(6, '0')}`
}
