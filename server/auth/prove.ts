import { and, eq } from 'drizzle-orm'
import { users } from '#db/schema/index.ts'
import type { Deps } from '#server/deps.ts'
import { DomainError } from '#server/lib/errors.ts'
import { type Work, work } from '#server/work.ts'
import { checkUsed } from './passkeys.ts'
import { verifyPassword } from './password.ts'
import { takeRecoveryCode } from './recovery-codes.ts'
import type { Confirmation } from './rules.ts'
import { admit, forgive, type Purpose, trust } from './throttle.ts'
import { takeCode } from './totp.ts'

/** Who has to prove that it is them, and from where. */
export interface Claimant {
  userId: string
  name: string
  email: string
  orgId: string
  address: string
}

const purposes: Record<Confirmation['by'], Purpose> = {
  totp: 'code',
  recovery: 'proof',
  passkey: 'proof',
  password: 'password',
}

const refusals: Record<Confirmation['by'], { field: string; sentence: string }> = {
  totp: { field: 'code', sentence: 'That code doesn’t fit, or was used before. Type the one that the app shows now.' },
  recovery: { field: 'recoveryCode', sentence: 'That is not one of your recovery codes, or it was used before.' },
  passkey: { field: 'passkey', sentence: 'That passkey doesn’t hold here, or took too long. Try once more.' },
  password: { field: 'password', sentence: 'That is not your password.' },
}

/**
 * Takes a proof, and does what it is given for in the same transaction: of two requests with one code, one gets through.
 * @throws DomainError INVALID with the sentence on its field, TOO_MANY
 */
export async function prove<T>(
  deps: Deps,
  { userId, name, email, orgId, address }: Claimant,
  given: Confirmation,
  ceremony: 'confirm' | 'sign_in',
  then: (unit: Work) => Promise<T>,
): Promise<T> {
  const attempt = { purpose: purposes[given.by], account: email, address }
  await admit(deps, attempt)
  const holds = await checkOf(deps, userId, given, ceremony)
  return work(deps, { orgId, actor: { kind: 'user', id: userId, name } }, async unit => {
    if (!(await holds(unit))) {
      deps.log.info({ userId, address, by: given.by }, 'a proof was refused')
      const { field, sentence } = refusals[given.by]
      throw new DomainError('INVALID', sentence, { fields: { [field]: sentence } })
    }
    await forgive(unit.tx, attempt)
    await trust(unit.tx, attempt, unit.at)
    return then(unit)
  })
}

/** What takes long is done now; what it answers is asked under the lock. */
async function checkOf(
  deps: Deps,
  userId: string,
  given: Confirmation,
  ceremony: 'confirm' | 'sign_in',
): Promise<(unit: Work) => Promise<boolean>> {
  switch (given.by) {
    case 'totp':
      return unit => takeCode(unit, userId, given.code)
    case 'recovery':
      return unit => takeRecoveryCode(unit, userId, given.code)
    case 'passkey':
      return checkUsed(deps, ceremony, userId, given.response)
    case 'password': {
      const [user] = await deps.db.read
        .select({ passwordHash: users.passwordHash })
        .from(users)
        .where(eq(users.id, userId))
      const known = user?.passwordHash
      const matches = await verifyPassword(known, given.password)
      return async unit => {
        if (!known || !matches) return false
        const same = await unit.tx
          .select({ id: users.id })
          .from(users)
          .where(and(eq(users.id, userId), eq(users.passwordHash, known)))
        return same.length > 0
      }
    }
  }
}
