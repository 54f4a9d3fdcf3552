import { asc } from 'drizzle-orm'
import { type Database, openDatabase } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { outbox, payouts } from '#db/schema/index.ts'
import { aPublishedRule } from '../commissions/testing.ts'
import { type Config, readConfig } from '../config.ts'
import { type Deps, randomIds, systemClock } from '../deps.ts'
import { syncPartner } from '../partners/sync.ts'
import { insertPayouts } from '../payouts/service.ts'
import { createStripe } from '../stripe/client.ts'
import { aSession, asRole } from '../test/callers.ts'
import { testDeps } from '../test/deps.ts'
import { anOrg, aPartner } from '../test/factories.ts'
import { actorOf } from '../trpc.ts'
import { work } from '../work.ts'
import type { SimulatorProcess } from './processes.ts'

/** A database file in which money is ready to move. */
export interface Company {
  /** The closed database; what starts works on a copy. */
  file: string
  /** What the owner's browser sends, and the manager's, who creates and edits. */
  cookie: string
  managerCookie: string
  partnerId: string
  partnerEmail: string
  /** New cookies for the same two people, after a restore has ended their sessions; on a file that nobody has open. */
  signIn(deps: Deps): Promise<Pick<Company, 'cookie' | 'managerCookie'>>
  /** Approved, of a partner that can be paid, with their versions. */
  payouts: { id: string; version: number }[]
}

/** Opens the file with what a process would have, for as long as `use` takes. */
export async function onFile<T>(config: Config, use: (deps: Deps) => Promise<T>): Promise<T> {
  const db: Database = await openDatabase({ url: config.DATABASE_URL })
  try {
    const stripe = createStripe(config, db.isWriting)
    return await use({ ...(await testDeps({ db, stripe, config })), clock: systemClock, ids: randomIds(systemClock) })
  } finally {
    await db.close()
  }
}

/** Makes the company in `file` through the services themselves: people, a partner with an account at Stripe, approved payouts. */
export async function makeCompany(
  settings: Record<string, string>,
  simulator: SimulatorProcess,
  count: number,
): Promise<Company> {
  const config = readConfig({ ...settings, NODE_ENV: 'test' })
  const { ids: accounts } = await simulator.control<{ ids: string[] }>('POST', '/_sim/accounts', { country: 'US' })
  await simulator.control('POST', '/_sim/balance', { currency: 'usd', amount: 100_000_000 })
  return onFile(config, async deps => {
    await migrate(deps.db)
    const org = await anOrg(deps)
    const [owner, manager] = [await asRole(deps, 'owner', { org }), await asRole(deps, 'manager', { org })]
    const partner = await aPartner(deps, { orgId: org.id, stripeAccountId: accounts[0], destinationKey: null })
    await syncPartner(deps, partner.id)
    // Deals that are won pay something.
    await aPublishedRule(deps, org.id, { effectiveFrom: '2020-01-01' })
    const made = await work(deps, { orgId: org.id, actor: actorOf(manager.viewer) }, unit =>
      insertPayouts(
        unit,
        'form',
        Array.from({ length: count }, (_, index) => ({
          partnerId: partner.id,
          amount: 5_000 + index,
          currency: 'USD',
        })),
      ),
    )
    const { approved } = await owner.api.payouts.bulkApprove({ payoutIds: made.map(({ id }) => id) })
    if (approved !== count) throw new Error(`only ${approved} were approved`)
    // The mails about the approvals are another test's.
    await deps.db.write(tx => tx.delete(outbox))
    const signIn: Company['signIn'] = async deps => {
      const [{ cookie }, { cookie: managerCookie }] = [await aSession(deps, owner), await aSession(deps, manager)]
      return { cookie, managerCookie }
    }
    const cookies = await signIn(deps)
    const rows = await deps.db.read
      .select({ id: payouts.id, version: payouts.version })
      .from(payouts)
      .orderBy(asc(payouts.number))
    return {
      file: fileOf(config),
      ...cookies,
      partnerId: partner.id,
      partnerEmail: partner.email,
      signIn,
      payouts: rows,
    }
  })
}

export function fileOf(config: Pick<Config, 'DATABASE_URL'>): string {
  return config.DATABASE_URL.slice('file:'.length)
}
