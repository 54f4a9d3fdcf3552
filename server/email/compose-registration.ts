import { and, eq } from 'drizzle-orm'
import { type organizations, partners, registrations } from '#db/schema/index.ts'
import type { EmailMessage } from '#emails/index.tsx'
import type { Deps } from '../deps.ts'
import { formatMoney } from '../lib/money.ts'
import { formatDate } from '../lib/period.ts'
import { PermanentJobError } from '../outbox/outbox.ts'
import { type Conflict, findConflicts, sentIn } from '../registrations/conflicts.ts'
import { registrationNumber } from '../registrations/rules.ts'

export type RegistrationTemplate =
  | 'registrationSubmitted'
  | 'registrationApproved'
  | 'registrationDeclined'
  | 'registrationExpiring'
  | 'registrationExpired'

type Org = typeof organizations.$inferSelect

/** What a mail about a registration says now; null when it is no longer true: it was answered, withdrawn, or has ended. */
export async function composeRegistration(
  deps: Deps,
  org: Org,
  template: RegistrationTemplate,
  registrationId: unknown,
): Promise<{ message: EmailMessage; partnerId: string; payoutId: null } | null> {
  const [found] = await deps.db.read
    .select({ row: registrations, partnerName: partners.name })
    .from(registrations)
    .innerJoin(partners, eq(partners.id, registrations.partnerId))
    .where(and(eq(registrations.id, String(registrationId)), eq(registrations.orgId, org.id)))
  if (!found) throw new PermanentJobError(`There is no registration ${registrationId} in this organization.`)
  const { row, partnerName } = found
  const side = template === 'registrationSubmitted' ? 'admin' : 'portal'
  const shared = {
    partnerName,
    company: row.accountName,
    reference: registrationNumber(row.number),
    expectedAmount: row.expectedAmount ? formatMoney(row.expectedAmount, row.currency) : undefined,
    registrationUrl: new URL(`/${side}/registrations/${row.id}`, deps.config.PUBLIC_URL).href,
  }
  const of = (message: EmailMessage) => ({ message, partnerId: row.partnerId, payoutId: null })
  const protectedUntil = row.protectedUntil === null ? '' : formatDate(row.protectedUntil, org.timeZone)
  switch (template) {
    case 'registrationSubmitted': {
      if (row.status !== 'submitted') return null
      const claim = { ...row, key: row.id }
      const found = await findConflicts(deps.db.read, org.id, [claim], deps.clock.now())
      const conflicts = sentIn(found.get(row.id) ?? []).map(conflict => conflictWords(conflict, org.timeZone))
      return of({ template, props: { ...shared, conflicts, notes: row.notes ?? undefined } })
    }
    case 'registrationApproved':
      return row.status === 'approved' ? of({ template, props: { ...shared, protectedUntil } }) : null
    case 'registrationDeclined':
      return row.status === 'declined' ? of({ template, props: { ...shared, reason: row.declineReason ?? '' } }) : null
    case 'registrationExpiring':
      return row.status === 'approved' ? of({ template, props: { ...shared, protectedUntil } }) : null
    case 'registrationExpired':
      return row.status === 'expired' ? of({ template, props: shared }) : null
  }
}

/** `R-000017 by Fabrikam, protected until 4 Jun 2026`. For staff. */
function conflictWords({ number, partners, protectedUntil, status, onlyAsked }: Conflict, timeZone: string): string {
  const by = partners ? ` by ${partners}` : ''
  if (onlyAsked) return `${number}${by}, waiting for an answer too`
  return `${number}${by}, ${protectedUntil === null ? status : `protected until ${formatDate(protectedUntil, timeZone)}`}`
}
