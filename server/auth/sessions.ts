import { and, desc, eq, gt, lt, lte, ne, or, sql } from 'drizzle-orm'
import { passkeyChallenges, sessions, signIns, throttles } from '#db/schema/index.ts'
import type { Deps } from '#server/deps.ts'
import type { Work } from '#server/work.ts'
import { deviceName } from './device.ts'
import { idleMs, type LiveSession, validateCookie } from './lucia.ts'
import type { Proof, Viewer } from './rules.ts'
import { trustMs } from './throttle.ts'

/** How stale `lastSeenAt` may get (milliseconds); without it every page view would be a write. */
export const touchMs = 5 * 60_000

/**
 * Who the request's `Cookie` header speaks for, or null. The cookie itself is never renewed: it lives as long as any session
 * may, and a late answer of an old page can't bring a replaced token back.
 */
export async function readViewer(
  deps: Deps,
  cookieHeader: string | null | undefined,
): Promise<{ viewer: Viewer; proof: Proof; sessionId: string } | null> {
  const session = await validateCookie(deps, cookieHeader)
  if (!session) return null
  const now = deps.clock.now()
  if (now - session.lastSeenAt >= touchMs) await touch(deps, session, now)
  return { viewer: session.viewer, proof: session.proof, sessionId: session.hash }
}

async function touch(deps: Deps, session: LiveSession, now: number): Promise<void> {
  const idleExpiresAt = Math.min(now + idleMs, session.absoluteExpiresAt)
  try {
    await deps.db.write(tx =>
      tx
        .update(sessions)
        .set({ lastSeenAt: now, idleExpiresAt })
        // Several requests of one page arrive together: the first is enough.
        .where(and(eq(sessions.id, session.hash), lt(sessions.lastSeenAt, now))),
    )
  } catch (error) {
    // Reading must go on while the database takes no writes.
    deps.log.warn({ err: error }, 'could not note that a session was seen')
  }
}

export interface SessionRow {
  id: string
  device: string
  address: string
  /** UTC milliseconds */
  createdAt: number
  lastSeenAt: number
  current: boolean
}

/** A person's living sessions, the latest first. The ids are hashes: they name a session and open none. */
export async function listSessions(deps: Deps, userId: string, currentId: string): Promise<SessionRow[]> {
  const now = deps.clock.now()
  const rows = await deps.db.read
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(sessions.idleExpiresAt, now), gt(sessions.absoluteExpiresAt, now)))
    .orderBy(desc(sessions.lastSeenAt), desc(sessions.createdAt))
    .limit(100)
  return rows.map(({ id, device, address, createdAt, lastSeenAt }) => ({
    id,
    device: deviceName(device),
    address,
    createdAt,
    lastSeenAt,
    current: id === currentId,
  }))
}

/** Ends one session of a person. False when there is none: ended already, or somebody else's. */
export async function endSession(work: Work, userId: string, sessionId: string): Promise<boolean> {
  const ended = await work.tx
    .delete(sessions)
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId)))
    .returning({ id: sessions.id })
  return ended.length > 0
}

/** Ends whatever session the browser had before it gets a new one, so that no planted token outlives a sign-in. */
export async function endPrevious(work: Work, sessionId: string | null): Promise<void> {
  if (sessionId) await work.tx.delete(sessions).where(eq(sessions.id, sessionId))
}

/** Ends all sessions of a person, in every organization, and sign-ins that wait for a second factor; `except` one, where given. Returns how many. */
export async function endUserSessions(work: Work, userId: string, except?: string): Promise<number> {
  await work.tx.delete(signIns).where(eq(signIns.userId, userId))
  const ended = await work.tx
    .delete(sessions)
    .where(and(eq(sessions.userId, userId), except ? ne(sessions.id, except) : undefined))
    .returning({ id: sessions.id })
  return ended.length
}

/** Ends the sessions that are open in one organization, and leaves the person's others alone. Returns how many. */
export async function endMembershipSessions(work: Work, membershipId: string): Promise<number> {
  const ended = await work.tx
    .delete(sessions)
    .where(eq(sessions.membershipId, membershipId))
    .returning({ id: sessions.id })
  return ended.length
}

/** Housekeeping: forgets expired sessions, sign-ins and challenges, and throttles that no longer matter. Safe at any time. */
export async function deleteExpired(deps: Deps): Promise<void> {
  const now = deps.clock.now()
  await deps.db.write(async tx => {
    await tx.delete(sessions).where(or(lte(sessions.idleExpiresAt, now), lte(sessions.absoluteExpiresAt, now)))
    await tx.delete(signIns).where(lte(signIns.expiresAt, now))
    await tx.delete(passkeyChallenges).where(lte(passkeyChallenges.expiresAt, now))
    await tx
      .delete(throttles)
      .where(sql`max(${throttles.windowStartedAt}, coalesce(${throttles.blockedUntil}, 0)) < ${now - trustMs}`)
  })
}
