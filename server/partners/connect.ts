import { and, eq } from 'drizzle-orm'
import { Stripe } from 'stripe'
import { partners } from '#db/schema/index.ts'
import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../lib/errors.ts'
import { isLoopback } from '../stripe/client.ts'
import { isGone } from '../stripe/gone.ts'
import { type Actor, type Work, work } from '../work.ts'
import { announceDestination } from './destination.ts'
import { currencyOf } from './rules.ts'
import { conflict, partnerOf } from './service.ts'
import { holdFrom, type Synced, syncPartner, voidApprovals } from './sync.ts'

type Partner = typeof partners.$inferSelect

/**
 * Where the partner goes on with the set-up: a page that Stripe hosts, opened once and for minutes, so made on each click and never
 * mailed. Makes the partner's account first where there is none.
 * @throws DomainError BLOCKED where there is nothing to set up, UNAVAILABLE where Stripe doesn't answer
 */
export async function startSetup(
  deps: Deps,
  partner: { id: string; orgId: string },
  actor: Actor,
): Promise<{ url: string }> {
  const known = await read(deps, partner)
  refuseHopeless(known)
  const accountId = await answered(deps, () => accountOf(deps, known, actor))
  const link = await answered(deps, () => mintLink(deps, accountId)).catch(async error => {
    // Lost between two clicks: the next click makes a new account.
    if (error instanceof LostAccount) await refresh(deps, partner, actor)
    throw error
  })
  return { url: hostedUrl(deps.config, link) }
}

/** Reads the account again, as on coming back from Stripe: arriving there means nothing by itself. */
export async function refresh(deps: Deps, partner: { id: string; orgId: string }, actor: Actor): Promise<Synced> {
  await read(deps, partner)
  return answered(deps, () => syncPartner(deps, partner.id, actor))
}

async function read(deps: Deps, partner: { id: string; orgId: string }): Promise<Partner> {
  const [known] = await deps.db.read
    .select()
    .from(partners)
    .where(and(eq(partners.id, partner.id), eq(partners.orgId, partner.orgId)))
  if (!known) throw notFound('partner')
  return known
}

function refuseHopeless(partner: Partner): void {
  if (partner.archivedAt !== null)
    throw new DomainError('BLOCKED', 'This account with us is closed. Ask the people who pay you to open it again.')
  if (partner.transfersStatus === 'rejected' || partner.transfersStatus === 'unsupported')
    throw new DomainError(
      'BLOCKED',
      'Stripe does not pay out to this account. Ask the people who pay you for another way.',
    )
}

async function accountOf(deps: Deps, partner: Partner, actor: Actor): Promise<string> {
  const { stripeAccountId: before } = partner
  const lost = partner.transfersStatus === 'disconnected' || partner.transfersStatus === 'closed'
  if (before !== null && !lost) return before
  const account = await createAccount(deps, partner, before)
  await work(deps, { orgId: partner.orgId, actor }, unit => connectAccount(unit, partner.id, before, account.id))
  return account.id
}

/** The same key for every try of the same intent, so two clicks make one account; a lost account's successor is another intent. */
async function createAccount(deps: Deps, partner: Partner, before: string | null): Promise<Stripe.V2.Core.Account> {
  const params: Stripe.V2.Core.AccountCreateParams = {
    contact_email: partner.email,
    display_name: partner.name,
    dashboard: 'express',
    identity: { country: partner.country },
    defaults: {
      // Stripe refuses a currency that a country's banks don't take; without one it takes the country's own.
      ...(currencyOf(partner.country) === partner.currency ? { currency: partner.currency.toLowerCase() } : {}),
      responsibilities: { fees_collector: 'application', losses_collector: 'application' },
    },
    configuration: { recipient: { capabilities: { stripe_balance: { stripe_transfers: { requested: true } } } } },
    include: ['configuration.recipient', 'requirements'],
    metadata: { partner_id: partner.id },
  }
  const key = `partner:${partner.id}:account${before === null ? '' : `:after:${before}`}`
  try {
    return await deps.stripe.v2.core.accounts.create(params, { idempotencyKey: key })
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeIdempotencyError)) throw error
    // The profile was edited between two tries. No money hangs on a spare account, so a new key is safe here.
    return deps.stripe.v2.core.accounts.create(params, { idempotencyKey: `${key}:v${partner.version}` })
  }
}

/**
 * Gives a partner its Stripe account. One that replaces another voids the approvals that were given for the former, and holds.
 * @param before the account that the caller saw; CONFLICT if there is another by now, or if another partner has this one
 */
export async function connectAccount(
  unit: Work,
  partnerId: string,
  before: string | null,
  accountId: string,
): Promise<void> {
  const partner = await partnerOf(unit, partnerId)
  if (partner.stripeAccountId === accountId) return
  if (partner.stripeAccountId !== before) throw await conflict(unit, partner)
  // Asked across organizations on purpose: one account is one payee, wherever.
  const [other] = await unit.tx
    .select({ id: partners.id })
    .from(partners)
    .where(eq(partners.stripeAccountId, accountId))
  if (other)
    throw new DomainError(
      'CONFLICT',
      'This Stripe account belongs to another partner already. Each partner needs its own.',
    )
  const replaced = before !== null
  const holdUntil = replaced ? await holdFrom(unit, partner) : partner.holdUntil
  await unit.tx
    .update(partners)
    .set({
      stripeAccountId: accountId,
      transfersStatus: 'pending',
      requirements: [],
      accountSyncedAt: null,
      holdUntil,
      ...(replaced ? { destinationChangedAt: unit.at } : {}),
    })
    .where(eq(partners.id, partner.id))
  unit.audit({
    action: 'partners.connect',
    target: { type: 'partner', id: partner.id },
    before: { account: before },
    after: { account: accountId, holdUntil },
  })
  if (replaced) {
    await voidApprovals(unit, partner.id, 'changed')
    await announceDestination(unit, partner, { lastFour: null }, holdUntil)
  }
  unit.changed('partners', partner.id)
}

async function mintLink(deps: Deps, accountId: string): Promise<string> {
  const page = (query: string) => new URL(`/portal/setup?${query}`, deps.config.PUBLIC_URL).href
  const link = await deps.stripe.v2.core.accountLinks.create({
    account: accountId,
    use_case: {
      type: 'account_onboarding',
      account_onboarding: {
        refresh_url: page('refresh=1'),
        return_url: page('return=1'),
        collection_options: { fields: 'eventually_due' },
      },
    },
  })
  return link.url
}

/** A person is sent only to Stripe's own pages, or to those of the host that stands in for Stripe. */
export function hostedUrl(config: Pick<Config, 'STRIPE_API_BASE'>, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const base = new URL(config.STRIPE_API_BASE)
  const stripes = url?.protocol === 'https:' && (url.hostname === 'stripe.com' || url.hostname.endsWith('.stripe.com'))
  // On this machine the port may differ: a recording proxy stands between us and the simulator whose pages these are.
  const standsIn = url?.hostname === base.hostname && (url.origin === base.origin || isLoopback(base.hostname))
  if (!url || !(stripes || standsIn) || !/^https?:$/.test(url.protocol) || url.username)
    throw new Error(`not a page of Stripe's: ${url?.origin ?? 'no address'}`)
  return url.href
}

class LostAccount extends DomainError {}

/** Stripe's silence and refusals as sentences for a person who waits at a page. */
async function answered<T>(deps: Deps, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error
    const { statusCode, code, requestId } = error
    deps.log.warn({ err: error, statusCode, code, stripeRequestId: requestId }, 'Stripe did not do as asked')
    if (isGone(error))
      throw new LostAccount('CONFLICT', 'Stripe does not know the former account any more. Start the set-up again.')
    const definite =
      statusCode !== undefined && statusCode >= 400 && statusCode < 500 && ![401, 409, 429].includes(statusCode)
    if (definite) throw new DomainError('UNAVAILABLE', `Stripe refused this: ${error.message}`)
    throw new DomainError(
      'UNAVAILABLE',
      'Stripe does not answer at the moment. Nothing is lost; try again in a minute.',
      { retryAfterMs: 60_000 },
    )
  }
}
