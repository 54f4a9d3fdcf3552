import { and, asc, count, eq, gt } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { passkeyChallenges, passkeys } from '#db/schema/index.ts'
import type { Config } from '#server/config.ts'
import { type Deps, sha256 } from '#server/deps.ts'
import { DomainError } from '#server/lib/errors.ts'
import type { Work } from '#server/work.ts'
import type { PasskeyAdded, PasskeyUsed } from './rules.ts'

/** Loaded when it is first needed: it brings a reader of certificates with it, which most processes and tests never use. */
const webauthn = () => import('@simplewebauthn/server')

/** A ceremony with the person's device is over after this (milliseconds). */
export const ceremonyMs = 5 * 60_000
/** So many passkeys a person may have. */
export const mostPasskeys = 20

type Purpose = 'add' | 'confirm' | 'sign_in'

/** Whom a passkey is for: this host, and pages that come from exactly our address. */
function relyingParty({ PUBLIC_URL }: Config) {
  const { hostname, origin } = new URL(PUBLIC_URL)
  return { rpID: hostname, origin }
}

/** Browsers make passkeys for names only: a Remit that is reached by a bare address has none. */
export function passkeysPossible({ PUBLIC_URL }: Config): boolean {
  const { hostname, protocol } = new URL(PUBLIC_URL)
  const isAddress = /^[\d.]+$/.test(hostname) || hostname.startsWith('[')
  return !isAddress && (protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost'))
}

/** A person's passkeys, the oldest first. */
export async function readPasskeys(db: Drizzle | Tx, userId: string) {
  return db
    .select({ id: passkeys.id, name: passkeys.name, createdAt: passkeys.createdAt, lastUsedAt: passkeys.lastUsedAt })
    .from(passkeys)
    .where(eq(passkeys.userId, userId))
    .orderBy(asc(passkeys.createdAt), asc(passkeys.id))
}

/** What a device is asked to sign: kept, as a hash, until it comes back. */
async function challenge(deps: Deps, purpose: Purpose, userId: string | null): Promise<Uint8Array<ArrayBuffer>> {
  const secret = deps.ids.secret()
  const expiresAt = deps.clock.now() + ceremonyMs
  await deps.db.write(tx => tx.insert(passkeyChallenges).values({ id: sha256(secret), purpose, userId, expiresAt }))
  return new Uint8Array(Buffer.from(secret, 'base64url'))
}

/** None is asked for, and their bytes have no shape in JSON. */
function withoutExtensions<Options extends { extensions?: unknown }>({ extensions: _, ...options }: Options) {
  return options
}

/** The options with which a browser asks for a new passkey: any device, and it has to know its person, by finger, face or PIN. */
export async function beginAdding(deps: Deps, person: { userId: string; email: string; name: string }) {
  const known = await deps.db.read
    .select({ id: passkeys.id, transports: passkeys.transports })
    .from(passkeys)
    .where(eq(passkeys.userId, person.userId))
  if (known.length >= mostPasskeys)
    throw new DomainError('INVALID', `You have ${mostPasskeys} passkeys already. Remove one that you don’t use.`)
  return withoutExtensions(
    await (await webauthn()).generateRegistrationOptions({
      rpName: 'Remit',
      rpID: relyingParty(deps.config).rpID,
      userName: person.email,
      userDisplayName: person.name,
      userID: new Uint8Array(Buffer.from(person.userId)),
      challenge: await challenge(deps, 'add', person.userId),
      timeout: ceremonyMs,
      attestationType: 'none',
      excludeCredentials: known,
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    }),
  )
}

/** The options with which a browser asks for one of a person's passkeys; of nobody's in particular, for signing in by it alone. */
export async function beginUsing(deps: Deps, purpose: 'confirm' | 'sign_in', userId: string | null) {
  const known =
    userId === null
      ? []
      : await deps.db.read
          .select({ id: passkeys.id, transports: passkeys.transports })
          .from(passkeys)
          .where(eq(passkeys.userId, userId))
  return withoutExtensions(
    await (await webauthn()).generateAuthenticationOptions({
      rpID: relyingParty(deps.config).rpID,
      challenge: await challenge(deps, purpose, userId),
      timeout: ceremonyMs,
      allowCredentials: known,
      userVerification: 'required',
    }),
  )
}

/** The challenge that a device says it signed; the library compares it with what was signed. */
function challengeIn(clientDataJSON: string): string {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'))
    const { challenge: said } = data as { challenge?: unknown }
    return typeof said === 'string' ? said : ''
  } catch {
    return ''
  }
}

/** Uses a challenge up. False when it was never given for this, was used, or is too old. */
async function takeChallenge(unit: Work, said: string, purpose: Purpose, userId: string | null): Promise<boolean> {
  const [taken] = await unit.tx
    .delete(passkeyChallenges)
    .where(
      and(
        eq(passkeyChallenges.id, sha256(said)),
        eq(passkeyChallenges.purpose, purpose),
        gt(passkeyChallenges.expiresAt, unit.at),
      ),
    )
    .returning({ userId: passkeyChallenges.userId })
  return taken !== undefined && (taken.userId === null || taken.userId === userId)
}

const notAdded = () =>
  new DomainError('INVALID', 'That passkey could not be added: the answer of the device doesn’t fit. Try once more.')

/**
 * Checks what a device made of the options of `beginAdding`.
 * @returns what saves it under the lock; that throws INVALID for a challenge used before, CONFLICT for a passkey that is known
 * @throws DomainError INVALID
 */
export async function checkAdded(
  deps: Deps,
  userId: string,
  response: PasskeyAdded,
  name: string,
): Promise<(unit: Work) => Promise<void>> {
  const { rpID, origin } = relyingParty(deps.config)
  const said = challengeIn(response.response.clientDataJSON)
  const { verifyRegistrationResponse } = await webauthn()
  const checked = await verifyRegistrationResponse({
    response,
    expectedChallenge: said,
    expectedOrigin: origin,
    expectedRPID: rpID,
    requireUserVerification: true,
  }).catch((error: unknown) => {
    deps.log.info({ err: error, userId }, 'a new passkey was refused')
    return null
  })
  if (!checked?.verified) throw notAdded()
  const { credential } = checked.registrationInfo
  return async unit => {
    if (!(await takeChallenge(unit, said, 'add', userId))) throw notAdded()
    const [many] = await unit.tx.select({ have: count() }).from(passkeys).where(eq(passkeys.userId, userId))
    const [added] =
      (many?.have ?? 0) < mostPasskeys
        ? await unit.tx
            .insert(passkeys)
            .values({
              id: credential.id,
              userId,
              name,
              publicKey: Buffer.from(credential.publicKey).toString('base64url'),
              counter: credential.counter,
              transports: [...(credential.transports ?? [])].slice(0, 10),
              createdAt: unit.at,
            })
            .onConflictDoNothing()
            .returning({ id: passkeys.id })
        : []
    if (!added) throw new DomainError('CONFLICT', 'That passkey is here already, or you have too many.')
  }
}

/** Whose passkey it is; null for one that nobody has. */
export async function ownerOf(db: Drizzle | Tx, credentialId: string): Promise<string | null> {
  const [found] = await db.select({ userId: passkeys.userId }).from(passkeys).where(eq(passkeys.id, credentialId))
  return found?.userId ?? null
}

/**
 * Checks what a passkey of this person made of the options of `beginUsing`.
 * @returns what takes it under the lock, once; false for whatever does not hold
 */
export async function checkUsed(
  deps: Deps,
  purpose: 'confirm' | 'sign_in',
  userId: string,
  response: PasskeyUsed,
): Promise<(unit: Work) => Promise<boolean>> {
  const { rpID, origin } = relyingParty(deps.config)
  const said = challengeIn(response.response.clientDataJSON)
  const [key] = await deps.db.read
    .select()
    .from(passkeys)
    .where(and(eq(passkeys.id, response.id), eq(passkeys.userId, userId)))
  const { userHandle } = response.response
  const handleFits = userHandle === undefined || Buffer.from(userHandle, 'base64url').toString() === userId
  if (!key || !handleFits) return async () => false
  const { verifyAuthenticationResponse } = await webauthn()
  const checked = await verifyAuthenticationResponse({
    response,
    expectedChallenge: said,
    expectedOrigin: origin,
    expectedRPID: rpID,
    requireUserVerification: true,
    credential: {
      id: key.id,
      publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64url')),
      counter: key.counter,
    },
  }).catch((error: unknown) => {
    deps.log.info({ err: error, userId }, 'a passkey was refused')
    return null
  })
  if (!checked?.verified) return async () => false
  const { newCounter } = checked.authenticationInfo
  return async unit => {
    if (!(await takeChallenge(unit, said, purpose, userId))) return false
    // At the counter that was checked: of a device and its copy, only the first gets through.
    const used = await unit.tx
      .update(passkeys)
      .set({ counter: newCounter, lastUsedAt: unit.at })
      .where(and(eq(passkeys.id, key.id), eq(passkeys.userId, userId), eq(passkeys.counter, key.counter)))
      .returning({ id: passkeys.id })
    return used.length > 0
  }
}

/** Takes a passkey off a person. @returns its name; null when it isn't theirs */
export async function removePasskey(unit: Work, userId: string, id: string): Promise<string | null> {
  const [removed] = await unit.tx
    .delete(passkeys)
    .where(and(eq(passkeys.id, id), eq(passkeys.userId, userId)))
    .returning({ name: passkeys.name })
  return removed?.name ?? null
}
