import { and, eq, isNull, sql } from 'drizzle-orm'
import {
  organizations,
  partners,
  payoutApprovals,
  payouts,
  type Requirement,
  type TransfersStatus,
} from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { notFound } from '../lib/errors.ts'
import { backToPending } from '../payouts/service.ts'
import { type Actor, stripeActor, type Work, work } from '../work.ts'
import { type AccountState, destinationKeyOf, fetchAccount } from './account.ts'
import { announceDestination } from './destination.ts'

type Partner = typeof partners.$inferSelect

/** What a partner's account was found to be. Times in UTC milliseconds. */
export interface Synced {
  partnerId: string
  orgId: string
  stripeAccountId: string | null
  transfersStatus: TransfersStatus
  requirements: Requirement[]
  destinationKey: string | null
  holdUntil: number | null
}

/**
 * Reads a partner's account from Stripe and keeps what it says. A destination that changed voids the partner's approvals and
 * holds its payouts for as long as the organization says; old and new contact and finance are told.
 * @throws DomainError NOT_FOUND for an unknown partner; Stripe's errors where it gave no answer that decides
 */
export async function syncPartner(deps: Deps, partnerId: string, actor: Actor = stripeActor): Promise<Synced> {
  const [known] = await deps.db.read.select().from(partners).where(eq(partners.id, partnerId))
  if (!known) throw notFound('partner')
  if (known.stripeAccountId === null) return syncedOf(known)
  const asked = deps.clock.now()
  const state = await fetchAccount(deps.stripe, known.stripeAccountId)
  return work(deps, { orgId: known.orgId, actor }, unit => applyAccount(unit, known.id, state, asked))
}

/** `syncPartner` for an account id; null where no partner has it. */
export async function syncAccount(deps: Deps, accountId: string): Promise<Synced | null> {
  const [known] = await deps.db.read
    .select({ id: partners.id })
    .from(partners)
    .where(eq(partners.stripeAccountId, accountId))
  return known ? syncPartner(deps, known.id) : null
}

/**
 * Keeps what an account was found to be.
 * @param asked when Stripe was asked (UTC milliseconds): an answer older than the one that is kept changes nothing
 */
export async function applyAccount(unit: Work, partnerId: string, state: AccountState, asked: number): Promise<Synced> {
  const [partner] = await unit.tx
    .select()
    .from(partners)
    .where(and(eq(partners.id, partnerId), eq(partners.orgId, unit.orgId)))
  if (!partner) throw notFound('partner')
  // Two answers race: the partner may have another account by now, or a later answer is kept already.
  if (partner.stripeAccountId !== state.accountId) return syncedOf(partner)
  if (partner.accountSyncedAt !== null && partner.accountSyncedAt > asked) return syncedOf(partner)
  const destination = nextDestination(partner.destinationKey, state)
  const holdUntil = destination.change === 'changed' ? await holdFrom(unit, partner) : partner.holdUntil
  const after = {
    transfersStatus: state.transfersStatus,
    requirements: state.requirements,
    destinationKey: destination.key,
    destinationChangedAt: destination.change === 'changed' ? unit.at : partner.destinationChangedAt,
    holdUntil,
  }
  await unit.tx
    .update(partners)
    .set({ ...after, accountSyncedAt: asked })
    .where(eq(partners.id, partner.id))
  auditSync(unit, partner, after)
  if (destination.change !== 'same') await voidApprovals(unit, partner.id, destination.change)
  if (destination.change === 'changed') await announceDestination(unit, partner, state, holdUntil)
  return syncedOf({ ...partner, ...after })
}

type Change = 'same' | 'first' | 'changed'

/**
 * Where the money goes from now on. A bank account that is taken away leaves the last known destination in place, so that putting
 * in another one counts as a change. An account without a bank that gets its first one is still being set up.
 */
function nextDestination(known: string | null, state: AccountState): { key: string | null; change: Change } {
  const found = destinationKeyOf(state)
  const sameAccount = known === state.accountId || known?.startsWith(`${state.accountId}:`)
  if (found === null || found === known) return { key: known, change: 'same' }
  if (found === state.accountId && sameAccount) return { key: known, change: 'same' }
  return { key: found, change: known === null || known === state.accountId ? 'first' : 'changed' }
}

/** Until when payouts wait after a change (UTC milliseconds), by the organization's own rule. */
export async function holdFrom(unit: Work, partner: Pick<Partner, 'holdUntil'>): Promise<number | null> {
  const [org] = await unit.tx
    .select({ hours: organizations.destinationHoldHours })
    .from(organizations)
    .where(eq(organizations.id, unit.orgId))
  const until = unit.at + (org?.hours ?? 0) * 60 * 60_000
  // A hold that stands is never cut short by a further change.
  return until > unit.at ? Math.max(until, partner.holdUntil ?? 0) : partner.holdUntil
}

function auditSync(unit: Work, partner: Partner, after: Partial<Partner>): void {
  const named = (row: Partial<Partner>) => ({
    transfersStatus: row.transfersStatus,
    requirements: row.requirements?.map(requirement => requirement.code),
    destination: row.destinationKey,
    holdUntil: row.holdUntil,
  })
  const before = named(partner)
  const now = named(after)
  if (JSON.stringify(before) === JSON.stringify(now)) return
  unit.audit({ action: 'partner.synced', target: { type: 'partner', id: partner.id }, before, after: now })
  unit.changed('partners', partner.id)
  unit.changed('payouts', partner.id)
}

/** Approvals were given for where the money went: they don't hold for where it goes now. First ones of two are voided too. */
export async function voidApprovals(unit: Work, partnerId: string, change: Exclude<Change, 'same'>): Promise<void> {
  const open = await unit.tx
    .select()
    .from(payouts)
    .where(
      and(
        eq(payouts.orgId, unit.orgId),
        eq(payouts.partnerId, partnerId),
        sql`${payouts.status} IN ('pending_approval', 'approved', 'failed')`,
      ),
    )
  const reason =
    change === 'first' ? 'The partner has set up where the money goes.' : 'The partner changed where the money goes.'
  const back = new Set((await backToPending(unit, 'unapprove', open)).map(payout => payout.id))
  const halfWay = await unit.tx
    .update(payoutApprovals)
    .set({ voidedAt: unit.at })
    .where(
      and(
        sql`${payoutApprovals.payoutId} IN (SELECT value FROM json_each(${JSON.stringify(open.map(payout => payout.id))}))`,
        isNull(payoutApprovals.voidedAt),
      ),
    )
    .returning({ payoutId: payoutApprovals.payoutId })
  const half = new Set(halfWay.map(row => row.payoutId))
  for (const payout of open)
    if (back.has(payout.id) || half.has(payout.id))
      unit.audit({
        action: 'payouts.unapprove',
        target: { type: 'payout', id: payout.id },
        before: { status: payout.status },
        after: { status: 'pending_approval', reason },
      })
  if (back.size + half.size > 0) unit.changed('payouts', partnerId)
}

function syncedOf(partner: Partner): Synced {
  const { id, orgId, stripeAccountId, transfersStatus, requirements, destinationKey, holdUntil } = partner
  return { partnerId: id, orgId, stripeAccountId, transfersStatus, requirements, destinationKey, holdUntil }
}
