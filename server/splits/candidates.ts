import { sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'

/** Who can be asked to agree on a deal's shares: partners with a touch on it, and the one that registered it; not archived ones. */
export function candidates(db: Drizzle | Tx, orgId: string, dealId: string): Promise<{ id: string; name: string }[]> {
  return db.all(sql`
    SELECT p.id, p.name FROM partners p
    WHERE p.org_id = ${orgId} AND p.archived_at IS NULL AND p.id IN (
      SELECT partner_id FROM touches WHERE deal_id = ${dealId} AND removed_at IS NULL
      UNION SELECT registered_by FROM deals WHERE id = ${dealId} AND registered_by IS NOT NULL)
    ORDER BY p.name COLLATE NOCASE, p.id`)
}
