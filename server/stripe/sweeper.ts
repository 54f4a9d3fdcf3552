import { and, eq, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm'
import { idempotency, outbox, sessions, stripeEvents, throttles, tokens } from '#db/schema/index.ts'
import { trustMs } from '../auth/throttle.ts'
import type { Deps } from '../deps.ts'
import type { Job } from '../outbox/outbox.ts'
import { adoptIfFound } from '../payouts/transfer.ts'
import { system, type Work, work } from '../work.ts'

const minute = 60_000
const day = 24 * 60 * minute
/** After so long without news, an attempt or event whose job is gone is taken up again (milliseconds). */
const attemptStuckMs = 2 * minute
const eventStuckMs = 10 * minute
/** How often Stripe is asked again about payouts that wait for people. */
const reviewMs = 30 * minute
const keepMs = 30 * day
/** At once; what is left waits for the next minute. */
const limit = 500

export interface Swept {
  attempts: number
  events: number
  adopted: number
  purged: number
}

/** When reviews were last looked at by this process: more often does no harm, so a restart may forget it. */
const reviewedAt = new WeakMap<Deps['db'], number>()

/** Takes up what got stuck, and throws away what is over. Every minute, and safe to call as often as one likes. */
export async function sweep(deps: Deps): Promise<Swept> {
  const attempts = await requeueAttempts(deps)
  const events = await requeueEvents(deps)
  const adopted = await recheckReviews(deps)
  const purged = await purge(deps)
  const swept = { attempts, events, adopted, purged }
  if (attempts + events + adopted > 0) deps.log.warn(swept, 'stuck work was taken up again')
  return swept
}

/**
 * Attempts that are open while nobody works on them: their job is finished, parked or lost. They go on with the same key. What
 * waits for people is left to them.
 */
async function requeueAttempts(deps: Deps): Promise<number> {
  const rows = await deps.db.read.all<{ id: string; orgId: string }>(sql`
    SELECT a.id, a.org_id AS orgId FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id
    WHERE a.state IN ('queued', 'sending', 'unknown') AND coalesce(a.last_sent_at, a.created_at) < ${deps.clock.now() - attemptStuckMs}
      AND p.needs_review = 0
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.topic = 'payout.transfer' AND o.key = a.id AND o.status IN ('queued', 'leased'))
    LIMIT ${limit}`)
  for (const { id, orgId } of rows)
    await work(deps, { orgId, actor: system }, unit =>
      requeue(unit, { topic: 'payout.transfer', key: id, payload: { attemptId: id } }, true),
    )
  return rows.length
}

/** Stored events that nobody works on. Parked ones are left: they are shown to people, who retry them. */
async function requeueEvents(deps: Deps): Promise<number> {
  const rows = await deps.db.read.all<{ id: string }>(sql`
    SELECT e.id FROM stripe_events e
    WHERE e.processed_at IS NULL AND e.received_at < ${deps.clock.now() - eventStuckMs}
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.topic = 'stripe.event' AND o.key = e.id AND o.status <> 'done')
    ORDER BY e.received_at LIMIT ${limit}`)
  if (rows.length === 0) return 0
  await work(deps, { orgId: 'system', actor: system }, async unit => {
    for (const { id } of rows) await requeue(unit, { topic: 'stripe.event', key: id, payload: { eventId: id } }, false)
  })
  return rows.length
}

/** Brings a job back under its own key; a second one of that key there can't be. */
async function requeue(unit: Work, job: Job, parkedToo: boolean): Promise<void> {
  const [known] = await unit.tx
    .select({ status: outbox.status })
    .from(outbox)
    .where(and(eq(outbox.topic, job.topic), eq(outbox.key, job.key)))
  if (!known) {
    unit.enqueue(job)
  } else if (known.status === 'done' || (parkedToo && known.status === 'parked')) {
    await unit.tx
      .update(outbox)
      .set({ status: 'queued', attempts: 0, runAt: unit.at, finishedAt: null })
      .where(and(eq(outbox.topic, job.topic), eq(outbox.key, job.key), eq(outbox.status, known.status)))
  }
  unit.changed('jobs')
}

/** A transfer of a payout in doubt may show itself late; then it needs no people any more. */
async function recheckReviews(deps: Deps): Promise<number> {
  const now = deps.clock.now()
  if (now - (reviewedAt.get(deps.db) ?? Number.NEGATIVE_INFINITY) < reviewMs) return 0
  reviewedAt.set(deps.db, now)
  const rows = await deps.db.read.all<{ id: string; orgId: string }>(
    sql`SELECT id, org_id AS orgId FROM payouts WHERE needs_review = 1 AND status = 'processing' LIMIT ${limit}`,
  )
  let adopted = 0
  for (const { id, orgId } of rows) {
    try {
      if (await adoptIfFound(deps, orgId, id)) adopted++
    } catch (error) {
      deps.log.warn({ err: error, payoutId: id }, 'a payout in review could not be looked up')
    }
  }
  return adopted
}

/** Sessions and links that are over, throttles that bind nobody, and keys whose answers nobody asks for any more. */
async function purge(deps: Deps): Promise<number> {
  const now = deps.clock.now()
  return work(deps, { orgId: 'system', actor: system }, async ({ tx }) => {
    const gone = [
      await tx
        .delete(sessions)
        .where(or(lt(sessions.idleExpiresAt, now), lt(sessions.absoluteExpiresAt, now)))
        .returning({ id: sessions.id }),
      await tx
        .delete(tokens)
        .where(lt(tokens.expiresAt, now - keepMs))
        .returning({ id: tokens.id }),
      await tx
        .delete(throttles)
        .where(
          and(
            lt(throttles.windowStartedAt, now - trustMs),
            or(isNull(throttles.blockedUntil), lt(throttles.blockedUntil, now)),
          ),
        )
        .returning({ id: throttles.key }),
      await tx
        .delete(idempotency)
        .where(lt(idempotency.createdAt, now - keepMs))
        .returning({ id: idempotency.key }),
      // Longer than Stripe keeps events, so that catching up can't bring them back. Transfers' jobs stay with their payouts.
      await tx
        .delete(stripeEvents)
        .where(and(isNotNull(stripeEvents.processedAt), lt(stripeEvents.receivedAt, now - 3 * keepMs)))
        .returning({ id: stripeEvents.id }),
      await tx
        .delete(outbox)
        .where(
          and(eq(outbox.status, 'done'), ne(outbox.topic, 'payout.transfer'), lt(outbox.createdAt, now - 3 * keepMs)),
        )
        .returning({ id: outbox.id }),
    ]
    return gone.flat().length
  })
}
