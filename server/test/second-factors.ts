import { generateSync } from 'otplib'
import { totpFactors } from '#db/schema/index.ts'
import { makeRecoveryCodes } from '#server/auth/recovery-codes.ts'
import { seal } from '#server/auth/seal.ts'
import type { Deps } from '#server/deps.ts'
import { system, work } from '#server/work.ts'

/** An authenticator app that somebody set up; `code` is what it shows at a time, now unless said otherwise. */
export interface AnApp {
  secret: string
  code(at?: number): string
}

export const appSecret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'

/** Gives a person an authenticator app, as if they had set it up long ago. */
export async function anApp(deps: Deps, { id: userId }: { id: string }, secret = appSecret): Promise<AnApp> {
  const row = { userId, secret: seal(deps, `totp of ${userId}`, secret), lastStep: 0, createdAt: deps.clock.now() }
  await deps.db.write(tx => tx.insert(totpFactors).values(row))
  return { secret, code: (at = deps.clock.now()) => generateSync({ secret, epoch: Math.floor(at / 1000) }) }
}

/** Gives a person ten recovery codes, in place of those they had. */
export function recoveryCodesFor(deps: Deps, { id }: { id: string }): Promise<string[]> {
  return work(deps, { orgId: 'system', actor: system }, unit => makeRecoveryCodes(unit, id))
}
