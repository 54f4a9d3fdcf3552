import { and, eq } from 'drizzle-orm'
import { dealSplits, deals, type organizations, partners, splitAnswers } from '#db/schema/index.ts'
import type { EmailMessage } from '#emails/index.tsx'
import { dealNumber } from '../deals/rules.ts'
import type { Deps } from '../deps.ts'
import { percentWords } from '../lib/percent.ts'
import { formatDate } from '../lib/period.ts'
import { PermanentJobError } from '../outbox/outbox.ts'

export type SplitTemplate = 'splitOpened' | 'splitProposed' | 'splitAccepted' | 'splitConfirmed' | 'splitExpired'

type Org = typeof organizations.$inferSelect

/** What a mail about a negotiation says now; null when it has moved on since: a newer proposal, a withdrawal. */
export async function composeSplit(
  deps: Deps,
  org: Org,
  template: SplitTemplate,
  about: Record<string, string | number | null>,
): Promise<{ message: EmailMessage; partnerId: string | null; payoutId: null } | null> {
  const { splitId, partnerId, round } = about
  const [found] = await deps.db.read
    .select({ row: dealSplits, number: deals.number, name: deals.name })
    .from(dealSplits)
    .innerJoin(deals, eq(deals.id, dealSplits.dealId))
    .where(and(eq(dealSplits.id, String(splitId)), eq(dealSplits.orgId, org.id)))
  if (!found) throw new PermanentJobError(`There is no split ${splitId} in this organization.`)
  const { row } = found
  const people = await deps.db.read
    .select({ id: partners.id, name: partners.name })
    .from(splitAnswers)
    .innerJoin(partners, eq(partners.id, splitAnswers.partnerId))
    .where(and(eq(splitAnswers.splitId, row.id), eq(splitAnswers.round, 0)))
    .orderBy(partners.name)
  const share = (id: unknown) => percentWords(row.shares?.find(one => one.partnerId === id)?.bp ?? 0)
  const forStaff = template === 'splitAccepted'
  const unsettled = template === 'splitOpened' || template === 'splitExpired'
  const shared = {
    dealName: found.name,
    reference: dealNumber(found.number),
    shares: people.map(({ id, name }) => (row.shares && !unsettled ? `${name}: ${share(id)}` : name)),
    splitUrl: new URL(forStaff ? `/admin/deals/${row.dealId}` : `/portal/splits/${row.id}`, deps.config.PUBLIC_URL)
      .href,
  }
  const deadline = formatDate(row.deadline, org.timeZone)
  const of = (message: EmailMessage) => ({
    message,
    partnerId: forStaff || typeof partnerId !== 'string' ? null : partnerId,
    payoutId: null,
  })
  switch (template) {
    case 'splitOpened':
      return row.status === 'open' ? of({ template, props: { ...shared, deadline } }) : null
    case 'splitProposed': {
      if (row.status !== 'open' || row.round !== round) return null
      const proposedBy = people.find(({ id }) => id === row.proposedByPartner)?.name ?? ''
      return of({ template, props: { ...shared, proposedBy, ownShare: share(partnerId), deadline } })
    }
    case 'splitAccepted':
      return row.status === 'accepted' && row.round === round ? of({ template, props: { ...shared, deadline } }) : null
    case 'splitConfirmed':
      return row.status === 'confirmed' ? of({ template, props: shared }) : null
    case 'splitExpired':
      return row.status === 'expired' ? of({ template, props: shared }) : null
  }
}
