import { and, desc, eq, ne, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { audit, partners } from '#db/schema/index.ts'
import { inviteMember } from '../auth/invitations.ts'
import { notify } from '../email/notify.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { readMinimum, writeMinimum } from '../runs/minimums.ts'
import type { Work } from '../work.ts'
import { announceContact } from './destination.ts'
import type { createPartnerInput, invitePartnerInput, partnerChangeInput, updatePartnerInput } from './rules.ts'
import { currencyOf } from './rules.ts'

type Partner = typeof partners.$inferSelect

/** What a mutation answers: enough for the caller's next step. */
export interface ChangedPartner {
  id: string
  name: string
  version: number
}

/** The partner for a change. NOT_FOUND when it isn't this organization's. */
export async function partnerOf(work: Work, partnerId: string): Promise<Partner> {
  const [partner] = await work.tx
    .select()
    .from(partners)
    .where(and(eq(partners.id, partnerId), eq(partners.orgId, work.orgId)))
  if (!partner) throw notFound('partner')
  return partner
}

/** Adds a partner. CONFLICT for an email address or reference that another partner has. */
export async function createPartner(work: Work, input: z.infer<typeof createPartnerInput>): Promise<ChangedPartner> {
  await refuseTaken(work, null, input)
  const { name, email, country, type = 'referrer', reference = null } = input
  const { tier = 'registered', settlement = 'one', defaultRateBp = null, minimum = null } = input
  const currency = input.currency ?? currencyOf(country)
  const terms = { tier, class: input.class ?? 'partner', settlement, defaultRateBp } as const
  const row = { name, email, country, currency, type, reference, ...terms }
  const id = work.id('par')
  await work.tx.insert(partners).values({ ...row, id, orgId: work.orgId, createdAt: work.at })
  if (minimum !== null) await writeMinimum(work, { scope: 'partner', scopeId: id, currency }, minimum)
  work.audit({ action: 'partners.create', target: { type: 'partner', id }, after: { ...row, minimum } })
  work.changed('partners', id)
  return { id, name, version: 1 }
}

async function refuseTaken(
  work: Work,
  ownId: string | null,
  wanted: { email?: string; reference?: string | null },
): Promise<void> {
  for (const column of ['email', 'reference'] as const) {
    const value = wanted[column]
    if (!value) continue
    const [other] = await work.tx
      .select({ name: partners.name, archivedAt: partners.archivedAt })
      .from(partners)
      .where(and(eq(partners.orgId, work.orgId), eq(partners[column], value), ne(partners.id, ownId ?? '')))
    if (!other) continue
    const what = column === 'email' ? 'email address' : 'reference'
    const sentence = `${other.name}${other.archivedAt === null ? '' : ', who is archived,'} has this ${what} already.`
    throw new DomainError('CONFLICT', sentence, { fields: { [column]: sentence } })
  }
}

/**
 * Changes what is given, at the version that the page showed. A new email address is told to the old and the new one.
 * @throws DomainError NOT_FOUND; CONFLICT for an old version, or what another partner has; BLOCKED for the country of an account
 */
export async function updatePartner(work: Work, input: z.infer<typeof updatePartnerInput>): Promise<ChangedPartner> {
  const { partnerId, version, idempotencyKey: _, minimum, ...given } = input
  const partner = await partnerOf(work, partnerId)
  if (version !== undefined && version !== partner.version) throw await conflict(work, partner)
  const wanted = Object.entries(given).filter(
    ([name, value]) => value !== undefined && partner[name as keyof typeof given] !== value,
  )
  const currency = given.currency ?? partner.currency
  const minimumBefore = minimum === undefined ? undefined : await readMinimum(work, partner.id, currency)
  const newMinimum = minimum !== undefined && minimum !== minimumBefore
  if (wanted.length === 0 && !newMinimum) return { id: partner.id, name: partner.name, version: partner.version }
  const after = Object.fromEntries(wanted) as Partial<Omit<Partner, 'id'>>
  if (after.country && partner.stripeAccountId !== null && partner.transfersStatus !== 'disconnected')
    throw new DomainError(
      'BLOCKED',
      'Stripe never changes the country of an account. Add a new partner for the new country.',
      {
        fields: { country: 'Stripe never changes the country of an account.' },
      },
    )
  await refuseTaken(work, partner.id, after)
  const changed = await update(work, partner, after)
  const before = Object.fromEntries(wanted.map(([name]) => [name, partner[name as keyof typeof given]]))
  if (newMinimum) await writeMinimum(work, { scope: 'partner', scopeId: partner.id, currency }, minimum)
  work.audit({
    action: 'partners.update',
    target: { type: 'partner', id: partner.id },
    before: newMinimum ? { currency: partner.currency, ...before, minimum: minimumBefore } : before,
    after: newMinimum ? { currency, ...after, minimum } : after,
  })
  if (after.email) announceContact(work, { id: partner.id, name: changed.name }, partner.email, after.email)
  return changed
}

/** The guarded update: only at the version that was read. */
async function update(work: Work, partner: Partner, set: Partial<Omit<Partner, 'id'>>): Promise<ChangedPartner> {
  const [changed] = await work.tx
    .update(partners)
    .set({ ...set, version: sql`${partners.version} + 1` })
    .where(and(eq(partners.id, partner.id), eq(partners.orgId, work.orgId), eq(partners.version, partner.version)))
    .returning({ id: partners.id, name: partners.name, version: partners.version })
  if (!changed) throw await conflict(work, partner)
  work.changed('partners', partner.id)
  return changed
}

/** The sentence for the slower of two people. */
export async function conflict(work: Work, partner: Partner): Promise<DomainError> {
  const [last] = await work.tx
    .select({ by: audit.actorName, action: audit.action })
    .from(audit)
    .where(
      and(
        eq(audit.orgId, work.orgId),
        eq(audit.targetType, 'partner'),
        eq(audit.targetId, partner.id),
        sql`${audit.action} LIKE 'partners.%'`,
      ),
    )
    .orderBy(desc(audit.seq))
    .limit(1)
  const words: Record<string, string> = {
    'partners.update': 'edited',
    'partners.archive': 'archived',
    'partners.restore': 'restored',
  }
  const done = last ? `: ${last.by} ${words[last.action] ?? 'changed'} this partner` : ''
  return new DomainError(
    'CONFLICT',
    `${partner.name} has changed since you opened the page${done}. Nothing of yours was saved; look again.`,
  )
}

/** Puts a partner away: no payout of it is sent until it is restored. What was paid stays as it is. */
export async function archivePartner(work: Work, input: z.infer<typeof partnerChangeInput>): Promise<ChangedPartner> {
  const partner = await partnerOf(work, input.partnerId)
  if (partner.archivedAt !== null || (input.version !== undefined && input.version !== partner.version))
    throw await conflict(work, partner)
  const changed = await update(work, partner, { archivedAt: work.at })
  work.audit({
    action: 'partners.archive',
    target: { type: 'partner', id: partner.id },
    before: { archived: false },
    after: { archived: true },
  })
  work.changed('payouts', partner.id)
  return changed
}

export async function restorePartner(work: Work, input: z.infer<typeof partnerChangeInput>): Promise<ChangedPartner> {
  const partner = await partnerOf(work, input.partnerId)
  if (partner.archivedAt === null || (input.version !== undefined && input.version !== partner.version))
    throw await conflict(work, partner)
  const changed = await update(work, partner, { archivedAt: null })
  work.audit({
    action: 'partners.restore',
    target: { type: 'partner', id: partner.id },
    before: { archived: true },
    after: { archived: false },
  })
  work.changed('payouts', partner.id)
  return changed
}

/** Invites somebody to see this partner's money; at its contact address unless another is given. */
export async function invitePartner(
  work: Work,
  input: z.infer<typeof invitePartnerInput>,
): Promise<{ invitationId: string; expiresAt: number; email: string }> {
  const partner = await partnerOf(work, input.partnerId)
  const email = input.email ?? partner.email
  const invited = await inviteMember(work, {
    email,
    role: 'partner',
    partnerId: partner.id,
    name: input.name ?? partner.name,
  })
  work.changed('partners', partner.id)
  return { ...invited, email }
}

const dayMs = 24 * 60 * 60_000

/** What a reminder by hand and one by the clock are called in the audit log, from which both are timed. */
export const reminded = { byHand: 'partners.remind', byClock: 'partner.reminded' } as const

/**
 * Reminds a partner to finish the set-up, at most once a day.
 * @throws DomainError BLOCKED where there is nothing to finish, TOO_MANY within a day of the last reminder
 */
export async function remindPartner(
  work: Work,
  input: z.infer<typeof partnerChangeInput>,
): Promise<{ remindedAt: number }> {
  const partner = await partnerOf(work, input.partnerId)
  if (partner.archivedAt !== null)
    throw new DomainError('BLOCKED', `${partner.name} is archived. Restore the partner first.`)
  if (partner.transfersStatus === 'active')
    throw new DomainError('BLOCKED', `${partner.name} has finished the set-up already.`)
  const last = await lastReminder(work, partner.id)
  if (last !== null && last + dayMs > work.at)
    throw new DomainError('TOO_MANY', `${partner.name} was reminded less than a day ago.`, {
      retryAfterMs: last + dayMs - work.at,
    })
  sendReminder(work, partner.id, 'byHand')
  return { remindedAt: work.at }
}

/** When a partner was last reminded (UTC milliseconds), by hand or by the clock. */
export async function lastReminder(work: Work, partnerId: string): Promise<number | null> {
  const [last] = await work.tx
    .select({ at: audit.at })
    .from(audit)
    .where(
      and(
        eq(audit.orgId, work.orgId),
        eq(audit.targetType, 'partner'),
        eq(audit.targetId, partnerId),
        sql`${audit.action} IN (${reminded.byHand}, ${reminded.byClock})`,
      ),
    )
    .orderBy(desc(audit.seq))
    .limit(1)
  return last?.at ?? null
}

export function sendReminder(work: Work, partnerId: string, how: keyof typeof reminded): void {
  notify(work, {
    template: 'onboardingReminder',
    eventId: `${partnerId}:reminder:${work.at}`,
    to: { partnerId },
    about: { partnerId },
  })
  work.audit({ action: reminded[how], target: { type: 'partner', id: partnerId } })
  work.changed('partners', partnerId)
}
