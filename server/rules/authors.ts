import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { audit, organizations, type ruleVersions } from '#db/schema/index.ts'

/** What the log calls what happens to a rule. */
export const ruleAudits = {
  created: 'rules.create',
  versioned: 'rules.newVersion',
  edited: 'rules.updateDraft',
  published: 'rules.publish',
  discarded: 'rules.discard',
} as const

export interface Authors {
  /** Users who wrote or changed the draft. */
  userIds: Set<string>
  creatorMayApprove: boolean
}

/** Who wrote a draft, and who changed it since: the log knows, and can't be changed. */
export async function authorsOf(
  db: Drizzle | Tx,
  orgId: string,
  draft: Pick<typeof ruleVersions.$inferSelect, 'id' | 'createdBy'>,
): Promise<Authors> {
  const [org] = await db
    .select({ creatorMayApprove: organizations.creatorMayApprove })
    .from(organizations)
    .where(eq(organizations.id, orgId))
  const edits = await db
    .select({ actorId: sql<string>`DISTINCT ${audit.actorId}` })
    .from(audit)
    .where(
      and(
        eq(audit.orgId, orgId),
        eq(audit.targetType, 'rule_version'),
        eq(audit.targetId, draft.id),
        inArray(audit.action, [ruleAudits.created, ruleAudits.versioned, ruleAudits.edited]),
      ),
    )
  return {
    userIds: new Set([draft.createdBy, ...edits.map(edit => edit.actorId)]),
    creatorMayApprove: org?.creatorMayApprove ?? false,
  }
}

/** Why this person may not publish a draft, and what would clear it; null if they may. */
export function publishRefusal(authors: Authors, userId: string): string | null {
  if (authors.creatorMayApprove || !authors.userIds.has(userId)) return null
  return 'You wrote this draft or changed it, so someone else has to publish it. If you are alone, invite a second person under Team, or let creators approve under Settings (the change is recorded).'
}
