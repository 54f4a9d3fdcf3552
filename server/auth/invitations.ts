import { and, asc, eq, gt, isNull, ne, sql } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { memberships, organizations, partners, type Role, tokens, users } from '#db/schema/index.ts'
import { type Deps, sha256 } from '#server/deps.ts'
import { notify } from '#server/email/notify.ts'
import { DomainError, notFound } from '#server/lib/errors.ts'
import { type Work, work } from '#server/work.ts'
import { createSession, type Origin, renewToken } from './lucia.ts'
import { checkNewPassword, hashPassword, verifyPassword } from './password.ts'
import { homeOf, newPassword, roleLabels, type Viewer } from './rules.ts'
import { beginSecondStep, hasSecondFactor } from './second-step.ts'
import type { Entered } from './service.ts'
import { endPrevious } from './sessions.ts'
import { admit, forgive, trust } from './throttle.ts'

// An invitation is a row in `tokens` that opens nothing: nobody knows its secret. What opens it are links, each a further row
// with its own secret, made when a mail is sent or an inviter copies one. The first link used closes all others. So no secret
// has to lie in the outbox or beside an idempotency key, where a copy of the database would give it away.

/** An invitation can be accepted for this long (milliseconds), through whichever of its links. */
export const invitationMs = 7 * 24 * 60 * 60_000

export interface NewInvitation {
  email: string
  role: Role
  /** Exactly for the role `partner`. */
  partnerId: string | null
  /** How the mail addresses them. */
  name?: string
}

export interface Invitation {
  id: string
  email: string
  role: Role
  partnerId: string | null
  orgId: string
  orgName: string
  partnerName: string | null
  inviterName: string
  /** UTC milliseconds */
  createdAt: number
  expiresAt: number
}

/**
 * Invites somebody into the work's organization and queues the mail; an open invitation to the same address is replaced. The
 * caller has checked that its actor may. Links come from `remintInvitation`, after the commit.
 * @throws DomainError CONFLICT for who is in the organization already, NOT_FOUND for a foreign partner, INVALID for an archived one
 */
export async function inviteMember(
  unit: Work,
  invited: NewInvitation,
): Promise<{ invitationId: string; expiresAt: number }> {
  const { email, role, partnerId, name = '' } = invited
  if ((role === 'partner') !== (partnerId !== null)) throw new Error('a partner id belongs to the role partner')
  if (partnerId !== null) await refuseUnusablePartner(unit, partnerId)
  await refuseMember(unit, email)
  await revokeOpen(unit, email)
  const invitationId = sha256(unit.deps.ids.secret())
  const expiresAt = unit.at + invitationMs
  await unit.tx.insert(tokens).values({
    id: invitationId,
    kind: 'invitation',
    email,
    orgId: unit.orgId,
    role,
    partnerId,
    createdBy: unit.actor.id,
    createdAt: unit.at,
    expiresAt,
  })
  unit.audit({
    action: 'orgs.invite',
    target: { type: 'invitation', id: invitationId },
    after: { email, role, partnerId },
  })
  notify(unit, { template: 'invitation', eventId: invitationId, to: { address: email, name }, about: { invitationId } })
  unit.changed('team')
  return { invitationId, expiresAt }
}

async function refuseUnusablePartner(unit: Work, partnerId: string): Promise<void> {
  const [partner] = await unit.tx
    .select({ name: partners.name, archivedAt: partners.archivedAt })
    .from(partners)
    .where(and(eq(partners.id, partnerId), eq(partners.orgId, unit.orgId)))
  if (!partner) throw notFound('partner')
  if (partner.archivedAt !== null)
    throw new DomainError('INVALID', `${partner.name} is archived. Restore the partner first.`)
}

async function refuseMember(unit: Work, email: string): Promise<void> {
  const [member] = await unit.tx
    .select({ role: memberships.role, disabledAt: memberships.disabledAt })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.orgId, unit.orgId), eq(users.email, email)))
  if (!member) return
  const role = roleLabels[member.role].name
  const sentence =
    member.disabledAt === null
      ? `${email} belongs to this organization already, as ${role}.`
      : `${email} belongs to this organization, as ${role}, and is disabled. Enable them instead.`
  throw new DomainError('CONFLICT', sentence, { fields: { email: sentence } })
}

/** What an invitation is while it can be accepted. */
const open = (now: number) =>
  and(eq(tokens.kind, 'invitation'), isNull(tokens.usedAt), isNull(tokens.revokedAt), gt(tokens.expiresAt, now))

async function revokeOpen(unit: Work, email: string): Promise<void> {
  await unit.tx
    .update(tokens)
    .set({ revokedAt: unit.at })
    .where(and(eq(tokens.orgId, unit.orgId), eq(tokens.email, email), open(unit.at)))
}

/**
 * Withdraws an invitation with all its links; `onlyPartners` for who may invite partners' people, but no staff.
 * @throws DomainError NOT_FOUND when it isn't this organization's, is no longer open, or invites staff where that is left out
 */
export async function revokeInvitation(unit: Work, invitationId: string, { onlyPartners = false } = {}): Promise<void> {
  const [row] = await unit.tx
    .select({ email: tokens.email, role: tokens.role })
    .from(tokens)
    .where(
      and(
        eq(tokens.id, invitationId),
        eq(tokens.orgId, unit.orgId),
        onlyPartners ? eq(tokens.role, 'partner') : undefined,
        open(unit.at),
      ),
    )
  if (!row) throw notFound('invitation')
  await revokeOpen(unit, row.email)
  unit.audit({ action: 'orgs.revokeInvitation', target: { type: 'invitation', id: invitationId }, before: row })
  unit.changed('team')
}

/** Withdraws what a person invited staff with: for when they lose the right to. Partners' invitations stay. */
export async function revokeInvitationsBy(unit: Work, userId: string): Promise<void> {
  await unit.tx
    .update(tokens)
    .set({ revokedAt: unit.at })
    .where(and(eq(tokens.orgId, unit.orgId), eq(tokens.createdBy, userId), ne(tokens.role, 'partner'), open(unit.at)))
}

const shown = {
  id: tokens.id,
  email: tokens.email,
  role: sql<Role>`${tokens.role}`,
  partnerId: tokens.partnerId,
  orgId: sql<string>`${tokens.orgId}`,
  orgName: organizations.name,
  partnerName: partners.name,
  inviterName: sql<string>`coalesce(${users.name}, ${organizations.name})`,
  createdAt: tokens.createdAt,
  expiresAt: tokens.expiresAt,
}

function selectOpen(db: Drizzle | Tx, now: number, where: ReturnType<typeof eq>): Promise<Invitation[]> {
  return db
    .select(shown)
    .from(tokens)
    .innerJoin(organizations, eq(organizations.id, tokens.orgId))
    .leftJoin(users, eq(users.id, tokens.createdBy))
    .leftJoin(partners, and(eq(partners.id, tokens.partnerId), eq(partners.orgId, tokens.orgId)))
    .where(and(where, open(now)))
    .orderBy(asc(tokens.createdAt), sql`${tokens}.rowid`)
}

/** The organization's open invitations, latest first; one each, however many links it has. */
export async function listInvitations(deps: Deps, orgId: string): Promise<Invitation[]> {
  const rows = await selectOpen(deps.db.read, deps.clock.now(), eq(tokens.orgId, orgId))
  const byAddress = new Map<string, Invitation>()
  for (const row of rows) if (!byAddress.has(row.email)) byAddress.set(row.email, row)
  return [...byAddress.values()].reverse()
}

/**
 * Makes a link to an open invitation: for the mail when it is sent, and for the inviter to copy. Null when the invitation was
 * accepted, withdrawn or has expired. Each call makes another link; the first one used closes all.
 */
export async function remintInvitation(
  deps: Deps,
  invitationId: string,
): Promise<(Invitation & { url: string }) | null> {
  const secret = deps.ids.secret()
  return deps.db.write(async tx => {
    const now = deps.clock.now()
    const [invitation] = await selectOpen(tx, now, eq(tokens.id, invitationId))
    if (!invitation) return null
    const [row] = await tx.select().from(tokens).where(eq(tokens.id, invitationId))
    if (!row) return null
    await tx.insert(tokens).values({ ...row, id: sha256(secret), createdAt: now })
    return { ...invitation, url: new URL(`/invitations/${secret}`, deps.config.PUBLIC_URL).href }
  })
}

const gone = () =>
  new DomainError(
    'NOT_FOUND',
    'This invitation can’t be used any more: it was used, withdrawn or replaced, or it is too old. Ask for a new one.',
  )

/** What a link invites to, and what accepting takes: a new account, the password of an existing one, or nothing more. */
export async function readInvitation(deps: Deps, secret: string, viewer: Viewer | null) {
  const [invitation] = await selectOpen(deps.db.read, deps.clock.now(), eq(tokens.id, sha256(secret)))
  if (!invitation) throw gone()
  const { email, role, orgName, partnerName, inviterName, expiresAt } = invitation
  const [account] = await deps.db.read.select({ id: users.id }).from(users).where(eq(users.email, email))
  const needs = !account ? 'account' : account.id === viewer?.userId ? 'nothing' : 'password'
  return {
    email,
    role,
    orgName,
    partnerName,
    inviterName,
    expiresAt,
    needs: needs as 'account' | 'password' | 'nothing',
  }
}

export interface Acceptance {
  token: string
  name?: string
  password?: string
}

/**
 * Joins the invited person, once, and signs them in. A new person gives name and password; one with an account gives its
 * password, unless they are signed in with it.
 * @throws DomainError NOT_FOUND for a link that opens nothing, INVALID for what is missing, UNAUTHORIZED for a wrong password,
 * TOO_MANY, CONFLICT for who is in the organization already
 */
export async function acceptInvitation(
  deps: Deps,
  browser: Origin & { viewer: Viewer | null; sessionId: string | null },
  acceptance: Acceptance,
): Promise<Entered> {
  const look = { purpose: 'link' as const, address: browser.address }
  await admit(deps, look)
  const id = sha256(acceptance.token)
  const [invitation] = await selectOpen(deps.db.read, deps.clock.now(), eq(tokens.id, id))
  if (!invitation) throw gone()
  const { email, orgId, orgName, role, partnerId } = invitation
  const [account] = await deps.db.read.select().from(users).where(eq(users.email, email))
  const person = account
    ? { ...account, isNew: false }
    : {
        ...(await newPerson(acceptance, { email, orgName })),
        id: deps.ids.id('usr'),
        email,
        createdAt: deps.clock.now(),
        isNew: true,
      }
  const attempt = { purpose: 'password' as const, account: email, address: browser.address }
  const needsPassword = !person.isNew && browser.viewer?.userId !== person.id
  if (needsPassword) {
    const fields = { password: `Enter the password that ${email} signs in with.` }
    if (!acceptance.password) throw new DomainError('INVALID', fields.password, { fields })
    await admit(deps, attempt)
    if (!(await verifyPassword(person.passwordHash, acceptance.password)))
      throw new DomainError('UNAUTHORIZED', 'That is not the password of this account.', { fields })
  }
  return work(deps, { orgId, actor: { kind: 'user', id: person.id, name: person.name } }, async unit => {
    // Looked at again, now that nobody else writes: two tabs, a withdrawal, or a new password may have been faster.
    const [used] = await unit.tx
      .update(tokens)
      .set({ usedAt: unit.at })
      .where(and(eq(tokens.id, id), open(unit.at)))
      .returning({ id: tokens.id })
    if (!used) throw gone()
    await revokeOpen(unit, email)
    await refuseMember(unit, email)
    const [now] = await unit.tx.select({ passwordHash: users.passwordHash }).from(users).where(eq(users.email, email))
    if (person.isNew ? now : now?.passwordHash !== person.passwordHash)
      throw new DomainError('CONFLICT', 'This account was changed a moment ago. Open the link again.')
    if (person.isNew) {
      const { isNew: _, ...row } = person
      await unit.tx.insert(users).values(row)
    }
    const membershipId = unit.id('mem')
    await unit.tx
      .insert(memberships)
      .values({ id: membershipId, orgId, userId: person.id, role, partnerId, createdAt: unit.at })
    await forgive(unit.tx, look)
    if (needsPassword) await forgive(unit.tx, attempt)
    unit.audit({
      action: 'auth.acceptInvitation',
      target: { type: 'membership', id: membershipId },
      after: { email, role, partnerId, invitedBy: invitation.inviterName },
    })
    unit.changed('team')
    // Somebody signed in goes on as what they have proven to be; a password alone is no more here than at sign-in.
    if (!person.isNew && !needsPassword && browser.sessionId !== null)
      return { home: homeOf(role), ...(await renewToken(unit, browser.sessionId, { membershipId })) }
    if (await hasSecondFactor(unit.tx, person.id))
      return { home: '/verify', cookie: await beginSecondStep(unit, person.id, membershipId) }
    if (needsPassword) await trust(unit.tx, attempt, unit.at)
    await endPrevious(unit, browser.sessionId)
    const { cookie } = await createSession(unit, person.id, membershipId, browser, 'password')
    return { home: homeOf(role), cookie }
  })
}

async function newPerson({ name, password }: Acceptance, about: { email: string; orgName: string }) {
  const fields: Record<string, string> = {}
  if (!name) fields.name = 'Your name is missing.'
  const checked = newPassword.safeParse(password ?? '')
  if (!checked.success) fields.password = checked.error.issues[0]?.message ?? 'Choose a password.'
  const [first] = Object.values(fields)
  if (!name || !checked.success || first) throw new DomainError('INVALID', first ?? 'Something is missing.', { fields })
  checkNewPassword(checked.data, { ...about, name })
  return { name, passwordHash: await hashPassword(checked.data) }
}
