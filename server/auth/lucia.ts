import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm'
import { type Adapter, Lucia, TimeSpan } from 'lucia'
import type { Database, Tx } from '#db/client.ts'
import {
  memberships,
  organizations,
  passkeys,
  sessions,
  totpFactors,
  users,
  type WayToProve,
} from '#db/schema/index.ts'
import type { Config } from '#server/config.ts'
import { type Deps, sha256 } from '#server/deps.ts'
import { DomainError } from '#server/lib/errors.ts'
import type { Work } from '#server/work.ts'
import type { Proof, Viewer } from './rules.ts'

// Lucia stands in this file only. What it stores is a hash of the token, and what it reads is judged by our own clock.

/** A session without requests ends after this (milliseconds): longer than a working day's longest pause. */
export const idleMs = 12 * 60 * 60_000
/** Every session ends after this, however busy (milliseconds). */
export const absoluteMs = 14 * 24 * 60 * 60_000

/** A sign-in that waits for its second factor is over after this (milliseconds). */
export const signInMs = 10 * 60_000

/** Where a session is opened from; shown to its owner in the list of sessions. */
export interface Origin {
  address: string
  device: string
}

export interface LiveSession {
  /** The session's id: SHA-256 of the token. */
  hash: string
  lastSeenAt: number
  absoluteExpiresAt: number
  viewer: Viewer
  proof: Proof
}

type NewSession = Origin & { membershipId: string; at: number; provenBy: WayToProve }

declare module 'lucia' {
  interface Register {
    Lucia: Lucia<LiveSession>
    DatabaseSessionAttributes: LiveSession | NewSession
  }
}

/** Judged here, so that Lucia, which knows only the machine's clock, never finds a session that it would end or prolong. */
const never = new Date(8_640_000_000_000_000)

function prepareLookup(db: Database) {
  return (
    db.read
      .select({
        hash: sessions.id,
        lastSeenAt: sessions.lastSeenAt,
        absoluteExpiresAt: sessions.absoluteExpiresAt,
        viewer: {
          userId: users.id,
          email: users.email,
          name: users.name,
          membershipId: memberships.id,
          orgId: organizations.id,
          orgName: organizations.name,
          timeZone: organizations.timeZone,
          role: memberships.role,
          partnerId: memberships.partnerId,
        },
        proof: {
          at: sessions.provenAt,
          by: sessions.provenBy,
          totp: sql`EXISTS (SELECT 1 FROM ${totpFactors} f WHERE f.user_id = ${users.id})`.mapWith(Boolean),
          passkeys: sql`EXISTS (SELECT 1 FROM ${passkeys} k WHERE k.user_id = ${users.id})`.mapWith(Boolean),
          required: organizations.twoFactorRequired,
        },
      })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .innerJoin(memberships, and(eq(memberships.userId, users.id), isNull(memberships.disabledAt)))
      .innerJoin(organizations, eq(organizations.id, memberships.orgId))
      .where(
        and(
          eq(sessions.id, sql.placeholder('hash')),
          gt(sessions.idleExpiresAt, sql.placeholder('now')),
          gt(sessions.absoluteExpiresAt, sql.placeholder('now')),
        ),
      )
      // The chosen membership first; where it was disabled meanwhile, another one of the same person.
      .orderBy(
        sql`(${memberships.id} IS ${sessions.membershipId}) DESC`,
        sql`${memberships.role} = 'partner'`,
        asc(memberships.createdAt),
        asc(memberships.id),
      )
      .limit(1)
      .prepare()
  )
}

const lookups = new WeakMap<Database, ReturnType<typeof prepareLookup>>()

function lookup(deps: Deps, hash: string) {
  const query = lookups.get(deps.db) ?? prepareLookup(deps.db)
  lookups.set(deps.db, query)
  return query.execute({ hash, now: deps.clock.now() })
}

function adapter(deps: Deps, tx?: Tx): Adapter {
  const write = () => tx ?? raise('a session changes only in a transaction')
  return {
    async getSessionAndUser(token) {
      const [found] = await lookup(deps, sha256(token))
      if (!found) return [null, null]
      const userId = found.viewer.userId
      return [
        { id: token, userId, expiresAt: never, attributes: found },
        { id: userId, attributes: {} },
      ]
    },
    async setSession({ id: token, userId, attributes }) {
      if (!('at' in attributes)) throw new Error('a session starts with what createSession gives it')
      const { at, membershipId, address, device, provenBy } = attributes
      await write()
        .insert(sessions)
        .values({
          id: sha256(token),
          userId,
          membershipId,
          createdAt: at,
          lastSeenAt: at,
          idleExpiresAt: at + idleMs,
          absoluteExpiresAt: at + absoluteMs,
          address: address.slice(0, 64),
          device: device.slice(0, 300),
          provenAt: at,
          provenBy,
        })
    },
    // Ending sessions is ours (sessions.ts): everybody else knows them by their hash, and Lucia by the token only.
    deleteSession: async () => raise('unused'),
    deleteUserSessions: async () => raise('unused'),
    deleteExpiredSessions: async () => raise('unused'),
    updateSessionExpiration: async () => raise('unused'),
    getUserSessions: async () => raise('unused'),
  }
}

function raise(message: string): never {
  throw new Error(message)
}

function luciaOf(deps: Deps, tx?: Tx) {
  const secure = isHttps(deps.config)
  return new Lucia<LiveSession>(adapter(deps, tx), {
    // The cookie lives as long as any session may, so it never needs renewing; the server decides what it is worth.
    sessionExpiresIn: new TimeSpan(absoluteMs, 'ms'),
    sessionCookie: { name: cookieName(deps.config), attributes: { secure, sameSite: 'lax', path: '/' } },
    getSessionAttributes: attributes => ('viewer' in attributes ? attributes : ({} as LiveSession)),
  })
}

function isHttps(config: Config): boolean {
  return config.PUBLIC_URL.startsWith('https:')
}

/** `__Host-` binds the cookie to this host, https and `/`: no subdomain can plant one. Browsers refuse it on plain http. */
export function cookieName(config: Config): string {
  return isHttps(config) ? '__Host-remit_session' : 'remit_session'
}

/** A `Set-Cookie` value that removes the session's cookie. */
export function clearCookie(deps: Deps): string {
  return luciaOf(deps).createBlankSessionCookie().serialize()
}

/** The cookie of a sign-in that waits for its second factor; it opens nothing else. */
function signInCookieName(config: Config): string {
  return isHttps(config) ? '__Host-remit_sign_in' : 'remit_sign_in'
}

/** Lucia writes and reads this cookie too; what it names is looked up in second-step.ts. */
function signInCookies(deps: Deps) {
  const attributes = { secure: isHttps(deps.config), sameSite: 'lax', path: '/' } as const
  return new Lucia<LiveSession>(adapter(deps), {
    sessionExpiresIn: new TimeSpan(signInMs, 'ms'),
    sessionCookie: { name: signInCookieName(deps.config), attributes },
    getSessionAttributes: () => ({}) as LiveSession,
  })
}

/** A `Set-Cookie` value that names a half-finished sign-in. */
export function signInCookie(deps: Deps, token: string): string {
  return signInCookies(deps).createSessionCookie(token).serialize()
}

export function clearSignInCookie(deps: Deps): string {
  return signInCookies(deps).createBlankSessionCookie().serialize()
}

/** The id of the half-finished sign-in that a request's `Cookie` header names; null for none. */
export function readSignInId(deps: Deps, cookieHeader: string | null | undefined): string | null {
  const token = tokenIn(header => signInCookies(deps).readSessionCookie(header), cookieHeader)
  return token ? sha256(token) : null
}

/**
 * Opens a session in the caller's transaction, for who has just proven who they are: `provenBy` says how.
 * The token leaves in the cookie; the database keeps its SHA-256.
 * @returns the `Set-Cookie` value among others
 */
export async function createSession(
  work: Work,
  userId: string,
  membershipId: string,
  { address, device }: Origin,
  provenBy: WayToProve,
): Promise<{ token: string; cookie: string; sessionId: string }> {
  const lucia = luciaOf(work.deps, work.tx)
  const token = work.deps.ids.secret()
  await lucia.createSession(userId, { membershipId, address, device, at: work.at, provenBy }, { sessionId: token })
  return { token, cookie: lucia.createSessionCookie(token).serialize(), sessionId: sha256(token) }
}

/**
 * Gives a session a new token, and so a new id, without prolonging it; the old token is worth nothing from then on.
 * @throws DomainError UNAUTHORIZED where the session was ended meanwhile
 */
export async function renewToken(
  work: Work,
  sessionId: string,
  set: { membershipId?: string; provenAt?: number; provenBy?: WayToProve } = {},
): Promise<{ token: string; cookie: string; sessionId: string }> {
  const token = work.deps.ids.secret()
  const renewed = await work.tx
    .update(sessions)
    .set({ ...set, id: sha256(token) })
    .where(eq(sessions.id, sessionId))
    .returning({ id: sessions.id })
  if (renewed.length === 0) throw new DomainError('UNAUTHORIZED', 'You were signed out meanwhile. Sign in again.')
  return { token, cookie: luciaOf(work.deps).createSessionCookie(token).serialize(), sessionId: sha256(token) }
}

/**
 * The living session that a request's `Cookie` header holds: one prepared query on the reader, with the role and membership as
 * they are in the database now. Null for none, for an ended or expired one, and for whoever has no active membership left.
 */
export async function validateCookie(deps: Deps, cookieHeader: string | null | undefined): Promise<LiveSession | null> {
  const lucia = luciaOf(deps)
  const token = tokenIn(header => lucia.readSessionCookie(header), cookieHeader)
  return token ? (await lucia.validateSession(token)).session : null
}

function tokenIn(read: (header: string) => string | null, cookieHeader: string | null | undefined): string | null {
  if (!cookieHeader) return null
  try {
    const token = read(cookieHeader)
    return token && token.length <= 100 ? token : null
  } catch {
    // Somebody's malformed escape, like `a=%`: no session, and no error either.
    return null
  }
}
