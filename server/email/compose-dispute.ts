import { and, asc, desc, eq } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { commissions, disputeMessages, disputes, type organizations, partners } from '#db/schema/index.ts'
import type { EmailMessage } from '#emails/index.tsx'
import { explanationText } from '../commissions/explain.ts'
import { commissionNumber } from '../commissions/rules.ts'
import type { Deps } from '../deps.ts'
import { formatMoney } from '../lib/money.ts'
import { PermanentJobError } from '../outbox/outbox.ts'

export type DisputeTemplate = 'disputeOpened' | 'disputeAnswered' | 'disputeResolved'

type Org = typeof organizations.$inferSelect

/** What a mail about a dispute says now; null when it has been withdrawn or decided since. */
export async function composeDispute(
  deps: Deps,
  org: Org,
  template: DisputeTemplate,
  about: Record<string, string | number | null>,
): Promise<{ message: EmailMessage; partnerId: string | null; payoutId: null } | null> {
  const { disputeId, messageId } = about
  const adjustment = alias(commissions, 'adjustment')
  const [found] = await deps.db.read
    .select({ dispute: disputes, commission: commissions, partner: partners.name, adjustment })
    .from(disputes)
    .innerJoin(commissions, eq(commissions.id, disputes.commissionId))
    .innerJoin(partners, eq(partners.id, disputes.partnerId))
    .leftJoin(adjustment, eq(adjustment.id, disputes.adjustmentId))
    .where(and(eq(disputes.id, String(disputeId)), eq(disputes.orgId, org.id)))
  if (!found) throw new PermanentJobError(`There is no dispute ${disputeId} in this organization.`)
  const { dispute, commission } = found
  const messages = await deps.db.read
    .select()
    .from(disputeMessages)
    .where(eq(disputeMessages.disputeId, dispute.id))
    .orderBy(asc(disputeMessages.at), desc(disputeMessages.side), asc(disputeMessages.id))
  const shared = (side: 'admin' | 'portal') => ({
    partnerName: found.partner,
    reference: commissionNumber(commission.number),
    amount: formatMoney(commission.amount, commission.currency),
    explanation: explanationText(commission),
    disputeUrl: new URL(`/${side}/commissions/${commission.id}`, deps.config.PUBLIC_URL).href,
  })
  switch (template) {
    case 'disputeOpened': {
      if (dispute.status !== 'open') return null
      const props = { ...shared('admin'), reason: messages[0]?.body ?? '', holds: commission.disputedAt !== null }
      return { message: { template, props }, partnerId: null, payoutId: null }
    }
    case 'disputeAnswered': {
      const message = messages.find(one => one.id === messageId)
      if (!message || dispute.status !== 'open') return null
      const forPartner = message.side === 'staff'
      const props = { ...shared(forPartner ? 'portal' : 'admin'), forPartner, answer: message.body }
      return { message: { template, props }, partnerId: forPartner ? dispute.partnerId : null, payoutId: null }
    }
    case 'disputeResolved': {
      if (dispute.status !== 'released' && dispute.status !== 'adjusted') return null
      const props = {
        ...shared('portal'),
        adjustment: found.adjustment ? formatMoney(found.adjustment.amount, found.adjustment.currency) : undefined,
        // The decision's reason is said last, and by the company.
        reason: messages.findLast(message => message.side === 'staff')?.body ?? '',
      }
      return { message: { template, props }, partnerId: dispute.partnerId, payoutId: null }
    }
  }
}
