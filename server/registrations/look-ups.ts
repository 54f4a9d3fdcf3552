import { and, eq } from 'drizzle-orm'
import { registrations } from '#db/schema/index.ts'
import { admitOnce } from '../auth/throttle.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../lib/errors.ts'
import { domainOf } from './rules.ts'

/**
 * Counts that a partner is about to be told whether somebody works with a company: each company once, so that going back to one's own
 * drafts costs nothing, and running through a list of names ends soon. A mailbox provider's address stands for itself.
 * @throws DomainError TOO_MANY with a sentence that says when to look again
 */
export async function countLookUp(deps: Deps, partnerId: string, contactEmail: string): Promise<void> {
  const company = domainOf(contactEmail) ?? contactEmail.toLowerCase()
  await admitOnce(deps, { purpose: 'company', account: partnerId, address: company })
}

/** `countLookUp` for those who go on without an answer: false once the partner has looked too often. */
export async function mayLookUp(deps: Deps, partnerId: string, contactEmail: string | null): Promise<boolean> {
  if (contactEmail === null) return true
  try {
    await countLookUp(deps, partnerId, contactEmail)
    return true
  } catch (error) {
    if (error instanceof DomainError && error.code === 'TOO_MANY') return false
    throw error
  }
}

/** The contact that a kept registration would be sent in with. */
export async function contactOf(deps: Deps, partnerId: string, registrationId: string): Promise<string | null> {
  const [row] = await deps.db.read
    .select({ email: registrations.contactEmail })
    .from(registrations)
    .where(and(eq(registrations.id, registrationId), eq(registrations.partnerId, partnerId)))
  return row?.email ?? null
}
