import { and, asc, desc, eq, gt } from 'drizzle-orm'
import type { Drizzle } from '#db/client.ts'
import { audit, organizations } from '#db/schema/index.ts'
import { groupBy } from '../lib/group.ts'
import { type AuditRow, hashLink } from './audit.ts'

/** The end of a chain at some moment. Kept outside the database, it shows whether the end was cut off or written anew since. */
export interface Anchor {
  seq: number
  hash: string
}

export interface ChainProblem {
  /** The first entry that is not as it was written. */
  seq: number
  kind: 'missing' | 'altered' | 'relinked' | 'cut_off' | 'rewritten'
  says: string
}

export interface Verification {
  ok: boolean
  /** How many entries were read. */
  entries: number
  /** The last good entry; null for an empty chain. */
  head: Anchor | null
  firstProblem: ChainProblem | null
}

const pageSize = 1_000

/**
 * Walks a whole chain from its first entry and stops at the first that does not fit: edited, deleted, swapped, inserted, reordered.
 * A chain proves nothing about its own end, which whoever owns the file can cut off or compute anew: that shows only against an
 * anchor kept elsewhere, such as a line of the log (`anchors.ts`).
 */
export async function verifyChain(
  read: Drizzle,
  orgId: string,
  anchors: readonly Anchor[] = [],
): Promise<Verification> {
  const anchored = groupBy(anchors, anchor => anchor.seq)
  let head: Anchor | null = null
  let entries = 0
  for (;;) {
    const page: AuditRow[] = await read
      .select()
      .from(audit)
      .where(and(eq(audit.orgId, orgId), gt(audit.seq, head?.seq ?? 0)))
      .orderBy(asc(audit.seq))
      .limit(pageSize)
    for (const row of page) {
      entries++
      const problem = problemOf(row, head) ?? rewritten(row, anchored.get(row.seq) ?? [])
      if (problem) return { ok: false, entries, head, firstProblem: problem }
      head = { seq: row.seq, hash: row.hash }
    }
    if (page.length < pageSize) break
    // Others get their turn between two pages: this may read for seconds.
    await new Promise(resolve => setImmediate(resolve))
  }
  const beyond = anchors.find(anchor => anchor.seq > (head?.seq ?? 0))
  const firstProblem = beyond ? cutOff(beyond, head) : null
  return { ok: firstProblem === null, entries, head, firstProblem }
}

function problemOf(row: AuditRow, previous: Anchor | null): ChainProblem | null {
  const expected = (previous?.seq ?? 0) + 1
  if (row.seq !== expected) {
    const gap =
      row.seq - expected === 1 ? `Entry ${expected} is missing.` : `Entries ${expected} to ${row.seq - 1} are missing.`
    return { seq: expected, kind: 'missing', says: gap }
  }
  if (hashLink(row) !== row.hash)
    return { seq: row.seq, kind: 'altered', says: `Entry ${row.seq} is not what was written.` }
  if (row.prev !== (previous?.hash ?? ''))
    return {
      seq: row.seq,
      kind: 'relinked',
      says: `Entry ${row.seq} does not follow the one before it: one of the two was replaced.`,
    }
  return null
}

function rewritten(row: AuditRow, anchors: readonly Anchor[]): ChainProblem | null {
  if (anchors.every(anchor => anchor.hash === row.hash)) return null
  return {
    seq: row.seq,
    kind: 'rewritten',
    says: `Entry ${row.seq} is not the one that was anchored: the chain was computed anew, from there or from before.`,
  }
}

function cutOff(anchor: Anchor, head: Anchor | null): ChainProblem {
  const seq = (head?.seq ?? 0) + 1
  return {
    seq,
    kind: 'cut_off',
    says: `The chain ends before entry ${anchor.seq}, which was anchored: its end was cut off.`,
  }
}

/** The chain's last entry now; null for an empty chain. */
export async function anchorOf(read: Drizzle, orgId: string): Promise<Anchor | null> {
  const [head] = await read
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .where(eq(audit.orgId, orgId))
    .orderBy(desc(audit.seq))
    .limit(1)
  return head ?? null
}

/** Every chain there is: one for each organization, and `system`. */
export async function chainIds(read: Drizzle): Promise<string[]> {
  const rows = await read.select({ id: organizations.id }).from(organizations).orderBy(asc(organizations.id))
  return [...rows.map(row => row.id), 'system']
}
