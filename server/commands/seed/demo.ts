import { demoPassword } from '#db/seed.ts'
import { hashPassword } from '#server/auth/password.ts'
import type { Deps } from '#server/deps.ts'
import { planHarbor } from './harbor.ts'
import { planLumen } from './lumen.ts'
import { sendToBanks } from './present.ts'
import { createStage, day, deliverMails, type MovableClock } from './stage.ts'

/** Eighteen months, two weeks each. */
const demoRuns = 39

/**
 * Fills an empty database and its simulator with two organizations and their history, by playing it: every step goes through the
 * services that people's clicks go through, with the clock set back. What they keep consistent is consistent here.
 * @param clock `deps.clock`, which ends at `today`
 * @param today UTC milliseconds
 */
export async function seedDemo(
  deps: Deps,
  clock: MovableClock,
  { today, runs = demoRuns, say }: { today: number; runs?: number; say: (words: string) => void },
): Promise<void> {
  const stage = createStage(deps, clock, today, today - 46 * day)
  const passwordHash = await hashPassword(demoPassword)
  const lumen = await planLumen(stage, passwordHash, runs)
  await planHarbor(stage, passwordHash)
  for (let month = Math.floor((runs * 14) / 90); month >= 1; month--)
    stage.plan(today - month * 90 * day, async () =>
      say(`  ${new Date(clock.now()).toISOString().slice(0, 7)}: payouts are prepared, approved and paid …`),
    )
  await stage.play()
  clock.set(today)
  await sendToBanks(stage, lumen)
  await deliverMails(deps)
}
