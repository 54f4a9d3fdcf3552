import { and, count, eq, isNull } from 'drizzle-orm'
import type { Drizzle, Tx } from '#db/client.ts'
import { recoveryCodes } from '#db/schema/index.ts'
import { sha256 } from '#server/deps.ts'
import type { Work } from '#server/work.ts'

/** How many codes a person gets, and at how few left they are told to make new ones. */
export const codeCount = 10
export const fewCodes = 3

/** Without the letters that are mistaken for digits or for each other when somebody types from paper. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * Ten new codes in place of all old ones, each good for one sign-in. They are in this answer only; the database keeps hashes, and
 * fast ones, since 120 random bits can't be guessed. Source: OWASP ASVS 5.0, 6.5.2.
 */
export async function makeRecoveryCodes(unit: Work, userId: string): Promise<string[]> {
  await removeRecoveryCodes(unit, userId)
  const codes = Array.from({ length: codeCount }, () => {
    const bytes = Buffer.from(unit.deps.ids.secret(), 'base64url').subarray(0, 24)
    return Array.from(bytes, byte => alphabet[byte % 32]).join('')
  })
  await unit.tx.insert(recoveryCodes).values(codes.map(code => ({ id: sha256(code), userId, createdAt: unit.at })))
  return codes.map(code => code.replace(/(.{4})(?=.)/g, '$1-'))
}

export async function removeRecoveryCodes(unit: Work, userId: string): Promise<void> {
  await unit.tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
}

/** Takes a code, once, however it was typed: capitals, spaces, and the letters that stand for 0 and 1. */
export async function takeRecoveryCode(unit: Work, userId: string, typed: string): Promise<boolean> {
  const code = typed.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1')
  const taken = await unit.tx
    .update(recoveryCodes)
    .set({ usedAt: unit.at })
    .where(and(eq(recoveryCodes.id, sha256(code)), eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)))
    .returning({ id: recoveryCodes.id })
  return taken.length > 0
}

/** How many are left. */
export async function countRecoveryCodes(db: Drizzle | Tx, userId: string): Promise<number> {
  const [row] = await db
    .select({ left: count() })
    .from(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)))
  return row?.left ?? 0
}
