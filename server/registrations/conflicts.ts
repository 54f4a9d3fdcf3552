import { sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import type { DealStage, RegistrationStatus } from '#db/schema/index.ts'
import { dealNumber } from '../deals/rules.ts'
import { registrationLabels, registrationNumber, takenSentence } from './rules.ts'

const dayMs = 24 * 60 * 60_000
/** How long after a win the company still counts as somebody's (days). */
export const wonDays = 90

/** Whose claim on which company is looked at. */
export interface Claim {
  /** The caller's name for it: a registration's id, or anything for one that isn't kept yet. */
  key: string
  partnerId: string
  accountDomain: string | null
  contactEmail: string | null
}

/** Somebody else's, or an own earlier, hold on the same company. With names: for staff only. */
export interface Conflict {
  kind: 'registration' | 'deal'
  id: string
  number: string
  accountName: string
  /** The rival, or everybody with a touch on the deal; null for a deal without partners. */
  partners: string | null
  status: RegistrationStatus | DealStage
  /** Until when a registration is protected, in UTC milliseconds. */
  protectedUntil: number | null
  /** The claimant's own. */
  own: boolean
  /** Asked for, but not granted: the reviewer should know, the claimant is not told. */
  onlyAsked: boolean
}

interface Row {
  key: string
  kind: Conflict['kind']
  id: string
  number: number
  accountName: string
  partners: string | null
  status: Conflict['status']
  protectedUntil: number | null
  own: number
}

/**
 * What stands against each claim: approved registrations that are still protected, other submitted ones, deals that are open or were won in
 * the last 90 days, and the claimant's own earlier ones; by company domain or by contact. One statement, however many claims.
 */
export async function findConflicts(
  db: Drizzle | Tx,
  orgId: string,
  claims: Claim[],
  now: number,
): Promise<Map<string, Conflict[]>> {
  const found = new Map<string, Conflict[]>(claims.map(({ key }) => [key, []]))
  if (claims.length === 0) return found
  const registrations = sql`
    SELECT claim.key, 'registration' AS kind, r.id, r.number, r.account_name AS accountName, p.name AS partners, r.status,
      r.protected_until AS protectedUntil, r.partner_id = claim.partner AS own, r.deal_id AS dealId
    FROM claim CROSS JOIN registrations r JOIN partners p ON p.id = r.partner_id`
  // A draft is nobody's business but its partner's.
  const holds = sql`r.org_id = ${orgId} AND r.id <> claim.key
    AND ((r.status = 'approved' AND r.protected_until > ${now}) OR r.status = 'submitted' OR (r.status = 'draft' AND r.partner_id = claim.partner))`
  const deals = sql`
    SELECT claim.key, 'deal' AS kind, d.id, d.number, d.account_name AS accountName,
      (SELECT group_concat(name, ', ') FROM (SELECT DISTINCT q.name FROM partners q
        WHERE q.id = d.registered_by OR q.id IN (SELECT partner_id FROM touches t WHERE t.deal_id = d.id AND t.removed_at IS NULL) ORDER BY q.name)) AS partners,
      d.stage AS status, NULL AS protectedUntil,
      coalesce(d.registered_by = claim.partner,
        EXISTS (SELECT 1 FROM touches t WHERE t.deal_id = d.id AND t.removed_at IS NULL AND t.partner_id = claim.partner)
        AND NOT EXISTS (SELECT 1 FROM touches t WHERE t.deal_id = d.id AND t.removed_at IS NULL AND t.partner_id <> claim.partner)) AS own,
      d.id AS dealId
    FROM claim CROSS JOIN deals d`
  const alive = sql`d.org_id = ${orgId} AND d.removed_at IS NULL AND (d.stage = 'open' OR (d.stage = 'won' AND d.closed_at >= ${now - wonDays * dayMs}))`
  const rows = await db.all<Row & { dealId: string | null }>(sql`
    WITH claim AS (SELECT value ->> 'key' AS key, value ->> 'partnerId' AS partner, value ->> 'accountDomain' AS domain, value ->> 'contactEmail' AS email
      FROM json_each(${JSON.stringify(claims)}))
    ${registrations} WHERE r.account_domain = claim.domain AND ${holds}
    UNION ${registrations} WHERE r.contact_email = claim.email AND ${holds}
    UNION ${deals} WHERE d.account_domain = claim.domain AND ${alive}
    UNION ${deals} WHERE d.contact_email = claim.email AND ${alive}
    ORDER BY kind DESC, number`)
  // A registration's own deal says the same again.
  const named = new Set(
    rows.flatMap(row => (row.kind === 'registration' && row.dealId ? `${row.key} ${row.dealId}` : [])),
  )
  for (const { key, dealId, own, number, ...row } of rows) {
    if (row.kind === 'deal' && named.has(`${key} ${dealId}`)) continue
    found.get(key)?.push({
      ...row,
      number: row.kind === 'deal' ? dealNumber(number) : registrationNumber(number),
      own: own === 1,
      onlyAsked: row.kind === 'registration' && row.status === 'submitted' && own === 0,
    })
  }
  return found
}

/** For staff, who don't see drafts. */
export function sentIn(conflicts: readonly Conflict[]): Conflict[] {
  return conflicts.filter(({ status }) => status !== 'draft')
}

/** What the claimant is told: plainly that there is something, never whose. */
export interface Told {
  message: string
  /** An own earlier one, to go on with instead. */
  own: { kind: Conflict['kind']; id: string; number: string } | null
}

/** Null where nothing is in the way that the claimant may know of. */
export function tell(conflicts: readonly Conflict[]): Told | null {
  if (conflicts.some(conflict => !conflict.own && !conflict.onlyAsked)) return { message: takenSentence, own: null }
  const own = conflicts.find(conflict => conflict.own)
  if (!own) return null
  const state =
    own.kind === 'registration' ? registrationLabels[own.status as RegistrationStatus].label.toLowerCase() : own.status
  const what =
    own.kind === 'registration'
      ? `You have a registration of this company already: ${own.number}, ${state}.`
      : `You are on a deal with this company already: ${own.number}.`
  return {
    message: `${what} Go on with that one, or add why this one is different.`,
    own: { kind: own.kind, id: own.id, number: own.number },
  }
}
