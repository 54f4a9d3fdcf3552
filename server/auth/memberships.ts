import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { memberships, organizations, partners, type Role } from '#db/schema/index.ts'

export interface Membership {
  id: string
  orgId: string
  orgName: string
  role: Role
  partnerId: string | null
  partnerName: string | null
}

/** A person's active memberships, their usual one first: staff before partner, then the oldest. */
export async function membershipsOf(db: Drizzle | Tx, userId: string): Promise<Membership[]> {
  return db
    .select({
      id: memberships.id,
      orgId: memberships.orgId,
      orgName: organizations.name,
      role: memberships.role,
      partnerId: memberships.partnerId,
      partnerName: partners.name,
    })
    .from(memberships)
    .innerJoin(organizations, eq(organizations.id, memberships.orgId))
    .leftJoin(partners, and(eq(partners.id, memberships.partnerId), eq(partners.orgId, memberships.orgId)))
    .where(and(eq(memberships.userId, userId), isNull(memberships.disabledAt)))
    .orderBy(sql`${memberships.role} = 'partner'`, asc(memberships.createdAt), asc(memberships.id))
}
