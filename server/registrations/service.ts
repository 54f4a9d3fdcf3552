import { and, eq, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { partners, programs, registrations } from '#db/schema/index.ts'
import { notify } from '../email/notify.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { takeNumbers } from '../numbers.ts'
import type { Work } from '../work.ts'
import { type Conflict, findConflicts, tell } from './conflicts.ts'
import {
  type createRegistrationInput,
  domainOf,
  type RegistrationAction,
  type registrationChangeInput,
  registrationLabels,
  registrationMachine,
  registrationNumber,
  type updateRegistrationInput,
} from './rules.ts'

export type Registration = typeof registrations.$inferSelect

/** What a mutation answers. */
export interface ChangedRegistration {
  id: string
  number: string
  status: Registration['status']
  version: number
}

/** The partner's own registration, or any that was sent in (for staff: `partnerId` null). NOT_FOUND for everything else. */
export async function registrationOf(
  work: Work,
  registrationId: string,
  partnerId: string | null,
): Promise<Registration> {
  const [row] = await work.tx
    .select()
    .from(registrations)
    .where(
      and(
        eq(registrations.id, registrationId),
        eq(registrations.orgId, work.orgId),
        partnerId === null ? sql`${registrations.submittedAt} IS NOT NULL` : eq(registrations.partnerId, partnerId),
      ),
    )
  if (!row) throw notFound('registration')
  return row
}

/** Keeps a draft, and sends it in where asked. Amounts in minor units. */
export async function createRegistration(
  work: Work,
  partnerId: string,
  input: z.infer<typeof createRegistrationInput>,
  mayTell = true,
): Promise<ChangedRegistration> {
  const partner = await activePartner(work, partnerId)
  const programId = await openProgram(work, input.programId)
  const number = await takeNumbers(work, 'registrations', 1)
  const contactEmail = input.contactEmail ?? null
  const row: Registration = {
    id: work.id('reg'),
    orgId: work.orgId,
    number,
    partnerId,
    programId,
    status: 'draft',
    accountName: input.accountName,
    accountDomain: domainOf(contactEmail),
    contactEmail,
    expectedAmount: input.expectedAmount ?? null,
    currency: input.currency ?? partner.currency,
    notes: input.notes || null,
    submittedAt: null,
    decidedBy: null,
    decidedAt: null,
    declineReason: null,
    protectedUntil: null,
    remindedAt: null,
    dealId: null,
    createdBy: work.actor.id,
    createdAt: work.at,
    updatedAt: work.at,
    version: 1,
  }
  await work.tx.insert(registrations).values(row)
  work.audit({ action: 'registrations.create', target: target(row), after: claimOf(row) })
  work.changed('registrations', partnerId)
  return input.submit ? submit(work, row, mayTell) : changed(row)
}

/** Changes a draft, at the version that the page showed, and sends it in where asked. */
export async function updateRegistration(
  work: Work,
  partnerId: string,
  input: z.infer<typeof updateRegistrationInput>,
  mayTell = true,
): Promise<ChangedRegistration> {
  const row = await registrationOf(work, input.registrationId, partnerId)
  refuseUnless(row, 'edit', input.version)
  const contactEmail = input.contactEmail === undefined ? row.contactEmail : input.contactEmail
  const wanted = {
    accountName: input.accountName ?? row.accountName,
    contactEmail,
    accountDomain: domainOf(contactEmail),
    expectedAmount: input.expectedAmount === undefined ? row.expectedAmount : input.expectedAmount,
    currency: input.currency ?? row.currency,
    programId: input.programId === undefined ? row.programId : await openProgram(work, input.programId),
    notes: input.notes === undefined ? row.notes : input.notes || null,
  }
  const same = Object.entries(wanted).every(([name, value]) => row[name as keyof typeof wanted] === value)
  const kept = same ? row : await changeRegistration(work, row, wanted)
  if (!same)
    work.audit({ action: 'registrations.update', target: target(row), before: claimOf(row), after: claimOf(kept) })
  return input.submit ? submit(work, kept, mayTell) : changed(kept)
}

export async function submitRegistration(
  work: Work,
  partnerId: string,
  input: z.infer<typeof registrationChangeInput>,
  mayTell = true,
): Promise<ChangedRegistration> {
  const row = await registrationOf(work, input.registrationId, partnerId)
  refuseUnless(row, 'submit', input.version)
  return submit(work, row, mayTell)
}

/**
 * Sends a draft in. What is taken may be sent in too, with a word on why it is different; the reviewer then sees both. Whoever has
 * asked about too many companies (`mayTell` false) sends it in without being told; the reviewer sees what stands against it.
 * @throws DomainError INVALID without a contact; BLOCKED where something is in the way and nothing is said to it
 */
async function submit(work: Work, row: Registration, mayTell: boolean): Promise<ChangedRegistration> {
  await activePartner(work, row.partnerId)
  await openProgram(work, row.programId)
  if (!row.contactEmail) {
    const sentence = 'Whom do you talk to there? Enter an email address.'
    throw new DomainError('INVALID', sentence, { fields: { contactEmail: sentence } })
  }
  const conflicts = await conflictsOf(work, row)
  const told = tell(conflicts)
  if (told && !row.notes && mayTell) throw new DomainError('BLOCKED', told.message, { fields: { notes: told.message } })
  const after = await changeRegistration(work, row, { status: 'submitted', submittedAt: work.at })
  work.audit({
    action: 'registrations.submit',
    target: target(row),
    before: { status: row.status },
    after: { status: 'submitted', conflicts: conflicts.map(({ number }) => number) },
  })
  notify(work, {
    template: 'registrationSubmitted',
    eventId: `${row.id}:submitted`,
    to: { staffWith: 'registrations.decide' },
    about: { registrationId: row.id },
  })
  return changed(after)
}

export async function withdrawRegistration(
  work: Work,
  partnerId: string,
  input: z.infer<typeof registrationChangeInput>,
): Promise<ChangedRegistration> {
  const row = await registrationOf(work, input.registrationId, partnerId)
  refuseUnless(row, 'withdraw', input.version)
  const after = await changeRegistration(work, row, { status: 'withdrawn' })
  work.audit({
    action: 'registrations.withdraw',
    target: target(row),
    before: { status: row.status },
    after: { status: 'withdrawn' },
  })
  return changed(after)
}

/** What stands against a registration now, with names. */
export async function conflictsOf(work: Pick<Work, 'tx' | 'orgId' | 'at'>, row: Registration): Promise<Conflict[]> {
  return (await findConflicts(work.tx, work.orgId, [{ ...row, key: row.id }], work.at)).get(row.id) ?? []
}

/** Throws CONFLICT unless the action is legal in its status, at the version that the page showed. */
export function refuseUnless(row: Registration, action: RegistrationAction, version: number | undefined): void {
  if (registrationMachine.allows(action, row.status) && (version === undefined || version === row.version)) return
  const state = registrationLabels[row.status].label.toLowerCase()
  throw new DomainError(
    'CONFLICT',
    `${registrationNumber(row.number)} has changed since you opened the page: it is ${state} now. Nothing of yours was saved; look again.`,
  )
}

/** The guarded update: only at the version that was read. */
export async function changeRegistration(
  work: Work,
  row: Registration,
  set: Partial<Omit<Registration, 'id' | 'orgId' | 'version'>>,
): Promise<Registration> {
  const [after] = await work.tx
    .update(registrations)
    .set({ ...set, updatedAt: work.at, version: sql`${registrations.version} + 1` })
    .where(
      and(eq(registrations.id, row.id), eq(registrations.orgId, work.orgId), eq(registrations.version, row.version)),
    )
    .returning()
  if (!after) throw new DomainError('CONFLICT', `${registrationNumber(row.number)} has just changed. Look again.`)
  work.changed('registrations', row.partnerId)
  return after
}

export function changed({ id, number, status, version }: Registration): ChangedRegistration {
  return { id, number: registrationNumber(number), status, version }
}

export function target({ id }: { id: string }): { type: string; id: string } {
  return { type: 'registration', id }
}

/** What a registration claims, for the audit log. */
function claimOf(row: Registration): object {
  const { accountName, contactEmail, expectedAmount, currency, programId, notes } = row
  return {
    number: registrationNumber(row.number),
    accountName,
    contactEmail,
    expectedAmount,
    currency,
    programId,
    notes,
  }
}

async function activePartner(work: Work, partnerId: string): Promise<typeof partners.$inferSelect> {
  const [partner] = await work.tx
    .select()
    .from(partners)
    .where(and(eq(partners.id, partnerId), eq(partners.orgId, work.orgId)))
  if (!partner) throw notFound('partner')
  if (partner.archivedAt !== null)
    throw new DomainError(
      'BLOCKED',
      'Your account is closed, so nothing can be registered. Ask to have it opened again.',
    )
  return partner
}

/** The program asked for, or the only one that is open. */
async function openProgram(work: Work, programId: string | undefined): Promise<string> {
  const [first, second] = await work.tx
    .select({ id: programs.id, archivedAt: programs.archivedAt })
    .from(programs)
    .where(
      and(
        eq(programs.orgId, work.orgId),
        programId === undefined ? isNull(programs.archivedAt) : eq(programs.id, programId),
      ),
    )
    .limit(2)
  if (programId !== undefined && !first) throw notFound('program')
  if (first && first.archivedAt === null && !second) return first.id
  const sentence = first?.archivedAt
    ? 'That program takes no registrations any more. Choose another.'
    : first
      ? 'Choose a program.'
      : 'There is no program to register deals in.'
  throw new DomainError('INVALID', sentence, { fields: { programId: sentence } })
}
