import { and, eq, inArray, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { organizations, partners, payoutAttempts, payouts } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import type { JobResult } from '../outbox/outbox.ts'
import { syncPartner } from '../partners/sync.ts'
import { stripeActor, system, work } from '../work.ts'
import { environmentOf } from './pay.ts'
import { accountRefusal, judge } from './refusals.ts'
import { type Changed, changedOf } from './service.ts'
import { type Attempt, failAttempt, markForReview, recordTransfer } from './settle.ts'

const minute = 60_000
/** Stripe may forget a key once it is 24 hours old; from then on the same key would pay again. An hour is left for clocks. */
const keyLifeMs = 23 * 60 * minute
/** An empty list proves nothing while a request may still be under way somewhere. */
const listSettledMs = 24 * 60 * minute + 15 * minute

/**
 * Sends an attempt's frozen transfer, or finds out what became of it. Called again and again until the outcome is known; it may
 * die between any two lines. Throws where Stripe gave no answer that decides: the outcome is unknown, and unknown is not failed.
 */
export async function runTransfer(deps: Deps, attemptId: string): Promise<JobResult> {
  const found = await load(deps, attemptId)
  if (!found || found.attempt.state === 'succeeded' || found.attempt.state === 'failed') return 'done'
  const { attempt, org, partner } = found
  const scope = { orgId: attempt.orgId, actor: system }
  const now = deps.clock.now()
  if (attempt.firstSentAt !== null && now - attempt.firstSentAt >= keyLifeMs) return lookUp(deps, attempt)
  if (org.pausedReason !== null) return { postponeMs: minute, why: `transfers are paused: ${org.pausedReason}` }
  if (attempt.firstSentAt === null) {
    const refusal = await gate(deps, attempt, partner)
    if (refusal) {
      await work(deps, scope, unit => failAttempt(unit, attempt.id, refusal))
      return 'done'
    }
  }
  await deps.db.write(tx =>
    tx
      .update(payoutAttempts)
      .set({
        state: 'sending',
        firstSentAt: sql`coalesce(first_sent_at, ${now})`,
        lastSentAt: now,
        sends: sql`sends + 1`,
      })
      .where(and(eq(payoutAttempts.id, attempt.id), inArray(payoutAttempts.state, ['queued', 'sending', 'unknown']))),
  )
  let transfer: Stripe.Transfer
  try {
    transfer = await deps.stripe.transfers.create(attempt.request, { idempotencyKey: attempt.idempotencyKey })
  } catch (error) {
    return answerToError(deps, attempt, error)
  }
  // Whatever goes wrong from here on, the money may have moved: the next try sends the same key and gets the same transfer.
  await work(deps, scope, unit => recordTransfer(unit, attempt.id, transfer, false))
  return 'done'
}

async function load(deps: Deps, attemptId: string) {
  const [row] = await deps.db.read
    .select({
      attempt: payoutAttempts,
      partner: { id: partners.id, name: partners.name, stripeAccountId: partners.stripeAccountId },
      org: { pausedReason: organizations.transfersPausedReason },
    })
    .from(payoutAttempts)
    .innerJoin(payouts, eq(payouts.id, payoutAttempts.payoutId))
    .innerJoin(partners, eq(partners.id, payouts.partnerId))
    .innerJoin(organizations, eq(organizations.id, payoutAttempts.orgId))
    .where(eq(payoutAttempts.id, attemptId))
  return row
}

/**
 * The last look before the first send: is the account still the approved one, and does Stripe still say it can be paid?
 * Nothing has been sent, so a no is definite. An unreachable Stripe throws, and the job comes back.
 */
async function gate(
  deps: Deps,
  attempt: Attempt,
  partner: { id: string; name: string; stripeAccountId: string | null },
): Promise<{ code: string; message: string } | null> {
  const state = await syncPartner(deps, partner.id)
  if (state.stripeAccountId !== attempt.destination)
    return {
      code: 'destination_changed',
      message: `${partner.name} changed payout details after the approval. Send it back for approval, and approve it again.`,
    }
  // A new bank behind the same account is a new destination too: the hold that its change began stops what was under way.
  if (state.holdUntil !== null && state.holdUntil > deps.clock.now())
    return {
      code: 'on_hold',
      message: `${partner.name} changed payout details lately. When the hold is over, send it back for approval, and approve it again.`,
    }
  return accountRefusal(partner.name, state)
}

async function answerToError(deps: Deps, attempt: Attempt, error: unknown): Promise<JobResult> {
  const verdict = judge(error, attempt.wasUnknown)
  const scope = { orgId: attempt.orgId, actor: system }
  deps.log.warn(
    {
      attemptId: attempt.id,
      payoutId: attempt.payoutId,
      verdict: verdict.kind,
      code: verdict.code,
      requestId: verdict.requestId,
    },
    'a transfer was not accepted',
  )
  switch (verdict.kind) {
    case 'refused':
      await work(deps, scope, unit =>
        failAttempt(unit, attempt.id, { code: verdict.code, message: verdict.message, requestId: verdict.requestId }),
      )
      return 'done'
    case 'busy':
      // 409 and 429 say that this request did nothing; what an earlier one with the same key did is for the next try to hear.
      await note(deps, attempt, 'sending', verdict.message)
      return { postponeMs: Math.round(2_000 + deps.ids.fraction() * 8_000), why: verdict.message }
    case 'locked_out':
      await note(deps, attempt, attempt.wasUnknown ? 'unknown' : 'sending', verdict.message)
      return { postponeMs: 5 * minute, why: verdict.message }
    case 'key_conflict':
      await note(deps, attempt, 'unknown', verdict.message)
      return lookUp(deps, attempt)
    case 'unknown':
      await note(deps, attempt, 'unknown', verdict.message)
      throw error
  }
}

async function note(deps: Deps, attempt: Attempt, state: 'sending' | 'unknown', lastError: string): Promise<void> {
  await deps.db.write(tx =>
    tx
      .update(payoutAttempts)
      .set({ state, lastError: lastError.slice(0, 1000), ...(state === 'unknown' ? { wasUnknown: true } : {}) })
      .where(and(eq(payoutAttempts.id, attempt.id), inArray(payoutAttempts.state, ['queued', 'sending', 'unknown']))),
  )
  deps.changes.publish({ orgId: attempt.orgId, partnerId: null, what: 'payouts' })
}

/**
 * For an attempt whose key may be forgotten, or was used with other bytes: never send, only look. A transfer that is found settles
 * the payout; several stop everything; none, after the key's life and a margin, is for two people to judge.
 */
async function lookUp(deps: Deps, attempt: Attempt): Promise<JobResult> {
  const matches = await transfersOf(deps, attempt)
  const scope = { orgId: attempt.orgId, actor: stripeActor }
  if (matches.length > 0) {
    // A second transfer is an incident that recordTransfer notices: the first settles, the second doesn't fit.
    for (const transfer of matches) await work(deps, scope, unit => recordTransfer(unit, attempt.id, transfer, false))
    return 'done'
  }
  const age = deps.clock.now() - (attempt.firstSentAt ?? attempt.createdAt)
  if (age < listSettledMs) return { postponeMs: 15 * minute, why: 'Stripe lists no such transfer yet; looking again' }
  await work(deps, { orgId: attempt.orgId, actor: system }, unit =>
    markForReview(unit, attempt.payoutId, 'Stripe gave no answer while the key was alive, and lists no such transfer.'),
  )
  return 'done'
}

/** Every transfer of this attempt's payout that Stripe holds, to the list's end, oldest first. */
async function transfersOf(deps: Deps, attempt: Attempt): Promise<Stripe.Transfer[]> {
  const found: Stripe.Transfer[] = []
  for await (const transfer of deps.stripe.transfers.list({
    transfer_group: attempt.request.transfer_group,
    limit: 100,
  }))
    if (transfer.metadata?.env === environmentOf(deps.config.PUBLIC_URL)) found.push(transfer)
  return found.sort((a, b) => a.created - b.created)
}

/**
 * Looks for the transfer of a payout in doubt, and settles the payout if there is one. Null if there is none. A payout of another
 * organization is null too; the caller's own check answers for it.
 */
export async function adoptIfFound(deps: Deps, orgId: string, payoutId: string): Promise<Changed | null> {
  const [attempt] = await deps.db.read
    .select()
    .from(payoutAttempts)
    .where(
      and(
        eq(payoutAttempts.payoutId, payoutId),
        eq(payoutAttempts.orgId, orgId),
        inArray(payoutAttempts.state, ['sending', 'unknown']),
      ),
    )
  if (!attempt) return null
  const matches = await transfersOf(deps, attempt)
  if (matches.length === 0) return null
  return work(deps, { orgId, actor: stripeActor }, async unit => {
    for (const transfer of matches) await recordTransfer(unit, attempt.id, transfer, false)
    return changedOf(unit, payoutId)
  })
}
