import { sql } from 'drizzle-orm'
import { payoutAttempts } from '#db/schema/index.ts'
import type { Viewer } from '../auth/rules.ts'
import type { Deps } from '../deps.ts'
import { claim, finish } from '../outbox/outbox.ts'
import { syncPartner } from '../partners/sync.ts'
import { runTransfer } from '../payouts/transfer.ts'
import { handleEvent } from '../stripe/events.ts'
import { contextFor } from '../test/callers.ts'
import { aMember, anOrg, aPartner, type Member, type Org, type Partner } from '../test/factories.ts'
import type { World } from './races-world.ts'

/** A company in a world: three who may approve and pay, one who prepares, and a partner with a bank account and a person. */
export interface Company {
  world: World
  deps: Deps
  org: Org
  ana: Member
  ben: Member
  cleo: Member
  manager: Member
  person: Member
  partner: Partner
}

export async function aCompany(world: World, values: Parameters<typeof anOrg>[1] = {}): Promise<Company> {
  const deps = world.process('setup')
  const org = await anOrg(deps, values)
  const [ana, ben, cleo, manager] = [
    await aMember(deps, { role: 'owner', org }),
    await aMember(deps, { role: 'admin', org }),
    await aMember(deps, { role: 'admin', org }),
    await aMember(deps, { role: 'manager', org }),
  ]
  const partner = await aPayee(world, deps, org)
  const person = await aMember(deps, { role: 'partner', org, partner })
  return { world, deps, org, ana, ben, cleo, manager, person, partner }
}

export async function aPayee(world: World, deps: Deps, org: Org): Promise<Partner> {
  const [account] = world.control<{ ids: string[] }>('POST', '/_sim/accounts', {
    country: 'US',
    bank_number: '000123456789',
  }).ids
  const partner = await aPartner(deps, { orgId: org.id, stripeAccountId: account, destinationKey: null })
  await syncPartner(deps, partner.id)
  return partner
}

/** The whole API as this viewer, in this process. */
export async function as(deps: Deps, { viewer }: { viewer: Viewer }) {
  const { createCaller } = await import('../router.ts')
  return createCaller(contextFor(deps, viewer))
}

/** A payout that the manager prepared; `until` says how far it has come. */
export async function aPayoutUntil(
  company: Company,
  until: 'pending_approval' | 'approved' | 'processing' | 'paid',
  amount = 5_000,
): Promise<{ id: string; orgId: string }> {
  const { deps, manager, ana, partner, org } = company
  const { id } = await (await as(deps, manager)).payouts.create({ partnerId: partner.id, amount })
  if (until !== 'pending_approval') await (await as(deps, ana)).payouts.approve({ payoutId: id })
  if (until === 'processing' || until === 'paid') await (await as(deps, ana)).payouts.markPaid({ payoutId: id })
  if (until === 'paid') await settleAll(company.world, deps)
  return { id, orgId: org.id }
}

/** The attempt of a payout that may still move, or has moved, money. */
export async function attemptOf(deps: Deps, payout: { id: string }): Promise<string> {
  const rows = await deps.db.read
    .select({ id: payoutAttempts.id })
    .from(payoutAttempts)
    .where(sql`payout_id = ${payout.id} AND state <> 'failed'`)
  if (!rows[0]) throw new Error('no attempt')
  return rows[0].id
}

/** Sends an attempt as a worker does, again and again until its outcome is known or the worker is told to wait. */
export async function send(deps: Deps, attemptId: string): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await runTransfer(deps, attemptId)
    } catch (error) {
      if (tries === 5) throw error
    }
  }
}

/** Does everything that money and Stripe's news ask for, until nothing is left; mails stay in the outbox. */
export async function settleAll(world: World, deps: Deps): Promise<void> {
  for (let more = true; more; ) {
    more = await world.deliver(deps)
    const claims = await claim(deps, 100, ['payout.transfer', 'stripe.event', 'partner.sync'])
    more ||= claims.length > 0
    for (const held of claims) {
      const { topic, payload } = held
      const named = payload as { attemptId: string; eventId: string; partnerId: string }
      if (topic === 'payout.transfer') await send(deps, named.attemptId)
      if (topic === 'stripe.event') await handleEvent(deps, named.eventId)
      if (topic === 'partner.sync') await syncPartner(deps, named.partnerId)
      await finish(deps, held)
    }
  }
}

/** The partner puts in another bank account, and nobody has told us yet. */
export function changeBank(company: Company): void {
  company.world.control('POST', `/_sim/accounts/${company.partner.stripeAccountId}`, { bank_number: '000999999999' })
}
