import { and, desc, eq, isNull, ne, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Drizzle, Tx } from '#db/client.ts'
import { audit, memberships, organizations, payoutMinimums, users } from '#db/schema/index.ts'
import { removeAllFactors } from '#server/auth/factors.ts'
import { revokeInvitationsBy } from '#server/auth/invitations.ts'
import { endMembershipSessions } from '#server/auth/sessions.ts'
import { notify } from '#server/email/notify.ts'
import { standingViolations } from '#server/invariants/standing.ts'
import { DomainError, notFound } from '#server/lib/errors.ts'
import type { Work } from '#server/work.ts'
import { readDailyLimits, writeDailyLimits } from './limits.ts'
import {
  type changeRoleInput,
  lastOwnerSentence,
  type memberInput,
  type pauseInput,
  type resumeInput,
  type settingsInput,
} from './rules.ts'

export interface ChangedMember {
  membershipId: string
  version: number
  sessionsEnded: number
}

type MemberInput = z.infer<typeof memberInput>
type MemberSet = Partial<Pick<typeof memberships.$inferInsert, 'role' | 'disabledAt'>>

async function memberOf(work: Work, membershipId: string) {
  const [member] = await work.tx
    .select({ membership: memberships, name: users.name })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.id, membershipId), eq(memberships.orgId, work.orgId)))
  if (!member) throw notFound('member')
  return { ...member.membership, name: member.name }
}

/** The guarded update: only at the version that the page showed. The last owner is kept by the database itself. */
async function updateMember(
  work: Work,
  member: Awaited<ReturnType<typeof memberOf>>,
  input: MemberInput,
  set: MemberSet,
): Promise<number> {
  const [changed] = await work.tx
    .update(memberships)
    .set({ ...set, version: sql`${memberships.version} + 1` })
    .where(
      and(
        eq(memberships.id, member.id),
        eq(memberships.orgId, work.orgId),
        eq(memberships.version, input.version ?? member.version),
      ),
    )
    .returning({ version: memberships.version })
    .catch(error => {
      throw mentions(error, 'last_owner') ? new DomainError('BLOCKED', lastOwnerSentence) : error
    })
  if (!changed) throw await conflict(work, 'membership', member.id, `${member.name}’s membership`)
  work.changed('team')
  return changed.version
}

function mentions(error: unknown, word: string): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at.message.includes(word)) return true
  return false
}

/** The sentence for the slower of two people. */
async function conflict(work: Work, type: string, id: string, what: string): Promise<DomainError> {
  const [last] = await work.tx
    .select({ by: audit.actorName, action: audit.action })
    .from(audit)
    .where(and(eq(audit.orgId, work.orgId), eq(audit.targetType, type), eq(audit.targetId, id)))
    .orderBy(desc(audit.seq))
    .limit(1)
  const words: Record<string, string> = {
    'orgs.changeRole': 'changed the role',
    'orgs.disableMember': 'disabled this member',
    'orgs.enableMember': 'enabled this member',
    'orgs.resetSecondFactor': 'reset the second factor',
    'orgs.updateSettings': 'changed the settings',
    'orgs.pauseTransfers': 'stopped all transfers',
    'orgs.resumeTransfers': 'resumed transfers',
  }
  const done = last ? `${last.by} ${words[last.action] ?? 'changed it'}` : 'somebody changed it'
  return new DomainError(
    'CONFLICT',
    `${what} changed since you opened this page: ${done}. Nothing of yours was saved; look again.`,
  )
}

/**
 * Gives a staff member another role, and ends their sessions in this organization.
 * @throws DomainError NOT_FOUND, CONFLICT for an old version, BLOCKED for the last owner, INVALID for a partner's person
 */
export async function changeRole(work: Work, input: z.infer<typeof changeRoleInput>): Promise<ChangedMember> {
  const member = await memberOf(work, input.membershipId)
  if (member.role === 'partner')
    throw new DomainError(
      'INVALID',
      `${member.name} belongs to a partner, and sees only its money. That can’t become a staff role.`,
    )
  if (member.role === input.role && (input.version ?? member.version) === member.version)
    return { membershipId: member.id, version: member.version, sessionsEnded: 0 }
  const version = await updateMember(work, member, input, { role: input.role })
  const sessionsEnded = await endMembershipSessions(work, member.id)
  if (input.role !== 'owner') await revokeInvitationsBy(work, member.userId)
  work.audit({
    action: 'orgs.changeRole',
    target: { type: 'membership', id: member.id },
    before: { name: member.name, role: member.role },
    after: { name: member.name, role: input.role, sessionsEnded },
  })
  return { membershipId: member.id, version, sessionsEnded }
}

/**
 * Shuts somebody out at once: their sessions here end, and the staff they invited can no longer join.
 * @throws DomainError NOT_FOUND, CONFLICT for an old version or who is disabled already, BLOCKED for the last owner
 */
export async function disableMember(work: Work, input: MemberInput): Promise<ChangedMember> {
  const member = await memberOf(work, input.membershipId)
  if (member.disabledAt !== null) throw await conflict(work, 'membership', member.id, `${member.name}’s membership`)
  const version = await updateMember(work, member, input, { disabledAt: work.at })
  const sessionsEnded = await endMembershipSessions(work, member.id)
  await revokeInvitationsBy(work, member.userId)
  work.audit({
    action: 'orgs.disableMember',
    target: { type: 'membership', id: member.id },
    before: { name: member.name, role: member.role, disabled: false },
    after: { name: member.name, role: member.role, disabled: true, sessionsEnded },
  })
  return { membershipId: member.id, version, sessionsEnded }
}

/** @throws DomainError NOT_FOUND, CONFLICT for an old version or who is enabled already */
export async function enableMember(work: Work, input: MemberInput): Promise<ChangedMember> {
  const member = await memberOf(work, input.membershipId)
  if (member.disabledAt === null) throw await conflict(work, 'membership', member.id, `${member.name}’s membership`)
  const version = await updateMember(work, member, input, { disabledAt: null })
  work.audit({
    action: 'orgs.enableMember',
    target: { type: 'membership', id: member.id },
    before: { name: member.name, role: member.role, disabled: true },
    after: { name: member.name, role: member.role, disabled: false },
  })
  return { membershipId: member.id, version, sessionsEnded: 0 }
}

/** Ends a member's sessions in this organization. @throws DomainError NOT_FOUND */
export async function endMemberSessions(work: Work, input: MemberInput): Promise<ChangedMember> {
  const member = await memberOf(work, input.membershipId)
  const sessionsEnded = await endMembershipSessions(work, member.id)
  work.audit({
    action: 'orgs.endMemberSessions',
    target: { type: 'membership', id: member.id },
    after: { name: member.name, sessionsEnded },
  })
  work.changed('team')
  return { membershipId: member.id, version: member.version, sessionsEnded }
}

/**
 * Takes all second factors off a member who has lost them, ends all their sessions, and tells them by mail. The factors are the
 * person's, in every organization: an owner may do this only where theirs is the only one.
 * @throws DomainError NOT_FOUND, CONFLICT for an old version, INVALID for oneself, BLOCKED for who belongs elsewhere too
 */
export async function resetSecondFactor(work: Work, input: MemberInput): Promise<ChangedMember> {
  const member = await memberOf(work, input.membershipId)
  if (member.userId === work.actor.id)
    throw new DomainError(
      'INVALID',
      'Change your own second factors under Account, with one of them or a recovery code.',
    )
  const [elsewhere] = await work.tx
    .select({ id: memberships.id })
    .from(memberships)
    .where(
      and(eq(memberships.userId, member.userId), ne(memberships.orgId, work.orgId), isNull(memberships.disabledAt)),
    )
  if (elsewhere)
    throw new DomainError(
      'BLOCKED',
      `${member.name} belongs to another organization too, which their second factors protect as well. A recovery code lets them in; without one, whoever runs Remit resets it on the machine.`,
    )
  const version = await updateMember(work, member, input, {})
  const sessionsEnded = await removeAllFactors(work, member.userId, work.actor.name)
  work.audit({
    action: 'orgs.resetSecondFactor',
    target: { type: 'membership', id: member.id },
    after: { name: member.name, sessionsEnded },
  })
  return { membershipId: member.id, version, sessionsEnded }
}

export async function readSettings(db: Drizzle | Tx, orgId: string) {
  const [org] = await db.select().from(organizations).where(eq(organizations.id, orgId))
  if (!org) throw notFound('organization')
  const minimums = await db
    .select({ currency: payoutMinimums.currency, amount: payoutMinimums.amount })
    .from(payoutMinimums)
    .where(eq(payoutMinimums.orgId, orgId))
    .orderBy(payoutMinimums.currency)
  return { org, minimums, dailyLimits: await readDailyLimits(db, orgId) }
}

/**
 * Changes the settings that are given, at the version that the page showed.
 * @throws DomainError CONFLICT with what happened and by whom
 */
export async function updateSettings(work: Work, input: z.infer<typeof settingsInput>): Promise<{ version: number }> {
  const { version, idempotencyKey: _, minimums, dailyLimits, ...given } = input
  const { org, minimums: known, dailyLimits: limits } = await readSettings(work.tx, work.orgId)
  const target = { type: 'organization', id: org.id }
  const before: Record<string, unknown> = {}
  const after: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given) as [keyof typeof given, unknown][])
    if (value !== undefined && org[name] !== value) {
      before[name] = org[name]
      after[name] = value
    }
  const sorted = minimums?.toSorted((a, b) => (a.currency < b.currency ? -1 : 1))
  if (sorted && JSON.stringify(sorted) !== JSON.stringify(known)) {
    before.minimums = known
    after.minimums = sorted
  }
  const sortedLimits = dailyLimits?.toSorted((a, b) => (a.act + a.currency < b.act + b.currency ? -1 : 1))
  if (sortedLimits && JSON.stringify(sortedLimits) !== JSON.stringify(limits)) {
    before.dailyLimits = limits
    after.dailyLimits = sortedLimits
  }
  if (version !== undefined && version !== org.version)
    throw await conflict(work, 'organization', org.id, 'The settings')
  if (Object.keys(after).length === 0) return { version: org.version }
  const [changed] = await work.tx
    .update(organizations)
    .set({ ...given, version: sql`${organizations.version} + 1` })
    .where(and(eq(organizations.id, org.id), eq(organizations.version, org.version)))
    .returning({ version: organizations.version })
  if (!changed) throw await conflict(work, 'organization', org.id, 'The settings')
  if (after.minimums && sorted) {
    await work.tx.delete(payoutMinimums).where(eq(payoutMinimums.orgId, org.id))
    if (sorted.length > 0) await work.tx.insert(payoutMinimums).values(sorted.map(row => ({ ...row, orgId: org.id })))
  }
  if (after.dailyLimits && sortedLimits) await writeDailyLimits(work, sortedLimits)
  work.audit({ action: 'orgs.updateSettings', target, before, after })
  work.changed('settings')
  return changed
}

/**
 * The stop button: no transfer leaves until someone resumes. It takes no version, since nothing may stand in its way.
 * @throws DomainError CONFLICT with who stopped them, where they are stopped already
 */
export async function pauseTransfers(work: Work, input: z.infer<typeof pauseInput>): Promise<{ pausedAt: number }> {
  const [stopped] = await work.tx
    .update(organizations)
    .set({ transfersPausedAt: work.at, transfersPausedBy: work.actor.id, transfersPausedReason: input.reason })
    .where(and(eq(organizations.id, work.orgId), isNull(organizations.transfersPausedAt)))
    .returning({ id: organizations.id })
  if (!stopped) {
    const paused = await pauseOf(work.tx, work.orgId)
    throw new DomainError('CONFLICT', `Transfers are stopped already, by ${paused.by}: “${paused.reason}”`)
  }
  work.audit({
    action: 'orgs.pauseTransfers',
    target: { type: 'organization', id: work.orgId },
    after: { reason: input.reason },
  })
  // Whoever pressed the button gets the mail too: it shows them if somebody else pressed it in their name.
  notify(work, {
    template: 'transfersPaused',
    eventId: `${work.orgId}:paused:${work.at}`,
    to: { staffWith: 'transfers.pause' },
    about: { reason: input.reason, pausedBy: work.actor.name, pausedAt: work.at },
  })
  work.changed('settings')
  work.changed('payouts')
  return { pausedAt: work.at }
}

/**
 * @throws DomainError CONFLICT where nothing is stopped; BLOCKED without a reason while the books are found to be wrong: an alarm that
 * could be waved away by a click would be no alarm, and one that nobody can overrule would hold up everybody's money
 */
export async function resumeTransfers(
  work: Work,
  input: Pick<z.infer<typeof resumeInput>, 'reason'> = {},
): Promise<{ resumedAt: number }> {
  const paused = await pauseOf(work.tx, work.orgId)
  if (paused.at === null) throw new DomainError('CONFLICT', 'Transfers aren’t stopped: somebody resumed them already.')
  const standing = await standingViolations(work.tx, work.orgId)
  const reason = input.reason || undefined
  if (standing[0] && !reason) {
    const more = standing.length > 1 ? ` And ${standing.length - 1} more.` : ''
    throw new DomainError(
      'BLOCKED',
      `Something in the books can’t be right: ${standing[0].says}${more} Mend it and run npm run doctor, which looks again; or say why it is safe to send all the same.`,
      { fields: { reason: 'Say why it is safe to send all the same.' } },
    )
  }
  if (paused.unreconciledSince !== null)
    throw new DomainError(
      'BLOCKED',
      'The database was restored from a backup, and Stripe may hold transfers that are missing here. Compare with Stripe first, under Reconcile; then resume.',
    )
  await work.tx
    .update(organizations)
    .set({ transfersPausedAt: null, transfersPausedBy: null, transfersPausedReason: null })
    .where(eq(organizations.id, work.orgId))
  work.audit({
    action: 'orgs.resumeTransfers',
    target: { type: 'organization', id: work.orgId },
    before: { reason: paused.reason, pausedAt: paused.at },
    after: standing.length > 0 ? { reason, standing: standing.length } : null,
  })
  work.changed('settings')
  work.changed('payouts')
  return { resumedAt: work.at }
}

/**
 * Since when, by whom and why transfers are stopped; `at` is null while they run. With `unreconciledSince`, the time of a restored backup,
 * they can't be resumed before both sides were compared.
 */
export async function pauseOf(
  db: Drizzle | Tx,
  orgId: string,
): Promise<{ at: number | null; by: string; reason: string; unreconciledSince: number | null }> {
  const [row] = await db
    .select({
      at: organizations.transfersPausedAt,
      by: users.name,
      reason: organizations.transfersPausedReason,
      unreconciledSince: organizations.unreconciledSince,
    })
    .from(organizations)
    .leftJoin(users, eq(users.id, organizations.transfersPausedBy))
    .where(eq(organizations.id, orgId))
  return {
    at: row?.at ?? null,
    by: row?.by ?? 'Remit',
    reason: row?.reason ?? '',
    unreconciledSince: row?.unreconciledSince ?? null,
  }
}
