import { and, eq, inArray, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import type { Drizzle, Tx } from '#db/client.ts'
import { type AttemptState, organizations, payoutAttempts, payouts } from '#db/schema/index.ts'
import type { Deps } from '../deps.ts'
import { must } from '../lib/must.ts'
import type { JobResult } from '../outbox/outbox.ts'
import { syncPartner } from '../partners/sync.ts'
import { stripeActor, system, work } from '../work.ts'
import { type Loaded, loadPayouts, readPolicy } from './facts.ts'
import { accountRefusal, judge } from './refusals.ts'
import { type Changed, changedOf } from './service.ts'
import { type Attempt, failAttempt, markForReview, recordTransfer } from './settle.ts'

const minute = 60_000
const open: AttemptState[] = ['queued', 'sending', 'unknown']
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
  if (!found || isOver(found.attempt)) return 'done'
  // People have it now; the sweeper goes on looking into Stripe's list.
  if (found.needsReview) return 'done'
  const { attempt, org } = found
  const now = deps.clock.now()
  if (attempt.firstSentAt !== null && now - attempt.firstSentAt >= keyLifeMs) return lookUp(deps, attempt)
  if (org.pausedReason !== null) return paused(org.pausedReason)
  if (attempt.firstSentAt === null) {
    // After a restored backup, or a transfer that turned up late, the money may be there already under another key.
    const existing = (await transfersOf(deps, attempt)).filter(transfer => !transfer.reversed)
    if (existing.length > 0) return adopt(deps, attempt, existing)
    const refusal = await gate(deps, attempt)
    if (refusal) {
      await work(deps, { orgId: attempt.orgId, actor: system }, unit =>
        failAttempt(unit, attempt.id, refusal, { onlyUnsent: true }),
      )
      return 'done'
    }
  }
  const claimed = await claimSend(deps, attempt.id)
  if (!claimed) {
    // Ended, paused or changed while we looked at the account: nothing may be sent on the strength of what was true before.
    const again = must(await load(deps, attempt.id), `attempt ${attempt.id} is gone`)
    if (isOver(again.attempt)) return 'done'
    if (again.org.pausedReason !== null) return paused(again.org.pausedReason)
    return soon(deps, 'the partner changed while the transfer was about to be sent; looking again')
  }
  let transfer: Stripe.Transfer
  try {
    transfer = await deps.stripe.transfers.create(claimed.request, { idempotencyKey: claimed.idempotencyKey })
  } catch (error) {
    return answerToError(deps, claimed, error)
  }
  // Whatever goes wrong from here on, the money may have moved: the next try sends the same key and gets the same transfer.
  return adopt(deps, claimed, [transfer])
}

function isOver({ state }: Attempt): boolean {
  return state === 'succeeded' || state === 'failed'
}

function paused(reason: string): JobResult {
  return { postponeMs: minute, why: `transfers are paused: ${reason}` }
}

async function adopt(deps: Deps, attempt: Attempt, transfers: Stripe.Transfer[]): Promise<JobResult> {
  const scope = { orgId: attempt.orgId, actor: system }
  // A second transfer is an incident that recordTransfer notices: the first settles, the second doesn't fit.
  for (const transfer of transfers) await work(deps, scope, unit => recordTransfer(unit, attempt.id, transfer, false))
  return 'done'
}

/**
 * Writes down that the request goes out, just before it does; null when the attempt has ended, sending was paused, or where the money
 * goes changed meanwhile: between the gate's look and this line a webhook may have told of another bank. An earlier send whose answer
 * was never written down, by a process that died, makes the outcome unknown from here on.
 */
async function claimSend(deps: Deps, attemptId: string): Promise<Attempt | null> {
  const now = deps.clock.now()
  const [claimed] = await deps.db.write(async tx => {
    const [found] = await tx.select().from(payoutAttempts).where(eq(payoutAttempts.id, attemptId))
    const attempt = must(found, `attempt ${attemptId} is gone`)
    // Once it was sent, only the same request can tell what became of it.
    if (attempt.firstSentAt === null && changedSinceApproval(await asItIs(tx, attempt, now), attempt, now)) return []
    return tx
      .update(payoutAttempts)
      .set({
        state: 'sending',
        wasUnknown: sql`was_unknown OR first_sent_at IS NOT NULL`,
        firstSentAt: sql`coalesce(first_sent_at, ${now})`,
        lastSentAt: now,
        sends: sql`sends + 1`,
      })
      .where(
        and(
          eq(payoutAttempts.id, attemptId),
          inArray(payoutAttempts.state, open),
          sql`NOT EXISTS (SELECT 1 FROM organizations o WHERE o.id = payout_attempts.org_id AND o.transfers_paused_at IS NOT NULL)`,
        ),
      )
      .returning()
  })
  return claimed ?? null
}

async function load(deps: Deps, attemptId: string) {
  const [row] = await deps.db.read
    .select({
      attempt: payoutAttempts,
      needsReview: payouts.needsReview,
      org: { pausedReason: organizations.transfersPausedReason },
    })
    .from(payoutAttempts)
    .innerJoin(payouts, eq(payouts.id, payoutAttempts.payoutId))
    .innerJoin(organizations, eq(organizations.id, payoutAttempts.orgId))
    .where(eq(payoutAttempts.id, attemptId))
  return row
}

/**
 * The last look before the first send: is everything still what was approved, and does Stripe still say the account can be paid?
 * Nothing has been sent, so a no is definite. An unreachable Stripe throws, and the job comes back.
 */
async function gate(deps: Deps, attempt: Attempt): Promise<{ code: string; message: string } | null> {
  const { partner } = await asItIs(deps.db.read, attempt, deps.clock.now())
  const state = await syncPartner(deps, partner.id)
  // Read again: what Stripe said may have changed where the money goes.
  const now = deps.clock.now()
  return (
    changedSinceApproval(await asItIs(deps.db.read, attempt, now), attempt, now) ?? accountRefusal(partner.name, state)
  )
}

async function asItIs(db: Drizzle | Tx, { orgId, payoutId }: Attempt, now: number): Promise<Loaded> {
  const policy = await readPolicy(db, orgId)
  return must((await loadPayouts(db, { orgId, now, policy }, [payoutId])).get(payoutId), `payout ${payoutId} is gone`)
}

/** Why an attempt's frozen request is no longer what may be sent; null while it is. */
function changedSinceApproval(
  { partner, facts }: Loaded,
  attempt: Attempt,
  now: number,
): { code: string; message: string } | null {
  if (partner.stripeAccountId !== attempt.destination || facts.approvedDigest !== facts.currentDigest)
    return {
      code: 'destination_changed',
      message: `${partner.name} changed payout details after the approval. Send it back for approval, and approve it again.`,
    }
  if (partner.archivedAt !== null)
    return {
      code: 'partner_archived',
      message: `${partner.name} was archived. Restore the partner, then mark it paid again.`,
    }
  if (partner.holdUntil !== null && partner.holdUntil > now)
    return {
      code: 'on_hold',
      message: `${partner.name} changed payout details lately. When the hold is over, send it back for approval, and approve it again.`,
    }
  return null
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
    case 'in_flight':
      await note(deps, attempt, 'unknown', verdict.message)
      return soon(deps, verdict.message)
    case 'busy':
      await notSent(deps, attempt, verdict.message)
      return soon(deps, verdict.message)
    case 'locked_out':
      await notSent(deps, attempt, verdict.message)
      return { postponeMs: 5 * minute, why: verdict.message }
    case 'key_conflict':
      await note(deps, attempt, 'unknown', verdict.message)
      return lookUp(deps, attempt)
    case 'unknown':
      await note(deps, attempt, 'unknown', verdict.message)
      throw error
  }
}

function soon(deps: Deps, why: string): JobResult {
  return { postponeMs: Math.round(2_000 + deps.ids.fraction() * 8_000), why }
}

/**
 * Stripe turned the request away at the door. Where it was the attempt's only one, nothing was ever sent: the key is unused and its life
 * has not begun, or a wrong API key over a weekend would leave every payout to two people's judgement.
 */
async function notSent(deps: Deps, attempt: Attempt, lastError: string): Promise<void> {
  if (attempt.wasUnknown) return note(deps, attempt, 'unknown', lastError)
  await deps.db.write(tx =>
    tx
      .update(payoutAttempts)
      .set({ state: 'queued', firstSentAt: null, lastError: lastError.slice(0, 1000) })
      .where(
        and(
          eq(payoutAttempts.id, attempt.id),
          eq(payoutAttempts.state, 'sending'),
          eq(payoutAttempts.sends, attempt.sends),
        ),
      ),
  )
  deps.changes.publish({ orgId: attempt.orgId, partnerId: null, what: 'payouts' })
}

async function note(deps: Deps, attempt: Attempt, state: 'unknown', lastError: string): Promise<void> {
  await deps.db.write(tx =>
    tx
      .update(payoutAttempts)
      .set({ state, wasUnknown: true, lastError: lastError.slice(0, 1000) })
      .where(and(eq(payoutAttempts.id, attempt.id), inArray(payoutAttempts.state, open))),
  )
  deps.changes.publish({ orgId: attempt.orgId, partnerId: null, what: 'payouts' })
}

/**
 * For an attempt whose key may be forgotten, or was used with other bytes: never send, only look. A transfer that is found settles
 * the payout; several stop everything; none, after the key's life and a margin, is for two people to judge.
 */
async function lookUp(deps: Deps, attempt: Attempt): Promise<JobResult> {
  const matches = await transfersOf(deps, attempt)
  if (matches.length > 0) return adopt(deps, attempt, matches)
  const age = deps.clock.now() - must(attempt.firstSentAt, 'only what was sent once is looked up')
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
    if (transfer.metadata?.env === attempt.request.metadata.env) found.push(transfer)
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
    const results = []
    for (const transfer of matches) results.push(await recordTransfer(unit, attempt.id, transfer, false))
    // One that doesn't fit the payout settles nothing: people go on with their judgement.
    return results.every(result => result === 'incident') ? null : changedOf(unit, payoutId)
  })
}
