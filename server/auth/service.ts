import { and, eq } from 'drizzle-orm'
import { users } from '#db/schema/index.ts'
import type { Deps } from '#server/deps.ts'
import { DomainError, notFound } from '#server/lib/errors.ts'
import type { SignedIn } from '#server/trpc.ts'
import { type Actor, work } from '#server/work.ts'
import { createSession, type Origin, renewToken } from './lucia.ts'
import { membershipsOf } from './memberships.ts'
import { checkNewPassword, hashPassword, isOutdated, verifyPassword } from './password.ts'
import { tellPasswordChanged } from './password-reset.ts'
import { homeOf, type Viewer } from './rules.ts'
import { beginSecondStep, hasSecondFactor } from './second-step.ts'
import { endPrevious, endSession, endUserSessions } from './sessions.ts'
import { admit, forgive, trust } from './throttle.ts'

/** What the browser is to be given: its new cookie, and where to go. */
export interface Entered {
  home: '/admin' | '/portal' | '/verify'
  cookie: string
}

/** One sentence for every way of failing: which of the two was wrong is nobody's business. */
const refused = () => new DomainError('UNAUTHORIZED', 'That email address and password don’t go together.')

const actor = ({ userId, name }: { userId: string; name: string }): Actor => ({ kind: 'user', id: userId, name })
const scope = (viewer: Viewer) => ({ orgId: viewer.orgId, actor: actor(viewer) })

/**
 * Signs a person in with a new token; a session that the browser had before is ended. Who has a second factor is not signed in yet:
 * the cookie names a sign-in that waits for it, and nothing else.
 * @throws DomainError UNAUTHORIZED (the same, after the same work, for unknown addresses and wrong passwords), TOO_MANY,
 * FORBIDDEN for who gave the right password but belongs to no organization any more
 */
export async function signIn(
  deps: Deps,
  browser: Origin & { sessionId: string | null },
  { email, password }: { email: string; password: string },
): Promise<Entered> {
  const attempt = { purpose: 'password' as const, account: email, address: browser.address }
  await admit(deps, attempt)
  const [user] = await deps.db.read.select().from(users).where(eq(users.email, email))
  const matches = await verifyPassword(user?.passwordHash, password)
  if (!user?.passwordHash || !matches) {
    deps.log.info({ userId: user?.id, address: browser.address }, 'a sign-in was refused')
    throw refused()
  }
  const [home] = await membershipsOf(deps.db.read, user.id)
  if (!home)
    throw new DomainError(
      'FORBIDDEN',
      'You no longer belong to an organization here. Ask the one you work with to enable you.',
    )
  const known = user.passwordHash
  const passwordHash = isOutdated(known) ? await hashPassword(password) : known
  return work(deps, { orgId: home.orgId, actor: actor({ userId: user.id, name: user.name }) }, async unit => {
    // A reset that finished while we hashed has ended every session: the old password must not open one more.
    const current = await unit.tx
      .update(users)
      .set({ passwordHash })
      .where(and(eq(users.id, user.id), eq(users.passwordHash, known)))
      .returning({ id: users.id })
    if (current.length === 0) throw refused()
    const still = (await membershipsOf(unit.tx, user.id)).find(membership => membership.id === home.id)
    if (!still) throw refused()
    await forgive(unit.tx, attempt)
    if (await hasSecondFactor(unit.tx, user.id))
      return { home: '/verify', cookie: await beginSecondStep(unit, user.id, home.id) }
    await trust(unit.tx, attempt, unit.at)
    await endPrevious(unit, browser.sessionId)
    const { cookie } = await createSession(unit, user.id, home.id, browser, 'password')
    unit.audit({ action: 'auth.signIn', target: { type: 'user', id: user.id }, after: { address: browser.address } })
    return { home: homeOf(still.role), cookie }
  })
}

/** Ends the session on the server; the caller clears the cookie. */
export async function signOut(deps: Deps, viewer: Viewer, sessionId: string): Promise<void> {
  await work(deps, scope(viewer), async unit => {
    if (await endSession(unit, viewer.userId, sessionId))
      unit.audit({ action: 'auth.signOut', target: { type: 'user', id: viewer.userId } })
  })
}

/**
 * Turns the session to another of the person's organizations, under a new token.
 * @throws DomainError NOT_FOUND for a membership that isn't theirs, or is disabled
 */
export async function switchOrganization(
  { deps, viewer, sessionId }: SignedIn,
  membershipId: string,
): Promise<Entered> {
  const chosen = (await membershipsOf(deps.db.read, viewer.userId)).find(({ id }) => id === membershipId)
  if (!chosen) throw notFound('organization')
  return work(deps, { orgId: chosen.orgId, actor: actor(viewer) }, async unit => {
    const { cookie } = await renewToken(unit, sessionId, { membershipId })
    unit.audit({ action: 'auth.switchOrganization', target: { type: 'user', id: viewer.userId } })
    return { home: homeOf(chosen.role), cookie }
  })
}

/**
 * Changes the own password, which takes the current one; this session goes on under a new token.
 * @throws DomainError INVALID for a wrong current password or a new one that is guessed early, TOO_MANY
 */
export async function changePassword(
  { deps, viewer, sessionId, address }: SignedIn,
  input: { current: string; password: string; endOtherSessions: boolean },
): Promise<{ cookie: string; sessionsEnded: number }> {
  const attempt = { purpose: 'password' as const, account: viewer.email, address }
  await admit(deps, attempt)
  const [user] = await deps.db.read.select().from(users).where(eq(users.id, viewer.userId))
  if (!user?.passwordHash || !(await verifyPassword(user.passwordHash, input.current)))
    throw new DomainError('INVALID', 'That is not your current password.', {
      fields: { current: 'That is not your current password.' },
    })
  checkNewPassword(input.password, viewer)
  const known = user.passwordHash
  const passwordHash = await hashPassword(input.password)
  return work(deps, scope(viewer), async unit => {
    const changed = await unit.tx
      .update(users)
      .set({ passwordHash })
      .where(and(eq(users.id, viewer.userId), eq(users.passwordHash, known)))
      .returning({ id: users.id })
    if (changed.length === 0)
      throw new DomainError(
        'CONFLICT',
        'Your password was changed a moment ago, in another window. Nothing was changed here.',
      )
    const renewed = await renewToken(unit, sessionId)
    const sessionsEnded = input.endOtherSessions ? await endUserSessions(unit, viewer.userId, renewed.sessionId) : 0
    await forgive(unit.tx, attempt)
    await trust(unit.tx, attempt, unit.at)
    unit.audit({ action: 'auth.changePassword', target: { type: 'user', id: viewer.userId }, after: { sessionsEnded } })
    tellPasswordChanged(unit, { userId: viewer.userId, orgId: viewer.orgId }, 'signed in')
    return { cookie: renewed.cookie, sessionsEnded }
  })
}

export async function updateProfile({ deps, viewer }: SignedIn, input: { name: string }): Promise<void> {
  await work(deps, scope(viewer), async unit => {
    await unit.tx.update(users).set({ name: input.name }).where(eq(users.id, viewer.userId))
    unit.audit({
      action: 'auth.updateProfile',
      target: { type: 'user', id: viewer.userId },
      before: { name: viewer.name },
      after: { name: input.name },
    })
    unit.changed('team')
  })
}

/** @throws DomainError NOT_FOUND for a session that is over, or somebody else's */
export async function endOwnSession({ deps, viewer }: SignedIn, id: string): Promise<void> {
  await work(deps, scope(viewer), async unit => {
    if (!(await endSession(unit, viewer.userId, id))) throw notFound('session')
    unit.audit({ action: 'auth.endSession', target: { type: 'user', id: viewer.userId } })
  })
}

export async function endOtherSessions({ deps, viewer, sessionId }: SignedIn): Promise<number> {
  return work(deps, scope(viewer), async unit => {
    const ended = await endUserSessions(unit, viewer.userId, sessionId)
    unit.audit({ action: 'auth.endOtherSessions', target: { type: 'user', id: viewer.userId }, after: { ended } })
    return ended
  })
}
