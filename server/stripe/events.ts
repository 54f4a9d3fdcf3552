import { and, eq, isNull } from 'drizzle-orm'
import type { Stripe } from 'stripe'
import { payoutAttempts, stripeEvents } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { syncAccount } from '../partners/sync.ts'
import { recordTransfer } from '../payouts/settle.ts'
import { stripeActor, work } from '../work.ts'
import { followBankPayout } from './bank-leg.ts'
import { fetched } from './gone.ts'

/** What an event names. What it says is not used: it may be old, and events come twice and in any order. */
export interface Named {
  eventId: string
  type: string
  account: string | null
  objectId: string | null
}

type Handler = (deps: Deps, event: Named) => Promise<string>

/** By type, what we do about it; the rest is kept and ignored. Each fetches the object as it is now. */
const handlers: Record<string, Handler> = {
  'transfer.created': transferChanged,
  'transfer.updated': transferChanged,
  'transfer.reversed': transferChanged,
  'account.updated': accountChanged,
  'account.application.deauthorized': accountChanged,
  'account.external_account.created': accountChanged,
  'account.external_account.updated': accountChanged,
  'account.external_account.deleted': accountChanged,
  'capability.updated': accountChanged,
  'v2.core.account.updated': thinAccountChanged,
  'v2.core.account.closed': thinAccountChanged,
  'v2.core.account[requirements].updated': thinAccountChanged,
  'v2.core.account[configuration.recipient].updated': thinAccountChanged,
  'v2.core.account[configuration.recipient].capability_status_updated': thinAccountChanged,
  'payout.created': bankPayoutChanged,
  'payout.updated': bankPayoutChanged,
  'payout.paid': bankPayoutChanged,
  'payout.failed': bankPayoutChanged,
  'payout.canceled': bankPayoutChanged,
}

/** The types that catching up asks Stripe for, by where they happen. */
export const handledTypes = {
  platform: Object.keys(handlers).filter(type => type.startsWith('transfer.')),
  connected: Object.keys(handlers).filter(type => type.startsWith('payout.')),
  thin: Object.keys(handlers).filter(type => type.startsWith('v2.')),
}

/**
 * Works on a stored event, however often it is called for it. Throws where Stripe didn't answer, or what the event speaks of is
 * still on its way: the job is tried again.
 * @returns what came of it
 */
export async function handleEvent(deps: Deps, eventId: string): Promise<string> {
  const [stored] = await deps.db.read.select().from(stripeEvents).where(eq(stripeEvents.id, eventId))
  if (!stored) return 'unknown event'
  if (stored.processedAt !== null) return stored.outcome ?? 'done'
  const { type, account, objectId } = stored
  const handler = handlers[type]
  const outcome = handler ? await handler(deps, { eventId, type, account, objectId }) : 'ignored'
  await work(deps, { orgId: 'system', actor: stripeActor }, unit =>
    unit.tx
      .update(stripeEvents)
      .set({ processedAt: unit.at, outcome: outcome.slice(0, 500) })
      .where(and(eq(stripeEvents.id, eventId), isNull(stripeEvents.processedAt))),
  )
  return outcome
}

async function transferChanged(deps: Deps, { objectId, eventId }: Named): Promise<string> {
  if (!objectId) return 'ignored: it names no transfer'
  const transfer = await fetched(deps.stripe.transfers.retrieve(objectId))
  if (!transfer) return 'ignored: Stripe knows no such transfer'
  const attempt = await attemptOf(deps, transfer)
  if (!attempt) {
    // Made by hand, or by another installation on the same Stripe account. Reported, never attached to a payout.
    deps.log.warn(
      { eventId, transferId: transfer.id, env: transfer.metadata?.env ?? null },
      'a transfer that is not ours',
    )
    return `ignored: not ours (${transfer.metadata?.env ? `of ${transfer.metadata.env}` : 'of unknown origin'})`
  }
  const result = await work(deps, { orgId: attempt.orgId, actor: stripeActor }, unit =>
    recordTransfer(unit, attempt.id, transfer, true),
  )
  return `${result}: ${attempt.payoutId}`
}

/** The attempt that a transfer carries out: by what we wrote on it, or else by its id, which we may know by now. */
async function attemptOf(deps: Deps, transfer: Stripe.Transfer) {
  const fields = { id: payoutAttempts.id, orgId: payoutAttempts.orgId, payoutId: payoutAttempts.payoutId }
  const { attempt_id: named, env } = transfer.metadata ?? {}
  if (named) {
    const [found] = await deps.db.read
      .select({ ...fields, request: payoutAttempts.request })
      .from(payoutAttempts)
      .where(eq(payoutAttempts.id, named))
    // As it was frozen: the installation may go by another name today.
    if (found && found.request.metadata.env === env) return found
  }
  const [known] = await deps.db.read
    .select(fields)
    .from(payoutAttempts)
    .where(eq(payoutAttempts.transferId, transfer.id))
  return known
}

/** On a connected account's events the account is the event's own; its object may be a capability, a bank or an application. */
async function accountChanged(deps: Deps, { account, objectId }: Named): Promise<string> {
  return syncNamed(deps, account ?? objectId)
}

async function thinAccountChanged(deps: Deps, { objectId }: Named): Promise<string> {
  return syncNamed(deps, objectId)
}

async function syncNamed(deps: Deps, accountId: string | null): Promise<string> {
  const synced = accountId ? await syncAccount(deps, accountId) : null
  return synced ? `${synced.transfersStatus}: ${synced.partnerId}` : "ignored: no partner's account"
}

async function bankPayoutChanged(deps: Deps, { account, objectId }: Named): Promise<string> {
  if (!account || !objectId) return "ignored: the platform's own bank payout"
  return followBankPayout(deps, account, objectId)
}
