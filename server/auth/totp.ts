import { and, eq, lt } from 'drizzle-orm'
import { generateURI, verifySync } from 'otplib'
import { encode } from 'uqr'
import { z } from 'zod'
import type { Drizzle, Tx } from '#db/client.ts'
import { totpFactors } from '#db/schema/index.ts'
import type { Deps } from '#server/deps.ts'
import { DomainError } from '#server/lib/errors.ts'
import type { Work } from '#server/work.ts'
import { isSealedWithOldKey, seal, unseal } from './seal.ts'

/** Seconds for which a code is shown; one step earlier or later is taken too, for clocks that are off. Source: RFC 6238. */
export const stepSeconds = 30

/** An offer can be confirmed for this long (milliseconds). */
export const offerMs = 60 * 60_000

const purposeOf = (userId: string) => `totp of ${userId}`
const offerPurpose = (userId: string) => `totp offer to ${userId}`

/** A secret for an authenticator app, shown to its person and not yet theirs: it lies in the form, sealed, until a code confirms it. */
export interface TotpOffer {
  /** Base32, in groups of four, for typing. */
  secret: string
  uri: string
  /** A QR code of the `uri`, as the path of an SVG whose view box is `0 0 size size`. */
  qr: { size: number; path: string }
  sealed: string
}

const offerSchema = z.object({ secret: z.string(), at: z.number() })

/** A new offer, or the same one again for a form that was refused. */
export function offerTotp(deps: Deps, person: { userId: string; email: string }, sealed?: string): TotpOffer {
  const known = sealed === undefined ? null : openOffer(deps, person.userId, sealed)
  const secret = known ?? base32(Buffer.from(deps.ids.secret(), 'base64url').subarray(0, 20))
  const uri = generateURI({
    issuer: `Remit (${new URL(deps.config.PUBLIC_URL).hostname})`,
    label: person.email,
    secret,
  })
  return {
    secret: secret.replace(/(.{4})(?=.)/g, '$1 '),
    uri,
    qr: drawn(uri),
    sealed:
      known && sealed
        ? sealed
        : seal(deps, offerPurpose(person.userId), JSON.stringify({ secret, at: deps.clock.now() })),
  }
}

function drawn(text: string): TotpOffer['qr'] {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const rows = data.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join(''))
  return { size, path: rows.join('') }
}

function openOffer(deps: Deps, userId: string, sealed: string): string | null {
  const text = unseal(deps.config, offerPurpose(userId), sealed)
  const offer = text === null ? null : offerSchema.parse(JSON.parse(text))
  return offer && deps.clock.now() - offer.at < offerMs ? offer.secret : null
}

/**
 * Makes an offered secret the person's, in place of one they had.
 * @throws DomainError INVALID for a code that doesn't fit, or an offer that is too old
 */
export async function saveTotp(
  unit: Work,
  userId: string,
  sealed: string,
  code: string,
): Promise<{ replaced: boolean }> {
  const secret = openOffer(unit.deps, userId, sealed)
  if (secret === null) {
    const sentence = 'This key was offered too long ago. Scan the one that is shown now.'
    throw new DomainError('INVALID', sentence, { fields: { code: sentence } })
  }
  const step = stepOf(secret, code, unit.at)
  if (step === null) {
    const sentence =
      'That code doesn’t fit. Type the one that the app shows now; if it stays so, check the device’s clock.'
    throw new DomainError('INVALID', sentence, { fields: { code: sentence } })
  }
  const replaced = await removeTotp(unit, userId)
  await unit.tx.insert(totpFactors).values({
    userId,
    secret: seal(unit.deps, purposeOf(userId), secret),
    lastStep: step,
    createdAt: unit.at,
  })
  return { replaced }
}

export async function removeTotp(unit: Work, userId: string): Promise<boolean> {
  const removed = await unit.tx
    .delete(totpFactors)
    .where(eq(totpFactors.userId, userId))
    .returning({ userId: totpFactors.userId })
  return removed.length > 0
}

/** Takes a code, once. False for a wrong one, one that was used, and for who has no app. */
export async function takeCode(unit: Work, userId: string, code: string): Promise<boolean> {
  const { deps, tx, at } = unit
  const [factor] = await tx.select().from(totpFactors).where(eq(totpFactors.userId, userId))
  if (!factor) return false
  const secret = unseal(deps.config, purposeOf(userId), factor.secret)
  if (secret === null) {
    deps.log.error({ userId }, 'a second factor was sealed with a key that is not in SECRETS_KEY')
    throw new DomainError(
      'UNAVAILABLE',
      'Codes of your app can’t be checked here any more. Use a passkey or a recovery code, and set the app up anew.',
    )
  }
  const step = stepOf(secret, code, at, factor.lastStep)
  if (step === null) return false
  const taken = await tx
    .update(totpFactors)
    .set({
      lastStep: step,
      lastUsedAt: at,
      ...(isSealedWithOldKey(deps.config, factor.secret) ? { secret: seal(deps, purposeOf(userId), secret) } : {}),
    })
    .where(and(eq(totpFactors.userId, userId), lt(totpFactors.lastStep, step)))
    .returning({ userId: totpFactors.userId })
  return taken.length > 0
}

/** The time step that a code belongs to: this one, the one before or the one after, but none up to `after`. Null for no fit. */
function stepOf(secret: string, code: string, at: number, after?: number): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const result = verifySync({
    secret,
    token: code,
    epoch: Math.floor(at / 1000),
    period: stepSeconds,
    epochTolerance: stepSeconds,
    ...(after === undefined ? {} : { afterTimeStep: after }),
  })
  return result.valid && 'timeStep' in result ? result.timeStep : null
}

export async function readTotp(db: Drizzle | Tx, userId: string) {
  const [factor] = await db
    .select({ createdAt: totpFactors.createdAt, lastUsedAt: totpFactors.lastUsedAt })
    .from(totpFactors)
    .where(eq(totpFactors.userId, userId))
  return factor ?? null
}

/** RFC 4648, without padding, as authenticator apps want it. */
export function base32(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  return (bits.match(/.{1,5}/g) ?? [])
    .map(five => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('')
}
