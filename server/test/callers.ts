import { createSession } from '#server/auth/lucia.ts'
import type { Proof, Role, Viewer, WayToProve } from '#server/auth/rules.ts'
import type { Deps } from '#server/deps.ts'
import type { Context } from '#server/trpc.ts'
import { work } from '#server/work.ts'
import { aMember, type Member, type Org, type Partner } from './factories.ts'

/** A request's context, as the HTTP layer would make it; `cookies` collects what it was told to set. */
export function contextFor(
  deps: Deps,
  viewer: Viewer | null,
  given: Partial<Context> = {},
): Context & { cookies: string[] } {
  const cookies: string[] = []
  const context: Context & { cookies: string[] } = {
    deps,
    viewer,
    // Proven just now, whenever it is asked: tests of what goes stale say so themselves.
    get proof() {
      return viewer && aProof({ at: deps.clock.now() })
    },
    sessionId: viewer && `session of ${viewer.membershipId}`,
    signInId: null,
    address: '198.51.100.7',
    device: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    requestId: 'req_test',
    setCookie: cookie => cookies.push(cookie),
    cookies,
  }
  // Not spread, which would ask for the proof once and for all.
  return Object.defineProperties(context, Object.getOwnPropertyDescriptors(given))
}

/** A second factor given at `at` (UTC milliseconds), by somebody who has one, in an organization that asks for one. */
export function aProof(values: Partial<Proof> = {}): Proof {
  return { at: null, by: 'totp', totp: true, passkeys: false, required: true, ...values }
}

/** The whole API as this viewer, or as nobody. The router is loaded here, so that a domain's own test needs no other domain. */
export async function callerFor(deps: Deps, viewer: Viewer | null, given: Partial<Context> = {}) {
  const { createCaller } = await import('#server/router.ts')
  return createCaller(contextFor(deps, viewer, given))
}

/** A new member with a role, and the API as they may use it. */
export async function asRole(deps: Deps, role: Role, given: { org?: Org; partner?: Partner } = {}) {
  const member = await aMember(deps, { role, ...given })
  return { ...member, api: await callerFor(deps, member.viewer) }
}

/** Signs a member in by inserting a session, with a second factor given just now unless said otherwise; `cookie` is what their browser sends from then on. */
export async function aSession(
  deps: Deps,
  member: Pick<Member, 'viewer'>,
  origin: { address: string; device: string } = { address: '198.51.100.7', device: 'a test' },
  provenBy: WayToProve = 'totp',
): Promise<{ cookie: string; sessionId: string; token: string }> {
  const { userId, membershipId, orgId, name } = member.viewer
  const opened = await work(deps, { orgId, actor: { kind: 'user', id: userId, name } }, unit =>
    createSession(unit, userId, membershipId, origin, provenBy),
  )
  return { ...opened, cookie: opened.cookie.split(';')[0] ?? '' }
}
