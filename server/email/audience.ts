import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import { memberships, partners, users } from '#db/schema/index.ts'
import { type Permission, permissions } from '../auth/rules.ts'
import type { Deps } from '../deps.ts'
import { PermanentJobError } from '../outbox/outbox.ts'
import type { Payload } from '../outbox/topics.ts'

export interface Recipient {
  address: string
  name: string
}

/** Who an audience is now: people who left get nothing, and nobody gets it twice. */
export async function openAudience(deps: Deps, orgId: string, to: Payload<'email.send'>['to']): Promise<Recipient[]> {
  const found = await peopleOf(deps, orgId, to)
  return [...new Map(found.map(person => [person.address.toLowerCase(), person])).values()]
}

async function peopleOf(deps: Deps, orgId: string, to: Payload<'email.send'>['to']): Promise<Recipient[]> {
  if ('address' in to) return [{ address: to.address, name: to.name }]
  if ('userId' in to)
    return deps.db.read.select({ address: users.email, name: users.name }).from(users).where(eq(users.id, to.userId))
  if ('partnerId' in to) return partnersPeople(deps, orgId, to.partnerId)
  return (await staffWith(deps, orgId, to.staffWith)).filter(person => person.id !== to.except)
}

/** The partner's own users, or its contact address while it has none. */
async function partnersPeople(deps: Deps, orgId: string, partnerId: string): Promise<Recipient[]> {
  const people = await deps.db.read
    .select({ address: users.email, name: users.name })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.partnerId, partnerId), eq(memberships.orgId, orgId), isNull(memberships.disabledAt)))
    .orderBy(asc(memberships.createdAt), asc(memberships.id))
  if (people.length > 0) return people
  return deps.db.read
    .select({ address: partners.email, name: partners.name })
    .from(partners)
    .where(and(eq(partners.id, partnerId), eq(partners.orgId, orgId)))
}

function staffWith(deps: Deps, orgId: string, permission: string): Promise<(Recipient & { id: string })[]> {
  if (!isPermission(permission)) throw new PermanentJobError(`There is no permission ${permission}.`)
  return deps.db.read
    .select({ id: users.id, address: users.email, name: users.name })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(
      and(
        eq(memberships.orgId, orgId),
        isNull(memberships.disabledAt),
        // A partner that may do the same for itself is no staff.
        isNull(memberships.partnerId),
        inArray(memberships.role, [...permissions[permission].roles]),
      ),
    )
    .orderBy(asc(memberships.createdAt), asc(memberships.id))
}

function isPermission(name: string): name is Permission {
  return Object.hasOwn(permissions, name)
}
