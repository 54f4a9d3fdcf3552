import { and, eq, gt } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { signIns, users } from '#db/schema/index.ts'
import { type Deps, sha256 } from '#server/deps.ts'
import { type ConfirmWay, DomainError } from '#server/lib/errors.ts'
import type { Work } from '#server/work.ts'
import { tellFactorChanged } from './factors.ts'
import { createSession, type Origin, signInCookie, signInMs } from './lucia.ts'
import { membershipsOf } from './memberships.ts'
import { ownerOf, readPasskeys } from './passkeys.ts'
import { prove } from './prove.ts'
import { countRecoveryCodes } from './recovery-codes.ts'
import { homeOf, type PasskeyUsed, type SecondFactor, waysOf } from './rules.ts'
import type { Entered } from './service.ts'
import { endPrevious } from './sessions.ts'
import { admit } from './throttle.ts'
import { readTotp } from './totp.ts'

// Between the password and the second factor a person has no session, only a row here and a cookie that names it. Nothing but
// this file looks there: what a half-signed-in person may do elsewhere is what anybody may.

/** Whether a person has a second factor, which their password alone then no longer replaces. */
export async function hasSecondFactor(db: Drizzle | Tx, userId: string): Promise<boolean> {
  return (await readTotp(db, userId)) !== null || (await readPasskeys(db, userId)).length > 0
}

/** Remembers that the password was right. @returns the `Set-Cookie` value that names the row */
export async function beginSecondStep(unit: Work, userId: string, membershipId: string): Promise<string> {
  const token = unit.deps.ids.secret()
  await unit.tx
    .insert(signIns)
    .values({ id: sha256(token), userId, membershipId, createdAt: unit.at, expiresAt: unit.at + signInMs })
  return signInCookie(unit.deps, token)
}

/** Who is half-signed-in. Null when nobody is, or it took too long. */
export async function readSecondStep(deps: Deps, signInId: string | null) {
  if (signInId === null) return null
  const [found] = await deps.db.read
    .select({ userId: users.id, name: users.name, email: users.email, membershipId: signIns.membershipId })
    .from(signIns)
    .innerJoin(users, eq(users.id, signIns.userId))
    .where(and(eq(signIns.id, signInId), gt(signIns.expiresAt, deps.clock.now())))
  return found ?? null
}

/** By what a half-finished sign-in can be finished; null when there is none. */
export async function waysToFinish(deps: Deps, signInId: string | null): Promise<ConfirmWay[] | null> {
  const waiting = await readSecondStep(deps, signInId)
  if (!waiting) return null
  const totp = (await readTotp(deps.db.read, waiting.userId)) !== null
  const passkeys = (await readPasskeys(deps.db.read, waiting.userId)).length > 0
  return waysOf({ totp, passkeys })
}

const tooLate = () =>
  new DomainError('UNAUTHORIZED', 'This sign-in took too long, or was finished elsewhere. Enter your password again.')

/**
 * Finishes a sign-in with the second factor: a session of its own, under a token that was never seen before.
 * @throws DomainError UNAUTHORIZED when nobody is half-signed-in, INVALID for a factor that doesn't hold, TOO_MANY
 */
export async function finishSignIn(
  deps: Deps,
  browser: Origin & { sessionId: string | null; signInId: string | null },
  given: SecondFactor,
): Promise<Entered & { codesLeft: number }> {
  const { signInId, address } = browser
  const waiting = await readSecondStep(deps, signInId)
  if (!waiting || signInId === null) throw tooLate()
  const { userId, name, email, membershipId } = waiting
  const [usual] = await membershipsOf(deps.db.read, userId)
  return prove(
    deps,
    { userId, name, email, address, orgId: usual?.orgId ?? 'system' },
    given,
    'sign_in',
    async unit => {
      const [taken] = await unit.tx
        .delete(signIns)
        .where(and(eq(signIns.id, signInId), gt(signIns.expiresAt, unit.at)))
        .returning({ id: signIns.id })
      if (!taken) throw tooLate()
      return enter(unit, browser, { userId, membershipId }, given.by)
    },
  )
}

/** Opens the session of who has proven all that is asked of them. */
async function enter(
  unit: Work,
  browser: Origin & { sessionId: string | null },
  { userId, membershipId }: { userId: string; membershipId: string | null },
  by: SecondFactor['by'],
): Promise<Entered & { codesLeft: number }> {
  const memberships = await membershipsOf(unit.tx, userId)
  const chosen = memberships.find(({ id }) => id === membershipId) ?? memberships[0]
  if (!chosen) throw tooLate()
  await endPrevious(unit, browser.sessionId)
  const { cookie } = await createSession(unit, userId, chosen.id, browser, by)
  unit.audit({ action: 'auth.signIn', target: { type: 'user', id: userId }, after: { address: browser.address, by } })
  if (by === 'recovery') tellFactorChanged(unit, { userId, orgId: chosen.orgId }, 'codeUsed')
  return { home: homeOf(chosen.role), cookie, codesLeft: await countRecoveryCodes(unit.tx, userId) }
}

/** One sentence for every way of failing, as for passwords: whether anybody has that passkey is nobody's business. */
const notKnown = () =>
  new DomainError('UNAUTHORIZED', 'That passkey opens nothing here. Sign in with your password, or try another one.')

/**
 * Signs in by a passkey alone: the device has checked its person, so it is something they have and something they know or are.
 * @throws DomainError UNAUTHORIZED, the same for all that doesn't hold; TOO_MANY
 */
export async function signInWithPasskey(
  deps: Deps,
  browser: Origin & { sessionId: string | null },
  response: PasskeyUsed,
): Promise<Entered> {
  const { address } = browser
  const userId = await ownerOf(deps.db.read, response.id)
  if (userId === null) {
    await admit(deps, { purpose: 'proof', account: response.id, address })
    throw notKnown()
  }
  const [user] = await deps.db.read
    .select({ name: users.name, email: users.email })
    .from(users)
    .where(eq(users.id, userId))
  const [usual] = await membershipsOf(deps.db.read, userId)
  if (!user || !usual) throw notKnown()
  const claimant = { userId, ...user, address, orgId: usual.orgId }
  return prove(deps, claimant, { by: 'passkey', response }, 'sign_in', unit =>
    enter(unit, browser, { userId, membershipId: null }, 'passkey'),
  ).catch(error => {
    throw error instanceof DomainError && error.code === 'INVALID' ? notKnown() : error
  })
}
