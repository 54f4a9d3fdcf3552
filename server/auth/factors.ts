import { eq } from 'drizzle-orm'
import { passkeys } from '#db/schema/index.ts'
import { notify } from '#server/email/notify.ts'
import { notFound } from '#server/lib/errors.ts'
import { actorOf, type SignedIn } from '#server/trpc.ts'
import { type Work, work } from '#server/work.ts'
import { renewToken } from './lucia.ts'
import { membershipsOf } from './memberships.ts'
import { checkAdded, passkeysPossible, readPasskeys, removePasskey } from './passkeys.ts'
import { type Claimant, prove } from './prove.ts'
import { countRecoveryCodes, fewCodes, makeRecoveryCodes, removeRecoveryCodes } from './recovery-codes.ts'
import type { Confirmation, PasskeyAdded } from './rules.ts'
import { endUserSessions } from './sessions.ts'
import { readTotp, removeTotp, saveTotp } from './totp.ts'

/** What a person is told by mail of their second factors, so that nobody changes them unseen. */
export type FactorChange =
  | 'totpAdded'
  | 'totpReplaced'
  | 'totpRemoved'
  | 'passkeyAdded'
  | 'passkeyRemoved'
  | 'codesMade'
  | 'codeUsed'
  | 'reset'

/** The own second factors, for the account page. */
export async function readFactors({ deps, viewer, proof }: SignedIn) {
  const codesLeft = await countRecoveryCodes(deps.db.read, viewer.userId)
  const totp = await readTotp(deps.db.read, viewer.userId)
  const keys = await readPasskeys(deps.db.read, viewer.userId)
  const any = totp !== null || keys.length > 0
  return {
    totp,
    passkeys: keys,
    codesLeft,
    fewCodes: any && codesLeft <= fewCodes,
    required: proof.required,
    passkeysPossible: passkeysPossible(deps.config),
  }
}

export function tellFactorChanged(
  unit: Work,
  { userId, orgId }: { userId: string; orgId: string },
  what: FactorChange,
  about: { by?: string; name?: string } = {},
): void {
  notify(unit, {
    template: 'secondFactorChanged',
    eventId: `${userId}:${what}:${unit.id('fct')}`,
    to: { userId },
    about: { userId, orgId, what, changedAt: unit.at, ...about },
  })
}

export interface FactorSaved {
  cookie: string
  sessionsEnded: number
  /** New recovery codes, with the first factor: they are shown this once. */
  codes: string[] | null
}

/**
 * Makes an offered authenticator app the person's second factor. The session goes on under a new token.
 * @throws DomainError INVALID for a code that doesn't fit
 */
export function addTotp(
  ctx: SignedIn,
  { sealed, code, endOtherSessions }: { sealed: string; code: string; endOtherSessions: boolean },
): Promise<FactorSaved> {
  return changed(ctx, endOtherSessions, 'totp', async unit => {
    const { replaced } = await saveTotp(unit, ctx.viewer.userId, sealed, code)
    return { what: replaced ? 'totpReplaced' : 'totpAdded' }
  })
}

/** @throws DomainError NOT_FOUND for who has none */
export function dropTotp(ctx: SignedIn, { endOtherSessions }: { endOtherSessions: boolean }): Promise<FactorSaved> {
  return changed(ctx, endOtherSessions, null, async unit => {
    if (!(await removeTotp(unit, ctx.viewer.userId))) throw notFound('authenticator app')
    return { what: 'totpRemoved' }
  })
}

/**
 * Makes a passkey of the person's device a second factor.
 * @throws DomainError INVALID for an answer that doesn't hold, CONFLICT for one that is here already
 */
export async function addPasskey(
  ctx: SignedIn,
  { response, name, endOtherSessions }: { response: PasskeyAdded; name: string; endOtherSessions: boolean },
): Promise<FactorSaved> {
  const save = await checkAdded(ctx.deps, ctx.viewer.userId, response, name)
  return changed(ctx, endOtherSessions, 'passkey', async unit => {
    await save(unit)
    return { what: 'passkeyAdded', name }
  })
}

/** @throws DomainError NOT_FOUND for one that isn't the person's */
export function dropPasskey(
  ctx: SignedIn,
  { id, endOtherSessions }: { id: string; endOtherSessions: boolean },
): Promise<FactorSaved> {
  return changed(ctx, endOtherSessions, null, async unit => {
    const name = await removePasskey(unit, ctx.viewer.userId, id)
    if (name === null) throw notFound('passkey')
    return { what: 'passkeyRemoved', name }
  })
}

/** New recovery codes; the old ones are worth nothing from then on. @throws DomainError NOT_FOUND for who has no second factor */
export function renewCodes(ctx: SignedIn): Promise<FactorSaved> {
  return changed(ctx, false, null, async unit => {
    if (!(await anyFactor(unit, ctx.viewer.userId))) throw notFound('second factor')
    await removeRecoveryCodes(unit, ctx.viewer.userId)
    return { what: 'codesMade' }
  })
}

interface Change {
  what: FactorChange
  name?: string
}

/** What every change of a factor has in common: codes with the first, none without any, a new token, a record, a mail. */
async function changed(
  { deps, viewer, sessionId }: SignedIn,
  endOtherSessions: boolean,
  provenBy: 'totp' | 'passkey' | null,
  fn: (unit: Work) => Promise<Change>,
): Promise<FactorSaved> {
  const { userId, orgId } = viewer
  return work(deps, { orgId, actor: actorOf(viewer) }, async unit => {
    const { what, name } = await fn(unit)
    const any = await anyFactor(unit, userId)
    if (!any) await removeRecoveryCodes(unit, userId)
    const codes =
      any && (what === 'codesMade' || (await countRecoveryCodes(unit.tx, userId)) === 0)
        ? await makeRecoveryCodes(unit, userId)
        : null
    const proof = provenBy === null ? {} : { provenAt: unit.at, provenBy }
    const renewed = await renewToken(unit, sessionId, proof)
    const sessionsEnded = endOtherSessions ? await endUserSessions(unit, userId, renewed.sessionId) : 0
    unit.audit({
      action: `auth.${what}`,
      target: { type: 'user', id: userId },
      after: { ...(name ? { name } : {}), sessionsEnded },
    })
    tellFactorChanged(unit, viewer, what, name ? { name } : {})
    unit.changed('team')
    return { cookie: renewed.cookie, sessionsEnded, codes }
  })
}

async function anyFactor(unit: Work, userId: string): Promise<boolean> {
  return (await readTotp(unit.tx, userId)) !== null || (await readPasskeys(unit.tx, userId)).length > 0
}

/**
 * Confirms that it is them who sit there: by a second factor where they have one, else by the password. The session goes on under a
 * new token, fresh for ten minutes.
 * @throws DomainError INVALID for what doesn't hold, and for a password where there is a second factor; TOO_MANY
 */
export async function confirmIdentity(ctx: SignedIn, given: Confirmation): Promise<{ cookie: string }> {
  const { deps, viewer, sessionId, address } = ctx
  const claimant: Claimant = { ...viewer, address }
  return prove(deps, claimant, given, 'confirm', async unit => {
    if (given.by === 'password' && (await anyFactor(unit, viewer.userId))) throw notFound('way to confirm')
    const { cookie } = await renewToken(unit, sessionId, { provenAt: unit.at, provenBy: given.by })
    unit.audit({ action: 'auth.confirm', target: { type: 'user', id: viewer.userId }, after: { by: given.by } })
    if (given.by === 'recovery') tellFactorChanged(unit, viewer, 'codeUsed')
    return { cookie }
  })
}

/**
 * Takes all second factors off a person who has lost them, and ends their sessions: they sign in with their password, and set up
 * anew. The caller has checked that its actor may. Returns how many sessions ended.
 */
export async function removeAllFactors(unit: Work, userId: string, by: string): Promise<number> {
  await removeTotp(unit, userId)
  await unit.tx.delete(passkeys).where(eq(passkeys.userId, userId))
  await removeRecoveryCodes(unit, userId)
  const ended = await endUserSessions(unit, userId)
  const [home] = await membershipsOf(unit.tx, userId)
  if (home) tellFactorChanged(unit, { userId, orgId: home.orgId }, 'reset', { by })
  return ended
}
