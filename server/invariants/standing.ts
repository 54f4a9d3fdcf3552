import { sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'

export interface Standing {
  /** The invariant and what breaks it. */
  key: string
  says: string
  /** UTC milliseconds */
  since: number
}

/** What was found wrong in a company and not yet found right again. */
export async function standingViolations(db: Drizzle | Tx, orgId: string): Promise<Standing[]> {
  return db.all<Standing>(sql`
    SELECT e.target_id AS "key", e.after ->> '$.says' AS says, e.at AS since FROM audit e INDEXED BY audit_by_target
    WHERE e.org_id = ${orgId} AND e.target_type = 'invariant' AND e.action = 'invariant.broken' AND NOT EXISTS (
      SELECT 1 FROM audit l INDEXED BY audit_by_target WHERE l.org_id = e.org_id AND l.target_type = e.target_type AND l.target_id = e.target_id AND l.seq > e.seq)
    ORDER BY e.seq`)
}
