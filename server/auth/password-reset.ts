import { and, eq, gt, isNull } from 'drizzle-orm'
import { tokens, users } from '#db/schema/index.ts'
import { type Deps, sha256 } from '#server/deps.ts'
import { notify } from '#server/email/notify.ts'
import { DomainError } from '#server/lib/errors.ts'
import { system, type Work, work } from '#server/work.ts'
import { membershipsOf } from './memberships.ts'
import { checkNewPassword, hashPassword } from './password.ts'
import { endUserSessions } from './sessions.ts'
import { admit, forgive, trust } from './throttle.ts'

/** A reset link works for this long after its mail was sent (milliseconds). Source: OWASP ASVS 5.0, 6.5.5. */
export const resetMs = 10 * 60_000

/** What belongs to no organization is audited here: a person has one password for all of theirs. */
const nowhere = 'system'

/**
 * Asks for a reset mail. Says nothing about whether anyone has the address: both ways count, write and answer alike, and only
 * what is queued differs. The link is made when the mail is sent, so none lies waiting in the database.
 * @throws DomainError TOO_MANY, for known and unknown addresses alike
 */
export async function forgotPassword(deps: Deps, address: string, email: string): Promise<void> {
  await admit(deps, { purpose: 'forgot', account: email, address })
  const [user] = await deps.db.read.select({ id: users.id }).from(users).where(eq(users.email, email))
  const [home] = await membershipsOf(deps.db.read, user?.id ?? '')
  await work(deps, { orgId: nowhere, actor: system }, async unit => {
    const requestId = unit.id('rst')
    unit.audit({ action: 'auth.forgotPassword', target: { type: 'user', id: user?.id ?? 'unknown' } })
    if (user)
      notify(unit, {
        template: 'passwordReset',
        eventId: requestId,
        to: { userId: user.id },
        about: { userId: user.id, orgId: home?.orgId ?? null },
      })
  })
}

/** Makes a reset link; called when the mail is sent. Null for who is not there. */
export async function mintPasswordReset(
  deps: Deps,
  userId: string,
): Promise<{ url: string; email: string; expiresAt: number } | null> {
  const secret = deps.ids.secret()
  return deps.db.write(async tx => {
    const [user] = await tx.select({ email: users.email }).from(users).where(eq(users.id, userId))
    if (!user) return null
    const createdAt = deps.clock.now()
    const expiresAt = createdAt + resetMs
    await tx
      .insert(tokens)
      .values({ id: sha256(secret), kind: 'password_reset', email: user.email, userId, createdAt, expiresAt })
    return { url: new URL(`/reset/${secret}`, deps.config.PUBLIC_URL).href, email: user.email, expiresAt }
  })
}

const live = (now: number) =>
  and(eq(tokens.kind, 'password_reset'), isNull(tokens.usedAt), isNull(tokens.revokedAt), gt(tokens.expiresAt, now))

const gone = () =>
  new DomainError('NOT_FOUND', 'This link can’t be used any more: it was used, or it is too old. Ask for a new one.')

/**
 * Sets a new password, once for each link, and ends all the person's sessions and other links.
 * @throws DomainError NOT_FOUND for a link that opens nothing, INVALID for a password that is guessed early, TOO_MANY
 */
export async function resetPassword(deps: Deps, address: string, secret: string, password: string): Promise<void> {
  const attempt = { purpose: 'link' as const, address }
  await admit(deps, attempt)
  const id = sha256(secret)
  const [found] = await deps.db.read
    .select({ userId: users.id, email: users.email, name: users.name })
    .from(tokens)
    .innerJoin(users, eq(users.id, tokens.userId))
    .where(and(eq(tokens.id, id), live(deps.clock.now())))
  if (!found) throw gone()
  const { userId, email, name } = found
  const [home] = await membershipsOf(deps.db.read, userId)
  checkNewPassword(password, { email, name, orgName: home?.orgName })
  const passwordHash = await hashPassword(password)
  await work(deps, { orgId: nowhere, actor: { kind: 'user', id: userId, name } }, async unit => {
    // Used under the lock: of two tabs with the same link, one sets the password.
    const [used] = await unit.tx
      .update(tokens)
      .set({ usedAt: unit.at })
      .where(and(eq(tokens.id, id), live(unit.at)))
      .returning({ id: tokens.id })
    if (!used) throw gone()
    await unit.tx
      .update(tokens)
      .set({ revokedAt: unit.at })
      .where(and(eq(tokens.userId, userId), live(unit.at)))
    await unit.tx.update(users).set({ passwordHash }).where(eq(users.id, userId))
    const ended = await endUserSessions(unit, userId)
    // Whoever reads the mail is the owner: guesses from elsewhere must not keep them out now.
    await trust(unit.tx, { account: email, address }, unit.at)
    await forgive(unit.tx, attempt)
    unit.audit({ action: 'auth.resetPassword', target: { type: 'user', id: userId }, after: { sessionsEnded: ended } })
    // A mail is sent in an organization's name; who belongs to none has nothing here to lose.
    if (home) tellPasswordChanged(unit, { userId, orgId: home.orgId }, 'link')
  })
}

/** Tells a person that their password is another one now, so that a thief can't change it unseen. */
export function tellPasswordChanged(
  unit: Work,
  { userId, orgId }: { userId: string; orgId: string },
  by: 'link' | 'signed in',
): void {
  notify(unit, {
    template: 'passwordChanged',
    eventId: `${userId}:password:${unit.at}`,
    to: { userId },
    about: { userId, orgId, by, changedAt: unit.at },
  })
}
