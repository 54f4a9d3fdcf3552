import canonicalize from 'canonicalize'
import { desc, eq, sql } from 'drizzle-orm'
import { audit } from '#db/schema/index.ts'
import { sha256 } from '../deps.ts'
import type { Work } from '../work.ts'

export interface AuditEntry {
  /** The procedure's name, or what happened: `payouts.approve`, `payout.settled`. */
  action: string
  target: { type: string; id: string }
  before?: object | null
  after?: object | null
}

export type AuditRow = typeof audit.$inferSelect

/** The hash of one link: SHA-256 over every other column in canonical JSON, the previous link's hash among them. */
export function hashLink(row: Omit<AuditRow, 'hash'>): string {
  // Of an array of strings, integers and nulls this is RFC 8785's canonical form already, at a quarter of the time.
  return sha256(
    JSON.stringify([
      row.orgId,
      row.seq,
      row.at,
      row.actorKind,
      row.actorId,
      row.actorName,
      row.action,
      row.targetType,
      row.targetId,
      row.before,
      row.after,
      row.prev,
    ]),
  )
}

/** Appends to the organization's chain, in the caller's transaction; 10,000 entries are one statement. */
export async function appendAudit(work: Work, entries: AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  const [head] = await work.tx
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .where(eq(audit.orgId, work.orgId))
    .orderBy(desc(audit.seq))
    .limit(1)
  let seq = head?.seq ?? 0
  let prev = head?.hash ?? ''
  const rows = entries.map(entry => {
    const link = {
      orgId: work.orgId,
      seq: ++seq,
      at: work.at,
      actorKind: work.actor.kind,
      actorId: work.actor.id,
      actorName: work.actor.name,
      action: entry.action,
      targetType: entry.target.type,
      targetId: entry.target.id,
      before: entry.before ? (canonicalize(entry.before) ?? null) : null,
      after: entry.after ? (canonicalize(entry.after) ?? null) : null,
      prev,
    }
    prev = hashLink(link)
    return { ...link, hash: prev }
  })
  await work.tx.run(sql`
    INSERT INTO audit (org_id, seq, at, actor_kind, actor_id, actor_name, action, target_type, target_id, before, after, prev, hash)
    SELECT v ->> 'orgId', v ->> 'seq', v ->> 'at', v ->> 'actorKind', v ->> 'actorId', v ->> 'actorName', v ->> 'action',
           v ->> 'targetType', v ->> 'targetId', v ->> 'before', v ->> 'after', v ->> 'prev', v ->> 'hash'
    FROM (SELECT value AS v, key FROM json_each(${JSON.stringify(rows)}) ORDER BY key)`)
}
