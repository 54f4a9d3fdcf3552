import { and, asc, eq, ne, sql } from 'drizzle-orm'
import { memberships, users } from '#db/schema/index.ts'
import { listInvitations } from '#server/auth/invitations.ts'
import { allows, roleLabels, type Viewer } from '#server/auth/rules.ts'
import type { Deps } from '#server/deps.ts'
import { memberActionsFor } from './rules.ts'

/** Staff and the open invitations, for whoever may see the team; partners' people are shown with their partner. */
export async function readTeam(deps: Deps, viewer: Viewer) {
  const now = deps.clock.now()
  const alive = sql`FROM sessions s WHERE s.membership_id = ${memberships.id} AND s.idle_expires_at > ${now} AND s.absolute_expires_at > ${now}`
  const rows = await deps.db.read
    .select({
      membershipId: memberships.id,
      userId: users.id,
      name: users.name,
      email: users.email,
      role: memberships.role,
      disabledAt: memberships.disabledAt,
      createdAt: memberships.createdAt,
      version: memberships.version,
      sessions: sql<number>`(SELECT count(*) ${alive})`,
      secondFactor:
        sql`EXISTS (SELECT 1 FROM totp_factors f WHERE f.user_id = ${users.id}) OR EXISTS (SELECT 1 FROM passkeys k WHERE k.user_id = ${users.id})`.mapWith(
          Boolean,
        ),
      lastSeenAt: sql<number | null>`(SELECT max(s.last_seen_at) ${alive})`,
    })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.orgId, viewer.orgId), ne(memberships.role, 'partner')))
    .orderBy(asc(users.name), asc(memberships.id))
  const owners = rows.filter(row => row.role === 'owner' && row.disabledAt === null).length
  const manages = allows(viewer.role, 'team.manage')
  const members = rows.map(row => {
    const you = row.userId === viewer.userId
    const lastOwner = owners === 1 && row.role === 'owner' && row.disabledAt === null
    return {
      ...row,
      roleName: roleLabels[row.role].name,
      you,
      lastOwner,
      actions: memberActionsFor(viewer.role, {
        role: row.role,
        disabled: row.disabledAt !== null,
        lastOwner,
        secondFactor: row.secondFactor,
        you,
      }),
    }
  })
  const invitations = (await listInvitations(deps, viewer.orgId))
    .filter(invitation => invitation.role !== 'partner')
    .map(({ id, email, role, inviterName, createdAt, expiresAt }) => ({
      id,
      email,
      role,
      roleName: roleLabels[role].name,
      inviterName,
      createdAt,
      expiresAt,
    }))
  return { members, invitations, mayManage: manages }
}
