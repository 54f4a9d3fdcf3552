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

/** Which of these deals have to stay, and why: a commission for them is in a payout or was paid, or a registration was approved with them. */
export async function keptDeals(db: Drizzle | Tx, dealIds: readonly string[]): Promise<Map<string, string>> {
  const ids = sql`(SELECT value FROM json_each(${JSON.stringify(dealIds)}))`
  const held = await db.all<{ id: string; number: number }>(
    sql`SELECT deal_id AS id, number FROM registrations WHERE deal_id IN ${ids} ORDER BY number DESC`,
  )
  const spent = await db.all<Spent & { id: string }>(sql`
    SELECT c.deal_id AS id, c.number, c.status, d.number AS deal, p.name AS partner, po.number AS payout
    FROM commissions c JOIN deals d ON d.id = c.deal_id JOIN partners p ON p.id = c.partner_id LEFT JOIN payouts po ON po.id = c.payout_id
    WHERE c.deal_id IN ${ids} AND +c.status <> 'accrued' ORDER BY c.number DESC`)
  return new Map([
    ...held.map(({ id, number }): [string, string] => [id, `${registrationNumber(number)} was approved with it.`]),
    ...spent.map(({ id, ...row }): [string, string] => [id, `${stateOf(row)}.`]),
  ])
}

/** Which of these imported commissions have to stay, and why. What came in as paid is in no payout of ours, and goes. */
export async function keptCommissions(db: Drizzle | Tx, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.all<Spent & { id: string; disputed: number }>(sql`
    SELECT c.id, c.number, c.status, p.name AS partner, po.number AS payout, c.disputed_at IS NOT NULL AS disputed
    FROM commissions c JOIN partners p ON p.id = c.partner_id LEFT JOIN payouts po ON po.id = c.payout_id
    WHERE c.id IN (SELECT value FROM json_each(${JSON.stringify(ids)})) AND (c.payout_id IS NOT NULL OR c.disputed_at IS NOT NULL)`)
  return new Map(
    rows.map(({ id, disputed, ...row }) => [
      id,
      disputed ? `${row.partner} disputes ${commissionNumber(row.number)}.` : `${stateOf(row)}.`,
    ]),
  )
}

interface Spent {
  number: number
  status: string
  deal?: number
  partner: string
  payout: number | null
}

function sentenceOf(spent: Spent): string {
  return spent.status === 'paid'
    ? `${stateOf(spent)}. What was paid can’t be undone; correct single records instead.`
    : `${stateOf(spent)}. Reject or cancel that payout first.`
}

function stateOf({ number, status, deal, partner, payout }: Spent): string {
  const what = `${commissionNumber(number)} of ${partner}${deal ? `, for ${dealNumber(deal)},` : ''}`
  const named = payout === null ? '' : payoutNumber(payout)
  return status === 'paid' ? `${what} was paid${named && ` with ${named}`}` : `${what} is in ${named}`
}

/** Why deals can't go: a partner's registration was approved with one of them. */
export async function registeredDeal(db: Drizzle | Tx, dealIds: SQL): Promise<string | null> {
  const [held] = await db.all<{ number: number; deal: number }>(sql`
    SELECT r.number, d.number AS deal FROM registrations r JOIN deals d ON d.id = r.deal_id
    WHERE r.deal_id IN (${dealIds}) LIMIT 1`)
  return held
    ? `The registration ${registrationNumber(held.number)} was approved with ${dealNumber(held.deal)}. Keep the import, and mark single deals lost instead.`
    : null
}

function commissionNumber(number: number): string {
  return `C-${String(number).padStart(6, '0')}`
}

function registrationNumber(number: number): string {
  return `R-${String(number).padStart(6, '0')}`
}
